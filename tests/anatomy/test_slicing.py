"""Contours of surfaces known in closed form."""

import numpy as np
import pytest
import pyvista as pv

from aorta.anatomy.slicing import Sliceable, cut, loop_around
from aorta.records import Surface


def sliceable(mesh: pv.PolyData) -> Sliceable:
    mesh = mesh.triangulate().clean()
    return Sliceable.of(Surface(np.asarray(mesh.points, float), mesh.faces.reshape(-1, 4)[:, 1:]))


@pytest.fixture(scope="module")
def cylinder():
    return sliceable(pv.Cylinder(radius=10, height=100, direction=(0, 0, 1), resolution=360))


def test_oblique_cut_of_a_cylinder_is_an_ellipse(cylinder):
    normal = np.array([0.0, np.sin(np.pi / 4), np.cos(np.pi / 4)])
    (contour,) = cut(cylinder, np.array([0.0, 0, 5]), normal)
    longest, shortest = contour.feret()
    assert longest == pytest.approx(20 * np.sqrt(2), rel=1e-3)
    assert shortest == pytest.approx(20.0, rel=1e-3)
    assert contour.area == pytest.approx(np.pi * 100 * np.sqrt(2), rel=1e-3)
    np.testing.assert_allclose(contour.centroid, [0, 0, 5], atol=1e-4)
    # Ramanujan's perimeter of an ellipse with half-axes 10 and 10√2
    a, b = 10.0, 10 * np.sqrt(2)
    h = ((a - b) / (a + b)) ** 2
    assert contour.perimeter == pytest.approx(np.pi * (a + b) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h))), rel=1e-3)


def test_blocks_miss_no_triangle(cylinder):
    """A plane through a fine sphere gives the same loop as one block over all triangles would."""
    sphere = sliceable(pv.Sphere(radius=7, theta_resolution=90, phi_resolution=90))
    for normal in np.eye(3):
        (contour,) = cut(sphere, np.array([0.3, 0.2, 0.1]), normal)
        height = np.array([0.3, 0.2, 0.1]) @ normal
        assert contour.area == pytest.approx(np.pi * (49 - height**2), rel=3e-3)


def test_two_vessels_in_one_plane_are_told_apart():
    left = pv.Cylinder(center=(20, 0, 0), radius=5, height=40, direction=(0, 0, 1), resolution=90)
    right = pv.Cylinder(center=(-20, 0, 0), radius=8, height=40, direction=(0, 0, 1), resolution=90)
    both = sliceable(left.merge(right))
    contours = cut(both, np.array([20.0, 0, 0]), np.array([0.0, 0, 1]))
    assert len(contours) == 2
    mine = loop_around(contours, np.zeros(2))
    np.testing.assert_allclose(mine.centroid, [20, 0, 0], atol=1e-3)
    assert mine.area == pytest.approx(np.pi * 25, rel=2e-3)
    assert loop_around(contours, np.array([100.0, 100.0])) is None


def test_a_plane_beside_the_surface_gives_nothing(cylinder):
    assert cut(cylinder, np.array([0.0, 0, 80]), np.array([0.0, 0, 1])) == []
