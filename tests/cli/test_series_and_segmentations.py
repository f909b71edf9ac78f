"""What `aorta check` tells of a folder with several series; label maps converted to DICOM segmentations."""

import json

import numpy as np
import pydicom
from dicom_maker import write_series

from aorta.cli.main import main
from aorta.imaging.labelmap import read_labels, write_labels
from aorta.imaging.placement import onto_grid
from aorta.imaging.read import read_image
from aorta.records import Labels
from aorta.settings import ImageInput, LabelInput


def case(folder, extra=""):
    (folder / "case.yaml").write_text(f"schema_version: 1\ncase_id: several\nimage:\n  path: scan\n{extra}")
    return str(folder / "case.yaml")


def with_uids(ds, k):
    ds.FrameOfReferenceUID, ds.PatientName = "1.2.3.4", "ZZMARKER^Smith"


def two_series(folder):
    write_series(folder / "scan", number=4, prefix="a", shape=(30, 30, 30), change=with_uids)
    write_series(folder / "scan", number=5, prefix="b", shape=(30, 30, 30), change=with_uids)


def test_check_lists_the_series_where_several_could_be_meant(tmp_path, capsys):
    two_series(tmp_path)
    assert main(["check", case(tmp_path), "-o", str(tmp_path / "out"), "--json"]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["what"] == "several series could be meant" and len(error["details"]) == 2
    assert error["details"][0].startswith("series 1: CT") and "30 slices" in error["details"][0]


def test_check_shows_the_table_and_goes_on_where_one_is_named(tmp_path, capsys):
    two_series(tmp_path)
    assert main(["check", case(tmp_path, "  series: 2\n"), "-o", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr()
    assert "series 1: CT  30 slices  of 30×30  2.50 mm apart  axial" in shown.out and "series 2: CT" in shown.out
    assert "Smith" not in shown.out + shown.err


def test_check_shows_the_table_of_the_second_image_too(tmp_path, capsys):
    two_series(tmp_path)
    first = "  series: 2\nsecond:\n  path: scan\n"
    assert main(["check", case(tmp_path, first), "-o", str(tmp_path / "out"), "--json"]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert "second.series" in error["where"] and len(error["details"]) == 2
    assert main(["check", case(tmp_path, first + "  series: 1\n"), "-o", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out.splitlines()
    at = next(n for n, line in enumerate(shown) if line.startswith("second image: CT 30 x 30 x 30"))
    assert shown[at + 1].startswith("series 1: CT") and shown[at + 2].startswith("series 2: CT")


def test_label_map_to_dicom_segmentation_and_back(tmp_path, capsys):
    write_series(tmp_path / "scan", change=with_uids)
    grid = read_image(tmp_path / "scan", ImageInput("x")).grid
    voxels = np.random.default_rng(2).integers(0, 4, grid.shape_kji).astype(np.uint8)
    write_labels(Labels(grid, voxels), tmp_path / "labels.nii.gz")
    arguments = ["convert", str(tmp_path / "labels.nii.gz"), str(tmp_path / "labels.dcm"), "--json"]
    assert main(arguments) == 0
    alone = pydicom.dcmread(tmp_path / "labels.dcm")
    assert main([*arguments, "--reference", str(tmp_path / "scan")]) == 0
    linked = pydicom.dcmread(tmp_path / "labels.dcm")
    source = pydicom.dcmread(next((tmp_path / "scan").iterdir()))
    assert linked.StudyInstanceUID == source.StudyInstanceUID != alone.StudyInstanceUID
    assert b"Smith" not in (tmp_path / "labels.dcm").read_bytes()
    assert main(["convert", str(tmp_path / "labels.dcm"), str(tmp_path / "back.nii.gz")]) == 0
    back = onto_grid(read_labels(tmp_path / "back.nii.gz", LabelInput("x")), read_image(tmp_path / "scan", ImageInput("x")))
    assert np.array_equal(back.voxels, voxels)


def test_convert_says_what_does_not_go_together(tmp_path, capsys):
    for arguments in (
        ["labels.nii.gz", "b.vtp"],
        ["labels.nii.gz", "b.nii.gz", "--reference", "scan"],
        ["labels.nii.gz", "b.dcm", "--series", "2"],
        ["a.stl", "b.dcm"],
    ):
        assert main(["convert", *arguments]) == 2
