"""How the vessel moves between diastole and systole: diameter, distensibility, range of wall stress.

The contour is where the plane of the largest diameter cuts the deformed outer face of the wall; the
plane stands still in space, as that of an image does.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist

from aorta.records import Anatomy, Array, Finding, Solution, State, WallMesh, withheld
from aorta.risk.fields import WallPlaces
from aorta.risk.percentile import weighted_percentile
from aorta.risk.stress import first_principal
from aorta.units import kpa, mmhg

DISTENSIBILITY_SOURCE = "Laurent et al. 2006, Eur Heart J 27:2588 (cross-sectional distensibility)"
_NAMES = (
    ("pulsatile_diameter_change_mm", "mm"),
    ("distensibility_per_mmHg", "1/mmHg"),
    ("distensibility_per_kPa", "1/kPa"),
)
_FOUR = ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))
"""Flat triangles of a quadratic one (VTK order)."""


def pulsation_findings(anatomy: Anatomy, mesh: WallMesh, solution: Solution, places: WallPlaces, where: str) -> tuple[Finding, ...]:
    """Findings of the pulse; none where diastole was not solved."""
    low, high = solution.state("diastole"), solution.state("systole")
    if low is None or high is None:
        return ()
    return (*_section_findings(anatomy, mesh, solution, low, high), _stress_range(low, high, places, where))


def _stress_range(low: State, high: State, places: WallPlaces, where: str) -> Finding:
    at = places.elements
    change = first_principal(high.cauchy_quadrature_MPa[at]) - first_principal(low.cauchy_quadrature_MPa[at])
    method = (
        "99th percentile by volume of the first principal Cauchy stress at systole less that at diastole, point by point, "
        f"{where}, {mmhg(low.pressure_MPa):.0f} to {mmhg(high.pressure_MPa):.0f} mmHg"
    )
    return Finding(
        "wall_stress_range_p99_kPa", kpa(weighted_percentile(change, high.quadrature_volume_mm3[at], 99.0)), "kPa", method
    )


def _section_findings(anatomy: Anatomy, mesh: WallMesh, solution: Solution, low: State, high: State) -> tuple[Finding, ...]:
    reason, cuts = "", []
    aorta = anatomy.sections_of("aorta")
    if not solution.history:
        reason = "the linear stress method gives no displacements"
    elif aorta is None or not np.isfinite(aorta.outer_max_diameter_mm).any():
        reason = "the maximum diameter was not measured"
    else:
        widest = int(np.nanargmax(aorta.outer_max_diameter_mm))
        plane = aorta.centre[widest], aorta.normal[widest]
        cuts = [cut(mesh.points + s.displacement_mm, mesh.facets["outer"], *plane) for s in (low, high)]
        if None in cuts:
            reason = "the modelled wall does not close around the largest diameter"
    if reason:
        return tuple(withheld(name, unit, reason) for name, unit in _NAMES)
    (small_diameter, small_area), (large_diameter, large_area) = cuts
    rise = high.pressure_MPa - low.pressure_MPa
    between = f"from {mmhg(low.pressure_MPa):.0f} to {mmhg(high.pressure_MPa):.0f} mmHg, in the plane of the largest diameter"
    strain = (large_area - small_area) / small_area
    method = f"(A_systole - A_diastole) / (A_diastole (p_systole - p_diastole)), A within the wall's outer face, {between}"
    caution = "" if solution.unloaded_displacement_mm is not None else "without prestress the vessel is too soft"
    return (
        Finding(
            _NAMES[0][0], large_diameter - small_diameter, "mm", f"growth of the largest outer diameter {between}", caution=caution
        ),
        Finding(_NAMES[1][0], strain / mmhg(rise), "1/mmHg", method, DISTENSIBILITY_SOURCE, caution=caution),
        Finding(_NAMES[2][0], strain / kpa(rise), "1/kPa", method, DISTENSIBILITY_SOURCE, caution=caution),
    )


def cut(points: Array, facets: Array, centre: Array, normal: Array) -> tuple[float, float] | None:
    """Largest diameter in mm and area in mm² of the contour around ``centre`` in which a plane cuts a surface.

    Parameters
    ----------
    points : (n, 3) mm
    facets : (k, 6) quadratic triangles, normals outward
    centre, normal : (3,)

    Returns
    -------
    None where no closed contour goes around the centre.
    """
    triangles = facets[:, np.array(_FOUR)].reshape(-1, 3)
    normal = normal / np.linalg.norm(normal)
    height = (points - centre) @ normal
    above = height[triangles] > 0
    crossing = above.any(1) & ~above.all(1)
    triangles, above = triangles[crossing], above[crossing]
    if len(triangles) == 0:
        return None
    # each crossed triangle has one corner alone on its side: the segment joins its two edges
    alone = np.where(above.sum(1) == 1, above.argmax(1), (~above).argmax(1))
    apex, second, third = (triangles[np.arange(len(triangles)), (alone + q) % 3] for q in range(3))
    ends = [_on_edge(points, height, apex, other) - centre for other in (second, third)]
    first, last = np.where((above.sum(1) == 1)[:, None, None], np.stack(ends, 1), np.stack(ends[::-1], 1)).transpose(1, 0, 2)
    part = _contours(apex, second, third, len(points))
    best = None
    for index in range(part.max() + 1):
        a, b = first[part == index], last[part == index]
        twice = np.cross(a, b) @ normal
        turns = np.arctan2(twice, np.einsum("ij,ij->i", a, b)).sum() / (2 * np.pi)
        if abs(abs(turns) - 1) < 1e-6:
            area = abs(float(twice.sum())) / 2
            best = (float(pdist(a).max()), area) if best is None or area < best[1] else best
    return best


def _on_edge(points: Array, height: Array, a: Array, b: Array) -> Array:
    share = (height[a] / (height[a] - height[b]))[:, None]
    return points[a] + share * (points[b] - points[a])


def _contours(apex: Array, second: Array, third: Array, count: int) -> Array:
    """Number of the contour that each crossed triangle belongs to: neighbours share a crossed edge."""
    edges = np.concatenate([np.sort(np.stack([apex, other], 1), 1) for other in (second, third)])
    _, edge = np.unique(edges[:, 0].astype(np.int64) * count + edges[:, 1], return_inverse=True)
    owner = np.tile(np.arange(len(apex)), 2)
    shared = coo_matrix((np.ones(len(edge)), (owner, edge)))
    return connected_components(shared @ shared.T, directed=False)[1]
