"""Findings of wall strength, rupture index and equivalent diameter, with their cautions."""

from __future__ import annotations

import numpy as np

from aorta.records import Array, Finding, State, withheld
from aorta.risk import equivalent_diameter, rupture_index, strength
from aorta.risk.peaks import loading
from aorta.risk.percentile import weighted_percentile
from aorta.risk.strength_facts import ANEURYSMAL_MM, StrengthFacts
from aorta.units import kpa

NAMES = (
    ("wall_strength_min_kPa", "kPa"),
    ("peak_wall_rupture_index", "1"),
    ("peak_wall_rupture_index_p99", "1"),
    ("rupture_risk_equivalent_diameter_mm", "mm"),
)


def rupture_withheld(reason: str) -> tuple[Finding, ...]:
    """All findings of this module, withheld for one reason."""
    return tuple(withheld(name, unit, reason) for name, unit in NAMES)


def rupture_findings(
    principal_MPa: Array, volume_mm3: Array, local: strength.WallStrength, facts: StrengthFacts, state: State, where: str
) -> tuple[Finding, ...]:
    """Strength, PWRI (maximum by definition, 99th percentile beside it) and RRED.

    Parameters
    ----------
    principal_MPa, volume_mm3 : (e, q) float
        At the quadrature points that count.
    local : WallStrength of (e,)
        At the elements' centroids.
    """
    index = rupture_index.rupture_index(principal_MPa, local.strength_MPa[:, None])
    caution = " ".join(text for text in (range_caution(local, volume_mm3.sum(axis=1)), facts.caution) if text)
    normal = facts.normal_diameter_mm < ANEURYSMAL_MM
    outside = local.floored | local.thrombus_clamped | local.nord_clamped
    p99 = weighted_percentile(index, volume_mm3, 99.0)

    def valid(reached: Array) -> bool:
        """Whether the regression holds in the elements (e,) bool on which a finding rests."""
        return normal and not bool(outside[reached].any())

    given = (
        f"{'male' if facts.male else 'female'}, family history {'yes' if facts.family_history else 'no'}, "
        f"normal diameter {facts.normal_diameter_mm:.1f} mm from {facts.normal_diameter_from}"
    )
    method = f"first principal Cauchy stress over local wall strength {where}, {loading(state)} ({given})"
    highest = index.max(axis=1)
    peak = float(highest.max())
    findings = [
        Finding(
            "wall_strength_min_kPa",
            kpa(local.strength_MPa.min()),
            "kPa",
            f"smallest local strength {where} ({given})",
            strength.SOURCE,
            valid(local.strength_MPa == local.strength_MPa.min()),
            caution,
        ),
        Finding(
            "peak_wall_rupture_index", peak, "1", f"maximum of: {method}", rupture_index.SOURCE, valid(highest >= peak), caution
        ),
        Finding(
            "peak_wall_rupture_index_p99",
            p99,
            "1",
            f"99th percentile by volume of: {method}",
            rupture_index.SOURCE,
            valid(highest >= p99),
            caution,
        ),
    ]
    name = "rupture_risk_equivalent_diameter_mm"
    if peak <= 0.0:
        return (*findings, withheld(name, "mm", "the peak wall rupture index is not positive: no logarithm"))
    diameter = equivalent_diameter.rupture_risk_equivalent_diameter_mm(peak)
    if diameter <= 0.0:
        return (*findings, withheld(name, "mm", f"the uncalibrated formula gives no positive diameter for a PWRI of {peak:.3f}"))
    how = f"55 mm + ln(PWRI / 0.48) / (0.020/mm) with the maximum PWRI {peak:.3f}"
    uncalibrated = Finding(name, diameter, "mm", how, equivalent_diameter.SOURCE, False, equivalent_diameter.CAUTION)
    return (*findings, uncalibrated)


def range_caution(local: strength.WallStrength, volume_mm3: Array) -> str:
    """Which share of the wall's volume left the regression's range, in words; "" for none."""

    def share(where: Array) -> float:
        return 100.0 * float(volume_mm3[where].sum() / volume_mm3.sum())

    low, high = strength.NORD_BOUNDS
    reasons = (
        (local.floored, f"strength below {strength.FLOOR_N_PER_CM2:.0f} N/cm2, set to it"),
        (local.thrombus_clamped, f"thrombus thicker than {strength.THROMBUS_BOUNDS_CM[1]:.1f} cm, taken as that"),
        (local.nord_clamped, f"NORD outside {low:.1f} to {high:.1f}, taken as the bound"),
    )
    parts = [f"{text} in {share(where):.2g} % of the wall" for where, text in reasons if np.any(where)]
    return ("Strength regression outside its validity range: " + "; ".join(parts) + ".") if parts else ""
