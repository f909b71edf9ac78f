"""Records survive a trip through files, and equal records have equal digests."""

import numpy as np
import pytest

from aorta.pipeline.freeze import freeze, plain, thaw
from aorta.records import Branch, Finding, Grid, Labels, Landmark, Segmentation
from aorta.settings import Case, WallSettings


def example(value=1):
    voxels = np.zeros((3, 4, 5), np.uint8)
    voxels[1, 2, 3] = value
    labels = Labels(Grid((3, 4, 5), np.diag([0.5, 0.6, 0.7, 1.0])), voxels)
    return Segmentation(labels, "label map", np.array([0.0, np.nan, 1.0]), (1,), (Finding("a_mm", 2.5, "mm", "m"),), ("look",))


def test_round_trip(tmp_path):
    record = example()
    freeze(record, tmp_path)
    back = thaw(tmp_path)
    assert back.findings == record.findings
    assert back.doubtful_slices == (1,)
    np.testing.assert_array_equal(back.labels.voxels, record.labels.voxels)
    np.testing.assert_array_equal(back.labels.grid.affine_lps, record.labels.grid.affine_lps)
    np.testing.assert_array_equal(back.confidence, record.confidence)


def test_values_that_json_has_not(tmp_path):
    record = Landmark("neck_end", np.arange(3.0), "found")
    freeze(record, tmp_path)
    assert np.isnan(thaw(tmp_path).arc_length_mm)


def test_digest_tells_content_apart(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    same = freeze(example(), tmp_path / "a")
    assert freeze(example(), tmp_path / "b") == same
    assert freeze(example(2), tmp_path / "c") != same


def test_half_a_file_is_refused(tmp_path):
    freeze(example(), tmp_path)
    whole = (tmp_path / "arrays.npz").read_bytes()
    (tmp_path / "arrays.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises((ValueError, OSError, Exception), match=".+"):
        thaw(tmp_path)


def test_objects_are_refused(tmp_path):
    with pytest.raises(TypeError, match="objects"):
        freeze((np.array([object()]),), tmp_path)
    with pytest.raises(TypeError, match="cannot be stored"):
        freeze((object(),), tmp_path)


def test_settings_become_plain():
    case = plain(Case(1, "a", wall=WallSettings(thickness=2.0)))
    assert case["wall"]["thickness"] == 2.0
    assert case["image"] is None


def test_branch_arrays_keep_their_type(tmp_path):
    branch = Branch("aorta", np.zeros((2, 3)), np.zeros((2, 3)), np.arange(2.0), np.ones(2))
    freeze(branch, tmp_path)
    assert thaw(tmp_path).arc_length_mm.dtype == float
