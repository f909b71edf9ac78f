"""All main bodies of the catalogue as candidates, best first."""

from __future__ import annotations

from dataclasses import dataclass

from aorta.records import Anatomy, Candidate
from aorta.stent.catalogue_schema import Device, MainBody
from aorta.stent.criteria import FAILS, FITS, UNMEASURED, UNVERIFIED, main_body_criteria, overall, oversizing
from aorta.stent.measured import measure_neck

USUAL_OVERSIZING = 0.15
"""Middle of the usual 10 to 20 % (Sher and Tadros 2017, review)."""

ORDER = (FITS, UNVERIFIED, UNMEASURED, FAILS)


@dataclass(frozen=True)
class Option:
    """A candidate with the catalogue row it came from."""

    candidate: Candidate
    device: Device
    row: MainBody


def options(catalogue: tuple[Device, ...], anatomy: Anatomy) -> tuple[Option, ...]:
    """Every main body tested, sorted by verdict and then by how near its oversizing is to 15 %."""
    neck = measure_neck(anatomy)
    found = []
    for device in catalogue:
        for row in device.main_bodies:
            criteria = main_body_criteria(device, row, neck, anatomy)
            share, source = oversizing(row, device, neck), str(device.evidence_of(row))
            candidate = Candidate(device.maker, device.device, "main body", row.size, share, overall(criteria), criteria, source)
            found.append(Option(candidate, device, row))
    return tuple(sorted(found, key=_rank))


def _rank(option: Option) -> tuple:
    c = option.candidate
    distance = abs(c.oversizing - USUAL_OVERSIZING) if c.oversizing is not None else float("inf")
    return ORDER.index(c.verdict), distance, c.maker, c.size


def best(choices: tuple[Option, ...]) -> Option | None:
    """The main body nearest to 15 % oversizing among those that do not fail."""
    standing = [o for o in choices if o.candidate.verdict != FAILS and o.candidate.oversizing is not None]
    return min(standing, key=_distance, default=None)


def nearest_outside(choices: tuple[Option, ...]) -> Option | None:
    """Where all fail: the one nearest to 15 % whose neck diameter at least is in its range."""
    by_diameter = [o for o in choices if o.candidate.criteria[0].verdict not in (FAILS, UNMEASURED)]
    return min(by_diameter, key=_distance, default=None)


def _distance(option: Option) -> tuple:
    return abs(option.candidate.oversizing - USUAL_OVERSIZING), option.candidate.maker, option.candidate.size
