"""Plausibility of a computed wall stress: the law of Laplace for a tube.

``sigma = p r / t`` (inner radius r). A sphere has half of it, so a peak stress far outside 0.5 to
2 times the tube's is a sign of a wrong unit, pressure or thickness rather than of anatomy.
"""

from __future__ import annotations

SOURCE = "law of Laplace (thin tube)"
PLAUSIBLE = (0.5, 2.0)
"""Share of the tube's stress within which a 99th percentile is taken as plausible."""


def tube_stress_MPa(pressure_MPa: float, outer_diameter_mm: float, thickness_mm: float) -> float:
    """Mean hoop stress of a tube in MPa; the thickness must be below the outer radius."""
    return pressure_MPa * (outer_diameter_mm / 2.0 - thickness_mm) / thickness_mm


def implausible(stress_MPa: float, tube_MPa: float) -> str:
    """A caution, or "" when the stress is within the band."""
    low, high = (share * tube_MPa * 1000.0 for share in PLAUSIBLE)
    if low <= stress_MPa * 1000.0 <= high:
        return ""
    band = f"{low:.0f} to {high:.0f} kPa, 0.5 to 2 times the stress of a tube of the maximum diameter"
    return f"Outside {band}: check unit, pressure and thickness."
