"""Blood from one image, outer wall from the other, on oblique grids of different voxels."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from aorta.errors import InputError
from aorta.records import VESSEL, Finding, Grid, Labels, Segmentation
from aorta.segmentation.combine import _seen, combine
from aorta.segmentation.mr_angiography import LUMEN_ONLY

LUMEN_MM, OUTER_MM = 9.0, 16.0


def tube(spacing, turn=0.0, lumen=LUMEN_MM, outer=OUTER_MM, shift=(0.0, 0.0, 0.0), length=60.0, frame=None):
    """Labels of a straight tube along z at the origin of ``frame``, on a grid turned about z."""
    shape = tuple(int(e / s) for e, s in zip((length, 50.0, 50.0), spacing[::-1]))
    c, s = np.cos(turn), np.sin(turn)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * spacing
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    grid = Grid(shape, affine)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1)[..., ::-1]
    x = grid.to_lps(index) - np.array(shift)
    apart = np.hypot(x[..., 0], x[..., 1])
    voxels = np.select([apart < lumen, apart < outer - 1.5, apart < outer], [1, 2, 3], 0).astype(np.uint8)
    affine = affine if frame is None else frame @ affine
    return Segmentation(Labels(Grid(shape, affine), voxels), "made up")


def radius(labels, *names):
    """Of the equal circle, over the middle of the tube."""
    area = labels.mask(*names)[labels.voxels.shape[0] // 2].sum() * np.prod(labels.grid.spacing_ijk[:2])
    return np.sqrt(area / np.pi)


MOTION = np.array([[0.96, -0.28, 0, 12.0], [0.28, 0.96, 0, -7.0], [0, 0, 1, 30.0], [0, 0, 0, 1]])
"""First to second."""


def test_the_lumen_of_the_second():
    first = tube((0.8, 0.8, 1.5), lumen=8.0)
    second = tube((1.1, 1.0, 2.0), turn=0.4, frame=MOTION)
    both = combine(first, second, np.linalg.inv(MOTION), "lumen", 1.5)
    assert radius(both.labels, "lumen") == pytest.approx(LUMEN_MM, abs=0.12)
    assert radius(both.labels, *VESSEL) == pytest.approx(OUTER_MM, abs=0.12)
    assert both.labels.grid is first.labels.grid
    told = {f.name: f.value for f in both.findings}
    assert told["second_lumen_distance_mm"] == pytest.approx(1.0, abs=0.15)
    assert told["second_lumen_outside_share"] == 0.0


def test_the_outer_wall_of_the_second():
    first = tube((0.8, 0.8, 1.5), outer=12.0)
    second = tube((1.1, 1.0, 2.0), turn=0.4, frame=MOTION)
    both = combine(first, second, np.linalg.inv(MOTION), "wall", 1.5)
    assert radius(both.labels, *VESSEL) == pytest.approx(OUTER_MM, abs=0.12)
    assert radius(both.labels, "lumen") == pytest.approx(LUMEN_MM, abs=0.12)


def test_where_the_second_sees_nothing_the_first_stands():
    first = tube((0.8, 0.8, 1.5), lumen=8.0)
    both = combine(first, tube((1.1, 1.0, 2.0), length=30.0), np.eye(4), "lumen", 1.5)
    area = both.labels.mask("lumen").sum((1, 2)) * 0.64
    assert np.sqrt(area[3] / np.pi) == pytest.approx(8.0, abs=0.12)
    assert np.sqrt(area[20] / np.pi) == pytest.approx(LUMEN_MM, abs=0.12)
    assert any("outside the second image" in c for c in both.cautions)


def test_another_phase_is_only_compared():
    first = tube((0.8, 0.8, 1.5))
    both = combine(first, tube((0.9, 0.9, 1.5), lumen=9.6), np.eye(4), "phase", 1.5)
    assert both.labels is first.labels
    told = {f.name: f.value for f in both.findings}
    assert told["phase_lumen_volume_change"] == pytest.approx((9.6 / 9.0) ** 2 - 1, abs=0.02)
    assert told["phase_wall_motion_mean_mm"] == pytest.approx(0.6, abs=0.12)


def test_lumens_that_are_not_the_same_are_refused():
    with pytest.raises(InputError, match="do not lie on each other"):
        combine(tube((0.8, 0.8, 1.5)), tube((0.9, 0.9, 1.5), shift=(9.0, 0, 0)), np.eye(4), "lumen", 1.5)


def plain(length, lumen=8.0):
    """A tube without thrombus."""
    return tube((0.8, 0.8, 1.5), lumen=lumen, outer=lumen + 1.5, length=length)


@pytest.mark.parametrize("gives", ["lumen", "wall"])
def test_a_second_segmentation_that_ends_early_makes_no_thrombus(gives):
    """30 % of the lumen were thrombus once, 2.3 mm "apart on average"."""
    first, whole = plain(90.0), plain(90.0)
    voxels = whole.labels.voxels.copy()
    voxels[42:] = 0
    both = combine(first, Segmentation(Labels(whole.labels.grid, voxels), "made up"), np.eye(4), gives, 1.5)
    assert both.labels.volume_mL("thrombus") == 0.0
    assert both.labels.volume_mL("lumen") == pytest.approx(first.labels.volume_mL("lumen"), rel=0.01)
    told = {f.name: f.value for f in both.findings}
    assert told["second_lumen_missed_share"] == pytest.approx(0.3, abs=0.02)
    assert told["second_lumen_distance_mm"] == pytest.approx(0.1, abs=0.08)
    assert any("ends early" in c for c in both.cautions)


def test_a_second_segmentation_that_goes_on_adds_no_vessel():
    whole, short = plain(90.0), plain(90.0)
    voxels = short.labels.voxels.copy()
    voxels[42:] = 0
    first = Segmentation(Labels(whole.labels.grid, voxels), "made up")
    both = combine(first, whole, np.eye(4), "lumen", 1.5)
    assert both.labels.volume_mL("lumen") == pytest.approx(first.labels.volume_mL("lumen"), rel=0.02)
    assert both.cautions == ("the lumen was taken from the second image",)


def test_missing_length_is_no_motion_of_the_wall():
    first, whole = plain(90.0), plain(90.0)
    voxels = whole.labels.voxels.copy()
    voxels[42:] = 0
    both = combine(first, Segmentation(Labels(whole.labels.grid, voxels), "made up"), np.eye(4), "phase", 1.5)
    told = {f.name: f.value for f in both.findings}
    assert told["phase_lumen_volume_change"] == pytest.approx(0.0, abs=0.02)
    assert told["phase_wall_motion_mean_mm"] == pytest.approx(0.0, abs=0.15)


def test_a_second_segmentation_that_misses_an_iliac_artery():
    """Of two legs one is missing: no reach along an axis of the image tells that."""
    spacing, shape = 0.9, (70, 60, 100)
    grid = Grid(shape, np.diag([spacing, spacing, spacing, 1.0]))
    k, j, i = np.indices(shape) * spacing
    y, up = j - 26.5, k - 20.0
    legs = [np.hypot(i - 44.5 - side * np.maximum(0, 30.0 - up) * 0.7, y) < 6.0 for side in (-1, 1)]
    legs = [leg & (up < 32.0) for leg in legs]
    trunk = (np.hypot(i - 44.5, y) < 8.0) & (up >= 26.0)
    first, second = ((trunk | legs[0] | legs[1]).astype(np.uint8), (trunk | legs[0]).astype(np.uint8))
    pair = [Segmentation(Labels(grid, v), "made up") for v in (first, second)]
    both = combine(*pair, np.eye(4), "lumen", 1.5)
    assert both.labels.volume_mL("thrombus") == 0.0
    assert both.labels.mask("lumen").sum() == pytest.approx(first.sum(), rel=0.03)
    assert any("ends early" in c for c in both.cautions)


def test_lumens_apart_in_part_are_cautioned():
    first, second = plain(90.0, lumen=12.0), plain(90.0, lumen=12.0)
    voxels = second.labels.voxels.copy()
    grid = first.labels.grid
    x = grid.to_lps(np.stack(np.indices(voxels.shape)[::-1], -1))
    voxels[(x[..., 0] > 6.0) & (np.abs(x[..., 2]) < 15.0) & (voxels == 1)] = 2
    both = combine(first, Segmentation(Labels(grid, voxels), "made up"), np.eye(4), "lumen", 1.5)
    told = {f.name: f.value for f in both.findings}
    assert told["second_lumen_far_share"] == pytest.approx(
        np.arccos(9 / 12) / np.pi * 30 / 90, abs=0.015
    )  # of the circle, of the length
    assert any("3 mm apart" in c for c in both.cautions)
    assert both.labels.volume_mL("thrombus") > 0.5


def test_the_wall_is_not_taken_from_an_angiogram():
    """Its "vessel" is the lumen grown by a wall: 30 mL of thrombus went without a word."""
    first, second = tube((0.8, 0.8, 1.5)), replace(tube((0.9, 0.9, 1.5)), method="mr-angiography", cautions=(LUMEN_ONLY,))
    with pytest.raises(InputError, match="no outer wall of its own") as told:
        combine(first, second, np.eye(4), "wall", 1.5)
    assert "second.labels" in told.value.fix
    both = combine(first, replace(second, cautions=(LUMEN_ONLY, "look here")), np.eye(4), "lumen", 1.5)
    assert both.cautions == ("second image: look here", "the lumen was taken from the second image")
    compared = combine(first, replace(second, cautions=(LUMEN_ONLY, "look here")), np.eye(4), "phase", 1.5)
    assert compared.cautions == ("second image: look here",)
    assert both.labels.volume_mL("thrombus") == pytest.approx(
        first.labels.volume_mL("thrombus"), rel=0.04
    )  # the shell of wall is made anew


@pytest.mark.parametrize(("gives", "gone"), [("lumen", "blood_intensity"), ("wall", "wall_without_edge_share")])
def test_no_score_or_finding_of_a_boundary_that_was_replaced(gives, gone):
    first, second = tube((0.8, 0.8, 1.5)), tube((0.9, 0.9, 1.5), lumen=8.0)
    lumen = first.labels.mask("lumen")
    names = ("lumen_intensity_mean", "thrombus_intensity_sd", "blood_intensity", "wall_without_edge_share", "label_wall_volume_mL")
    first = replace(
        first,
        confidence=np.ones(len(lumen)),
        doubtful_slices=(3,),
        doubts=("faint",),
        findings=tuple(Finding(name, -1.0, "1", "of the first map") for name in names),
        false_lumen=lumen & (np.arange(lumen.shape[2]) > 31),
    )
    both = combine(first, second, np.eye(4), gives, 1.5)
    assert both.confidence is None and both.doubtful_slices == () and both.doubts == ()
    assert both.false_lumen.any() and not (both.false_lumen & ~both.labels.mask("lumen")).any()
    stale = {f.name for f in both.findings if f.value == -1.0}
    assert stale == {"blood_intensity", "wall_without_edge_share"} - {gone}
    assert combine(first, second, np.eye(4), "phase", 1.5).doubts == ("faint",)


def test_one_grid_is_seen_to_its_last_slices():
    """A motion and back leave rounding, which took the outermost slices for unseen."""
    first, second = plain(60.0), plain(60.0, lumen=9.0)
    moved = Segmentation(
        Labels(Grid(second.labels.grid.shape_kji, MOTION @ second.labels.grid.affine_lps), second.labels.voxels), ""
    )
    both = combine(first, moved, np.linalg.inv(MOTION), "lumen", 1.5)
    area = both.labels.mask("lumen").sum((1, 2)) * 0.64
    np.testing.assert_allclose(np.sqrt(area / np.pi), 9.0, atol=0.12)
    assert len(both.cautions) == 1


def test_what_is_within_the_second_image_takes_little_memory():
    onto = Grid((60, 200, 200), np.diag([0.8, 0.8, 1.5, 1.0]))
    grid = Grid((50, 90, 80), MOTION @ np.diag([1.0, 1.1, 2.0, 1.0]))
    tracemalloc.start()
    seen = _seen(grid, np.linalg.inv(MOTION), onto)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * seen.size, "bytes: it was 96 a voxel"
    index = np.random.default_rng(1).integers(0, onto.shape_kji, (400, 3))
    at = grid.to_ijk(onto.to_lps(index[:, ::-1]) @ MOTION[:3, :3].T + MOTION[:3, 3])
    expected = ((at > -1e-6) & (at < np.array([79, 89, 49]) + 1e-6)).all(1)
    assert 0.1 < expected.mean() < 0.9
    np.testing.assert_array_equal(seen[tuple(index.T)], expected)
