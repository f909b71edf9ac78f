"""What a catalogue file may say: one device of one maker. Unknown keys are refused.

Lengths in mm, angles in degrees, as the makers' tables have them; the unit is in each key's name.
"""

from __future__ import annotations

from typing import Annotated, Literal, Optional

from pydantic import BaseModel, ConfigDict, Field, model_validator

Length = Annotated[float, Field(gt=0, lt=500, allow_inf_nan=False)]
Angle = Annotated[float, Field(ge=0, le=180)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Evidence(_Part):
    """Where a row's numbers are from. ``verified``: compared by a person with the maker's own document."""

    source: str
    document: str
    revision: Optional[str]
    date: Optional[str]
    verified: bool
    note: str = ""

    def __str__(self) -> str:
        issue = ", ".join(part for part in (self.document, self.revision or "revision not stated", self.date or "undated") if part)
        return f"{issue}; {self.source}" + ("" if self.verified else " (not checked against the maker's document)")


class NeckRule(_Part):
    """A neck at least this long may be bent at most that much; None: not limited."""

    length_min_mm: Length
    infrarenal_max_deg: Optional[Angle]
    suprarenal_max_deg: Optional[Angle]


class IliacRule(_Part):
    """The landing zone in each common iliac artery."""

    diameter_min_mm: Length
    diameter_max_mm: Length
    length_min_mm: Length


class RingFacts(_Part):
    """The proximal sealing ring's wire. ``verified``: measured or from the maker."""

    source: str
    verified: bool
    shape: Literal["Z", "M", "sinusoidal"]
    wire_diameter_mm: Annotated[float, Field(gt=0.05, lt=2.0)]


class MainBody(_Part):
    """One row: a size and the necks it is for (whole mm, as makers state them)."""

    size: str
    diameter_mm: Length
    neck_min_mm: Length
    neck_max_mm: Length
    ring_height_mm: Length
    peaks: Annotated[int, Field(ge=3, le=40)]
    evidence: Optional[Evidence] = None  # where it differs from the device's

    @model_validator(mode="after")
    def _ordered(self) -> MainBody:
        if not self.neck_min_mm <= self.neck_max_mm < self.diameter_mm:
            raise ValueError("needs neck_min_mm <= neck_max_mm < diameter_mm")
        return self


class Device(_Part):
    """One device with all its main bodies."""

    maker: str
    device: str
    evidence: Evidence
    diameter_convention: Literal["outer", "inner"]
    neck_rules: Annotated[tuple[NeckRule, ...], Field(min_length=1)]
    iliac: IliacRule
    ring: RingFacts
    main_bodies: Annotated[tuple[MainBody, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _covers_without_gaps(self) -> Device:
        rows = self.main_bodies
        sizes = [row.size for row in rows]
        double = {size for size in sizes if sizes.count(size) > 1}
        if double:
            raise ValueError(f"size {', '.join(sorted(double))} appears twice in main_bodies")
        for small, large in zip(rows, rows[1:]):
            if large.diameter_mm <= small.diameter_mm:
                raise ValueError(f"main_bodies must be in order of diameter: {large.size} after {small.size}")
            if large.neck_min_mm > small.neck_max_mm + 1.0:
                raise ValueError(f"no size is for necks between {small.neck_max_mm:g} and {large.neck_min_mm:g} mm")
        return self

    def evidence_of(self, row: MainBody) -> Evidence:
        """Where this row's numbers are from."""
        return row.evidence or self.evidence

    def neck_range_mm(self, row: MainBody) -> tuple[float, float]:
        """The necks a row is for, without the gaps that whole mm leave.

        A table that goes on from 21 to 22 mm leaves 21.4 mm to nobody; the border is put midway.
        The device's own smallest and largest neck stay as stated.
        """
        index = self.main_bodies.index(row)
        low, high = row.neck_min_mm, row.neck_max_mm
        if index > 0 and low > self.main_bodies[index - 1].neck_max_mm:
            low = (low + self.main_bodies[index - 1].neck_max_mm) / 2.0
        if index + 1 < len(self.main_bodies) and high < self.main_bodies[index + 1].neck_min_mm:
            high = (high + self.main_bodies[index + 1].neck_min_mm) / 2.0
        return low, high
