"""Nodal forces of body forces and dead tractions, and integrals over elements, by rules finer than the solver's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aorta.mechanics import tet10
from aorta.records import WallMesh

Field = Callable[[np.ndarray], np.ndarray]
"""(k, 3) places in mm -> (k, 3) values."""


def _gauss(count: int) -> tuple[np.ndarray, np.ndarray]:
    x, w = np.polynomial.legendre.leggauss(count)
    return (x + 1) / 2, w / 2


def tetrahedron_rule(count: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Points (q, 3) and weights (q,) of the collapsed product rule, exact to degree 2 ``count`` - 3."""
    x, w = _gauss(count)
    a, b, c = (v.ravel() for v in np.meshgrid(x, x, x, indexing="ij"))
    weights = np.einsum("i,j,k->ijk", w, w, w).ravel() * (1 - a) ** 2 * (1 - b)
    return np.stack([a, (1 - a) * b, (1 - a) * (1 - b) * c], 1), weights


def triangle_rule(count: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Points (q, 2) and weights (q,) of the collapsed product rule, exact to degree 2 ``count`` - 2."""
    x, w = _gauss(count)
    a, b = (v.ravel() for v in np.meshgrid(x, x, indexing="ij"))
    return np.stack([a, (1 - a) * b], 1), np.outer(w, w).ravel() * (1 - a)


def at_points(mesh: WallMesh, nodal: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(m, q, 3) values of a quadratic field with nodal values (n, 3)."""
    return np.einsum("qn,mni->mqi", tet10.shape(points), nodal[mesh.tets])


def body_forces(mesh: WallMesh, force: Field) -> np.ndarray:
    """(n, 3) nodal forces in N of a force in N/mm³."""
    points, weights = tetrahedron_rule()
    places = at_points(mesh, mesh.points, points)
    density = force(places.reshape(-1, 3)).reshape(places.shape)
    measure = tet10.jacobians(mesh.points[mesh.tets], points) * weights
    return _gathered(mesh, mesh.tets, np.einsum("mqi,qn,mq->mni", density, tet10.shape(points), measure))


def tractions(mesh: WallMesh, facets: str, traction: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """(n, 3) nodal forces in N of a dead traction in MPa of places (k, 3) and outward unit normals (k, 3)."""
    triangles, (points, weights) = mesh.facets[facets], triangle_rule()
    value, slope = tet10.triangle_shape(points)
    places = np.einsum("qn,fni->fqi", value, mesh.points[triangles])
    tangents = np.einsum("fni,qnj->fqij", mesh.points[triangles], slope)
    area = np.cross(tangents[..., 0], tangents[..., 1])
    size = np.linalg.norm(area, axis=-1)
    normals = area / size[..., None]
    density = traction(places.reshape(-1, 3), normals.reshape(-1, 3)).reshape(places.shape)
    return _gathered(mesh, triangles, np.einsum("fqi,qn,fq->fni", density, value, size * weights))


def _gathered(mesh: WallMesh, elements: np.ndarray, forces: np.ndarray) -> np.ndarray:
    flat = elements.ravel()
    return np.stack([np.bincount(flat, forces[..., i].ravel(), len(mesh.points)) for i in range(3)], 1)
