"""Findings of wall strength, rupture index and equivalent diameter, with their cautions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records import Array, Finding, State, withheld
from aorta.risk import equivalent_diameter, rupture_index, strength
from aorta.risk.patch import local_peak
from aorta.risk.peaks import NO_PATCH, OVER_PATCHES, loading
from aorta.risk.percentile import weighted_percentile
from aorta.risk.strength_facts import ANEURYSMAL_MM, StrengthFacts
from aorta.units import kpa

NAMES = (
    ("wall_strength_min_kPa", "kPa"),
    ("peak_wall_rupture_index", "1"),
    ("peak_wall_rupture_index_p99", "1"),
    ("rupture_index_patch_max", "1"),
    ("rupture_risk_equivalent_diameter_mm", "mm"),
)


@dataclass(frozen=True)
class PatchIndex:
    """Stress (c,) MPa and strength of patches of wall, and which patch is around each element: (e,)."""

    stress_MPa: Array
    strength: strength.WallStrength
    around: Array

    @property
    def index(self) -> Array:
        """Rupture index (c,)."""
        return rupture_index.rupture_index(self.stress_MPa, self.strength.strength_MPa)


def rupture_withheld(reason: str) -> tuple[Finding, ...]:
    """All findings of this module, withheld for one reason."""
    return tuple(withheld(name, unit, reason) for name, unit in NAMES)


def rupture_findings(
    principal_MPa: Array,
    volume_mm3: Array,
    local: strength.WallStrength,
    patches: PatchIndex | None,
    facts: StrengthFacts,
    state: State,
    where: str,
) -> tuple[Finding, ...]:
    """Strength, PWRI (maximum by definition, 99th percentile beside it) and RRED.

    Parameters
    ----------
    principal_MPa, volume_mm3 : (e, q) float
        At the quadrature points that count.
    local : WallStrength of (e,)
        At the elements' centroids.
    patches : PatchIndex or None
        None where no patches could be made.
    """
    index = rupture_index.rupture_index(principal_MPa, local.strength_MPa[:, None])
    caution = " ".join(text for text in (range_caution(local, volume_mm3.sum(axis=1)), facts.caution) if text)
    normal = facts.normal_diameter_mm < ANEURYSMAL_MM
    p99 = weighted_percentile(index, volume_mm3, 99.0)

    def valid(reached: Array, strengths: strength.WallStrength = local) -> bool:
        """Whether the regression holds in the elements (e,) bool, or patches, on which a finding rests."""
        outside = strengths.floored | strengths.thrombus_clamped | strengths.nord_clamped
        return normal and not bool(outside[reached].any())

    given = (
        f"{'male' if facts.male else 'female'}, family history {'yes' if facts.family_history else 'no'}, "
        f"normal diameter {facts.normal_diameter_mm:.1f} mm from {facts.normal_diameter_from}"
    )
    method = f"first principal Cauchy stress over local wall strength {where}, {loading(state)} ({given})"
    highest = index.max(axis=1)
    peak = float(highest.max())
    sharp = "" if patches is None else local_peak(peak, float(patches.index[patches.around[highest.argmax()]]))
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
            "peak_wall_rupture_index",
            peak,
            "1",
            f"maximum of: {method}",
            rupture_index.SOURCE,
            valid(highest >= peak),
            " ".join(text for text in (sharp, caution) if text),
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
    if patches is None:
        findings.append(withheld("rupture_index_patch_max", "1", NO_PATCH))
    else:
        how = f"maximum of the first principal value of {OVER_PATCHES} over local wall strength {where}, {loading(state)} ({given})"
        top = float(patches.index.max())
        sound = valid(patches.index >= top, patches.strength)
        findings.append(Finding("rupture_index_patch_max", top, "1", how, rupture_index.SOURCE, sound, caution))
    name = "rupture_risk_equivalent_diameter_mm"
    if peak <= 0.0:
        return (*findings, withheld(name, "mm", "the peak wall rupture index is not positive: no logarithm"))
    diameter = equivalent_diameter.rupture_risk_equivalent_diameter_mm(peak)
    if diameter <= 0.0:
        return (*findings, withheld(name, "mm", f"the uncalibrated formula gives no positive diameter for a PWRI of {peak:.3f}"))
    how = f"55 mm + ln(PWRI / 0.48) / (0.020/mm) with the maximum PWRI {peak:.3f}"
    doubts = " ".join(text for text in (equivalent_diameter.CAUTION, sharp) if text)
    return (*findings, Finding(name, diameter, "mm", how, equivalent_diameter.SOURCE, False, doubts))


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
