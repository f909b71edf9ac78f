"""DICOM segmentations out and in: every voxel and name comes back, and nothing of the patient goes along."""

import numpy as np
import pydicom
import pytest
from dicom_maker import SHAPE, write_enhanced, write_series

from aorta.errors import InputError, SetupError
from aorta.imaging.dicom_reference import scan_of
from aorta.imaging.dicom_seg_out import UIDS, write_segmentation_object
from aorta.imaging.labelmap import read_labels
from aorta.imaging.placement import onto_grid
from aorta.imaging.read import read_image
from aorta.records import Grid, Labels, Volume
from aorta.settings import ImageInput, LabelInput

OURS = LabelInput("somewhere")


def labels_on(grid, seed=3):
    """All classes, with empty slices at both ends and in the middle."""
    voxels = np.random.default_rng(seed).integers(0, 7, grid.shape_kji).astype(np.uint8)
    voxels[[0, len(voxels) // 2, -1]] = 0
    return Labels(grid, voxels)


def oblique():
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * np.array([0.7, 0.8, 1.25]), (-120.5, 33.25, 410.0)
    return affine


@pytest.mark.parametrize(
    "affine", [np.diag([0.75, 0.75, 1.5, 1.0]), np.diag([0.75, 0.75, -1.5, 1.0]), oblique()], ids=["axial", "downwards", "oblique"]
)
def test_every_voxel_comes_back(tmp_path, affine):
    grid = Grid((9, 12, 10), affine)
    labels = labels_on(grid)
    write_segmentation_object(labels, tmp_path / "labels.dcm")
    back = onto_grid(read_labels(tmp_path / "labels.dcm", OURS), Volume(grid, np.zeros(grid.shape_kji, np.int16), "CT"))
    assert np.array_equal(back.voxels, labels.voxels)


def test_by_itself_it_names_nobody_and_refers_to_nothing(tmp_path):
    write_segmentation_object(labels_on(Grid((9, 12, 10), np.eye(4))), tmp_path / "labels.dcm")
    ds = pydicom.dcmread(tmp_path / "labels.dcm")
    assert ds.Modality == "SEG" and [s.SegmentLabel for s in ds.SegmentSequence][:2] == ["lumen", "thrombus"]
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyDate", "AccessionNumber", "StudyID"):
        assert not ds.get(keyword)
    keywords = {element.keyword for element in ds.iterall()}
    assert not keywords & {"ReferencedSeriesSequence", "ReferencedSOPInstanceUID", "SourceImageSequence", "InstitutionName"}


def test_two_files_share_no_uid(tmp_path):
    uids = []
    for name in ("a", "b"):
        write_segmentation_object(labels_on(Grid((9, 12, 10), np.eye(4))), tmp_path / name)
        ds = pydicom.dcmread(tmp_path / name)
        uids.append({ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID, ds.FrameOfReferenceUID})
    assert not uids[0] & uids[1] and len(uids[0]) == 4


def named(ds, k):
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.AccessionNumber = "ZZMARKER^Smith", "ZZMARKER7", "19370713", "ZZMARKER8"
    ds.StudyDate, ds.StudyDescription, ds.InstitutionName, ds.FrameOfReferenceUID = "19370713", "ZZMARKER", "ZZMARKER", "1.2.3.4"


def test_with_a_reference_it_has_the_scans_uids_and_nothing_else_of_it(tmp_path):
    paths = write_series(tmp_path / "scan", order=[4, 2, 6, 0, 5, 1, 3], change=named)
    labels = labels_on(read_image(tmp_path / "scan", ImageInput("x")).grid)
    placed, scan = scan_of(labels, tmp_path / "scan")
    write_segmentation_object(placed, tmp_path / "labels.dcm", scan)
    assert b"ZZMARKER" not in (tmp_path / "labels.dcm").read_bytes() and b"19370713" not in (tmp_path / "labels.dcm").read_bytes()
    ds, source = pydicom.dcmread(tmp_path / "labels.dcm"), pydicom.dcmread(paths[0])
    assert ds.StudyInstanceUID == source.StudyInstanceUID and ds.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert ds.SeriesInstanceUID != source.SeriesInstanceUID
    (series,) = ds.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == source.SeriesInstanceUID
    at = {str(d.SOPInstanceUID): d.ImagePositionPatient[2] for d in map(pydicom.dcmread, paths)}
    for group in ds.PerFrameFunctionalGroupsSequence:  # every frame refers to the slice at its place
        uid = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        assert at[str(uid)] == pytest.approx(float(group.PlanePositionSequence[0].ImagePositionPatient[2]), rel=1e-9)
    volume = Volume(placed.grid, np.zeros(placed.grid.shape_kji, np.int16), "CT")
    assert np.array_equal(onto_grid(read_labels(tmp_path / "labels.dcm", OURS), volume).voxels, labels.voxels)


def test_reference_of_another_grid_is_refused(tmp_path):
    write_series(tmp_path / "scan", change=named)
    with pytest.raises(InputError, match="another grid"):
        scan_of(labels_on(Grid(SHAPE, np.diag([2.0, 1.5, 2.4, 1.0]))), tmp_path / "scan")


def test_reference_that_is_multi_frame_or_lacks_uids(tmp_path):
    write_enhanced(tmp_path / "a" / "one.dcm")
    labels = labels_on(read_image(tmp_path / "a", ImageInput("x")).grid)
    with pytest.raises(InputError, match="multi-frame"):
        scan_of(labels, tmp_path / "a")
    write_series(tmp_path / "b")
    with pytest.raises(InputError, match="lacks a UID"):
        scan_of(labels, tmp_path / "b")


def test_only_uids_and_modality_are_taken_from_a_scan():
    assert [word for word in UIDS if not word.endswith("UID")] == ["Modality"]


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(SetupError, match="cannot be written"):
        write_segmentation_object(labels_on(Grid((9, 12, 10), np.eye(4))), tmp_path / "nowhere" / "labels.dcm")


def test_segmentation_that_does_not_say_its_type(tmp_path):
    write_segmentation_object(labels_on(Grid((9, 12, 10), np.eye(4))), tmp_path / "labels.dcm")
    ds = pydicom.dcmread(tmp_path / "labels.dcm")
    del ds.SegmentationType
    ds.save_as(tmp_path / "labels.dcm")
    with pytest.raises(InputError, match="not a DICOM segmentation that can be read"):
        read_labels(tmp_path / "labels.dcm", OURS)
