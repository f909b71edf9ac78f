"""Closed surfaces to labels: volumes, open ends, and every surface that is not a solid."""

import numpy as np
import pytest
import pyvista as pv

from aorta.errors import InputError
from aorta.records import Surface
from aorta.segmentation.caps import find_caps
from aorta.segmentation.solids import crossings, merged
from aorta.segmentation.voxelise import voxelise

LENGTH = 80.0
AXIS = (0.2, 0.1, 1)


def surface(mesh):
    mesh = mesh.triangulate().clean()
    return Surface(np.array(mesh.points, float), mesh.faces.reshape(-1, 4)[:, 1:])


def tube(radius, length=LENGTH):
    return surface(pv.Cylinder(radius=radius, height=length, direction=AXIS, center=(30, -20, 100), resolution=240))


def ball(radius, center=(0, 0, 0)):
    return surface(pv.Sphere(radius=radius, center=center, theta_resolution=50, phi_resolution=50))


def both(a, b):
    return Surface(np.concatenate([a.points, b.points]), np.concatenate([a.triangles, b.triangles + len(a.points)]))


def test_volumes_of_lumen_thrombus_and_wall_between_two_cylinders():
    labels = voxelise(tube(10), tube(18), spacing_mm=0.7, wall_thickness_mm=1.5).labels
    assert labels.volume_mL("lumen") == pytest.approx(np.pi * 100 * LENGTH / 1000, rel=0.005)
    assert labels.volume_mL("lumen", "thrombus", "wall") == pytest.approx(np.pi * 18**2 * LENGTH / 1000, rel=0.005)
    assert labels.volume_mL("thrombus") == pytest.approx(np.pi * (16.5**2 - 100) * LENGTH / 1000, rel=0.01)


def test_a_thrombus_solid_is_taken_as_drawn():
    ring = pv.CylinderStructured(
        radius=np.array([10.0, 18.0]), height=LENGTH, direction=AXIS, theta_resolution=241, z_resolution=21
    )
    hollow = surface(ring.extract_surface(algorithm="dataset_surface"))
    inner = surface(pv.Cylinder(radius=10, height=LENGTH, direction=AXIS, resolution=240))
    found = voxelise(inner, thrombus=hollow, spacing_mm=0.7, wall_thickness_mm=1.5)
    assert found.labels.volume_mL("thrombus") == pytest.approx(np.pi * (18**2 - 100) * LENGTH / 1000, rel=0.005)
    assert not found.labels.mask("wall").any()  # the thrombus covers the lumen all round


def test_without_an_outer_wall_it_is_the_lumen_plus_its_thickness_but_not_across_the_ends():
    found = voxelise(tube(10), spacing_mm=0.7, wall_thickness_mm=1.5)
    assert found.labels.volume_mL("wall") == pytest.approx(np.pi * (11.5**2 - 100) * LENGTH / 1000, rel=0.02)
    assert any("no outer wall" in c for c in found.cautions)


def test_caps_are_found_with_their_place_and_normal():
    caps = sorted(find_caps(merged(tube(10))), key=lambda cap: cap[0][2])
    axis = np.array([0.2, 0.1, 1]) / np.linalg.norm([0.2, 0.1, 1])
    assert len(caps) == 2
    for (centre, normal, radius), sign in zip(caps, (-1, 1)):
        np.testing.assert_allclose(centre, np.array([30, -20, 100]) + sign * LENGTH / 2 * axis, rtol=0, atol=0.01)
        np.testing.assert_allclose(normal, sign * axis, rtol=0, atol=1e-4)
        assert radius == pytest.approx(10.0, abs=0.01)


def test_points_repeated_as_in_stl_are_merged():
    whole = tube(10)
    soup = Surface(whole.points[whole.triangles].reshape(-1, 3), np.arange(3 * len(whole.triangles)).reshape(-1, 3))
    assert len(merged(soup).points) == len(whole.points)
    assert voxelise(soup, spacing_mm=1.0, wall_thickness_mm=1.5).labels.volume_mL("lumen") == pytest.approx(25.13, rel=0.005)


def test_crossing_triangles_are_counted():
    first = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], float)
    second = np.array([[0.2, 0.2, -1], [0.2, 0.2, 1], [2, 2, 0]], float)
    apart = second + [5, 0, 0]
    pair = Surface(np.concatenate([first, second, apart]), np.arange(9).reshape(-1, 3))
    np.testing.assert_array_equal(crossings(pair), [[0, 1]])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda: Surface(ball(20).points, ball(20).triangles[1:]), "is open"),
        (lambda: both(ball(20), ball(20, (15, 0, 0))), "passes through itself"),
        (lambda: Surface(tube(10).points / 1000.0, tube(10).triangles), "far too small"),
        (lambda: Surface(tube(10).points * 1000.0, tube(10).triangles), "far too large"),
    ],
)
def test_surfaces_that_are_no_solids_of_an_aorta(bad, message):
    with pytest.raises(InputError, match=message) as caught:
        voxelise(bad(), spacing_mm=1.0, wall_thickness_mm=1.5)
    assert caught.value.exit_status == 4 and caught.value.fix


def test_lumen_outside_the_outer_wall():
    with pytest.raises(InputError, match="not inside the outer wall"):
        voxelise(tube(18), tube(10), spacing_mm=1.0, wall_thickness_mm=1.5)
