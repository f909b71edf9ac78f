"""Metal beside or in the vessel makes its slices doubtful, with the reason; calcification does not."""

from dataclasses import replace

import numpy as np
import pytest

from aorta.records import CLASSES, Grid, Labels, Segmentation, Volume
from aorta.segmentation.metal import STREAKS, with_metal_told


def made():
    """A straight vessel of 10 mm radius in slices 4 to 35; slice 10 is doubtful already."""
    shape = (40, 120, 120)
    grid = Grid(shape, np.diag([1.0, 1.0, 2.0, 1.0]))
    j, i = np.mgrid[:120, :120] - 60.0
    labels = np.zeros(shape, np.uint8)
    labels[4:36, np.hypot(j, i) < 10] = CLASSES["lumen"]
    found = Segmentation(Labels(grid, labels), "ct-contrast", np.full(40, 0.9), (10,), (), ("first",), ("blurred",))
    return found, np.full(shape, 50, np.int16), grid


def told(metal_at, hu=2600):
    found, voxels, grid = made()
    voxels[metal_at] = hu
    return with_metal_told(found, Volume(grid, voxels, "CT"))


def test_a_screw_beside_the_vessel():
    found = told(np.s_[8:13, 95:99, 60:64])
    assert found.doubtful_slices == (8, 9, 10, 11, 12)
    assert found.doubts == (STREAKS, STREAKS, f"blurred; {STREAKS}", STREAKS, STREAKS)
    assert found.confidence[8:13] == pytest.approx(0.5) and found.confidence[13] == pytest.approx(0.9)
    assert len(found.cautions) == 2 and "in 5 slices" in found.cautions[0]


def test_a_stent_graft_within_it_is_told_first():
    found = told(np.s_[15:30:2, 58:62, 58:62])
    assert "stent graft" in found.cautions[0] and len(found.doubtful_slices) == 9


def test_a_dissection_is_told_before_metal():
    found, voxels, grid = made()
    voxels[15:30:2, 58:62, 58:62] = 2600
    dissected = replace(found, false_lumen=np.zeros(voxels.shape, bool), cautions=("dissected", "second"))
    told_ = with_metal_told(dissected, Volume(grid, voxels, "CT")).cautions
    assert told_[0] == "dissected" and "stent graft" in told_[1] and told_[-1] == "second" and len(told_) == 4


@pytest.mark.parametrize(
    ("where", "hu"), [(np.s_[8:13, 95:99, 60:64], 1500), (np.s_[8, 95, 60], 3071), (np.s_[8:13, 2:6, 2:6], 900)]
)
def test_calcification_and_hot_voxels_are_not_metal(where, hu):
    assert told(where, hu).doubtful_slices == (10,) and told(where, hu).cautions == ("first",)
