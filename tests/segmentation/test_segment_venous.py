"""Portal-venous contrast: veins, kidneys and marrow as bright as the aorta (coarse phantom, 3 x 1.8 x 1.8 mm)."""

from dataclasses import replace

import numpy as np
import pytest

from aorta.errors import NeedsClicks
from aorta.phantom.make import COARSE_SHAPE_KJI, Scene, render
from aorta.phantom.tissue import DEFAULT_LOOK, HU
from aorta.records import VESSEL, Volume
from aorta.segmentation.segment import segment
from aorta.settings import SegmentationSettings

BLOOD_HU = 155.0
LATE = {"blood": BLOOD_HU, "vein": 170.0, "renal_vein": 165.0, "kidney": 195.0, "liver": 110.0, "marrow": 190.0}


def dice(a, b):
    return 2.0 * (a & b).sum() / (a.sum() + b.sum())


def scanned(**late):
    look = replace(DEFAULT_LOOK, values={**HU, **LATE, **late}, blood_texture=10.0)
    return render(Scene(look=look), 1, COARSE_SHAPE_KJI)


@pytest.fixture(scope="module")
def truth():
    return scanned()


@pytest.fixture(scope="module")
def scan(truth):
    return truth.volume


def test_the_aorta_is_told_from_the_cava_and_from_vertebrae(truth, scan):
    found = segment(scan, SegmentationSettings(contrast="portal-venous"), 1.5)
    lumen, vessel = truth.labels.mask("lumen"), truth.labels.mask(*VESSEL)
    assert dice(found.labels.mask("lumen"), lumen) == pytest.approx(1.0, abs=0.035)
    assert dice(found.labels.mask(*VESSEL), vessel) == pytest.approx(1.0, abs=0.03)
    value = {f.name: f.value for f in found.findings}
    assert value["open_ends"] == 3 and value["lumen_components"] == 1
    assert value["blood_intensity"] == pytest.approx(BLOOD_HU, abs=10.0)
    assert any("portal-venous contrast" in caution for caution in found.cautions)


def test_a_mirrored_image_asks_for_clicks(scan):
    """Its aorta lies to the right of the cava: taking the left tube would be silently wrong but for the calcified wall."""
    mirrored = Volume(scan.grid, np.ascontiguousarray(scan.voxels[:, :, ::-1]), "CT")
    with pytest.raises(NeedsClicks, match="at least 2 clicks are needed") as caught:
        segment(mirrored, SegmentationSettings(thrombus=False), 1.5)
    assert "calcified wall" in caught.value.why


def test_without_calcification_nothing_tells_the_two_apart():
    """The image as it is, and its mirror image, in which the cava lies on the left: no way to know which is which."""
    look = replace(DEFAULT_LOOK, values={**HU, **LATE}, blood_texture=10.0)
    scan = render(Scene(look=look, chips=0), 1, COARSE_SHAPE_KJI).volume
    for voxels in (scan.voxels, scan.voxels[:, :, ::-1]):
        with pytest.raises(NeedsClicks) as caught:
            segment(Volume(scan.grid, np.ascontiguousarray(voxels), "CT"), SegmentationSettings(thrombus=False), 1.5)
        assert "neither vessel has a calcified wall" in caught.value.why


def test_without_a_cava_beside_it_nothing_is_taken():
    with pytest.raises(NeedsClicks) as caught:
        segment(scanned(vein=60.0, renal_vein=60.0).volume, SegmentationSettings(thrombus=False), 1.5)
    assert "cannot be told apart" in caught.value.why


def test_clicks_in_venous_blood_do_not_take_the_cava_along(scan, truth):
    def point(k, right=None):
        voxels = np.argwhere(truth.labels.mask("lumen")[k])
        if right is not None:
            voxels = voxels[(voxels[:, 1] < voxels[:, 1].mean()) == right]
        j, i = voxels.mean(axis=0)
        return tuple(float(c) for c in scan.grid.to_lps(np.array([i, j, k])))

    with pytest.raises(NeedsClicks) as caught:  # said to be arterial: the search for veins is not made
        segment(scan, SegmentationSettings(contrast="arterial"), 1.5)
    assert "portal-venous" not in caught.value.why
    seeds = (point(72), point(8, True), point(8, False))
    found = segment(scan, SegmentationSettings(seeds=seeds, thrombus=False), 1.5).labels.mask("lumen")
    between = slice(12, 68)
    assert dice(found[between], truth.labels.mask("lumen")[between]) == pytest.approx(1.0, abs=0.05)
