"""Forces of elastic supports, tissue and spine on the vessel, in numpy from a state's record.

The same laws as in the solver (``equilibrium.py``, ``surroundings.py``, ``contact.py``), computed anew: shape
functions and quadrature of ``tet10.py``, distances at the points' present places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.mechanics import tet10
from aorta.mechanics.contact import Contact
from aorta.mechanics.supports import Support
from aorta.mechanics.surroundings import Surroundings, Tissue
from aorta.records import State, WallMesh


@dataclass(frozen=True)
class OnFaces:
    """Tractions on facets, per imaged area: ``traction`` (k, 6, 3) MPa at six points of each, ``area`` (k, 6) mm² of each point."""

    triangles: np.ndarray
    traction: np.ndarray
    area: np.ndarray

    def nodal(self, count: int) -> np.ndarray:
        """(n, 3) nodal forces in N."""
        value, _ = tet10.triangle_shape(tet10.TRIANGLE_6)
        forces = np.zeros((count, 3))
        np.add.at(forces, self.triangles, np.einsum("fq,qn,fqi->fni", self.area, value, self.traction))
        return forces


@dataclass(frozen=True)
class Touch:
    """Contact on facets: ``pressure`` MPa and ``depth`` mm (negative where apart) at six points of each, ``out`` (k, 6, 3)."""

    triangles: np.ndarray
    pressure: np.ndarray
    depth: np.ndarray
    out: np.ndarray
    area: np.ndarray

    @property
    def on_faces(self) -> OnFaces:
        """The tractions."""
        return OnFaces(self.triangles, self.pressure[..., None] * self.out, self.area)


def _at_points(nodal: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Values (k, 6, ...) at the six points of triangles from nodal values (n, ...)."""
    value, _ = tet10.triangle_shape(tet10.TRIANGLE_6)
    return np.einsum("qn,fn...->fq...", value, nodal[triangles])


def area_vectors(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(k, 6, 3) normals of triangles at their six points, of the length of the area in mm² that each point stands for."""
    _, slope = tet10.triangle_shape(tet10.TRIANGLE_6)
    tangents = np.einsum("fni,qnj->fqij", points[triangles], slope)
    return np.cross(tangents[..., 0], tangents[..., 1]) * tet10.TRIANGLE_6_WEIGHTS[:, None]


def elastic(mesh: WallMesh, support: Support, displacement: np.ndarray) -> OnFaces:
    """Springs of a support; ``displacement`` (n, 3) mm from where they are at rest."""
    triangles = mesh.facets[support.facets]
    vectors = area_vectors(mesh.points, triangles)
    area = np.linalg.norm(vectors, axis=-1)
    moved, normal = _at_points(displacement, triangles), vectors / area[..., None]
    across = np.einsum("fqi,fqi->fq", moved, normal)[..., None] * normal
    return OnFaces(triangles, -support.normal * across - support.tangential * (moved - across), area)


def tissue(mesh: WallMesh, what: Tissue, facets: str, state: State, unloaded: np.ndarray | None) -> OnFaces:
    """Springs and dashpots on facets."""
    triangles = mesh.facets[facets]
    stretch = state.displacement_mm - (unloaded if what.at_rest == "unloaded" and unloaded is not None else 0.0)
    traction = -what.stiffness * _at_points(stretch, triangles)
    if state.velocity_mm_per_s is not None:
        traction -= what.damping * _at_points(state.velocity_mm_per_s, triangles)
    return OnFaces(triangles, traction, np.linalg.norm(area_vectors(mesh.points, triangles), axis=-1))


def touch(mesh: WallMesh, what: Contact, facets: str, displacement: np.ndarray) -> Touch:
    """Contact of facets with an obstacle."""
    triangles = mesh.facets[facets]
    places = _at_points(mesh.points + displacement, triangles)
    depth = -what.obstacle.distance(places.reshape(-1, 3)).reshape(-1, 6)
    if what.silent:
        image = what.obstacle.distance(_at_points(mesh.points, triangles).reshape(-1, 3)).reshape(-1, 6)
        depth -= np.maximum(-image, 0.0)
    out = what.obstacle.slopes(places.reshape(-1, 3))[0].reshape(places.shape)
    area = np.linalg.norm(area_vectors(mesh.points, triangles), axis=-1)
    return Touch(triangles, what.stiffness * np.maximum(depth, 0.0), depth, out, area)


def all_forces(
    mesh: WallMesh,
    supports: tuple[Support, ...],
    around: Surroundings | None,
    state: State,
    unloaded: np.ndarray | None,
) -> np.ndarray:
    """(n, 3) N: nodal forces of every elastic support and steadying spring, of tissue and spine; rigid supports have none here."""
    count = len(mesh.points)
    forces = np.zeros((count, 3))
    stretch = state.displacement_mm - (0.0 if unloaded is None else unloaded)
    for support in supports:
        if support.springy:
            forces += elastic(mesh, support, stretch).nodal(count)
    if around is not None and around.tissue is not None:
        forces += tissue(mesh, around.tissue, around.facets, state, unloaded).nodal(count)
    if around is not None and around.contact is not None:
        forces += touch(mesh, around.contact, around.facets, state.displacement_mm).on_faces.nodal(count)
    return forces
