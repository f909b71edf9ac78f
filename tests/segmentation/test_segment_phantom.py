"""The CT method on the coarse phantom (3 x 1.8 x 1.8 mm): truth recovered, doubt admitted."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from aorta.errors import InputError, NeedsClicks
from aorta.phantom.make import COARSE_SHAPE_KJI, make_phantom
from aorta.records import VESSEL, Volume
from aorta.segmentation.discs import Disc
from aorta.segmentation.gates import leaks
from aorta.segmentation.segment import segment
from aorta.settings import SegmentationSettings

WALL_MM = 1.5


def dice(a, b):
    return 2.0 * (a & b).sum() / (a.sum() + b.sum())


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(1, COARSE_SHAPE_KJI)


@pytest.fixture(scope="module")
def found(phantom):
    return segment(phantom.volume, SegmentationSettings(), WALL_MM)


def with_blood(phantom, level):
    """The same scan with weaker contrast: blood of ``level`` HU instead of about 300."""
    blood = ndi.gaussian_filter(phantom.labels.mask("lumen", "branch").astype(np.float32), 0.5)
    voxels = phantom.volume.voxels - blood * (300.0 - level)
    return Volume(phantom.volume.grid, voxels.astype(np.int16), "CT")


def point_in_lumen(phantom, k, right=None):
    """LPS centre of the true lumen in slice k, of one iliac if ``right`` is given."""
    voxels = np.argwhere(phantom.labels.mask("lumen")[k])
    if right is not None:
        voxels = voxels[(voxels[:, 1] < voxels[:, 1].mean()) == right]
    j, i = voxels.mean(axis=0)
    return tuple(float(c) for c in phantom.volume.grid.to_lps(np.array([i, j, k])))


def test_lumen_and_outer_boundary_are_found_where_plain_thresholding_fails(phantom, found):
    lumen = phantom.labels.mask("lumen")
    assert dice(found.labels.mask("lumen"), lumen) == pytest.approx(1.0, abs=0.02)
    assert dice(found.labels.mask(*VESSEL), phantom.labels.mask(*VESSEL)) == pytest.approx(1.0, abs=0.03)
    assert max(dice(phantom.volume.voxels > hu, lumen) for hu in range(100, 500, 25)) < 0.8


def test_volumes(phantom, found):
    truth = phantom.labels
    assert found.labels.volume_mL("lumen") == pytest.approx(truth.volume_mL("lumen"), rel=0.02)
    assert found.labels.volume_mL(*VESSEL) == pytest.approx(truth.volume_mL(*VESSEL), rel=0.025)
    assert found.labels.volume_mL("thrombus") == pytest.approx(truth.volume_mL("thrombus"), rel=0.09)
    assert found.labels.volume_mL("calcification") == pytest.approx(truth.volume_mL("calcification"), rel=0.2)


def test_no_vertebra_and_no_organ_is_taken_for_vessel(phantom, found):
    near = ndi.binary_dilation(phantom.labels.mask(*VESSEL, "branch"), iterations=3)
    taken = found.labels.mask(*VESSEL, "branch")
    assert not (taken & ~near).any()
    assert not (taken & phantom.labels.mask("vertebra")).any()


def test_the_vessel_is_one_piece_with_three_open_ends_and_its_branches_cut(found):
    value = {f.name: f.value for f in found.findings}
    assert (value["lumen_components"], value["vessel_components"], value["open_ends"]) == (1, 1, 3)
    assert value["side_branches_cut"] >= 3  # both renals and the superior mesenteric artery
    assert value["blood_intensity"] == pytest.approx(300.0, abs=10.0)
    assert any("side branches were cut" in caution for caution in found.cautions)


def test_confidence_is_given_for_each_slice(phantom, found):
    assert found.confidence.shape == (phantom.volume.grid.shape_kji[0],)
    assert np.median(found.confidence) == pytest.approx(0.99, abs=0.01)  # the Dice to be expected; found: 0.987
    shown = np.flatnonzero(found.labels.mask(*VESSEL).any(axis=(1, 2)))
    np.testing.assert_array_equal(found.doubtful_slices, shown[found.confidence[shown] < 0.9])


def test_no_contrast_is_refused_as_such(phantom):
    with pytest.raises(NeedsClicks, match="at least 2 clicks are needed") as caught:
        segment(with_blood(phantom, 45), SegmentationSettings(), WALL_MM)
    assert "without contrast does not show the lumen" in caught.value.why
    assert caught.value.exit_status == 4
    assert "upper end" in caught.value.fix and "each common iliac artery" in caught.value.fix


@pytest.mark.parametrize("blood_hu", [140, 180])
def test_weak_contrast_is_not_taken_from_vertebrae(phantom, blood_hu):
    """A search for arterial contrast alone put half (180 HU) or all (140 HU) of its discs into vertebrae."""
    found = segment(with_blood(phantom, blood_hu), SegmentationSettings(thrombus=False), WALL_MM)
    assert dice(found.labels.mask("lumen"), phantom.labels.mask("lumen")) == pytest.approx(1.0, abs=0.05)
    assert any("portal-venous contrast" in caution for caution in found.cautions)


def test_vertebrae_are_labelled_as_whole_bodies(phantom, found):
    assert dice(found.labels.mask("vertebra"), phantom.labels.mask("vertebra")) == pytest.approx(0.95, abs=0.02)


def with_bridge_to_the_spine(phantom, k, bridge_mm):
    """The same scan with bone of 280 HU behind the lumen in slice k, joined to it and to the vertebrae by as wide a bridge."""
    voxels, grid = phantom.volume.voxels, phantom.volume.grid
    lumen = phantom.labels.mask("lumen")
    own, step = np.argwhere(lumen[k]), grid.spacing_kji
    behind = own[:, 0].max() * step[1] + 18.0
    z, y, x = np.meshgrid(*(np.arange(n) * s for n, s in zip(grid.shape_kji, step)), indexing="ij", sparse=True)
    z, x = z - k * step[0], x - own[:, 1].mean() * step[2]
    bone = z**2 + (y - behind) ** 2 + x**2 < 14.0**2
    bone |= (z**2 + x**2 < bridge_mm**2) & (y < behind) & (y > own[:, 0].mean() * step[1])
    share = ndi.gaussian_filter((bone & ~lumen).astype(np.float32), 0.5)
    return Volume(grid, (voxels * (1.0 - share) + 280.0 * share).astype(np.int16), "CT")


@pytest.mark.parametrize(("k", "bridge_mm"), [(60, 4.0), (60, 7.0), (30, 4.0)])
def test_a_lumen_that_leaks_into_the_spine_is_not_taken(phantom, k, bridge_mm):
    """Without the gate the lumen came out 30 to 60 % too large, in silence."""
    with pytest.raises(NeedsClicks, match="reaches beyond the aorta") as caught:
        segment(with_bridge_to_the_spine(phantom, k, bridge_mm), SegmentationSettings(thrombus=False), WALL_MM)
    assert "bone" in caught.value.why and caught.value.exit_status == 4


def test_a_leak_from_clicks_is_cautioned(phantom):
    seeds = (point_in_lumen(phantom, 75), point_in_lumen(phantom, 8, True), point_in_lumen(phantom, 8, False))
    settings = SegmentationSettings(seeds=seeds, thrombus=False)
    found = segment(with_bridge_to_the_spine(phantom, 30, 4.0), settings, WALL_MM)
    assert any("lumen may be too large" in caution for caution in found.cautions)
    assert not any("lumen may be too large" in caution for caution in segment(phantom.volume, settings, WALL_MM).cautions)


@pytest.mark.parametrize(
    ("hanging", "wide_slices", "count"),
    [(299.0, 0, 0), (301.0, 0, 1), (0.0, 1, 0), (0.0, 2, 1), (301.0, 2, 2)],
)
def test_leaks_are_told_from_volume_and_from_slices(hanging, wide_slices, count):
    """Ten slices above the iliac arteries: two of them are over a tenth."""
    chain = [Disc(np.array([float(k), 20.0, 20.0]), 5.0, 300.0, 10.0, 50.0, 0.0) for k in range(20)]
    lumen = np.zeros((20, 40, 40), bool)
    lumen[:, :15, :15] = True  # 225 mm2, under three times a disc's 78.5
    lumen[20 - wide_slices :, :16, :16] = True
    assert len(leaks(chain, lumen, np.ones(3), hanging)) == count
    assert len(leaks([], lumen, np.ones(3), hanging)) == (hanging > 300.0)


def test_clicks_start_and_end_the_vessel(phantom):
    top, bottom = 70, 8
    seeds = (point_in_lumen(phantom, top), point_in_lumen(phantom, bottom, True), point_in_lumen(phantom, bottom, False))
    weak = with_blood(phantom, 200)
    found = segment(weak, SegmentationSettings(seeds=seeds, thrombus=False), WALL_MM)
    between = slice(bottom + 4, top - 4)
    assert dice(found.labels.mask("lumen")[between], phantom.labels.mask("lumen")[between]) == pytest.approx(1.0, abs=0.04)
    assert not found.labels.mask(*VESSEL)[top + 4 :].any() and not found.labels.mask(*VESSEL)[: bottom - 3].any()
    assert not found.labels.mask("thrombus").any()


def test_clicks_on_the_outer_wall_bind_it_and_those_elsewhere_are_told(phantom, found):
    """5 mm outward in one slice and inward in another: the boundary follows by one to three voxels of 1.8 mm."""
    grid, true = phantom.volume.grid, phantom.labels.mask(*VESSEL)

    def last(labels, k, j):
        return int(np.flatnonzero(labels.mask(*VESSEL)[k, j])[-1])

    places = [(k, int(np.argwhere(true[k])[:, 0].mean())) for k in (37, 45)]
    on_wall = [grid.to_lps(np.array([np.flatnonzero(true[k, j])[-1] + 0.5, j, k])) for k, j in places]
    outward = grid.affine_lps[:3, 0] / grid.spacing_ijk[0]
    clicks = (on_wall[0] + 5.0 * outward, on_wall[1] - 5.0 * outward, -on_wall[0])
    clicked = segment(phantom.volume, SegmentationSettings(wall_clicks=tuple(tuple(map(float, c)) for c in clicks)), WALL_MM)
    moved = [last(clicked.labels, k, j) - last(found.labels, k, j) for k, j in places]
    assert moved[0] in (1, 2, 3) and moved[1] in (-1, -2, -3)
    told = [caution for caution in clicked.cautions if "does not bind it" in caution]
    assert len(told) == 1 and told[0].startswith("click 3 of 3 on the outer wall")
    bare = segment(phantom.volume, SegmentationSettings(thrombus=False, wall_clicks=((0.0, 0.0, 0.0),)), WALL_MM)
    assert any("wall_clicks are not used" in caution for caution in bare.cautions)


def test_unusable_clicks(phantom):
    top = point_in_lumen(phantom, 70)
    with pytest.raises(NeedsClicks, match="one click is not enough"):
        segment(phantom.volume, SegmentationSettings(seeds=(top,)), WALL_MM)
    with pytest.raises(NeedsClicks, match="click 2 of 2 lies outside"):
        segment(phantom.volume, SegmentationSettings(seeds=(top, (9999.0, 0.0, 0.0))), WALL_MM)
    fat = tuple(np.array(top) + [0.0, -40.0, 0.0])
    with pytest.raises(NeedsClicks, match="not found with certainty"):
        segment(phantom.volume, SegmentationSettings(seeds=(fat, fat)), WALL_MM)


def test_a_method_for_the_other_modality_is_refused(phantom):
    with pytest.raises(InputError, match="works on MR"):
        segment(phantom.volume, SegmentationSettings(method="mr-angiography"), WALL_MM)
