"""Where a first image's lumen begins and ends becomes clicks in a second image that shows a part of it, turned and shifted."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aorta.records import CLASSES, Grid, Labels
from aorta.segmentation.carried_clicks import carried_clicks

FIRST = Grid((60, 50, 70), np.array([[1.0, 0, 0, -35], [0, 1.0, 0, -25], [0, 0, 2.0, 0], [0, 0, 0, 1]]))
TO_SECOND = np.eye(4)
TO_SECOND[:3, :3] = Rotation.from_euler("xyz", [5, -4, 8], degrees=True).as_matrix()
TO_SECOND[:3, 3] = (12.0, -7.0, 30.0)


def side(z):
    """How far the iliac arteries are from the middle."""
    return np.maximum(0.0, 0.4 * (50.0 - z))


@pytest.fixture(scope="module")
def forked():
    """Radius 8 from z = 118 down to the fork at 50, then two of 5."""
    k, j, i = np.indices(FIRST.shape_kji)
    x, y, z = np.moveaxis(FIRST.to_lps(np.stack([i, j, k], -1)), -1, 0)
    lumen = (np.hypot(x, y) < 8.0) & (z > 50.0)
    for sign in (-1.0, 1.0):
        lumen |= (np.hypot(x - sign * side(z), y) < 5.0) & (z <= 50.0)
    return Labels(FIRST, np.where(lumen, CLASSES["lumen"], 0).astype(np.uint8))


def second(low, high):
    affine = TO_SECOND @ np.array([[1.5, 0, 0, -34], [0, 1.5, 0, -24], [0, 0, 1.5, low], [0, 0, 0, 1]])
    return Grid((int((high - low) / 1.5), 33, 46), affine)


@pytest.mark.parametrize(("low", "high", "bottom", "top"), [(0.0, 118.0, 6.0, 108.0), (20.0, 90.0, 26.0, 84.0)])
def test_ends_of_what_the_second_image_shows(forked, low, high, bottom, top):
    clicks = np.array(carried_clicks(forked, TO_SECOND, second(low, high)))
    back = (clicks - TO_SECOND[:3, 3]) @ TO_SECOND[:3, :3]
    assert len(back) == 3
    np.testing.assert_allclose(back[0], [0.0, 0.0, top], atol=2.6)
    for x, y, z in back[1:]:
        assert z == pytest.approx(bottom, abs=2.1) and y == pytest.approx(0.0, abs=1.1)
        assert abs(x) == pytest.approx(side(z), abs=1.1)
    assert back[1, 0] * back[2, 0] < 0.0


def test_above_the_fork_there_is_one_lower_end(forked):
    assert len(carried_clicks(forked, TO_SECOND, second(60.0, 118.0))) == 2


def test_an_image_of_something_else_gives_none(forked):
    assert carried_clicks(forked, TO_SECOND, second(300.0, 400.0)) == ()
    empty = Labels(FIRST, np.zeros(FIRST.shape_kji, np.uint8))
    assert carried_clicks(empty, TO_SECOND, second(0.0, 118.0)) == ()
