"""The quadratic tetrahedron in numpy, VTK node order: an arithmetic of its own, independent of the solver.

Used to check what goes into the solver and to test what comes out of it (``balance.py``).
"""

from __future__ import annotations

import numpy as np

# edges of nodes 4 to 9
EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))

_A, _B = (5 + 3 * np.sqrt(5)) / 20, (5 - np.sqrt(5)) / 20
GAUSS_4 = np.array([[_A, _B, _B], [_B, _A, _B], [_B, _B, _A], [_B, _B, _B]])
"""(4, 3) points exact to degree 2 (Hammer & Stroud 1956), in the order of basix's rule; weight 1/24 each."""
GAUSS_4_WEIGHTS = np.full(4, 1 / 24)

GAUSS_5 = np.array([[1 / 4] * 3, [1 / 6] * 3, [1 / 2, 1 / 6, 1 / 6], [1 / 6, 1 / 2, 1 / 6], [1 / 6, 1 / 6, 1 / 2]])
"""(5, 3) points exact to degree 3, what the volume of a quadratic tetrahedron needs (Keast 1986)."""
GAUSS_5_WEIGHTS = np.array([-4 / 5, 9 / 20, 9 / 20, 9 / 20, 9 / 20]) / 6

CORNERS_AND_GAUSS = np.concatenate([np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]]), GAUSS_4])

_TRIANGLE_A, _TRIANGLE_B = 0.445948490915965, 0.091576213509771
TRIANGLE_6 = np.array([[a, b] for q in (_TRIANGLE_A, _TRIANGLE_B) for a, b in ((q, q), (1 - 2 * q, q), (q, 1 - 2 * q))])
"""(6, 2) points exact to degree 4 (Dunavant 1985), what pressure on a quadratic triangle needs."""
TRIANGLE_6_WEIGHTS = np.repeat([0.223381589678011, 0.109951743655322], 3) / 2


def shape(points: np.ndarray) -> np.ndarray:
    """(q, 10) values of the shape functions at reference coordinates (q, 3)."""
    bary = np.concatenate([1 - points.sum(1, keepdims=True), points], 1)
    return np.concatenate([bary * (2 * bary - 1), np.stack([4 * bary[:, a] * bary[:, b] for a, b in EDGES], 1)], 1)


def gradients(points: np.ndarray) -> np.ndarray:
    """(q, 10, 3) derivatives of the shape functions in reference coordinates (q, 3)."""
    bary = np.concatenate([1 - points.sum(1, keepdims=True), points], 1)
    d_bary = np.array([[-1.0, -1, -1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    out = np.empty((len(points), 10, 3))
    for v in range(4):
        out[:, v] = (4 * bary[:, v, None] - 1) * d_bary[v]
    for q, (a, b) in enumerate(EDGES):
        out[:, 4 + q] = 4 * (bary[:, a, None] * d_bary[b] + bary[:, b, None] * d_bary[a])
    return out


def jacobians(nodes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(m, q) Jacobian determinants of elements with nodes (m, 10, 3)."""
    return np.linalg.det(np.einsum("mni,qnj->mqij", nodes, gradients(points), optimize=True))


def physical_gradients(nodes: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m, q, 10, 3) derivatives of the shape functions in space, and (m, q) Jacobian determinants."""
    reference = gradients(points)
    jacobian = np.einsum("mni,qnj->mqij", nodes, reference, optimize=True)
    return np.einsum("qnj,mqji->mqni", reference, np.linalg.inv(jacobian), optimize=True), np.linalg.det(jacobian)


def triangle_shape(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shape functions (q, 6) and their derivatives (q, 6, 2) on the quadratic triangle at points (q, 2)."""
    bary = np.concatenate([1 - points.sum(1, keepdims=True), points], 1)
    d_bary = np.array([[-1.0, -1], [1, 0], [0, 1]])
    edges = ((0, 1), (1, 2), (0, 2))
    value, slope = np.empty((len(points), 6)), np.empty((len(points), 6, 2))
    for v in range(3):
        value[:, v] = bary[:, v] * (2 * bary[:, v] - 1)
        slope[:, v] = (4 * bary[:, v, None] - 1) * d_bary[v]
    for q, (a, b) in enumerate(edges):
        value[:, 3 + q] = 4 * bary[:, a] * bary[:, b]
        slope[:, 3 + q] = 4 * (bary[:, a, None] * d_bary[b] + bary[:, b, None] * d_bary[a])
    return value, slope


def pressure_forces(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(n, 3) nodal forces of unit pressure on quadratic triangles whose normals point out of the solid."""
    value, slope = triangle_shape(TRIANGLE_6)
    tangents = np.einsum("fni,qnj->fqij", points[triangles], slope)
    area = np.cross(tangents[..., 0], tangents[..., 1])
    forces = np.zeros_like(points)
    np.add.at(forces, triangles, -np.einsum("q,qn,fqi->fni", TRIANGLE_6_WEIGHTS, value, area))
    return forces


def area(points: np.ndarray, triangles: np.ndarray) -> float:
    """Area of quadratic triangles (6-point rule)."""
    _, slope = triangle_shape(TRIANGLE_6)
    tangents = np.einsum("fni,qnj->fqij", points[triangles], slope)
    return float((np.linalg.norm(np.cross(tangents[..., 0], tangents[..., 1]), axis=-1) * TRIANGLE_6_WEIGHTS).sum())
