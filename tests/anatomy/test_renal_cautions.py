"""The neck is measured from the lowest renal artery: doubts about which one that is are told."""

import numpy as np
import pytest

from aorta.anatomy.curve import resample
from aorta.anatomy.identify import renal_cautions
from aorta.anatomy.side_branches import SideBranch


def branch(radius):
    curve = resample(np.array([[0.0, 0.0, 0.0], [20.0, 0.0, 0.0]]))
    return SideBranch(curve, np.full(len(curve.points), radius), np.zeros((1, 3)), np.array([1.0, 0.0, 0.0]))


@pytest.mark.parametrize(("radius", "told"), [(1.55, True), (1.65, False)])
def test_a_narrow_renal_artery_is_told(radius, told):
    cautions = renal_cautions([branch(2.5), branch(radius), branch(1.0)], ["left_renal", "right_renal", "branch_1"])
    assert (cautions != []) is told
    assert all("right renal artery is only 3.1 mm wide" in caution for caution in cautions)


def test_one_renal_artery_is_told_and_none_is_not():
    assert "only one renal artery" in renal_cautions([branch(2.5)], ["left_renal"])[0]
    assert renal_cautions([branch(1.0)], ["branch_1"]) == []
