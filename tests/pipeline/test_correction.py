"""What the planner changed in the labels is told in millilitres and Dice."""

import numpy as np
import pytest

from aorta.errors import InputError
from aorta.pipeline.correction import compare
from aorta.records import Grid, Labels, Segmentation


def segmentation(lumen_voxels, spacing=1.0):
    voxels = np.zeros((4, 10, 10), np.uint8)
    voxels.reshape(-1)[:lumen_voxels] = 1
    return Segmentation(Labels(Grid(voxels.shape, np.diag([spacing, 1.0, 1.0, 1.0])), voxels), "label map")


def test_change_is_measured():
    told = compare(segmentation(100), segmentation(150))
    found = {f.name: f.value for f in told.findings}
    assert found["edited_lumen_mL"] == pytest.approx(0.050, rel=1e-12)
    assert found["edited_lumen_dice"] == pytest.approx(2 * 100 / 250, rel=1e-12)
    assert "edited by hand: lumen 0.05 mL (Dice 0.800)" in told.cautions[0]


def test_no_change_is_told_too():
    assert "no voxel differs" in compare(segmentation(100), segmentation(100)).cautions[0]


def test_other_grid_is_refused():
    with pytest.raises(InputError, match="another grid"):
        compare(segmentation(100), segmentation(100, spacing=1.5))
