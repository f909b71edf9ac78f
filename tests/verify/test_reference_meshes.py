"""The structured meshes: volumes, closed surfaces, facets with normals out of the solid."""

import numpy as np
import pytest

from aorta.mechanics import tet10
from aorta.records import THROMBUS, WALL
from aorta.verify import reference_meshes as meshes


def _volume(mesh, region=None):
    tets = mesh.tets if region is None else mesh.tets[mesh.region == region]
    return float((tet10.jacobians(mesh.points[tets], tet10.GAUSS_5) * tet10.GAUSS_5_WEIGHTS).sum())


def _flux(mesh, names):
    """Volume by the divergence theorem: a third of ∮ x·n da, with the pressure forces' shape functions."""
    forces = sum(tet10.pressure_forces(mesh.points, mesh.facets[name]) for name in names)
    return -float((forces * mesh.points).sum()) / 3


def test_box_volume_with_moved_vertices():
    mesh = meshes.box((2, 3, 2), (2.0, 3.0, 2.0), distort=0.2)
    np.testing.assert_allclose(_volume(mesh), 12.0, rtol=1e-12)
    np.testing.assert_allclose(_flux(mesh, [f"{a}{s}" for a in "xyz" for s in (0, 1)]), 12.0, rtol=1e-12)


def test_tube_sector_volume():
    mesh = meshes.tube_sector(10.0, 11.5, (2, 6, 1), 30.0, 1.5)
    np.testing.assert_allclose(_volume(mesh), np.pi / 12 * (11.5**2 - 10**2) * 1.5, rtol=2e-6)


def test_sphere_sector_volume():
    """Solid angle of the gnomonic square [0, 45°]²: an eighth of a sixth of the sphere times ... π/6."""
    mesh = meshes.sphere_sector(10.0, 11.5, (2, 4, 4), 45.0)
    np.testing.assert_allclose(_volume(mesh), np.pi / 6 * (11.5**3 - 10**3) / 3, rtol=1e-4)


@pytest.mark.parametrize("bare", [0.0, 0.25])
def test_thrombosed_tube_is_closed_and_its_wall_too(bare):
    mesh = meshes.thrombosed_tube((3, 12, 6), bare=bare)
    ends = ["end_proximal", "end_distal"]
    np.testing.assert_allclose(_flux(mesh, ["blood", "outer", *ends]), _volume(mesh), rtol=1e-6)
    wall_ends = sum(_wall_part(mesh, name) for name in ends)
    np.testing.assert_allclose(_flux(mesh, ["wall_inner", "outer"]) + wall_ends, _volume(mesh, WALL), rtol=1e-6)
    assert (mesh.region == THROMBUS).any()


def _wall_part(mesh, name):
    wall = set(np.unique(mesh.tets[mesh.region == WALL]).tolist())
    facets = np.array([f for f in mesh.facets[name] if set(f.tolist()) <= wall])
    return -float((tet10.pressure_forces(mesh.points, facets) * mesh.points).sum()) / 3
