"""What the anatomy says of the landing zones, in either diameter convention; None where not measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records import Anatomy, Array, Landmark

NECK_ZONE_MM = 15.0
"""Length below the lowest renal artery over which the lumen is averaged, at most the neck (SVS reporting: the first 15 mm)."""


@dataclass(frozen=True)
class Neck:
    """The proximal landing zone.

    Parameters
    ----------
    outer_mm, inner_mm : float or None
        Wall to wall outside, and lumen.
    length_mm, infrarenal_deg, suprarenal_deg : float or None
    """

    outer_mm: float | None
    inner_mm: float | None
    length_mm: float | None
    infrarenal_deg: float | None
    suprarenal_deg: float | None

    def diameter_mm(self, convention: str) -> float | None:
        """The diameter in a maker's convention, "outer" or "inner"."""
        return self.outer_mm if convention == "outer" else self.inner_mm


@dataclass(frozen=True)
class Iliac:
    """A distal landing zone for one device.

    Parameters
    ----------
    diameter_mm, length_mm : float or None
    note : str
        How it was found.
    """

    diameter_mm: float | None
    length_mm: float | None
    note: str


def number(anatomy: Anatomy, name: str) -> float | None:
    """The value of one of the anatomy's findings, or None."""
    value = next((f.value for f in anatomy.findings if f.name == name), None)
    return float(value) if isinstance(value, (int, float)) else None


def arc_length_mm(anatomy: Anatomy, landmark: Landmark, along: str = "aorta") -> float | None:
    """Where a landmark is along a branch; None where that branch is not there."""
    if landmark.branch == along and np.isfinite(landmark.arc_length_mm):
        return float(landmark.arc_length_mm)
    branch = anatomy.branch(along)
    if branch is None:
        return None
    return float(branch.arc_length_mm[np.linalg.norm(branch.points - landmark.point, axis=1).argmin()])


def measure_neck(anatomy: Anatomy) -> Neck:
    """The neck from the anatomy's findings (which carry the planner's overrides) and sections."""
    outer, length = number(anatomy, "neck_diameter_mm"), number(anatomy, "neck_length_mm")
    inner = number(anatomy, "neck_lumen_diameter_mm")
    inner = inner if inner is not None else _neck_lumen_mm(anatomy, length)
    if inner is not None and not _given(anatomy, "neck_lumen_diameter_mm"):
        inner += _shift(anatomy, "neck_diameter_mm")  # the planner moved the wall: keep the difference of the conventions
    return Neck(outer, inner, length, number(anatomy, "neck_angulation_deg"), number(anatomy, "suprarenal_angulation_deg"))


def _neck_lumen_mm(anatomy: Anatomy, length: float | None) -> float | None:
    renal, aorta = anatomy.landmark("lowest_renal"), anatomy.sections_of("aorta")
    start = arc_length_mm(anatomy, renal) if renal is not None else None
    if start is None or aorta is None:
        return None
    zone = NECK_ZONE_MM if length is None else min(NECK_ZONE_MM, max(length, 1.0))
    s, lumen = aorta.arc_length_mm, aorta.lumen_equivalent_diameter_mm
    within = (s >= start) & (s <= start + zone) & np.isfinite(lumen)
    return float(lumen[within].mean()) if within.any() else None


def measure_iliac(anatomy: Anatomy, side: str, convention: str, wanted_mm: float, low_mm: float, high_mm: float) -> Iliac:
    """The landing zone above the iliac bifurcation of one side.

    The zone ends at the landmark ``<side>_iliac_bifurcation``, or, where that is not known, at the
    last section in view. Its diameter is the mean over the last ``wanted_mm``; its length is that
    of the stretch above its end in which every section is within ``low_mm`` to ``high_mm``.
    """
    sections = anatomy.sections_of(f"{side}_iliac")
    if sections is None:
        return Iliac(None, None, f"no {side} iliac artery in view")
    diameter = sections.outer_equivalent_diameter_mm if convention == "outer" else sections.lumen_equivalent_diameter_mm
    known = np.isfinite(diameter)
    mark = anatomy.landmark(f"{side}_iliac_bifurcation")
    end = arc_length_mm(anatomy, mark, sections.branch) if mark is not None else None
    note = "above the iliac bifurcation" if end is not None else "above the last section in view; iliac bifurcation not known"
    if end is not None:
        known &= sections.arc_length_mm <= end
    if not known.any():
        return Iliac(None, None, f"no section of the {side} iliac artery could be measured")
    s, d = sections.arc_length_mm[known], diameter[known]
    mean = float(d[s >= s[-1] - wanted_mm].mean())
    length = _stretch_mm(s, d, low_mm, high_mm)
    if end is None and length < wanted_mm and length == s[-1] - s[0]:
        length = None  # what is in view suits, but is too short to tell
    return Iliac(mean + _iliac_shift(anatomy, side, convention), length, note)


def _stretch_mm(s: Array, diameter: Array, low: float, high: float) -> float:
    """Length of the last stretch whose sections are all within the range: 0 if its end is not."""
    bad = np.flatnonzero((diameter < low) | (diameter > high))
    if len(bad) == 0:
        return float(s[-1] - s[0])
    return float(s[-1] - s[bad[-1] + 1]) if bad[-1] + 1 < len(s) else 0.0


def _given(anatomy: Anatomy, name: str) -> bool:
    """Whether the planner gave this finding's value."""
    return any(f.name == name and (f.source == "case file" or f.measured_value is not None) for f in anatomy.findings)


def _shift(anatomy: Anatomy, name: str) -> float:
    """By how much the planner moved a finding off what was measured; 0 where one of the two is missing."""
    finding = next((f for f in anatomy.findings if f.name == name), None)
    if finding is None or finding.measured_value is None or not isinstance(finding.value, float):
        return 0.0
    return finding.value - finding.measured_value


def _iliac_shift(anatomy: Anatomy, side: str, convention: str) -> float:
    """The planner's word on an iliac diameter: of the landing zone before the artery's, in the maker's convention
    before the other (a moved wall moves the lumen along)."""
    lumen = ("landing_lumen_diameter", "lumen_diameter") if convention == "inner" else ()
    names = [f"{side}_iliac_{kind}_mm" for kind in (*lumen, "landing_diameter", "diameter")]
    return next((_shift(anatomy, name) for name in names if _given(anatomy, name)), 0.0)
