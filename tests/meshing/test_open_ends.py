"""Vessels cut open are closed flat; holes in a side are refused."""

import numpy as np
import pytest
import pyvista as pv

from aorta.errors import InputError
from aorta.meshing.rims import boundary_loops, closed_ends
from aorta.meshing.surfaces_in import read_surface

SIDES = 48


def tube(cut=0.0, flipped=False):
    """An open tube about z, radius 10, from -30 to 30 mm; its top may be cut obliquely by ``cut`` mm up and down."""
    angle = np.linspace(0, 2 * np.pi, SIDES, endpoint=False)
    rows = [np.stack([10 * np.cos(angle), 10 * np.sin(angle), z + cut * (z > 0) * np.cos(angle)], 1) for z in (-30.0, 0.0, 30.0)]
    here, there = np.arange(SIDES), np.roll(np.arange(SIDES), -1)
    faces = []
    for k in range(2):
        a, b = k * SIDES, (k + 1) * SIDES
        faces += [np.stack([a + here, a + there, b + there], 1), np.stack([a + here, b + there, b + here], 1)]
    faces = np.vstack(faces)
    return np.vstack(rows), faces[:, ::-1] if flipped else faces


def volume(points, faces):
    a, b, c = (points[faces[:, q]] for q in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


@pytest.mark.parametrize("flipped", [False, True])
def test_both_ends_of_a_tube_are_closed(flipped):
    closed = closed_ends(*tube(flipped=flipped))
    assert closed.left_open == 0
    assert boundary_loops(closed.triangles) == ([], 0)
    section = 0.5 * SIDES * 100.0 * np.sin(2 * np.pi / SIDES)
    expected = section * (60.0 + 2 * 0.2)  # a collar of 2 % of the radius at either end
    assert volume(closed.points, closed.triangles) == pytest.approx(-expected if flipped else expected, rel=1e-9)
    np.testing.assert_allclose(np.sort(closed.centres[:, 2]), [-30.2, 30.2], rtol=1e-9)


def test_an_oblique_end_is_closed_in_its_own_plane():
    points, faces = tube(cut=6.0)
    closed = closed_ends(points, faces)
    lid = closed.points[len(points) :]
    lid = lid[lid[:, 2] > 0]
    normal = np.array([-0.6, 0, 1.0]) / np.hypot(0.6, 1.0)
    np.testing.assert_allclose(lid @ normal, (lid @ normal)[0], rtol=1e-9)


def test_a_file_with_open_ends_is_read_with_a_caution(tmp_path):
    points, faces = tube()
    pv.PolyData.from_regular_faces(points, faces).save(tmp_path / "v.stl")
    surface = read_surface(tmp_path / "v.stl", "mm", "LPS")
    assert surface.volume_mm3 == pytest.approx(0.5 * SIDES * 100.0 * np.sin(2 * np.pi / SIDES) * 60.4, rel=1e-5)
    assert "2 vessel end(s)" in surface.cautions[0]


def test_a_hole_in_the_side_is_refused(tmp_path):
    sphere = pv.Sphere(radius=20.0, theta_resolution=40, phi_resolution=40)
    faces = sphere.regular_faces
    centre = np.asarray(sphere.points)[faces].mean(axis=1)
    kept = faces[np.linalg.norm(centre - [20.0, 0, 0], axis=1) > 5.0]
    pv.PolyData.from_regular_faces(np.asarray(sphere.points), kept).save(tmp_path / "v.vtp")
    with pytest.raises(InputError, match="open"):
        read_surface(tmp_path / "v.vtp", "mm", "LPS")
