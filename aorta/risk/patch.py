"""The stress that a patch of wall carries: a peak that does not rest on one point of the mesh.

``sigma_P(x) = max eigenvalue of the mean of sigma over the wall nearest to x``, as much wall as
``AREA_MM2`` times its thickness; nearest along the outer face, so that all depths count alike. The
maximum over quadrature points grows with refinement where the wall is bent sharply (the fork of the
iliac arteries, the edge of thrombus): the outermost point comes nearer to the face. The patch's mean
is membrane force over thickness, without the bending, which is what the tensile specimens behind the
strength regression were measured by. Unit: that of the stress. Validity: elements not much larger
than the patch. Convergence: docs/theory/mesh.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aorta.records import Array, State, WallMesh
from aorta.risk.ends import away_from_ends
from aorta.risk.fields import onto_outer, tissue_elements
from aorta.risk.stress import first_principal

AREA_MM2 = 10.0
"""A disc of 3.6 mm; "a patch of at least 10 mm²" is this program's choice."""
LOCAL = 1.5
"""A maximum above so many times its patch's mean is told to be local (1.05 in a thin tube under pressure)."""
_CHUNK = 2048


_NEAR, _FAR = 0.5854101966249685, 0.1381966011250105
BARYCENTRIC = np.where(np.eye(4)[[1, 2, 3, 0]] == 1, _NEAR, _FAR)
"""Where the four quadrature points are, in the order that ``records.State`` states."""


@dataclass(frozen=True)
class WallPatches:
    """One patch around each vertex of the outer face that counts.

    Parameters
    ----------
    node : (c,) int
    points : (c, 3) float, mm
    stress_MPa : (c,) float
        First principal value of the patch's mean stress.
    """

    node: Array
    points: Array
    stress_MPa: Array

    def around(self, points: Array) -> Array:
        """Number (n,) of the patch whose middle is nearest to points (n, 3)."""
        return cKDTree(self.points).query(points)[1]


def wall_patches(mesh: WallMesh, state: State, exclusion_mm: float, area: float = AREA_MM2) -> WallPatches | None:
    """Patches whose middle is away from the ends; None where there is none, or the mesh has no wall thickness."""
    node = np.unique(mesh.facets["outer"][:, :3])
    node = node[away_from_ends(mesh.points[node], mesh.ends, exclusion_mm)]
    thickness = mesh.wall_thickness_mm[node]
    if not len(node) or not (thickness > 0.0).all():
        return None
    wall = tissue_elements(mesh)
    volume = state.quadrature_volume_mm3[wall]
    share = BARYCENTRIC if volume.shape[1] == 4 else np.full((volume.shape[1], 4), 0.25)
    places = np.einsum("qv,evx->eqx", share, mesh.points[mesh.tets[wall, :4]]).reshape(-1, 3)
    stress = state.cauchy_quadrature_MPa[wall].reshape(-1, 6)
    points = mesh.points[node]
    mean = patch_means(points, onto_outer(mesh, places), volume.ravel(), stress, area * thickness)
    return WallPatches(node, points, first_principal(mean))


def patch_means(middles: Array, places: Array, volume: Array, stress: Array, wanted: Array) -> Array:
    """Mean stress of the wall nearest to some points.

    Parameters
    ----------
    middles : (c, 3) float, mm
    places : (n, 3) float, mm
        Of the values, carried onto the outer face.
    volume : (n,) float, mm3
    stress : (n, 6) float
    wanted : (c,) float, mm3
        Volume of the patches. The nearest values are taken, the last one in part; all where there is less than that.

    Returns
    -------
    (c, 6) float, in the unit of ``stress``
    """
    tree, count = cKDTree(places), len(places)
    means = np.empty((len(middles), 6))
    todo, neighbours = np.arange(len(middles)), min(64, count)
    while len(todo):
        left = []
        for rows in np.array_split(todo, int(np.ceil(len(todo) / _CHUNK))):
            index = tree.query(middles[rows], k=neighbours)[1].reshape(len(rows), neighbours)
            own = volume[index]
            before = np.cumsum(own, axis=1) - own
            taken = np.clip(wanted[rows, None] - before, 0.0, own)
            means[rows] = np.einsum("rk,rkc->rc", taken, stress[index]) / taken.sum(axis=1, keepdims=True)
            left.append(rows[(before[:, -1] + own[:, -1] < wanted[rows]) & (neighbours < count)])
        todo, neighbours = np.concatenate(left), min(2 * neighbours, count)
    return means


def local_peak(peak: float, around: float) -> str:
    """A caution where the maximum is far above what the patch around it carries, "" where it is not."""
    if peak <= LOCAL * around:
        return ""
    return (
        f"This maximum is local: the {AREA_MM2:g} mm² of wall around it carry {100.0 * around / peak:.0f} % of it on average. "
        "Such a peak depends on element size and on how a crease of the vessel is rounded; compare the maximum over patches."
    )
