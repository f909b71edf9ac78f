"""A flap parts the aorta's blood in two, whichever is brighter; unmixed contrast, noise, metal and two iliac arteries do not."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage as ndi

from aorta.segmentation.flap import find_flap, second_lumen

SPACING, BLOOD = np.array([2.0, 1.0, 1.0]), 300.0


def aorta(false_hu, flap_hu=60.0, shape=(30, 60, 60), noise=18.0):
    """Outer radius 18 mm, wall 1.5 mm, a flap 2 mm thick 3 mm off the middle, blurred; image, outer, true and false lumen."""
    j, i = np.mgrid[: shape[1], : shape[2]] - 30.0
    outer, inner = np.hypot(j, i) < 18.0, np.hypot(j, i) < 16.5
    true, false = inner & (j > 4.0), inner & (j < 3.0)
    plane = np.where(true, BLOOD, np.where(false, false_hu, np.where(inner, flap_hu, np.where(outer, 60.0, -90.0))))
    plane = ndi.gaussian_filter(plane, 0.5)
    voxels = np.repeat(plane[None], shape[0], 0) + np.random.default_rng(1).normal(0, noise, shape)
    return voxels, *(np.repeat(mask[None], shape[0], 0) for mask in (outer, true, false))


def dice(a, b):
    return 2.0 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize("false_hu", [170.0, 230.0, 300.0])
def test_both_lumens_are_found_however_bright_the_second(false_hu):
    voxels, outer, true, false = aorta(false_hu)
    found = find_flap(voxels, SPACING, outer, 1.5, BLOOD)
    one, other = (found.true, found.false) if false_hu < BLOOD else (found.false, found.true)  # alike: the wider one is called true
    assert dice(one, true) == pytest.approx(0.95, abs=0.04)
    assert dice(other, false) == pytest.approx(0.96, abs=0.04)
    assert not (found.true & found.false).any()


def test_no_line_no_second_lumen():
    voxels, outer, *_ = aorta(300.0, flap_hu=300.0, noise=30.0)
    assert find_flap(voxels, SPACING, outer, 1.5, BLOOD) is None
    assert find_flap(aorta(60.0)[0], SPACING, outer, 1.5, BLOOD) is None  # thrombus beside the blood


def test_contrast_that_is_not_mixed_is_told_but_is_no_dissection():
    voxels, outer, *_ = aorta(190.0, flap_hu=245.0)
    lumens, cautions = second_lumen(voxels, SPACING, outer, 1.5, BLOOD, [way(0.0)])
    assert lumens is None and len(cautions) == 1 and "no flap is seen" in cautions[0]
    assert second_lumen(aorta(300.0, flap_hu=300.0)[0], SPACING, outer, 1.5, BLOOD, [way(0.0)]) == (None, ())


def way(bottom, aside=0.0):
    points = np.array([[z, 30.0, 30.0 + aside * max(0.0, 30.0 - z)] for z in np.arange(58.0, bottom - 1.0, -2.0)])
    return SimpleNamespace(points=points, calibre=np.full(len(points), 8.0), voxels=np.rint(points / 2.0).astype(int))


def test_slices_with_metal_or_below_the_fork_do_not_count(monkeypatch):
    voxels, outer, *_ = aorta(300.0)
    assert second_lumen(voxels, SPACING, outer, 1.5, BLOOD, [way(0.0)])[0] is not None
    metal = voxels.copy()
    metal[:, 5, 5] = 2900.0
    assert second_lumen(metal, SPACING, outer, 1.5, BLOOD, [way(0.0)])[0] is None
    monkeypatch.setattr("aorta.segmentation.flap.vessels", lambda paths: [("aorta", np.array([[58.0, 30, 30], [44.0, 30, 30]]))])
    assert second_lumen(voxels, SPACING, outer, 1.5, BLOOD, [way(0.0), way(0.0)])[0] is None
