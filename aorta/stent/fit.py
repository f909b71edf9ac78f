"""First fit simulation: the proximal ring of one main body in the finite-element neck."""

from __future__ import annotations

import numpy as np

from aorta.records import Anatomy, Finding, RingFit, Solution, State, WallMesh, withheld
from aorta.settings import WallSettings
from aorta.stent.equilibrium import Equilibrium, equilibrium
from aorta.stent.neck_response import NeckResponse, neck_response, neck_states
from aorta.stent.ring_law import STRAIN_LIMIT, ZigZagRing, law
from aorta.stent.sizing import Option
from aorta.units import kpa, mmhg

NEAR_END_MM = 10.0
"""Closer to a clamped cut than this, the neck is stiffer in the model than in the patient."""
CLIPPED_SHARE = 0.25
SOURCE = "this program (docs/theory/stent.md)"
NAMES = (
    ("ring_equilibrium_diameter_mm", "mm"),
    ("ring_contact_pressure_mean_kPa", "kPa"),
    ("ring_contact_pressure_max_kPa", "kPa"),
    ("ring_gap_max_mm", "mm"),
    ("ring_gap_max_systole_mm", "mm"),
    ("ring_sealed_percent", "%"),
    ("ring_radial_force_N", "N"),
    ("ring_force_balance_percent", "%"),
)


def ring_withheld(reason: str) -> tuple[Finding, ...]:
    """All findings of this module, withheld for one reason."""
    return tuple(withheld(name, unit, reason) for name, unit in NAMES)


def ring_of(option: Option) -> ZigZagRing:
    """The proximal ring of a catalogue row."""
    row, facts = option.row, option.device.ring
    return ZigZagRing(row.diameter_mm, row.ring_height_mm, row.peaks, facts.wire_diameter_mm)


def simulate(
    option: Option, anatomy: Anatomy, mesh: WallMesh, solution: Solution, wall: WallSettings
) -> tuple[RingFit | None, tuple[Finding, ...], tuple[str, ...]]:
    """The ring at the imaging pressure, and its gaps at systole.

    Returns
    -------
    (ring, findings, cautions); the ring is None, and a caution says why, where the neck is not in
    the model.

    Raises
    ------
    StentError
        No equilibrium was found.
    """
    states = neck_states(solution)
    if states is None:
        return _without("the solution does not hold the neck at two pressures")
    ring = ring_of(option)
    thickness = wall.thickness_by_region.get("neck", wall.thickness)
    first = states[0] if states[0].pressure_MPa > 0.0 else states[1]  # an unloaded vessel holds no ring
    necks = [neck_response(anatomy, mesh, states, at, ring.height_mm, thickness) for at in (first, states[1])]
    for neck in necks:
        if isinstance(neck, str):
            return _without(neck)
    rest, systole = (_equilibrium(ring, neck) for neck in necks)
    cautions = _cautions(option, ring, necks[0], rest)
    findings = _findings(option, ring, necks[0], rest, systole, states[1], cautions)
    fit = RingFit(
        f"{option.device.maker} {option.device.device} {option.row.size}",
        np.degrees(necks[0].angle_rad),
        rest.wall_radius_mm,
        rest.ring_radius_mm,
        kpa(rest.pressure_MPa),
        rest.gap_mm,
        rest.diameter_mm,
        law(ring),
    )
    return fit, findings, tuple(cautions)


def _without(reason: str) -> tuple[None, tuple[Finding, ...], tuple[str, ...]]:
    return None, ring_withheld(reason), (f"No fit simulation: {reason}.",)


def _equilibrium(ring: ZigZagRing, neck: NeckResponse) -> Equilibrium:
    diameter = min(2.0 * float(neck.radius_mm.mean()), ring.free_diameter_mm)
    return equilibrium(
        ring.hoop_force_N,
        ring.ovalisation_stiffness_Nmm2(diameter),
        ring.height_at_mm(diameter),
        neck.angle_rad,
        neck.radius_mm,
        neck.compliance_mm_per_MPa,
        diameter,
    )


def _findings(
    option: Option, ring: ZigZagRing, neck: NeckResponse, rest: Equilibrium, systole: Equilibrium, late: State, cautions: list[str]
) -> tuple[Finding, ...]:
    at = f"at {mmhg(neck.pressure_MPa):.0f} mmHg"
    how = f"proximal ring {option.device.device} {option.row.size} against the finite-element neck {at}"
    touching = rest.pressure_MPa > 0.0
    force = max(2.0 * np.pi * rest.hoop_force_N, 0.0)
    values = (
        (rest.diameter_mm, f"diameter of the circle with the ring's perimeter at equilibrium; {how}"),
        (float(kpa(rest.pressure_MPa.mean())), f"contact pressure averaged around; {how}"),
        (float(kpa(rest.pressure_MPa.max())), f"largest contact pressure; {how}"),
        (float(rest.gap_mm.max()), f"largest distance between ring and vessel; {how}"),
        (float(systole.gap_mm.max()), f"the same at {mmhg(late.pressure_MPa):.0f} mmHg (systole)"),
        (100.0 * float(touching.mean()), f"share of the circumference in contact; {how}"),
        (force, f"sum of the ring's radial forces, 2 pi times its hoop force; zig-zag strut bending; {how}"),
        (100.0 * rest.residual, "largest unbalanced generalised force over the radial force: the solver's own check"),
    )
    valid = option.device.ring.verified and ring.peak_strain(rest.diameter_mm) <= STRAIN_LIMIT
    caution = " ".join(cautions)
    return tuple(Finding(name, value, unit, method, SOURCE, valid, caution) for (name, unit), (value, method) in zip(NAMES, values))


def _cautions(option: Option, ring: ZigZagRing, neck: NeckResponse, rest: Equilibrium) -> list[str]:
    cautions = []
    if not option.device.ring.verified:
        cautions.append(f"The ring's data and the wire's material are unverified ({option.device.ring.source}).")
    strain = ring.peak_strain(rest.diameter_mm)
    if strain > STRAIN_LIMIT:
        cautions.append(f"The wire is strained by {100 * strain:.0f} %, beyond the law's {100 * STRAIN_LIMIT:.0f} %.")
    if neck.nearest_end_mm < NEAR_END_MM:
        cautions.append(f"The landing zone is {neck.nearest_end_mm:.0f} mm from a clamped end of the model, which stiffens it.")
    if neck.clipped_share > CLIPPED_SHARE:
        cautions.append(f"The neck's local compliance was bounded over {100 * neck.clipped_share:.0f} % of its circumference.")
    return cautions
