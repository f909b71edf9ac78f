"""The quadratic tetrahedron in numpy."""

import numpy as np

from aorta.mechanics import tet10

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])


def _straight(corners):
    return np.concatenate([corners, [(corners[a] + corners[b]) / 2 for a, b in tet10.EDGES]])


def test_gradient_of_a_quadratic_field_is_exact():
    nodes = _straight(CORNERS @ np.array([[2.0, 0.1, 0], [0.3, 1.5, 0.2], [0, 0.4, 1.0]]))
    slopes, _ = tet10.physical_gradients(nodes[None], tet10.GAUSS_4)
    x, y, z = nodes.T
    found = np.einsum("qni,n->qi", slopes[0], x * y + z**2)
    lam = np.concatenate([1 - tet10.GAUSS_4.sum(1, keepdims=True), tet10.GAUSS_4], 1)
    at = lam @ nodes[:4]
    np.testing.assert_allclose(found, np.stack([at[:, 1], at[:, 0], 2 * at[:, 2]], 1), atol=1e-14)


def test_curved_volume_against_a_fine_rule():
    nodes = _straight(CORNERS)
    nodes[4:] += np.random.default_rng(3).uniform(-0.05, 0.05, (6, 3))
    g, w = np.polynomial.legendre.leggauss(6)
    g, w = (g + 1) / 2, w / 2
    a, b, c = np.meshgrid(g, g, g, indexing="ij")
    points = np.stack([a, b * (1 - a), c * (1 - a) * (1 - b * (1 - a) / (1 - a))], -1).reshape(-1, 3)  # collapsed cube
    weight = np.einsum("i,j,k->ijk", w, w, w) * (1 - a) ** 2 * (1 - b)
    fine = float((tet10.jacobians(nodes[None], points) * weight.ravel()).sum())
    found = float((tet10.jacobians(nodes[None], tet10.GAUSS_5) * tet10.GAUSS_5_WEIGHTS).sum())
    np.testing.assert_allclose(found, fine, rtol=1e-12)


def test_pressure_on_a_curved_triangle():
    """Resultant of unit pressure = minus the area vector, which only the rim decides."""
    flat = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.5, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0.0]])
    np.testing.assert_allclose(tet10.pressure_forces(flat, np.arange(6)[None]).sum(0), [0, 0, -0.5], atol=1e-14)
    # a quadratic triangle gives a third of the load to each mid-edge node, none to the corners
    np.testing.assert_allclose(tet10.pressure_forces(flat, np.arange(6)[None])[:, 2], [0, 0, 0, -1 / 6, -1 / 6, -1 / 6], atol=1e-14)
    np.testing.assert_allclose(tet10.area(flat, np.arange(6)[None]), 0.5, rtol=1e-14)
