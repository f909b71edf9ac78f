"""Curvature, torsion and tortuosity of centrelines.

Derivatives are those of polynomials fitted to a window of the centreline about each point (Savitzky
and Golay, Anal Chem 1964;36:1627-1639): differences of neighbouring points would measure the label
map's voxels. The windows are as long as a vessel is wide, and longer for the third derivative.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import savgol_filter

from aorta.anatomy.curve import Curve
from aorta.records import Array, Finding, withheld

CURVATURE_HALF_MM, CURVATURE_ORDER = 12.0, 4
TORSION_HALF_MM, TORSION_ORDER = 20.0, 5
STRAIGHT_PER_MM = 0.004
"""Below this curvature (a bend of 25 cm radius) a curve has no plane to turn out of."""

HIGH_SHARE = 95.0
"""The greatest curvature is given as this percentile: of single points it would be noise."""

FRENET = "Frenet formulas on windows of the centreline (Savitzky and Golay 1964)"


def _derivatives(curve: Curve, half_mm: float, order: int, most: int) -> tuple[list[Array], Array] | None:
    """The first ``most`` derivatives by arc length, (n, 3) each, where a whole window fits: (n,) arc lengths; None if nowhere."""
    step = float(curve.arc[1] - curve.arc[0])
    half = int(round(half_mm / step))
    if len(curve.arc) < 2 * half + 1:
        return None
    window = 2 * half + 1
    inner = slice(half, len(curve.arc) - half)
    found = [savgol_filter(curve.points, window, order, deriv=d, delta=step, axis=0)[inner] for d in range(1, most + 1)]
    return found, curve.arc[inner]


def curvature(curve: Curve) -> tuple[Array, Array]:
    """Arc lengths (n,) mm and curvature (n,) 1/mm there; empty where the curve is shorter than a window."""
    found = _derivatives(curve, CURVATURE_HALF_MM, CURVATURE_ORDER, 2)
    if found is None:
        return np.zeros(0), np.zeros(0)
    (first, second), arc = found
    return arc, np.linalg.norm(np.cross(first, second), axis=1) / np.linalg.norm(first, axis=1) ** 3


def torsion(curve: Curve) -> tuple[Array, Array]:
    """Arc lengths (n,) mm and torsion (n,) 1/mm, positive for a right-handed screw, where the curve bends at all."""
    found = _derivatives(curve, TORSION_HALF_MM, TORSION_ORDER, 3)
    if found is None:
        return np.zeros(0), np.zeros(0)
    (first, second, third), arc = found
    binormal = np.cross(first, second)
    size = np.linalg.norm(binormal, axis=1)
    bends = size > STRAIGHT_PER_MM * np.linalg.norm(first, axis=1) ** 3
    value = np.einsum("ij,ij->i", binormal[bends], third[bends]) / size[bends] ** 2
    return arc[bends], value


def bending_findings(part: str, curve: Curve | None, start: float, stop: float, reason: str = "") -> list[Finding]:
    """Curvature and torsion of a stretch of a centreline, per cm.

    Parameters
    ----------
    part : str
        Prefix of the findings' names: "aorta", "neck", "left_iliac" ...
    start, stop : float, mm
        Arc lengths between which the values are taken; windows may reach beyond them.
    reason : str
        Why there is no such stretch, where there is none.
    """
    unit = "1/cm"
    names = (f"{part}_mean_curvature_per_cm", f"{part}_max_curvature_per_cm", f"{part}_torsion_per_cm")
    if curve is None or reason:
        return [withheld(name, unit, reason or "not in view") for name in names]
    arc, bend = curvature(curve)
    within = (arc >= start) & (arc <= stop)
    if within.sum() < 5:
        why = f"a window of {2 * CURVATURE_HALF_MM:.0f} mm of centreline does not fit"
        return [withheld(name, unit, why) for name in names]
    bend = 10.0 * bend[within]
    window = f"over windows of {2 * CURVATURE_HALF_MM:.0f} mm of the lumen's centreline"
    findings = [
        Finding(names[0], float(bend.mean()), unit, f"mean curvature {window}", FRENET),
        Finding(names[1], float(np.percentile(bend, HIGH_SHARE)), unit, f"95th percentile of the curvature {window}", FRENET),
    ]
    arc, twist = torsion(curve)
    within = (arc >= start) & (arc <= stop)
    if within.sum() < 5:
        why = f"it is straight, or a window of {2 * TORSION_HALF_MM:.0f} mm of centreline does not fit"
        return [*findings, withheld(names[2], unit, why)]
    method = f"median torsion over windows of {2 * TORSION_HALF_MM:.0f} mm, where it bends; positive: a right-handed screw"
    return [*findings, Finding(names[2], 10.0 * float(np.median(twist[within])), unit, method, FRENET)]
