"""Devices of the catalogue against the anatomy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aorta.records.base import Array
from aorta.records.finding import Finding


@dataclass(frozen=True)
class Criterion:
    """One test of a device against the anatomy.

    ``verdict`` is "fits", "does not fit", "unverified" (the row was not checked against the
    maker's document) or "not measured".
    """

    criterion: str
    measured: float | None
    limit: str
    margin: float | None
    unit: str
    verdict: str


@dataclass(frozen=True)
class Candidate:
    """One catalogue row against this anatomy."""

    maker: str
    device: str
    part: str  # "main body", "iliac limb left", ...
    size: str  # nominal diameter(s) as the maker names them
    oversizing: float | None  # share, 0.15 = 15 %
    verdict: str
    criteria: tuple[Criterion, ...]
    source: str


@dataclass(frozen=True)
class RingFit:
    """The proximal ring of one main body in the deformable neck.

    Parameters
    ----------
    angle_deg : (n,) float
        Around the neck.
    wall_radius_mm, ring_radius_mm : (n,) float
        Inner face of the vessel at equilibrium and the ring, from the neck's centre.
    contact_pressure_kPa, gap_mm : (n,) float
    equilibrium_diameter_mm : float
    ring_law : mapping of str to (k,) float
        ``diameter_mm`` and ``radial_force_N``.
    """

    device: str
    angle_deg: Array
    wall_radius_mm: Array
    ring_radius_mm: Array
    contact_pressure_kPa: Array
    gap_mm: Array
    equilibrium_diameter_mm: float
    ring_law: Mapping[str, Array]


@dataclass(frozen=True)
class StentFit:
    """Sizing against instructions for use, and the first fit simulation."""

    candidates: tuple[Candidate, ...]
    ring: RingFit | None
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
