"""MR angiography: a synthetic one with fading brightness, and the published one."""

import numpy as np
import pytest
from published import grid_of, published, voxels_of
from scipy import ndimage as ndi

from aorta.errors import InputError, NeedsClicks
from aorta.phantom.family import draw_scene, member
from aorta.phantom.make import render
from aorta.records import VESSEL, Grid, Volume
from aorta.segmentation.segment import segment
from aorta.settings import SegmentationSettings


@pytest.fixture(scope="module")
def angiogram():
    """Coronal, 1.6 x 1 x 1 mm: aorta of 8 mm radius, iliacs of 4.5 mm, a renal; brightness halves along the vessel."""
    shape = (26, 150, 90)
    k, j, i = np.mgrid[:26, :150, :90].astype(float)
    depth = (k - 13) * 1.6
    trunk = (np.hypot(depth, i - 45) < 8) & (j >= 60)
    for sign in (-1, 1):
        trunk |= (np.hypot(depth, (i - 45 - sign * (66 - j) * 0.45) * 0.912) < 4.5) & (j < 66)
    renal = (np.hypot(depth, j - 110) < 2.8) & (i > 45)
    blood = ndi.gaussian_filter((trunk | renal).astype(float), (0.4, 0.6, 0.6))
    fade = 1.0 - 0.5 * j / 150
    noise = np.random.default_rng(2).normal(0, 30, shape)
    voxels = (fade * (250 + 1650 * blood) + noise).astype(np.float32)
    affine = np.diag([1.0, 1.0, 1.6, 1.0])
    return Volume(Grid(shape, affine), voxels, "MR"), trunk


def test_lumen_of_a_fading_vessel_without_its_renal(angiogram):
    volume, trunk = angiogram
    found = segment(volume, SegmentationSettings(), 1.5)
    lumen = found.labels.mask("lumen")
    assert lumen.sum() == pytest.approx(trunk.sum(), rel=0.05)
    assert 2.0 * (lumen & trunk).sum() / (lumen.sum() + trunk.sum()) == pytest.approx(1.0, abs=0.05)
    assert found.labels.mask("branch")[:, 105:115, 60:].any() and not lumen[:, :, 62:][:, 100:120].any()
    assert not found.labels.mask("thrombus").any()
    assert any("blood only" in caution for caution in found.cautions)


def test_bright_tissue_asks_for_clicks(angiogram):
    volume, _ = angiogram
    fat = np.maximum(volume.voxels, 900.0)
    with pytest.raises(NeedsClicks, match="at least 2 clicks") as caught:
        segment(Volume(volume.grid, fat, "MR"), SegmentationSettings(), 1.5)
    assert caught.value.where.endswith("mr-angiography")


def test_clicks_end_the_vessel(angiogram):
    volume, trunk = angiogram
    at = [(45, 130, 13), (45 + 0.45 * 46, 20, 13), (45 - 0.45 * 46, 20, 13)]
    seeds = tuple(tuple(float(c) for c in volume.grid.to_lps(np.array(p))) for p in at)
    lumen = segment(volume, SegmentationSettings(seeds=seeds), 1.5).labels.mask("lumen")
    between = slice(26, 126)
    assert lumen[:, between].sum() == pytest.approx(trunk[:, between].sum(), rel=0.05)
    assert not lumen[:, 133:].any() and not lumen[:, :15].any()


def test_blood_that_leaked_into_something_wide_is_not_taken(angiogram):
    """A bright ball of 9 mm radius beside the aorta, joined to it as widely as a branch never is."""
    volume, _ = angiogram
    k, j, i = np.mgrid[: volume.grid.shape_kji[0], :150, :90].astype(float)
    ball = np.sqrt(((k - 13) * 1.6) ** 2 + (j - 105) ** 2 + (i - 67) ** 2) < 9.0
    ball |= (np.hypot((k - 13) * 1.6, j - 105) < 5.0) & (i > 45) & (i < 67)
    voxels = np.where(ball, np.maximum(volume.voxels, volume.voxels[13, 105, 45]), volume.voxels)
    with pytest.raises(NeedsClicks, match="reaches beyond the aorta") as caught:
        segment(Volume(volume.grid, voxels, "MR"), SegmentationSettings(), 1.5)
    assert caught.value.where.endswith("mr-angiography") and "hang on the vessel" in caught.value.why


def test_bright_blood_is_recognised_and_followed_from_clicks():
    """A balanced sequence: fat has 0.7 of the blood's brightness, the cava 0.85."""
    one = member(19)
    phantom = render(draw_scene(one), one.seed, (72, 110, 118))
    with pytest.raises(NeedsClicks, match="at least 2 clicks") as caught:
        segment(phantom.volume, SegmentationSettings(), 1.5)
    assert "bright-blood" in caught.value.why
    lumen = phantom.labels.mask("lumen")

    def point(k, right=None):
        voxels = np.argwhere(lumen[k])
        if right is not None:
            voxels = voxels[(voxels[:, 1] < voxels[:, 1].mean()) == right]
        j, i = voxels.mean(axis=0)
        return tuple(float(c) for c in phantom.volume.grid.to_lps(np.array([i, j, k])))

    seeds = (point(66), point(6, True), point(6, False))
    found = segment(phantom.volume, SegmentationSettings(seeds=seeds, contrast="bright-blood"), 1.5)
    between, taken = slice(10, 62), found.labels.mask("lumen")
    assert 2.0 * (taken & lumen)[between].sum() / (taken[between].sum() + lumen[between].sum()) == pytest.approx(0.99, abs=0.01)
    assert any("bright-blood sequence" in caution for caution in found.cautions)
    true, outer = phantom.labels.mask(*VESSEL)[between], found.labels.mask(*VESSEL)[between]
    assert 2.0 * (outer & true).sum() / (outer.sum() + true.sum()) == pytest.approx(0.99, abs=0.01)  # blood and 1.5 mm: 0.79
    thrombus = [labels.mask("thrombus")[between].sum() for labels in (found.labels, phantom.labels)]
    assert thrombus[0] == pytest.approx(thrombus[1], rel=0.06)


def test_what_the_case_file_says_of_the_contrast_counts(angiogram):
    volume, _ = angiogram
    with pytest.raises(NeedsClicks, match="at least 2 clicks") as caught:  # an angiogram, but said to be none
        segment(volume, SegmentationSettings(contrast="bright-blood"), 1.5)
    assert "bright-blood" in caught.value.why
    with pytest.raises(InputError, match="contrast portal-venous is not one of MR") as refused:
        segment(volume, SegmentationSettings(contrast="portal-venous"), 1.5)
    assert refused.value.exit_status == 4 and "angiography" in refused.value.why
    with pytest.raises(NeedsClicks) as unsure:  # brightness everywhere, said to be an angiogram: judged as one
        segment(Volume(volume.grid, np.maximum(volume.voxels, 900.0), "MR"), SegmentationSettings(contrast="angiography"), 1.5)
    assert "bright-blood" not in unsure.value.why


@pytest.mark.real
def test_published_angiogram():
    """vmtk's aorta: lumen volume over the reference level set's rows."""
    folder = published("vmtk-aorta-mra")
    image = folder / "aorta.mha"
    reference = voxels_of(folder / "aorta-final-levelset.mha") < 0
    found = segment(Volume(grid_of(image), voxels_of(image), "MR"), SegmentationSettings(), 1.5).labels
    rows = np.flatnonzero(reference.any(axis=(0, 2)))
    extent = slice(rows[0], rows[-1] + 1)
    volume = found.mask("lumen")[:, extent].sum() * found.grid.voxel_volume_mm3 / 1000.0
    assert volume == pytest.approx(reference.sum() * found.grid.voxel_volume_mm3 / 1000.0, rel=0.05)
