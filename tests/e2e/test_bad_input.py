"""Every kind of unusable image and label map, as its user meets it: ``aorta check`` and ``aorta plan``.

Each is refused with its exit status, code and sentence, by both commands alike; one JSON object under --json;
no traceback, nothing that a library says by itself, and no name of a source file.
"""

import json
import os

import dicom_maker
import numpy as np
import pytest
from command_line import IDENTIFYING, MARKER
from refusal import refused
from small_inputs import HEAD, IMAGE, LABELS, SERIES, SPACING, cut, image, junk, labels, save, vessel

from aorta.cli.main import main


def series(folder, *breaks, where=SERIES, **options):
    """A DICOM series with identifying tags, and what is done to its files."""

    def identify(dataset, k):
        for keyword, value in IDENTIFYING.items():
            setattr(dataset, keyword, value)

    paths = dicom_maker.write_series(folder / where, prefix=f"{MARKER}_", change=options.pop("change", identify), **options)
    for spoil in breaks:
        spoil(paths)
    return f"image: {{path: {SERIES}}}\n"


def two_series(folder):
    series(folder, where=f"{SERIES}/a", number=1)
    return series(folder, where=f"{SERIES}/b", number=2)


def two_patients(folder):
    for name, slices in (("doe", 7), ("roe", 20)):

        def change(dataset, k, name=name):
            dataset.PatientID = f"{MARKER}{name}"

        series(folder, where=f"{SERIES}/{name}", change=change, shape=(slices, 12, 10))
    return f"image: {{path: {SERIES}}}\n"


def with_nan(folder):
    text = image(folder)
    voxels = np.full((30, 30, 30), -50.0, np.float32)
    voxels[3, 4, 5] = np.nan
    save(folder / IMAGE, voxels)
    return text


def spoilt(folder, text, name, share=0.5):
    cut(folder / name, share)
    return text


def another(folder, name, key="image", more="", content=None):
    junk(folder, name, *(() if content is None else (content,)))
    return f"{key}: {{path: {name}{more}}}\n"


def link_to_itself(folder):
    os.symlink(SERIES, folder / SERIES)
    return f"image: {{path: {SERIES}}}\n"


IMAGES = {
    "missing": (lambda f: f"image: {{path: {SERIES}}}\n", "E200", "cannot be found"),
    "below a file": (lambda f: f"image: {{path: case.yaml/{SERIES}}}\n", "E200", "cannot be found"),
    "name too long": (lambda f: f"image: {{path: {300 * 'x'}}}\n", "E200", "cannot be found"),
    "nobody's home": (lambda f: f"image: {{path: ~{MARKER.lower()}/ct}}\n", "E200", "cannot be found"),
    "device": (lambda f: "image: {path: /dev/zero}\n", "E200", "cannot be found"),
    "link to itself": (link_to_itself, "E200", "cannot be found"),
    "empty folder": (lambda f: series(f, dicom_maker.drop_all), "E200", "image folder is empty"),
    **{name.__name__: (lambda f, b=name: series(f, b), "E200", phrase) for name, phrase in dicom_maker.BROKEN.items()},
    "two series": (two_series, "E200", "several series could be meant"),
    "two patients": (two_patients, "E200", "series of different patients"),
    "no such series": (lambda f: series(f).replace("}", ", series: 4}"), "E200", "there is no series 4"),
    "other modality": (lambda f: series(f).replace("}", ", modality: MR}"), "E200", "not of the modality"),
    "one DICOM file": (lambda f: series(f).replace("}", f"/{MARKER}_000.dcm}}"), "E200", "a single DICOM file"),
    "JPEG": (lambda f: another(f, f"{MARKER}.jpg"), "E200", "of no format that is read"),
    "JPEG called NIfTI": (lambda f: another(f, IMAGE, more=", modality: CT"), "E200", "cannot be read as NIfTI"),
    "empty file": (lambda f: another(f, IMAGE, more=", modality: CT", content=b""), "E200", "cannot be read as NIfTI"),
    "broken zip": (lambda f: another(f, f"{MARKER}.zip", content=b"PK\3\4" + bytes(90)), "E200", "zip archive is damaged"),
    "cut NIfTI": (lambda f: spoilt(f, image(f), IMAGE), "E200", "cannot be read as NIfTI"),
    "NIfTI in metres": (lambda f: image(f, affine=np.diag([0.0015] * 3 + [1])), "E200", "not in millimetres"),
    "modality not said": (lambda f: image(f).replace(", modality: CT", ""), "E200", "whether the image is CT or MR"),
    "NaN": (with_nan, "E200", "values that are not numbers"),
}  # fmt: skip


@pytest.mark.parametrize("name", IMAGES)
def test_image_that_cannot_be_used(name, tmp_path, capfd):
    make, code, phrase = IMAGES[name]
    (tmp_path / "case.yaml").write_text(HEAD + make(tmp_path))
    refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 4, code, phrase)
    stages = tmp_path / "out" / "K" / "stages"
    assert not stages.exists() or list(stages.iterdir()) == []  # nothing half done is left


SEEDS = "segmentation: {{seeds: [[{x}, -22, 12], [{x}, -22, 80]], thrombus: false}}\n"
NOT_SURE = {
    "no contrast": (lambda f: image(f, blood=40), "E210", "at least 2 clicks are needed"),
    "clicks beside the vessel": (lambda f: image(f) + SEEDS.format(x=-4), "E210", "clicks"),
    "clicks in RAS": (lambda f: image(f) + SEEDS.format(x=22), "E210", "lies outside the image"),
    "vessel cut off sideways": (lambda f: image(f, vessel(15.0)) + SEEDS.format(x=-38), "E200", "cut off by the image's border"),
}


@pytest.mark.parametrize("name", NOT_SURE)
def test_image_that_cannot_be_segmented(name, tmp_path, capfd):
    make, code, phrase = NOT_SURE[name]
    (tmp_path / "case.yaml").write_text(HEAD + make(tmp_path))
    refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 4, code, phrase, commands=("plan",))
    main(["status", str(tmp_path / "case.yaml"), "-o", str(tmp_path / "out"), "--json"])
    stages = json.loads(capfd.readouterr().out)["result"]["stages"]
    assert [stages[q]["status"] for q in (0, 2)] == ["finished", "stale"]  # the image is kept


def in_pieces():
    voxels = vessel()
    voxels[28:32] = 0
    return voxels


FLIP = np.diag([-SPACING, -SPACING, SPACING, 1.0])
SHIFT = np.array([[SPACING, 0, 0, 0.4], [0, SPACING, 0, 0], [0, 0, SPACING, 0], [0, 0, 0, 1]])
LABEL_MAPS = {
    "missing": (lambda f: f"labels: {{path: {LABELS}}}\n", "cannot be found"),
    "JPEG": (lambda f: another(f, f"{MARKER}.jpg", "labels"), "of no format that is read"),
    "empty": (lambda f: labels(f, 0 * vessel()), "label map is empty"),
    "no lumen": (lambda f: labels(f, 2 * vessel()), "has no lumen"),
    "unknown value": (lambda f: labels(f, 9 * vessel()), "a value without a class: 9"),
    "other classes": (lambda f: labels(f, keys=", classes: {lumen: 7}"), "a value without a class: 1"),
    "not whole": (lambda f: labels(f, vessel().astype(np.float32) / 2), "not whole numbers"),
    "in metres": (lambda f: labels(f, affine=np.diag([0.0015] * 3 + [1])), "not in millimetres"),
    "cut file": (lambda f: spoilt(f, labels(f), LABELS), "cannot be read as NIfTI"),
    "cut off sideways": (lambda f: labels(f, vessel(15.0)), "cut off by the image's border"),
    "in pieces": (lambda f: labels(f, in_pieces()), "in 2 pieces"),
    "other grid": (lambda f: image(f) + labels(f, affine=np.diag([1.7, 1.7, 1.7, 1])), "another grid than the image"),
    "shifted by less than a voxel": (lambda f: image(f) + labels(f, affine=SHIFT), "another grid than the image"),
    "LPS and RAS mixed up": (lambda f: image(f) + labels(f, affine=FLIP), "another grid than the image"),
}


@pytest.mark.parametrize("name", LABEL_MAPS)
def test_label_map_that_cannot_be_used(name, tmp_path, capfd):
    make, phrase = LABEL_MAPS[name]
    text = make(tmp_path)
    (tmp_path / "case.yaml").write_text(HEAD + text)
    refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 4, "E200", phrase)
    if "image:" in text:
        labels(tmp_path)
        assert main(["plan", str(tmp_path / "case.yaml"), "-o", str(tmp_path / "out"), "--until", "segment", "--json"]) == 0
        stages = json.loads(capfd.readouterr().out)["result"]["stages"]
        assert [stage["status"] for stage in stages] == ["cached", "skipped", "done"]  # the image was kept


def test_label_map_cropped_and_turned_on_the_same_grid_is_no_mistake(tmp_path, capfd):
    """Slicer crops and flips; as long as voxels coincide, check and plan take it alike."""
    turned = np.array([[-SPACING, 0, 0, 27 * SPACING], [0, SPACING, 0, 3 * SPACING], [0, 0, SPACING, 0], [0, 0, 0, 1]])
    text = image(tmp_path) + labels(tmp_path, vessel()[:, 3:27, 2:28][:, :, ::-1], affine=turned)
    (tmp_path / "case.yaml").write_text(HEAD + text)
    for command in (["check"], ["plan", "--until", "segment"]):
        assert main([*command, str(tmp_path / "case.yaml"), "-o", str(tmp_path / "out"), "--json"]) == 0
    found = {f["name"]: f["value"] for f in json.loads(capfd.readouterr().out.splitlines()[-1])["result"]["findings"]}
    assert found["label_lumen_volume_mL"] == pytest.approx(vessel().sum() * SPACING**3 / 1000, rel=1e-12)
    assert found["lumen_intensity_mean"] == pytest.approx(300.0, abs=1.0)


def dot():
    voxels = np.zeros((30, 30, 30), np.uint8)
    voxels[15, 15, 15] = 1
    return voxels


def ball():
    return (np.linalg.norm(np.mgrid[:30, :30, :30] - 15.0, axis=0) < 8).astype(np.uint8)


@pytest.mark.parametrize(("shape", "phrase"), [(dot, "too small to be an aorta"), (ball, "not a vessel")])
def test_labels_of_something_else(shape, phrase, tmp_path, capfd):
    (tmp_path / "case.yaml").write_text(HEAD + labels(tmp_path, shape()))
    refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 5, "E300", phrase, commands=("plan",))
    assert len(list((tmp_path / "out" / "K" / "stages").glob("segment-*"))) == 1  # kept


def test_landmark_off_the_vessel(tmp_path, capfd):
    (tmp_path / "case.yaml").write_text(HEAD + labels(tmp_path) + "landmarks: {lowest_renal: [500, 0, 0]}\n")
    error = refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 5, "E300", "not on the vessel", commands=("plan",))
    assert "lowest_renal" in error["where"]
