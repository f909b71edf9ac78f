"""Straight and bent tubes: diameters perpendicular to the vessel, centrelines on the axis."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation
from vessel_shapes import distance_to_segment, grid, labels_of, value, voxel_points

from aorta.anatomy.measure import measure
from aorta.settings import AnatomySettings


def run(labels, **settings):
    return measure(labels, {}, AnatomySettings(**settings), {})


@pytest.fixture(scope="module")
def tilted():
    """30 mm wide, axis at 45° to the slices, anisotropic voxels, cut by the grid's border."""
    g = grid([-70, -25, -50], [70, 25, 50], [0.8, 0.9, 2.0])
    axis = np.array([1.0, 0.0, 1.0])
    inside = distance_to_segment(voxel_points(g), -200 * axis, 200 * axis) < 15.0
    return run(labels_of(g, lumen=inside))


def test_tilted_tube_is_30_not_42_mm_wide(tilted):
    assert value(tilted, "max_diameter_mm") == pytest.approx(30.0, abs=0.4)
    assert value(tilted, "max_equivalent_diameter_mm") == pytest.approx(30.0, abs=0.2)


def test_tilted_tube_has_no_bifurcation_and_two_perpendicular_ends(tilted):
    assert [e.name for e in tilted.ends] == ["proximal", "distal"]
    up = np.array([1, 0, 1]) / np.sqrt(2)
    for end, direction in zip(tilted.ends, (up, -up)):
        assert np.degrees(np.arccos(end.normal @ direction)) == pytest.approx(0.0, abs=2.0)
        assert np.linalg.norm(end.point - (end.point @ up) * up) < 0.5
        assert 15.0 < end.radius_mm < 18.0


def test_surface_is_closed_at_the_border_and_keeps_its_volume(tilted):
    edges = np.sort(tilted.outer.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    _, uses = np.unique(edges, axis=0, return_counts=True)
    assert (uses == 2).all()
    np.testing.assert_allclose([tilted.outer.points[:, 2].min(), tilted.outer.points[:, 2].max()], [-50, 50], atol=1e-3)
    assert value(tilted, "outer_surface_volume_change_percent") == pytest.approx(0.0, abs=0.3)


def test_ends_are_clear_of_the_flat_rim(tilted):
    """The disc holds the whole contour, and the contour keeps half a slice from the grid's last faces."""
    for end in tilted.ends:
        offset = tilted.outer.points - end.point
        near = (np.abs(offset @ end.normal) < 0.3) & (np.linalg.norm(offset, axis=1) < 25)
        assert np.abs(tilted.outer.points[near][:, 2]).max() < 50 - 1.0
        assert np.linalg.norm(offset[near], axis=1).max() < end.radius_mm


def test_an_oblique_grid_gives_the_same_diameter():
    turn = Rotation.from_euler("xyz", [12, -17, 8], degrees=True).as_matrix()
    g = grid([-16, -16, -45], [16, 16, 45], [0.9, 0.9, 1.5], turn)
    inside = distance_to_segment(voxel_points(g), [0, 0, -200], [0, 0, 200]) < 9.0
    anatomy = run(labels_of(g, lumen=inside))
    assert value(anatomy, "max_equivalent_diameter_mm") == pytest.approx(18.0, abs=0.15)
    assert value(anatomy, "lumen_volume_mL") == pytest.approx(inside.sum() * 0.9 * 0.9 * 1.5e-3, rel=1e-12)


@pytest.mark.parametrize("voxel", [None, 0.6])
def test_a_surface_grid_of_ones_own_does_not_change_the_size(voxel):
    g = grid([-14, -14, -30], [14, 14, 30], [0.8, 0.8, 2.0])
    inside = distance_to_segment(voxel_points(g), [1, 2, -200], [-3, 1, 200]) < 8.0
    anatomy = run(labels_of(g, lumen=inside), surface_voxel=voxel)
    assert value(anatomy, "max_equivalent_diameter_mm") == pytest.approx(16.0, abs=0.25)


@pytest.fixture(scope="module")
def bent():
    """A quarter of a ring: axis radius 60 mm, tube radius 10 mm, in the x-z plane."""
    g = grid([-80, -14, 0], [0, 14, 80], [0.9, 0.9, 1.5])
    x, y, z = np.moveaxis(voxel_points(g), -1, 0)
    angle = np.degrees(np.arctan2(z, -x))
    inside = ((np.hypot(x, z) - 60) ** 2 + y**2 < 100.0) & (angle > 5) & (angle < 85)
    return run(labels_of(g, lumen=inside))


def test_bent_tube_centreline_is_on_the_axis(bent):
    points = bent.branch("aorta").points
    angle = np.degrees(np.arctan2(points[:, 2], -points[:, 0]))
    body = points[(angle > 15) & (angle < 75)]
    off = np.hypot(np.hypot(body[:, 0], body[:, 2]) - 60, body[:, 1])
    assert off.max() < 0.6
    assert np.hypot(body[:, 0], body[:, 2]).mean() == pytest.approx(60.0, abs=0.3)


def test_bent_tube_length_tortuosity_and_diameter(bent):
    aorta = bent.branch("aorta")
    length = 60 * np.radians(80)
    assert aorta.arc_length_mm[-1] == pytest.approx(length, rel=0.02)
    assert value(bent, "tortuosity") == pytest.approx(np.radians(80) / (2 * np.sin(np.radians(40))), rel=0.02)
    assert np.nanmedian(bent.sections_of("aorta").outer_equivalent_diameter_mm) == pytest.approx(20.0, abs=0.15)
    # beside an oblique cut within the grid the smoothed surface rings by a tenth of a millimetre
    assert value(bent, "max_equivalent_diameter_mm") == pytest.approx(20.1, abs=0.3)
    middle = len(aorta.inscribed_radius_mm) // 2
    assert aorta.inscribed_radius_mm[middle] == pytest.approx(10.0, abs=0.35)


def test_bent_tube_planes_stand_on_the_axis(bent):
    sections = bent.sections_of("aorta")
    ok = np.isfinite(sections.outer_max_diameter_mm)
    centre, normal = sections.centre[ok], sections.normal[ok]
    tangent = np.stack([-centre[:, 2], 0 * centre[:, 0], centre[:, 0]], axis=1)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    angle = np.degrees(np.arccos(np.clip(np.abs((tangent * normal).sum(axis=1)), 0, 1)))
    assert np.median(angle) < 2.0
    assert angle.max() < 6.0


def test_eccentric_lumen_does_not_tilt_the_planes():
    """A straight 40 mm vessel whose lumen swings from side to side: planes stay horizontal."""
    g = grid([-24, -24, 0], [24, 24, 120], [1.0, 1.0, 1.5])
    x, y, z = np.moveaxis(voxel_points(g), -1, 0)
    outer = np.hypot(x, y) < 20
    lumen = np.hypot(x - 9 * np.sin(2 * np.pi * z / 100), y) < 8
    anatomy = run(labels_of(g, thrombus=outer, lumen=lumen))
    sections = anatomy.sections_of("aorta")
    ok = np.isfinite(sections.outer_max_diameter_mm)
    assert np.degrees(np.arccos(np.abs(sections.normal[ok, 2]))).max() < 3.0
    assert value(anatomy, "max_diameter_mm") == pytest.approx(40.0, abs=0.4)
    # thickest where the lumen is pressed aside: 20 − 8 + 9
    assert value(anatomy, "thrombus_max_thickness_mm") == pytest.approx(21.0, abs=0.7)
    exact = 1 - (8 / 20) ** 2
    assert np.nanmedian(sections.thrombus_area_share) == pytest.approx(exact, abs=0.02)
    lumen_axis = anatomy.branch("aorta").points
    wanted = np.stack([9 * np.sin(2 * np.pi * np.arange(15, 105) / 100), np.zeros(90), np.arange(15.0, 105)], axis=1)
    assert cKDTree(lumen_axis).query(wanted)[0].max() < 1.0
