"""Surfaces of label maps: true to shape, and less troubled by noise of the labels than the shape's own curvature."""

import numpy as np
import pytest
import pyvista as pv
from scipy import ndimage as ndi
from scipy.spatial import cKDTree
from vessel_shapes import distance_to_segment, grid, voxel_points

from aorta.anatomy.ironing import radius_of_curvature, without_waves
from aorta.anatomy.surfaces import largest_piece, refilled, surface_of, to_mesh
from aorta.records import Surface


def drawn(low, high, spacing, distance, noise=None, iron=True):
    g = grid(low, high, spacing)
    d = distance(voxel_points(g))
    if noise is not None:
        rough = ndi.gaussian_filter(np.random.default_rng(noise).standard_normal(d.shape), 1.0)
        d = d + 0.5 * rough / rough.std()
    mask = largest_piece(d <= 0)
    surface = surface_of(g, mask, "outer", None)
    return to_mesh(surface, g, mask, "outer") if iron else (surface, None)


def tube(radius):
    return lambda p: np.maximum(np.hypot(p[..., 0], p[..., 1]) - radius, abs(p[..., 2]) - 36.0)


def fork(p):
    legs = [distance_to_segment(p, [0, 0, 0], [s * 22.0, 0, -50.0]) - 6.0 for s in (-1, 1)]
    return np.minimum(distance_to_segment(p, [0, 0, 60.0], [0, 0, 0]) - 10.0, np.min(legs, axis=0))


def bent(p):
    t = np.linspace(0.0, np.pi, 40)
    line = 20.0 * np.c_[np.cos(t), 0 * t, np.sin(t)]
    return np.min([distance_to_segment(p, a, b) for a, b in zip(line[:-1], line[1:])], axis=0) - 12.0


@pytest.mark.parametrize("radius", [3.0, 5.0, 8.0, 14.0, 27.0])
@pytest.mark.parametrize("slice_mm", [1.25, 3.0])
def test_tubes_keep_their_radius(radius, slice_mm):
    """The radius is that of the circle with as much area as a slice's voxels, which is up to 0.06 mm off the tube's own.

    The bound is a twentieth of a voxel, half of what the surface may be moved by to keep the labelled volume.
    """
    box, voxel = ([-radius - 3] * 2 + [-40], [radius + 3] * 2 + [40]), (0.8, 0.8, slice_mm)
    surface, change = drawn(*box, voxel, tube(radius))
    x, y, _ = np.moveaxis(voxel_points(grid(*box, voxel))[0], -1, 0)
    shown = np.sqrt((np.hypot(x, y) <= radius).sum() * 0.64 / np.pi)
    middle = surface.points[abs(surface.points[:, 2]) < 26]
    assert np.hypot(middle[:, 0], middle[:, 1]).mean() == pytest.approx(shown, abs=0.05 * np.cbrt(np.prod(voxel)))
    assert change.value == pytest.approx(0.0, abs=0.55)


@pytest.mark.parametrize(
    "low, high, shape, inner", [([-34, -14, -42], [34, 14, 42], fork, 32.0), ([-37, -16, -4], [37, 16, 37], bent, 40.0)]
)
def test_forks_and_bends_stay_within_the_voxels_that_show_them(low, high, shape, inner):
    surface, change = drawn(low, high, (0.9, 0.9, 1.5), shape)
    away = shape(surface.points)[(abs(surface.points[:, 2]) < inner) & (surface.points[:, 2] > low[2] + 12.0)]
    assert away.mean() == pytest.approx(0.0, abs=0.05)
    assert away.std() == pytest.approx(0.0, abs=0.2)
    assert change.value == pytest.approx(0.0, abs=0.55)


@pytest.mark.parametrize("radius", [6.0, 25.0])
def test_spheres_keep_their_volume(radius):
    surface, change = drawn([-radius - 3] * 3, [radius + 3] * 3, (0.9, 0.9, 1.5), lambda p: np.linalg.norm(p, axis=-1) - radius)
    assert change.value == pytest.approx(0.0, abs=0.55)
    assert 2 * np.linalg.norm(surface.points, axis=1).mean() == pytest.approx(2 * radius, abs=0.2)


def pipe(radius, wave, height, rows=180, around=200, step=0.8):
    """Points and triangles of an open tube along z with a ripple of ``height`` on it; edges unlike along and around."""
    z, turn = np.arange(rows) * step, np.arange(around) * 2 * np.pi / around
    r = radius + height * np.sin(2 * np.pi * z / wave)[:, None] + 0 * turn
    points = np.stack([r * np.cos(turn), r * np.sin(turn), z[:, None] + 0 * turn], axis=-1).reshape(-1, 3)
    a = (np.arange(rows - 1)[:, None] * around + np.arange(around)).ravel()
    b = (np.arange(rows - 1)[:, None] * around + (np.arange(around) + 1) % around).ravel()
    return points, np.concatenate([np.c_[a, b, a + around], np.c_[b, b + around, a + around]])


@pytest.mark.parametrize("wave", [15.0, 30.0, 60.0])
def test_a_wave_is_damped_by_its_length(wave):
    points, triangles = pipe(60.0, wave, 0.01)  # nearly flat: on 20 mm the tube's own curvature adds 0.025
    even = without_waves(points, triangles, 30.0)
    z = even[:, 2]
    middle = (z > 40) & (z < 100)  # away from the open ends; whole waves
    height = 2 * np.mean((np.hypot(even[:, 0], even[:, 1]) - 60.0)[middle] * np.sin(2 * np.pi * z / wave)[middle])
    assert height / 0.01 == pytest.approx(1 - 1 / (1 + (wave / 30.0) ** 4) ** 2, abs=0.01)


def test_curvature_is_that_of_cylinder_and_sphere():
    points, triangles = pipe(8.0, 30.0, 0.0, around=40)
    middle = abs(points[:, 2] - 70) < 40
    np.testing.assert_allclose(radius_of_curvature(points, triangles)[middle], 8.0, rtol=0.01)
    ball = pv.Icosphere(radius=12.0, nsub=5)
    radius = radius_of_curvature(np.asarray(ball.points, float), ball.faces.reshape(-1, 4)[:, 1:])
    np.testing.assert_allclose(radius, 12.0 / np.sqrt(2), rtol=0.02)


def ripple(noisy, clean):
    """Standard deviation of the angle (rad) between the normals of two surfaces, away from the lids."""
    _, nearest = cKDTree(clean.points).query(noisy.points)
    away = abs(noisy.points[:, 2]) < 24
    cosine = np.einsum("ij,ij->i", normals(noisy), normals(clean)[nearest])[away]
    return float(np.sqrt(np.mean(np.arccos(np.clip(cosine, -1, 1)) ** 2)))


def normals(surface):
    mean = np.zeros_like(surface.points)
    a, b, c = (surface.points[surface.triangles[:, q]] for q in range(3))
    for q in range(3):
        np.add.at(mean, surface.triangles[:, q], np.cross(b - a, c - a))
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def test_ironing_takes_out_most_of_the_ripple_of_noise():
    box = [-23, -23, -40], [23, 23, 40], (1.0, 1.0, 1.0), tube(20.0)
    share = []
    for seed in (1, 2):
        before, after = (ripple(drawn(*box, noise=seed, iron=i)[0], drawn(*box, iron=i)[0]) for i in (False, True))
        share.append(after / before)
    assert np.mean(share) == pytest.approx(0.292, abs=0.03)


def test_refilling_moves_no_further_than_allowed():
    surface, _ = drawn([-13] * 3, [13] * 3, (1.0, 1.0, 1.0), lambda p: np.linalg.norm(p, axis=-1) - 10.0)
    wanted = 1.01 * surface.volume_mm3
    assert refilled(surface, wanted, 1.0).volume_mm3 == pytest.approx(wanted, rel=2e-4)
    far = refilled(surface, 2.0 * surface.volume_mm3, 0.05)
    np.testing.assert_allclose(np.linalg.norm(far.points - surface.points, axis=1), 0.05, rtol=1e-6)
    assert isinstance(far, Surface)
