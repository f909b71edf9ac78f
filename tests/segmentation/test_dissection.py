"""Two lumens told apart: a made-up descending aorta, and the published dissection."""

from types import SimpleNamespace

import numpy as np
import pytest
from published import grid_of, published, voxels_of

from aorta.pipeline.building import dissected, no_pressure, no_stent
from aorta.records import VESSEL, Volume
from aorta.segmentation.dissection import find_lumens, lumen_findings
from aorta.segmentation.segment import segment
from aorta.settings import SegmentationSettings

SPACING = np.array([2.0, 1.0, 1.0])


def dice(a, b):
    return 2.0 * (a & b).sum() / (a.sum() + b.sum())


def vessel(false_hu):
    """Outer radius 18 mm; a flap 2 mm thick, 4 mm off the middle; true lumen of 470 HU."""
    j, i = np.mgrid[:60, :60] - 30.0
    outer = np.repeat((np.hypot(j, i) < 18.0)[None], 30, 0)
    true, false = (np.repeat(m[None], 30, 0) & (outer) for m in (j > 5.0, j < 3.0))
    inner = np.repeat((np.hypot(j, i) < 16.5)[None], 30, 0)
    voxels = np.where(inner & true, 470.0, np.where(inner & false, false_hu, np.where(outer, 70.0, -90.0)))
    return voxels + np.random.default_rng(1).normal(0, 15, voxels.shape), outer, true & inner, false & inner


def test_true_and_false_lumen_are_told_apart():
    voxels, outer, true, false = vessel(210.0)
    found = find_lumens(voxels, SPACING, outer, 1.5, 470.0)
    assert dice(found.true, true) == pytest.approx(0.99, abs=0.015)
    assert dice(found.false, false) == pytest.approx(0.91, abs=0.03)  # the flap goes with it
    assert not (found.true & found.false).any()
    value = {f.name: f.value for f in lumen_findings(found, voxels, SPACING)}
    assert value["false_lumen_intensity_median"] == pytest.approx(210.0, abs=5.0)
    assert value["true_lumen_volume_mL"] == pytest.approx(true.sum() * 0.002, rel=0.04)


def test_thrombus_is_no_second_lumen():
    voxels, outer, _, _ = vessel(60.0)
    assert find_lumens(voxels, SPACING, outer, 1.5, 470.0) is None


def test_what_holds_for_an_aneurysm_is_withheld_from_a_dissection():
    def context(mask):
        segment = SimpleNamespace(false_lumen=mask)
        case = SimpleNamespace(pressure=object(), stent=SimpleNamespace(enabled=True))
        return SimpleNamespace(load=lambda name: segment, case=case)

    for reason in (dissected, no_pressure, no_stent):
        assert "do not apply" in reason(context(np.ones((1, 1, 1), bool)))
        assert reason(context(None)) == ""


@pytest.mark.real
def test_published_dissection():
    """TotalSegmentator's thoracic dissection with a stent graft in its descending aorta, 1.5 mm."""
    folder = published("thoracic-dissection-cta")
    image = folder / "ct_cropped.nii.gz"
    aorta, true, false = (voxels_of(folder / f"{name}.nii.gz") > 0 for name in ("aorta", "aorta_true_lumen", "aorta_false_lumen"))
    found = segment(Volume(grid_of(image), voxels_of(image).astype(np.int16), "CT"), SegmentationSettings(), 1.5)
    lumen = found.labels.mask("lumen")
    assert dice(found.labels.mask(*VESSEL), aorta) == pytest.approx(0.87, abs=0.02)
    assert dice(lumen & ~found.false_lumen, true) == pytest.approx(0.815, abs=0.025)
    assert dice(found.false_lumen, false) == pytest.approx(0.834, abs=0.025)
    assert "do not apply" in found.cautions[0]
