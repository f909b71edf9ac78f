"""Volumes by part, diameters by direction and a drawn wall's thickness, against shapes in closed form."""

import numpy as np
import pytest
from vessel_shapes import finding, grid, labels_of, value, voxel_points

from aorta.anatomy.measure import measure
from aorta.settings import AnatomySettings

TURN = np.radians(8.0)  # of the grid about the vessel, so that no flat side falls on a row of voxels
TURNED = np.array([[np.cos(TURN), -np.sin(TURN), 0.0], [np.sin(TURN), np.cos(TURN), 0.0], [0.0, 0.0, 1.0]])
RENAL, NECK_END, LOW, HIGH, WALL = 62.0, 36.0, -20.0, 86.0, 1.5


def half_axes(z):
    """Outer half axes, across and front to back, and the lumen's, by height: an oval neck above a round sac."""
    share = np.clip((NECK_END - z) / 30.0, 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    x, y = 13.0 + 7.0 * share, 10.0 + 10.0 * share
    return x, y, x - WALL - 6.5 * share, y - WALL - 6.5 * share


def inside(points, x, y):
    return (points[..., 0] / x) ** 2 + (points[..., 1] / y) ** 2 < 1.0


@pytest.fixture(scope="module")
def oval():
    g = grid([-24, -24, LOW], [24, 24, HIGH], [1.0, 1.0, 1.0], TURNED)
    points = voxel_points(g)
    x, y, lumen_x, lumen_y = half_axes(points[..., 2])
    outer, inner = inside(points, x, y), inside(points, x - WALL, y - WALL)
    chip = outer & ~inner & (points[..., 1] < -5.0) & (points[..., 2] > 45.0) & (points[..., 2] < 55.0)
    lumen = inside(points, lumen_x, lumen_y)
    labels = labels_of(g, wall=outer, thrombus=inner, calcification=chip, lumen=lumen)
    marks = {"lowest_renal": (0.0, 0.0, RENAL), "neck_end": (0.0, 0.0, NECK_END)}
    axes = {name: axes_of(points[mask & (points[..., 2] > NECK_END)]) for name, mask in (("outer", outer), ("lumen", lumen))}
    return measure(labels, marks, AnatomySettings(), {}), labels, axes


def axes_of(voxels):
    """Both axes of the ellipse that has the second moments of these voxels: what the label map shows of 26 by 20 mm."""
    return 4.0 * voxels[:, 0].std(), 4.0 * voxels[:, 1].std()


@pytest.mark.parametrize(("part", "low", "high"), [("neck", NECK_END, RENAL), ("sac", LOW, NECK_END)])
def test_volumes_are_those_between_the_planes(oval, part, low, high):
    anatomy, labels, _ = oval
    z = voxel_points(labels.grid)[..., 2]
    for name in ("lumen", "thrombus", "calcification"):
        counted = (labels.mask(name) & (z >= low) & (z < high)).sum() * labels.grid.voxel_volume_mm3 / 1000.0
        assert value(anatomy, f"{part}_{name}_volume_mL") == pytest.approx(counted, rel=0.004, abs=1e-9), name


@pytest.mark.parametrize("at", [0, 5, 10, 15])
def test_the_necks_diameters_by_direction(oval, at):
    for which, (across, deep) in oval[2].items():  # smoothing moves a surface by a quarter of a voxel here
        for name, true in (("left_right", across), ("anterior_posterior", deep)):
            assert value(oval[0], f"neck_{which}_{name}_diameter_{at}mm_below_renal_mm") == pytest.approx(true, abs=0.3), name


def test_without_a_renal_artery_they_are_withheld_with_the_reason():
    g = grid([-14, -14, 0], [14, 14, 60], [1.0, 1.0, 1.5])
    points = voxel_points(g)
    anatomy = measure(labels_of(g, lumen=inside(points, 10.0, 10.0)), {}, AnatomySettings(), {})
    found = finding(anatomy, "neck_outer_left_right_diameter_5mm_below_renal_mm")
    assert found.value is None and "no renal artery" in found.caution


def test_a_drawn_walls_thickness_is_measured_all_round():
    """A round lumen off the middle of a round vessel: from 1.5 mm at one side to 4.5 mm at the other."""
    outer, inner, off = 14.0, 11.0, 1.5
    g = grid([-18, -18, 0], [18, 18, 60], [0.7, 0.7, 1.0], TURNED)
    points = voxel_points(g)
    labels = labels_of(g, wall=inside(points, outer, outer), lumen=inside(points - [off, 0.0, 0.0], inner, inner))
    anatomy = measure(labels, {}, AnatomySettings(), {})
    at = anatomy.wall_thickness
    true = np.linalg.norm(at.points[:, :2] - [off, 0.0], axis=1) - inner
    assert np.sqrt(np.mean((at.thickness_mm - true) ** 2)) == pytest.approx(0.0, abs=0.1)
    turn = np.linspace(0.0, 2.0 * np.pi, 3600, endpoint=False)
    round_it = np.hypot(outer * np.cos(turn) - off, outer * np.sin(turn)) - inner
    wanted = {"mean": round_it.mean(), "min": np.percentile(round_it, 5.0), "max": np.percentile(round_it, 95.0)}
    for name, true_value in wanted.items():
        assert value(anatomy, f"wall_{name}_thickness_mm") == pytest.approx(true_value, abs=0.1), name
