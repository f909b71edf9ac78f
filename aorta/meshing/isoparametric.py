"""Quadratic tetrahedra: shape derivatives, Jacobian determinants, volumes and quality.

Node order is VTK's: vertices 0-3, mid-edges 01, 12, 02, 03, 13, 23.
"""

from __future__ import annotations

import numpy as np

from aorta.records import Array

EDGES = np.array([[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]])
"""(6, 2) vertices of each mid-edge node."""

FACES = np.array([[0, 2, 1, 6, 5, 4], [0, 1, 3, 4, 8, 7], [1, 2, 3, 5, 9, 8], [0, 3, 2, 7, 9, 6]])
"""(4, 6) nodes of each face as VTK quadratic triangles, normals outward."""

_A, _B = 0.1381966011250105, 0.5854101966249685  # (5 ∓ √5)/20 ...: the 4-point rule of degree 2
_NODES = np.array(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0], [0, 0, 0.5], [0.5, 0, 0.5], [0, 0.5, 0.5]]
)
_FOUR = np.array([[_A, _A, _A], [_B, _A, _A], [_A, _B, _A], [_A, _A, _B]])
_FIVE = np.array([[0.25] * 3, [1 / 6] * 3, [0.5, 1 / 6, 1 / 6], [1 / 6, 0.5, 1 / 6], [1 / 6, 1 / 6, 0.5]])
_FIVE_WEIGHTS = np.array([-4 / 30, 9 / 120, 9 / 120, 9 / 120, 9 / 120])  # degree 3: exact for a quadratic map's volume
_FACE_MIDDLES = np.array([[1 / 3, 1 / 3, 0], [1 / 3, 0, 1 / 3], [0, 1 / 3, 1 / 3], [1 / 3, 1 / 3, 1 / 3]])

CHECKED = np.vstack([_NODES, _FOUR, _FIVE, _FACE_MIDDLES])
"""(23, 3) where determinants are checked: nodes, quadrature points, middles of faces."""


def shape_gradients(at: Array) -> Array:
    """(q, 10, 3) derivatives of the shape functions at local points (q, 3)."""
    r, s, t = np.atleast_2d(at).T
    l, zero = 1 - r - s - t, np.zeros_like(r)
    rows = [
        [1 - 4 * l] * 3,
        [4 * r - 1, zero, zero],
        [zero, 4 * s - 1, zero],
        [zero, zero, 4 * t - 1],
        [4 * (l - r), -4 * r, -4 * r],
        [4 * s, 4 * r, zero],
        [-4 * s, 4 * (l - s), -4 * s],
        [-4 * t, -4 * t, 4 * (l - t)],
        [4 * t, zero, 4 * r],
        [zero, 4 * t, 4 * s],
    ]
    return np.transpose(np.array(rows), (2, 0, 1))


def determinants(points: Array, tets: Array, at: Array = CHECKED) -> Array:
    """(m, q) Jacobian determinants in mm³ (6 times the volume where constant)."""
    jacobian = np.einsum("enx,qnr->eqxr", points[tets], shape_gradients(at), optimize=True)
    return np.linalg.det(jacobian)


def tet_volumes(points: Array, tets: Array) -> Array:
    """(m,) mm³, exact for the quadratic map."""
    return determinants(points, tets, _FIVE) @ _FIVE_WEIGHTS


def scaled_quality(points: Array, tets: Array, roundness: Array) -> Array:
    """(m,) roundness of the straight tetrahedron times how even the curved map is (min over max determinant)."""
    value = determinants(points, tets)
    return roundness * np.clip(value.min(axis=1) / value.max(axis=1), -1.0, 1.0)


def facet_area_vectors(points: Array, facets: Array) -> Array:
    """(k, 3) mm²: area vector of quadratic triangles (k, 6), exact."""
    # ∫ x_r × x_s over the triangle; the integrand has degree 2: the three mid-edge points are exact
    total = np.zeros((len(facets), 3))
    for r, s in ((0.5, 0.0), (0.5, 0.5), (0.0, 0.5)):
        l = 1 - r - s
        dr = np.array([1 - 4 * l, 4 * r - 1, 0, 4 * (l - r), 4 * s, -4 * s])
        ds = np.array([1 - 4 * l, 0, 4 * s - 1, -4 * r, 4 * r, 4 * (l - s)])
        total += np.cross(np.einsum("knx,n->kx", points[facets], dr), np.einsum("knx,n->kx", points[facets], ds)) / 6.0
    return total


def facet_flux(points: Array, facets: Array) -> float:
    """∫ x·n dA / 3 in mm³ over quadratic triangles: the volume a closed set of them encloses."""
    # degree 4 integrand: the 6-point rule of Dunavant 1985
    a, b, wa, wb = 0.445948490915965, 0.091576213509771, 0.223381589678011, 0.109951743655322
    rule = [(a, a, wa), (1 - 2 * a, a, wa), (a, 1 - 2 * a, wa), (b, b, wb), (1 - 2 * b, b, wb), (b, 1 - 2 * b, wb)]
    total = 0.0
    for r, s, w in rule:
        l = 1 - r - s
        shape = np.array([l * (2 * l - 1), r * (2 * r - 1), s * (2 * s - 1), 4 * l * r, 4 * r * s, 4 * s * l])
        dr = np.array([1 - 4 * l, 4 * r - 1, 0, 4 * (l - r), 4 * s, -4 * s])
        ds = np.array([1 - 4 * l, 0, 4 * s - 1, -4 * r, 4 * r, 4 * (l - s)])
        x, xr, xs = (np.einsum("knx,n->kx", points[facets], f) for f in (shape, dr, ds))
        total += 0.5 * w * float(np.einsum("kx,kx->", x, np.cross(xr, xs)))
    return total / 3.0
