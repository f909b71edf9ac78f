"""Findings of stress and tension: maximum and 99th percentile, each with its measure and pressure."""

from __future__ import annotations

import numpy as np

from aorta.records import Array, Finding, State, withheld
from aorta.risk import tension as membrane
from aorta.risk.patch import AREA_MM2, WallPatches, local_peak
from aorta.risk.percentile import weighted_percentile
from aorta.units import kpa, mmhg


def loading(state: State) -> str:
    """At which pressure: "at 120 mmHg (systole)"."""
    return f"at {mmhg(state.pressure_MPa):.0f} mmHg ({state.name})"


OVER_PATCHES = f"the Cauchy stress averaged by volume over patches of {AREA_MM2:g} mm² of wall, through its thickness,"
NO_PATCH = "the mesh carries no wall thickness, so the volume of a patch is not known"


def stress_findings(
    principal_MPa: Array,
    mises_MPa: Array,
    volume_mm3: Array,
    centroids: Array,
    patches: WallPatches | None,
    around: Array | None,
    state: State,
    where: str,
    caution: str,
) -> tuple[Finding, ...]:
    """Peaks of both stress measures.

    Parameters
    ----------
    principal_MPa, mises_MPa, volume_mm3 : (e, q) float
        At the quadrature points that count.
    centroids : (e, 3) float, mm, LPS
    patches : WallPatches or None
    around : (e,) int or None
        The patch around each element.
    where : str
        "in the wall, more than 10 mm from clamped ends".
    caution : str
        Of the 99th percentile of the first principal stress; "" for none.
    """
    at = loading(state)
    first = f"first principal Cauchy stress {where}, {at}"
    mises = f"von Mises Cauchy stress {where}, {at}"
    highest = int(np.argmax(principal_MPa.max(axis=1)))
    largest = principal_MPa.max()
    local = "" if patches is None else local_peak(largest, patches.stress_MPa[around[highest]])
    p99 = "99th percentile by volume of the "
    return (
        Finding("wall_stress_max_kPa", kpa(largest), "kPa", f"maximum over quadrature points of the {first}", caution=local),
        Finding(
            "wall_stress_p99_kPa", kpa(weighted_percentile(principal_MPa, volume_mm3, 99.0)), "kPa", p99 + first, caution=caution
        ),
        _patch_finding(patches, f"{where}, {at}"),
        Finding("von_mises_max_kPa", kpa(mises_MPa.max()), "kPa", f"maximum over quadrature points of the {mises}"),
        Finding("von_mises_p99_kPa", kpa(weighted_percentile(mises_MPa, volume_mm3, 99.0)), "kPa", p99 + mises),
        Finding(
            "wall_stress_max_position",
            "({:.1f}, {:.1f}, {:.1f})".format(*centroids[highest]),
            "mm LPS",
            f"centroid of the element with the maximum {first}",
        ),
    )


def _patch_finding(patches: WallPatches | None, where: str) -> Finding:
    name = "wall_stress_patch_max_kPa"
    if patches is None:
        return withheld(name, "kPa", NO_PATCH)
    return Finding(name, kpa(patches.stress_MPa.max()), "kPa", f"maximum of the first principal value of {OVER_PATCHES} {where}")


def tension_findings(tension: membrane.WallTension, counted: Array, state: State, where: str) -> tuple[Finding, ...]:
    """Peaks of wall tension over the columns that count ((c,) bool)."""
    values, areas = tension.tension_N_per_mm[counted], tension.area_mm2[counted]
    method = (
        "thickness times first principal value of the Cauchy stress averaged by volume through the thickness, "
        f"per column of wall {where}, {loading(state)}"
    )
    p99 = weighted_percentile(values, areas, 99.0)
    return (
        Finding("wall_tension_max_N_per_mm", values.max(), "N/mm", f"maximum of: {method}", membrane.SOURCE),
        Finding("wall_tension_p99_N_per_mm", p99, "N/mm", f"99th percentile by outer area of: {method}", membrane.SOURCE),
    )
