"""Which slices are doubted, and why, on vessels whose outline is known."""

import numpy as np
import pytest

from aorta.records import CLASSES, Grid, Labels, Volume
from aorta.segmentation.canonical import given_frame
from aorta.segmentation.columns import make_tube
from aorta.segmentation.open_fat import without_open_fat
from aorta.segmentation.outer_wall import TubeWall
from aorta.segmentation.slice_quality import UNSEEN_MM, score_slices, without_thrombus

SHAPE, MIDDLE, RAYS = (40, 90, 90), 45.0, 60
GRID = Grid(SHAPE, np.eye(4))


def vessel(blood, radius, confidence=1.0, beside=40.0):
    """A straight vessel: its score in the middle and the reason there; radii and confidence may differ from ray to ray."""
    line = np.array([[z, MIDDLE, MIDDLE] for z in np.linspace(0.0, SHAPE[0] - 1.0, 20)])
    tube = make_tube(line, 2.0, RAYS)
    shape = (len(tube.centres), RAYS)
    wall = TubeWall(
        tube,
        np.broadcast_to(radius, shape).astype(float),
        np.broadcast_to(confidence, shape).astype(float),
        np.full(shape, float(blood)),
        np.zeros(shape, bool),
        1.5,
    )
    j, i = np.mgrid[: SHAPE[1], : SHAPE[2]] - MIDDLE
    away = np.hypot(j, i)[None] * np.ones((SHAPE[0], 1, 1))
    labels = Labels(
        GRID, np.where(away < blood, CLASSES["lumen"], np.where(away < blood + 1.5, CLASSES["wall"], 0)).astype(np.uint8)
    )
    voxels = np.where(away < blood + 0.5, 300.0, beside).astype(np.float32)
    score, doubts = score_slices(labels, Volume(GRID, voxels, "CT"), [wall], np.zeros(3), given_frame(GRID), 300.0)
    assert (score > 0.0).all()  # 0 is for slices without the vessel
    return score[20], dict(doubts).get(20, ""), wall


def test_soft_tissue_beside_a_neck_is_doubted_by_its_share_of_the_outline():
    crus = np.where(np.arange(RAYS) < 24, 16.0, 10.5)
    score, why, wall = vessel(9.0, crus)
    np.testing.assert_allclose(without_thrombus(wall), 10.5)
    one, other = (crus**2).mean(), 10.5**2
    assert score == pytest.approx(2.0 * other / (one + other), abs=0.003)
    assert "soft tissue beside blood of normal calibre (21% of the outline)" in why


def test_a_bare_neck_and_a_widened_vessel_are_not_doubted():
    assert vessel(9.0, 10.5)[:2] == (1.0, "")
    assert vessel(9.0, 28.0)[:2] == (1.0, "")  # a sac with thrombus all round narrow blood
    assert vessel(13.0, 18.0)[:2] == (1.0, "")  # blood that is wide itself


def test_an_outline_continued_under_muscle_is_doubted_by_as_much_as_it_may_be_off():
    unseen = np.where(np.arange(RAYS) < 30, 0.0, 1.0)
    score, why, _ = vessel(9.0, 28.0, unseen)
    assert score == pytest.approx(1.0 - 0.5 * UNSEEN_MM / 28.0, abs=0.001) and why == ""
    score, why, _ = vessel(13.0, 14.6, 0.0)
    assert score == pytest.approx(1.0 - UNSEEN_MM / 14.6, abs=1e-6)


def test_blood_that_touches_something_as_bright_is_doubted():
    bright = np.where((np.mgrid[: SHAPE[1], : SHAPE[2]][1] > MIDDLE - 6.0)[None], 280.0, 40.0)
    score, why, _ = vessel(9.0, 28.0, 1.0, bright)
    share = float(why.split("over ")[1].split("%")[0]) / 100.0
    assert share == pytest.approx(0.68, abs=0.03)
    assert score == pytest.approx(1.0 - 0.25 * (share - 0.15) / 0.85, abs=0.002)


def test_fat_open_to_the_outside_is_taken_from_the_vessel_and_fat_within_is_not():
    j, i = np.mgrid[:60, :60] - 30.0
    away = np.hypot(j, i)[None] * np.ones((12, 1, 1))
    vessel_, lumen = away < 16.0, away < 6.0
    wedge = (i > 12) & (abs(j) < 5)
    within = (np.hypot(j + 10, i) < 2)[None] & (away > 0)
    voxels = np.where(vessel_, 50.0, -100.0)
    voxels[np.broadcast_to(wedge, voxels.shape) | within] = -100.0
    kept = without_open_fat(vessel_, lumen, voxels, np.ones(3), np.zeros((0, 3)))
    gone = vessel_ & ~kept
    assert not (gone & within).any() and not (gone & (i < 10)).any()
    assert gone.sum() == pytest.approx((vessel_ & wedge).sum(), rel=0.25)  # the wedge without its blurred sides
    clicked = without_open_fat(vessel_, lumen, voxels, np.ones(3), np.array([[6.0, 30.0, 46.0]]))  # the planner knows better
    assert clicked[6, 30, 44] and not kept[6, 30, 44]
