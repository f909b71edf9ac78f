"""Networks that the user brings: run in a Python of their own, never downloaded, their labels checked like any label map."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from network_stand_ins import THRESHOLD_HU, real_checkpoint, write_library, write_model

from aorta.errors import CaseFileError, InputError, SetupError
from aorta.records import Grid, Volume
from aorta.segmentation.segment import segment
from aorta.settings import SegmentationSettings

SPACING = 1.5


@pytest.fixture
def volume():
    """A bright tube with a bulge in fat, on an oblique grid."""
    k, j, i = np.mgrid[:60, :30, :30]
    inside = np.hypot(j - 14.5, i - 14.5) < 6 + 4 * np.exp(-(((k - 30) / 9.0) ** 2))
    inside[:2], inside[58:] = False, False
    voxels = np.where(inside, 300, -60) + np.random.default_rng(1).normal(0, 10, inside.shape)
    turn = np.eye(4)
    turn[:3, :3] = SPACING * np.array([[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]])
    turn[:3, 3] = (10, -20, 30)
    return Volume(Grid(inside.shape, turn), voxels.astype(np.int16), "CT"), inside


def nnunet(tmp_path, **model):
    python = write_library(tmp_path / "env")
    return SegmentationSettings("nnunet", weights=str(write_model(tmp_path / "model", **model)), python=str(python))


def test_labels_of_the_network_are_ours(volume, tmp_path):
    image, inside = volume
    found = segment(image, nnunet(tmp_path), 1.5)
    np.testing.assert_array_equal(found.labels.mask("lumen"), inside)
    assert found.labels.grid is image.grid
    assert found.labels.mask("wall").any()  # the wall that the network does not know
    assert found.method.startswith("nnunet (")
    assert any("knows no doubt" in c for c in found.cautions)


def test_the_models_own_names_are_mapped(volume, tmp_path):
    settings = nnunet(tmp_path, labels={"background": 0, "AORTA_contrast": 1})
    with pytest.raises(InputError, match="none of the network's labels is the lumen"):
        segment(volume[0], settings, 1.5)
    found = segment(volume[0], replace(settings, classes={"lumen": 1}), 1.5)
    np.testing.assert_array_equal(found.labels.mask("lumen"), volume[1])
    with pytest.raises(CaseFileError, match="lumen: 7 does not exist"):
        segment(volume[0], replace(settings, classes={"lumen": 7}), 1.5)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda folder: (folder / "plans.json").unlink(), "it has no plans.json"),
        (lambda folder: (folder / "fold_0" / "checkpoint_final.pth").unlink(), "it has no fold with"),
        (lambda folder: (folder / "dataset.json").write_text("[]"), "not that of nnU-Net v2"),
        (lambda folder: (folder / "dataset.json").write_text('{"channel_names": {}, "labels": {}, "file_ending": ""}'), "StopIter"),
    ],
)
def test_incomplete_weights_are_refused(volume, tmp_path, spoil, why):
    settings = nnunet(tmp_path)
    spoil(tmp_path / "model")
    with pytest.raises(InputError) as caught:
        segment(volume[0], settings, 1.5)
    assert why in caught.value.why
    assert "nothing is downloaded" in caught.value.fix


def test_a_model_for_other_images_is_refused(volume, tmp_path):
    with pytest.raises(InputError, match="cannot be used") as caught:
        segment(volume[0], nnunet(tmp_path, channels=("MRI",)), 1.5)
    assert caught.value.why == "the model is for MRI, the image is CT"


def test_two_images_or_overlapping_labels_are_refused(volume, tmp_path):
    with pytest.raises(InputError) as caught:
        segment(volume[0], nnunet(tmp_path / "a", channels=("CT", "CT")), 1.5)
    assert "needs 2 images" in caught.value.why
    with pytest.raises(InputError) as caught:
        segment(volume[0], nnunet(tmp_path / "b", labels={"background": 0, "vessel": [1, 2]}), 1.5)
    assert "overlapping" in caught.value.why


def test_no_weights_no_download(volume, tmp_path):
    with pytest.raises(InputError, match="needs its weights"):
        segment(volume[0], SegmentationSettings("nnunet"), 1.5)
    with pytest.raises(InputError) as caught:
        segment(volume[0], SegmentationSettings("totalsegmentator", weights=str(tmp_path)), 1.5)
    assert "nothing is downloaded" in caught.value.fix


def test_the_network_stays_offline(volume, tmp_path):
    with pytest.raises(SetupError, match="cannot run") as caught:
        segment(volume[0], nnunet(tmp_path, checkpoint={"connects": True}), 1.5)
    assert "wanted to connect to the Internet" in caught.value.why


def test_a_failing_network_is_told_without_paths(volume, tmp_path):
    with pytest.raises(SetupError, match="the network failed") as caught:
        segment(volume[0], nnunet(tmp_path, checkpoint={"fails": True}), 1.5)
    assert "out of memory" in caught.value.why
    assert str(tmp_path) not in str(caught.value)


def test_an_environment_without_the_library_is_told(volume, tmp_path):
    python = write_library(tmp_path / "bare", names=("torch",))
    settings = replace(nnunet(tmp_path), python=str(python))
    with pytest.raises(SetupError) as caught:
        segment(volume[0], settings, 1.5)
    assert caught.value.why == "Python package nnunetv2"
    with pytest.raises(SetupError, match="cannot be started"):
        segment(volume[0], replace(settings, python=str(tmp_path / "nowhere")), 1.5)


def test_totalsegmentator(volume, tmp_path):
    weights = tmp_path / "weights"
    (weights / "Dataset297_total_3mm").mkdir(parents=True)
    settings = SegmentationSettings(
        "totalsegmentator", weights=str(weights), python=str(write_library(tmp_path / "env")), fast=True
    )
    found = segment(volume[0], settings, 1.5)
    np.testing.assert_array_equal(found.labels.mask("lumen"), volume[1])
    assert any("no class for thrombus" in c for c in found.cautions)
    with pytest.raises(SetupError) as caught:
        segment(volume[0], replace(settings, fast=False), 1.5)
    assert caught.value.why == "the weights Dataset291_organs are not in the folder"


@pytest.mark.skipif("AORTA_AI_PYTHON" not in os.environ, reason="AORTA_AI_PYTHON does not name a Python with nnunetv2 and torch")
def test_with_nnunet_itself(volume, tmp_path):
    python, image, inside = os.environ["AORTA_AI_PYTHON"], *volume
    model = write_model(tmp_path / "model")
    real_checkpoint(model, python)
    found = segment(image, SegmentationSettings("nnunet", weights=str(model), python=python), 1.5)
    np.testing.assert_array_equal(found.labels.mask("lumen"), image.voxels > THRESHOLD_HU)
    assert json.loads((model / "dataset.json").read_text())["labels"]["lumen"] == 1
    np.testing.assert_array_equal(found.labels.mask("lumen"), inside)
