"""Label maps from elsewhere: what is refused, dropped and added."""

import numpy as np
import pytest

from aorta.errors import InputError
from aorta.records import CLASSES, Grid, Labels, Volume
from aorta.segmentation.accept import accept_labels
from aorta.segmentation.border import border_patches


def labels_of(shape=(60, 50, 50), centre=(25.3, 24.8), radius=10.0, around=None):
    """A straight vessel along k through the whole image; thrombus out to ``around``."""
    j, i = np.mgrid[: shape[1], : shape[2]]
    r = np.hypot(j - centre[0], i - centre[1])
    plane = np.where(r < radius, CLASSES["lumen"], np.where(r < (around or 0), CLASSES["thrombus"], 0))
    return Labels(Grid(shape, np.eye(4)), np.repeat(plane[None].astype(np.uint8), shape[0], axis=0))


def test_a_vessel_that_leaves_through_both_ends_is_accepted_as_drawn():
    drawn = labels_of(around=16.0)
    found = accept_labels(drawn, None, None)
    np.testing.assert_array_equal(found.labels.voxels, drawn.voxels)
    assert found.confidence is None and found.method == "label map"
    assert {f.name: f.value for f in found.findings}["open_ends"] == 2


def test_wall_is_added_where_the_lumen_is_bare_and_only_there():
    bare = accept_labels(labels_of(), None, 3.0).labels
    assert bare.volume_mL("wall") == pytest.approx(np.pi * (13.0**2 - 100) * 60 / 1000, rel=0.03)
    assert not accept_labels(labels_of(around=16.0), None, 1.5).labels.mask("wall").any()


def test_a_map_with_its_own_wall_is_not_changed():
    drawn = labels_of()
    drawn.voxels[:, 25, 35] = CLASSES["wall"]
    np.testing.assert_array_equal(accept_labels(drawn, None, 1.5).labels.voxels, drawn.voxels)


@pytest.mark.parametrize(("slices", "told"), [(5, False), (7, True)])
def test_a_wall_that_is_not_drawn_everywhere_is_told(slices, told):
    """A tenth of 60 slices is 6; a map without the class gets its wall and no such caution."""
    drawn = labels_of(around=12.0)
    drawn.voxels[drawn.voxels == CLASSES["thrombus"]] = CLASSES["wall"]
    drawn.voxels[20 : 20 + slices][drawn.voxels[20 : 20 + slices] == CLASSES["wall"]] = 0
    assert any("lies bare over" in c for c in accept_labels(drawn, None, 1.5).cautions) is told
    assert not any("lies bare over" in c for c in accept_labels(labels_of(), None, 1.5).cautions)


def test_empty_labels():
    with pytest.raises(InputError, match="has no lumen") as caught:
        accept_labels(Labels(Grid((4, 4, 4), np.eye(4)), np.zeros((4, 4, 4), np.uint8)))
    assert caught.value.exit_status == 4


def test_lumen_cut_off_along_its_side():
    with pytest.raises(InputError, match="cut off by the image's border"):
        accept_labels(labels_of(centre=(25.3, 3.0)))


def test_crumbs_are_dropped_and_pieces_refused():
    drawn = labels_of()
    drawn.voxels[5, 2:4, 2] = CLASSES["lumen"]
    found = accept_labels(drawn)
    assert found.labels.mask("lumen").sum() == drawn.mask("lumen").sum() - 2
    assert any("crumbs" in c and "2 voxels" in c for c in found.cautions)
    drawn.voxels[28:31] = 0
    with pytest.raises(InputError, match="pieces"):
        accept_labels(drawn)


def test_exchanged_classes_are_noticed():
    drawn = labels_of(around=16.0)
    dark = Volume(drawn.grid, np.where(drawn.mask("lumen"), 50, 300).astype(np.int16), "CT")
    assert any("exchanged" in c for c in accept_labels(drawn, dark).cautions)


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_lumen_and_thrombus_exchanged_are_refused_without_an_image(shift):
    """A vessel with thrombus all round, and an eccentric one: as drawn both pass, exchanged neither."""
    drawn = labels_of(around=16.0)
    j, i = np.mgrid[:50, :50]
    core = np.hypot(j - 25.3 - shift, i - 24.8) < 10.0
    vessel = np.hypot(j - 25.3, i - 24.8) < 16.0
    drawn.voxels[:] = np.where(core, CLASSES["lumen"], np.where(vessel, CLASSES["thrombus"], 0))
    accept_labels(drawn, None, 1.5)
    exchanged = Labels(drawn.grid, np.array([0, 2, 1], np.uint8)[drawn.voxels])
    with pytest.raises(InputError, match="thrombus lies within the lumen") as caught:
        accept_labels(exchanged, None, 1.5)
    assert "exchanged" in caught.value.why and caught.value.exit_status == 4


def test_an_iliac_may_leave_through_a_side_near_the_vessels_end():
    mask = np.zeros((100, 60, 60), bool)
    k, j, i = np.mgrid[:100, :60, :60]
    mask |= (np.hypot(j - 30, i - 30) < 8) & (k >= 12)
    mask |= (np.hypot(j - 30, k - 12) < 6) & (i >= 30)
    faces = {(p.face, p.is_end) for p in border_patches(mask, np.ones(3))}
    assert faces == {("k+", True), ("i+", True)}
