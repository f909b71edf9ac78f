"""Strain and volume ratio at nodes: exact for an even deformation, whatever the way to it."""

import numpy as np
import pytest

from aorta.mechanics.strain import with_strain
from aorta.records import State
from aorta.verify import reference_meshes as meshes


def state(mesh, displacement):
    return State(
        "x", 0.0, displacement, np.zeros((len(mesh.tets), 4, 6)), np.ones((len(mesh.tets), 4)), np.zeros((len(mesh.points), 6))
    )


def test_even_deformation_from_an_unloaded_shape():
    mesh = meshes.box((2, 2, 2), distort=0.2)
    F = np.array([[1.2, 0.1, 0.0], [0.0, 0.95, 0.05], [0.02, 0.0, 0.9]])
    W = np.array([[0.9, 0.0, 0.04], [0.03, 1.0, 0.0], [0.0, 0.0, 1.05]])  # image to unloaded
    displacement, unloaded = mesh.points @ (F @ W).T - mesh.points, mesh.points @ W.T - mesh.points
    found = with_strain(mesh, state(mesh, displacement), unloaded)
    E = (F.T @ F - np.eye(3)) / 2
    np.testing.assert_allclose(
        found.green_lagrange_nodal, np.tile(E[[0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2]], (len(mesh.points), 1)), atol=1e-6
    )
    np.testing.assert_allclose(found.volume_ratio_nodal, np.linalg.det(F), rtol=1e-6)


def test_the_image_is_the_unloaded_shape_where_there_is_no_other():
    mesh = meshes.box((2, 1, 1))
    found = with_strain(mesh, state(mesh, 0.1 * mesh.points), None)
    np.testing.assert_allclose(found.green_lagrange_nodal[:, :3], (1.1**2 - 1) / 2, rtol=1e-6)
    np.testing.assert_allclose(found.volume_ratio_nodal, 1.331, rtol=1e-6)


@pytest.mark.parametrize("stretch", [0.9, 1.3])
def test_a_turn_is_no_strain(stretch):
    """Green–Lagrange strain is that of the stretch alone, however the body is turned after it."""
    mesh = meshes.box((1, 1, 1))
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    found = with_strain(mesh, state(mesh, mesh.points @ (turn @ np.diag([stretch, 1, 1])).T - mesh.points), None)
    np.testing.assert_allclose(found.green_lagrange_nodal[:, 0], (stretch**2 - 1) / 2, rtol=1e-6)
    np.testing.assert_allclose(found.green_lagrange_nodal[:, 1:], 0.0, atol=1e-6)
