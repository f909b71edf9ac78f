"""Nodal Cauchy stress by projection: the smooth field nearest to the stress at the quadrature points.

Within each region the stress is projected in L2 onto continuous quadratic fields. Four points an
element leave some of an element's ten modes without a say, so the curvature of every edge (value in
its middle less the mean of its ends) is held down, by a small share of the element's volume. The
deviator and the mean stress get different shares because their errors differ: the deviator at the
points is good to second order and deserves all the shape it can get; the mean stress of a nearly
incompressible displacement element carries a ripple from point to point, which a field near to the
continuous linear ones, the pressures of Taylor and Hood (1973), cannot follow. Regions are
projected apart from each other, so that stress may jump between them. A linear field is kept
exactly. Compared with averaging and with patches (Zienkiewicz & Zhu 1992) in docs/theory/mechanics.md.
"""

from __future__ import annotations

import weakref

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags

from aorta.errors import SolverError
from aorta.mechanics import tet10
from aorta.records import THROMBUS, WALL, Array, WallMesh

DEVIATOR, MEAN = 0.003, 0.5
"""Shares of the volume by which an edge's curvature is held down: the best of a scan over tubes and spheres
(0.001 to 0.01 and 0.3 to 1 are nearly as good; 0 has no unique answer)."""
_TOLERANCE = 1e-9
_MOST_ITERATIONS = 1000
_kept: dict[str, tuple[weakref.ref, Recovery]] = {}


class Recovery:
    """The projection of one mesh, made once for all its states.

    Parameters
    ----------
    points : (q, 3) float
        Quadrature points in reference coordinates, the same in every element.
    weights : (q,) float
    """

    def __init__(self, mesh: WallMesh, points: Array, weights: Array):
        self._count = len(mesh.points)
        self._regions = []
        for region in (THROMBUS, WALL):  # the wall last: it wins at nodes of both
            inside = np.flatnonzero(mesh.region == region)
            if len(inside):
                tets = mesh.tets[inside]
                volume = tet10.jacobians(mesh.points[tets], points) * weights
                self._regions.append((inside, _Projection(tets, volume, tet10.shape(points))))

    def nodal(self, stress: Array) -> Array:
        """(n, 6) of stress (m, q, 6), in its unit; where both regions meet, the wall's."""
        out = np.zeros((self._count, 6))
        for inside, project in self._regions:
            deviator, mean = stress[inside], stress[inside][..., :3].mean(-1, keepdims=True)
            deviator[..., :3] -= mean
            out[project.nodes] = project(deviator, DEVIATOR)
            out[project.nodes, :3] += project(mean, MEAN)
        return out

    def smooth(self, values: Array) -> Array:
        """(n, c) of values (m, q, c) at the points, as smooth as the mean stress; where both regions meet, the wall's."""
        out = np.zeros((self._count, values.shape[-1]))
        for inside, project in self._regions:
            out[project.nodes] = project(values[inside], MEAN)
        return out


class _Projection:
    """Least squares onto the quadratic fields of one region, weighted by volume (m, q); ``shape`` (q, 10)."""

    def __init__(self, tets: Array, volume: Array, shape: Array):
        self.nodes, local = np.unique(tets, return_inverse=True)
        self._local, self._weighted = local.reshape(tets.shape), volume[..., None] * shape
        self._mass = self._assembled(np.einsum("mqa,qb->mab", self._weighted, shape))
        self._curvature = self._assembled(volume.sum(1)[:, None, None] * _CURVATURES)
        places = np.arange(local.size)
        self._gather = csr_matrix((np.ones(local.size), (self._local.ravel(), places)), (len(self.nodes), local.size))

    def _assembled(self, element: Array) -> csr_matrix:
        rows, columns = np.repeat(self._local, 10, axis=1).ravel(), np.tile(self._local, (1, 10)).ravel()
        return coo_matrix((element.ravel(), (rows, columns)), shape=2 * (len(self.nodes),)).tocsr()

    def __call__(self, values: Array, held: float) -> Array:
        """(n, c) at the region's nodes of values (m, q, c)."""
        right = self._gather @ np.einsum("mqa,mqc->mac", self._weighted, values).reshape(-1, values.shape[-1])
        return _conjugate_gradients(self._mass + held * self._curvature, right)


def _curvatures() -> Array:
    rows = np.zeros((6, 10))
    for edge, (a, b) in enumerate(tet10.EDGES):
        rows[edge, [a, b, 4 + edge]] = -0.5, -0.5, 1.0
    return rows.T @ rows


_CURVATURES = _curvatures()
"""(10, 10) sum over the edges of the square of their curvature."""


def _conjugate_gradients(matrix: csr_matrix, right: Array) -> Array:
    """Solve for every column of ``right`` (n, c) at once, scaled by the diagonal: a mass matrix takes some 50 steps.

    Raises
    ------
    SolverError
        It did not converge.
    """
    scale = 1 / np.sqrt(matrix.diagonal())
    scaled = (diags(scale) @ matrix @ diags(scale)).tocsr()
    residual = right * scale[:, None]
    solution, direction, square = np.zeros_like(residual), residual.copy(), (residual**2).sum(0)
    enough = _TOLERANCE**2 * square.max()
    for _ in range(_MOST_ITERATIONS):
        if square.max() <= enough:
            break
        moved = scaled @ direction
        step = square / np.maximum((direction * moved).sum(0), 1e-300)
        solution += step * direction
        residual -= step * moved
        square, before = (residual**2).sum(0), square
        direction = residual + square / np.maximum(before, 1e-300) * direction
    if not square.max() <= enough:  # nor where it is not a number
        left = _TOLERANCE * np.sqrt(square.max() / enough)
        raise SolverError(
            "the stress could not be carried to the nodes",
            where="mechanics",
            why=f"{_MOST_ITERATIONS} iterations of the projection leave {left:.1e} of it",
            fix="look at the mesh for elements that are almost flat, or use another element size",
        )
    return solution * scale[:, None]


def recovery_of(mesh: WallMesh, points: Array, weights: Array) -> Recovery:
    """The mesh's projection, kept while the mesh lives and no other is asked for: the states of one vessel share it."""
    known = _kept.get("last")
    if known is None or known[0]() is not mesh:
        known = (weakref.ref(mesh), Recovery(mesh, points, weights))
        _kept["last"] = known
    return known[1]
