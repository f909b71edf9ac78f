"""Label maps that hold no vessel end with a clear error, never with numbers."""

import numpy as np
import pytest
from vessel_shapes import labels_of

from aorta.anatomy.measure import measure
from aorta.errors import GeometryError
from aorta.records import Grid
from aorta.settings import AnatomySettings

GRID = Grid((50, 50, 50), np.eye(4))
K, J, I = np.indices(GRID.shape_kji) - 25
CASES = {
    "nothing": (K > 1000, "no lumen"),
    "one voxel": ((K == 0) & (J == 0) & (I == 0), "too small"),
    "a line": ((J == 0) & (I == 0), "too small"),
    "a ball": (K**2 + J**2 + I**2 < 300, "not a vessel"),
    "everything": (K < 1000, "fills the label map"),
    "a cube": ((abs(K) < 15) & (abs(J) < 15) & (abs(I) < 15), "not a vessel"),
    "a stump": ((J**2 + I**2 < 100) & (abs(K) < 10), "not a vessel"),
    "a plate": ((abs(K) < 3) & (abs(J) < 20) & (abs(I) < 20), "vessel"),
    "specks": (np.random.default_rng(0).random(GRID.shape_kji) < 0.02, "too small"),
}


@pytest.mark.parametrize("name", CASES)
def test_no_vessel_no_numbers(name):
    mask, expected = CASES[name]
    with pytest.raises(GeometryError) as caught:
        measure(labels_of(GRID, lumen=mask), {}, AnatomySettings(), {})
    assert expected in caught.value.what
    assert caught.value.why and caught.value.fix


def test_thrombus_alone_is_no_vessel():
    with pytest.raises(GeometryError, match="no lumen"):
        measure(labels_of(GRID, thrombus=J**2 + I**2 < 100), {}, AnatomySettings(), {})


def test_islands_are_left_out_and_told():
    lumen = (J**2 + I**2 < 81) | ((abs(J - 20) < 4) & (abs(I - 20) < 4) & (abs(K) < 10))
    anatomy = measure(labels_of(GRID, lumen=lumen), {}, AnatomySettings(), {})
    assert any("not connected" in caution for caution in anatomy.cautions)
    assert np.hypot(anatomy.lumen.points[:, 0] - 25, anatomy.lumen.points[:, 1] - 25).max() < 10
