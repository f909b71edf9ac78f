"""Wall tension: force per length in the wall, the part of wall stress that needs no thickness.

``T = t * sigma_1(mean of sigma through the thickness)`` in N/mm, with the thickness t in the loaded
state. By the law of Laplace (``T = p r`` in a tube) tension does not depend on the assumed
thickness, whereas stress is inversely proportional to it.

The wall is divided into columns, one per vertex of its outer face: the wall elements nearest to
that vertex. The stress tensor is averaged by volume over the column, which is the mean through
the thickness over a patch of about one element, and its first principal value is multiplied by
the thickness. The thickness of the loaded state follows from the imaged one by the change of
area of the outer face, since the wall is nearly incompressible. Validity: thickness well below
the radius. Source: balance of membrane forces (Laplace).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aorta.records import Array, State, WallMesh
from aorta.risk.fields import tissue_elements
from aorta.risk.stress import first_principal

SOURCE = "law of Laplace; this program"


@dataclass(frozen=True)
class WallTension:
    """Tension of each column of the wall.

    Parameters
    ----------
    node : (c,) int
        The column's vertex on the outer face.
    tension_N_per_mm : (c,) float
    area_mm2 : (c,) float
        Share of the imaged outer face.
    """

    node: Array
    tension_N_per_mm: Array
    area_mm2: Array

    def at(self, points: Array, mesh: WallMesh) -> Array:
        """Tension (n,) of the column nearest to each point (n, 3)."""
        return self.tension_N_per_mm[cKDTree(mesh.points[self.node]).query(points)[1]]


def wall_tension(mesh: WallMesh, state: State) -> WallTension:
    """Tension per column; columns without an element (slivers of the outer face, stiff calcification) are left out."""
    vertices = mesh.facets["outer"][:, :3]
    nodes = np.unique(vertices)
    wall = tissue_elements(mesh)
    centroids = mesh.points[mesh.tets[wall, :4]].mean(axis=1)
    column = cKDTree(mesh.points[nodes]).query(centroids)[1]

    volume = state.quadrature_volume_mm3[wall]
    force = (state.cauchy_quadrature_MPa[wall] * volume[..., None]).sum(axis=1)
    column_volume = np.bincount(column, volume.sum(axis=1), minlength=len(nodes))
    column_force = np.stack([np.bincount(column, force[:, q], minlength=len(nodes)) for q in range(6)], axis=1)

    imaged = _vertex_areas(mesh.points, vertices)[nodes]
    loaded = _vertex_areas(mesh.points + state.displacement_mm, vertices)[nodes]
    thickness = mesh.wall_thickness_mm[nodes] * imaged / loaded
    filled = column_volume > 0.0
    mean_stress = column_force[filled] / column_volume[filled, None]
    return WallTension(nodes[filled], first_principal(mean_stress) * thickness[filled], imaged[filled])


def _vertex_areas(points: Array, triangles: Array) -> Array:
    """A third of the area of the triangles at each point: (n,) mm2."""
    a, b, c = (points[triangles[:, q]] for q in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2.0
    return np.bincount(triangles.ravel(), np.repeat(area / 3.0, 3), minlength=len(points))
