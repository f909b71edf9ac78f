"""The second image's errors name its own keys: what the first image's advice says cannot help."""

import nibabel
import numpy as np
import pytest

from aorta.config.case_file import parse_case
from aorta.errors import InputError, NeedsClicks
from aorta.pipeline.context import Context
from aorta.pipeline.second import read_second, read_second_labels, segment_second
from aorta.records import Grid, Labels, Segmentation, Volume, silent

GRID = Grid((40, 24, 24), np.diag([2.0, 2.0, 2.0, 1.0]))
NOTHING = Segmentation(Labels(GRID, np.zeros(GRID.shape_kji, np.uint8)), "label map")


def context(folder, keys):
    case = parse_case(f"schema_version: 1\ncase_id: a\nimage: {{path: x}}\nsecond: {{path: s.nii.gz, {keys}}}\n")
    return Context(case, folder, folder, {}.get, None)


def noise(modality="MR"):
    return Volume(GRID, np.random.default_rng(1).normal(100.0, 5.0, GRID.shape_kji).astype(np.float32), modality)


def save(path, voxels, sform=None, qform=None):
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ GRID.affine_lps
    image = nibabel.Nifti1Image(voxels.transpose(2, 1, 0), ras if sform is None else sform)
    image.set_qform(ras if qform is None else qform, 1)
    nibabel.save(image, path)


@pytest.mark.parametrize(
    ("keys", "modality", "where", "fix"),
    [
        ("gives: lumen", "MR", "second image, segmentation, method mr-angiography", "under second.seeds"),
        ("gives: lumen, seeds: [[1, 2, 3], [9, 9, 900]]", "MR", "second.seeds of the case file", "give LPS millimetres"),
        ("gives: lumen, seeds: [[1, 2, 3]]", "CT", "second.seeds of the case file", "under second.seeds"),
        ("gives: phase, contrast: arterial", "MR", "second.contrast of the case file", "correct second.modality"),
    ],
)
def test_a_segmentation_that_fails(tmp_path, keys, modality, where, fix):
    with pytest.raises(InputError) as told:
        segment_second(context(tmp_path, keys), noise(modality), NOTHING, np.eye(4), silent)
    assert told.value.where == where and fix in told.value.fix
    assert isinstance(told.value, NeedsClicks) == ("contrast" not in keys)
    assert "segmentation" not in told.value.fix and "'labels'" not in told.value.fix and "image.modality" not in told.value.fix


@pytest.mark.parametrize("shift", [None, 1.0])
def test_labels_that_cannot_be_read(tmp_path, shift):
    """Empty, and off the second image's grid."""
    voxels = np.zeros(GRID.shape_kji, np.uint8)
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    if shift:
        voxels[5:35, 8:14, 8:14], affine[0, 3] = 1, shift
    save(tmp_path / "l.nii.gz", voxels, affine, affine)
    with pytest.raises(InputError) as told:
        read_second_labels(context(tmp_path, "gives: lumen, labels: l.nii.gz"), noise())
    assert told.value.where == "second.labels of the case file" and "second.labels" in told.value.fix


def test_a_map_of_the_lumen_alone_gives_no_wall(tmp_path):
    voxels = np.zeros(GRID.shape_kji, np.uint8)
    voxels[:, 8:14, 8:14] = 1
    save(tmp_path / "l.nii.gz", voxels)
    with pytest.raises(InputError, match="no outer wall of its own"):
        read_second_labels(context(tmp_path, "gives: wall, labels: l.nii.gz"), noise())
    found = read_second_labels(context(tmp_path, "gives: lumen, labels: l.nii.gz"), noise())
    assert not found.labels.mask("wall").any() and not any("wall" in caution for caution in found.cautions)
    voxels[:, 7, 8:14] = 2
    save(tmp_path / "l.nii.gz", voxels)
    assert read_second_labels(context(tmp_path, "gives: wall, labels: l.nii.gz"), noise()).labels.mask("wall").any()


def test_an_image_that_cannot_be_read(tmp_path):
    turned = np.diag([2.0, 2.0, 2.0, 1.0])
    save(tmp_path / "s.nii.gz", noise().voxels, turned, turned @ np.diag([-1.0, 1.0, -1.0, 1.0]))
    with pytest.raises(InputError) as told:
        read_second(context(tmp_path, "modality: MR"), silent)
    assert told.value.where == "second image" and "under 'second:'" in told.value.fix
    (tmp_path / "s.nii.gz").unlink()
    (tmp_path / "s.nii.gz").mkdir()
    with pytest.raises(InputError) as told:
        read_second(context(tmp_path, "modality: MR"), silent)
    assert told.value.where == "second.path of the case file"
