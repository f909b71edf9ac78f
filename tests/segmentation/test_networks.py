"""Networks that the user brings: run in a Python of their own, never downloaded, their labels checked like any label map."""

import json
import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from network_stand_ins import THRESHOLD_HU, real_checkpoint, write_library, write_model

from aorta.errors import CaseFileError, InputError, SetupError
from aorta.records import Grid, Volume
from aorta.segmentation.learned import process
from aorta.segmentation.learned.model import ENDINGS, nnunet_model
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
        (lambda folder: state(folder, file_ending=".png"), "not one of a volume"),
        (lambda folder: state(folder, file_ending=".foo"), "not one of a volume"),
        (lambda folder: state(folder, file_ending="/../x.nii.gz"), "not one of a volume"),
        (lambda folder: state(folder, file_ending=["a"]), "not one of a volume"),
        (lambda folder: state(folder, labels={"lumen": 1, "wall": 1}), "two of its labels have the same value"),
        (lambda folder: (folder / "fold_0").rename(folder / "fold_0_old"), "it has no fold with"),
        (lambda folder: (folder / "fold_0").rename(folder / "fold_00"), "it has no fold with"),
        (lambda folder: add_fold(folder, "fold_1", "checkpoint_best.pth"), "some of its folds have only"),
    ],
)
def test_incomplete_weights_are_refused(volume, tmp_path, spoil, why):
    settings = nnunet(tmp_path)
    spoil(tmp_path / "model")
    with pytest.raises(InputError) as caught:
        segment(volume[0], settings, 1.5)
    assert why in caught.value.why
    assert "nothing is downloaded" in caught.value.fix


def state(folder, **facts):
    path = folder / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def add_fold(folder, name, *checkpoints):
    (folder / name).mkdir()
    for checkpoint in checkpoints:
        (folder / name / checkpoint).write_text(json.dumps({"threshold": THRESHOLD_HU}))


def test_folds_are_those_of_nnunet_with_a_checkpoint_in_common(tmp_path):
    folder = write_model(tmp_path / "model")
    add_fold(folder, "fold_1", "checkpoint_best.pth", "checkpoint_final.pth")
    add_fold(folder, "fold_10", "checkpoint_final.pth")
    add_fold(folder, "fold_2")  # begun, not finished
    add_fold(folder, "fold_0_old", "checkpoint_best.pth")
    model = nnunet_model(folder, "CT")
    assert set(model.folds) == {0, 1, 10} and model.checkpoint == "checkpoint_final.pth"
    (folder / "fold_0" / "checkpoint_final.pth").rename(folder / "fold_0" / "checkpoint_best.pth")
    (folder / "fold_10" / "checkpoint_final.pth").unlink()
    model = nnunet_model(folder, "CT")
    assert set(model.folds) == {0, 1} and model.checkpoint == "checkpoint_best.pth"


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_is_written_and_read(volume, tmp_path, ending):
    settings = nnunet(tmp_path)
    state(tmp_path / "model", file_ending=ending)
    np.testing.assert_array_equal(segment(volume[0], settings, 1.5).labels.mask("lumen"), volume[1])


def test_a_value_is_one_class(volume, tmp_path):
    settings = replace(nnunet(tmp_path), classes={"thrombus": 1, "lumen": 1})
    with pytest.raises(CaseFileError, match="1 stands for two classes"):
        segment(volume[0], settings, 1.5)


def test_the_versions_of_the_libraries_are_known(tmp_path):
    python = str(write_library(tmp_path / "env"))
    assert process.library_versions(python) == {"nnunetv2": "nnunetv2", "TotalSegmentator": "TotalSegmentator", "torch": "torch"}
    info = tmp_path / "env" / "lib" / "nnunetv2-2.5.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nnunetv2\nVersion: 2.5.1\n")
    process.library_versions.cache_clear()
    assert process.library_versions(python)["nnunetv2"] == "nnunetv2 2.5.1"
    assert process.library_versions(str(tmp_path / "nowhere")) == {}


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


@pytest.mark.parametrize("how", ["connection", "by number", "datagram"])
def test_the_network_stays_offline(volume, tmp_path, how):
    with pytest.raises(SetupError, match="cannot run") as caught:
        segment(volume[0], nnunet(tmp_path, checkpoint={"connects": how}), 1.5)
    assert "wanted to connect to the Internet" in caught.value.why


def test_what_the_library_starts_stays_offline(volume, tmp_path, monkeypatch):
    """Where the system can keep it; the listener hears it where it is not kept."""
    if not process.isolation():
        pytest.skip("this system does not let a program run without a network (unshare --net)")
    heard = []
    for n, before in enumerate((process.isolation(), ())):
        monkeypatch.setattr(process, "isolation", lambda before=before: before)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.5)
            checkpoint = {"starts": listener.getsockname()[1], "threshold": THRESHOLD_HU}
            found = segment(volume[0], nnunet(tmp_path / str(n), checkpoint=checkpoint), 1.5)
            np.testing.assert_array_equal(found.labels.mask("lumen"), volume[1])
            try:
                listener.accept()[0].close()
                heard.append(True)
            except TimeoutError:
                heard.append(False)
    assert heard == [False, True]


def test_a_failing_network_is_told_without_paths(volume, tmp_path):
    model = tmp_path / "Jane Doe"
    said = (
        f"out of memory at {model}/model/fold_0/x.pth in '/srv/Jane Doe/a b' of {Path.home()}/Jane, 1/2 done"
        + " " * 150
        + str(model)
    )
    settings = nnunet(model, checkpoint={"fails": said})
    with pytest.raises(SetupError, match="the network failed") as caught:
        segment(volume[0], settings, 1.5)
    assert "RuntimeError: out of memory at … in '…' of …, 1/2 done" in caught.value.why
    assert "Jane" not in str(caught.value) and str(tmp_path)[:8] not in caught.value.why


@pytest.mark.parametrize("cut", range(60))
def test_a_path_is_hidden_wherever_the_line_is_cut(cut):
    text = "x" * (process.LONGEST - cut) + " /mnt/models/Jane-Doe/fold_0/checkpoint.pth"
    assert "mnt" not in process.last_words(text, (Path("/mnt/models/Jane-Doe"),))


def test_a_python_that_asks_for_nothing_is_told(volume, tmp_path):
    with pytest.raises(SetupError, match="the network failed") as caught:
        segment(volume[0], replace(nnunet(tmp_path), python=shutil.which("true")), 1.5)
    assert "it said nothing" in caught.value.why


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
