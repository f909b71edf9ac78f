"""Label maps in from everybody's conventions, out as NIfTI, and never on another grid than the image."""

from itertools import permutations, product

import highdicom
import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_maker import write_series
from pydicom.sr.codedict import codes

from aorta.errors import InputError, SetupError
from aorta.imaging.labelmap import check_same_grid, read_labels, write_labels
from aorta.imaging.placement import onto_grid
from aorta.imaging.read import read_image
from aorta.records import CLASSES, Grid, Labels, Volume
from aorta.settings import ImageInput, LabelInput

OURS = LabelInput("somewhere")
SHAPE_KJI = (5, 6, 7)
ORIENTATIONS = [
    np.eye(3)[list(order)] * np.array(signs)[:, None] for order in permutations(range(3)) for signs in product((1, -1), repeat=3)
]


def grid(turn=None, spacing=(0.75, 0.75, 1.5), origin=(-31.0, 22.0, 405.0), shape=SHAPE_KJI):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = (np.eye(3) if turn is None else turn) * np.array(spacing), origin
    return Grid(shape, affine)


def random_labels(where=None, seed=0):
    where = where or grid()
    voxels = np.random.default_rng(seed).integers(0, 7, where.shape_kji).astype(np.uint8)
    return Labels(where, voxels)


def image_on(where):
    return Volume(where, np.zeros(where.shape_kji, np.int16), "CT")


def write(path, values_kji, header=None):
    image = sitk.GetImageFromArray(values_kji)
    image.SetSpacing(grid().spacing_ijk.tolist())
    image.SetOrigin(grid().affine_lps[:3, 3].tolist())
    for key, value in (header or {}).items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("turn", ORIENTATIONS, ids=range(48))
def test_write_and_read_back_in_every_orientation(tmp_path, turn):
    labels = random_labels(grid(turn))
    write_labels(labels, tmp_path / "labels.nii.gz")
    back = read_labels(tmp_path / "labels.nii.gz", OURS)
    assert np.array_equal(back.voxels, labels.voxels)
    np.testing.assert_allclose(back.grid.affine_lps, labels.grid.affine_lps, atol=1e-5, rtol=0)
    check_same_grid(back, image_on(labels.grid))
    itk = sitk.ReadImage(str(tmp_path / "labels.nii.gz"))  # another reader puts each voxel where we do
    for ijk in ((0, 0, 0), (6, 0, 0), (2, 5, 3)):
        np.testing.assert_allclose(itk.TransformIndexToPhysicalPoint(ijk), labels.grid.to_lps(ijk), atol=1e-3, rtol=0)


def test_written_file_is_ras_and_says_nothing_else(tmp_path):
    write_labels(random_labels(), tmp_path / "labels.nii")
    image = nibabel.load(tmp_path / "labels.nii")
    np.testing.assert_allclose(image.affine[:3, 3], (31.0, -22.0, 405.0), rtol=1e-6)
    assert image.get_data_dtype() == np.uint8
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (1, 1)
    assert not any(bytes(image.header[field]).strip(b"\0") for field in ("descrip", "db_name", "aux_file", "intent_name"))


def test_labels_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError, match="cannot be written"):
        write_labels(random_labels(), tmp_path / "file" / "labels.nii.gz")


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_custom_values(tmp_path, suffix):
    values = np.zeros(SHAPE_KJI, np.int16)
    values[1], values[2], values[3] = 10, 20, 30
    path = write(tmp_path / f"l{suffix}", values)
    labels = read_labels(path, LabelInput("", {"lumen": 20, "thrombus": 10, "vertebra": 30}, "custom"))
    assert [int(labels.voxels[k, 0, 0]) for k in range(5)] == [0, CLASSES["thrombus"], CLASSES["lumen"], CLASSES["vertebra"], 0]
    with pytest.raises(InputError, match="value without a class: 30") as caught:
        read_labels(path, LabelInput("", {"lumen": 20, "thrombus": 10}, "custom"))
    assert "values found: 10, 20, 30" in caught.value.why


def test_unknown_value_under_our_own_convention(tmp_path):
    values = np.ones(SHAPE_KJI, np.int16)
    values[0] = 9
    with pytest.raises(InputError, match="value without a class: 9"):
        read_labels(write(tmp_path / "l.nrrd", values), OURS)


def test_totalsegmentator(tmp_path):
    values = np.zeros(SHAPE_KJI, np.uint8)
    values[0], values[1], values[2], values[3], values[4] = 52, 65, 66, 28, 5  # aorta, iliacs, a vertebra, the liver
    labels = read_labels(write(tmp_path / "l.nii.gz", values), LabelInput("", convention="totalsegmentator"))
    assert labels.voxels[:, 0, 0].tolist() == [1, 1, 1, CLASSES["vertebra"], 0]
    assert any("no class for thrombus" in c for c in labels.cautions)


@pytest.mark.parametrize(
    ("values", "settings", "words"),
    [
        (np.zeros(SHAPE_KJI, np.uint8), OURS, "label map is empty"),
        (np.full(SHAPE_KJI, 2, np.uint8), OURS, "has no lumen"),
        (np.full(SHAPE_KJI, 1.5, np.float32), OURS, "not whole numbers"),
        (np.ones(SHAPE_KJI, np.uint8), LabelInput("", convention="custom"), "classes is missing"),
        (np.ones(SHAPE_KJI, np.uint8), LabelInput("", convention="slicer"), "no segment names"),
        (np.ones(SHAPE_KJI, np.uint8), LabelInput("", {"blood": 1}, "custom"), "not a class"),
        (np.ones(SHAPE_KJI, np.uint8), LabelInput("", {"lumen": 1, "wall": 1}, "custom"), "two classes|cannot be"),
        (np.ones(SHAPE_KJI, np.uint8), LabelInput("", {"lumen": 0}, "custom"), "cannot be"),
    ],
    ids=["empty", "no lumen", "fractional", "no mapping", "no names", "unknown class", "same value", "background"],
)
def test_refused(tmp_path, values, settings, words):
    with pytest.raises(InputError, match=words):
        read_labels(write(tmp_path / "l.nrrd", values), settings)


def test_whole_numbers_stored_as_floats(tmp_path):
    values = np.random.default_rng(0).integers(0, 7, SHAPE_KJI).astype(np.float32)
    assert np.array_equal(read_labels(write(tmp_path / "l.nii", values), OURS).voxels, values)


def test_missing_and_other_files(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_labels(tmp_path / "none.nii", OURS)
    (tmp_path / "l.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(99))
    with pytest.raises(InputError, match="no format that is read"):
        read_labels(tmp_path / "l.jpg", OURS)


# -------------------------------------------------------------------------------------- 3D Slicer


def slicer_header(*segments):
    """``segments``: (name, value, layer)."""
    fields = {}
    for n, (name, value, layer) in enumerate(segments):
        fields |= {f"Segment{n}_ID": f"Segment_{n + 1}", f"Segment{n}_Name": name}
        fields |= {f"Segment{n}_LabelValue": str(value), f"Segment{n}_Layer": str(layer)}
    return fields


def test_slicer_names_beat_values(tmp_path):
    values = np.random.default_rng(1).integers(0, 4, SHAPE_KJI).astype(np.uint8)
    path = write(tmp_path / "s.seg.nrrd", values, header=slicer_header(("Thrombus", 1, 0), ("Aortic_Lumen", 2, 0), ("wall", 3, 0)))
    for convention in ("slicer", "aorta"):
        labels = read_labels(path, LabelInput("", convention=convention))
        assert np.array_equal(labels.voxels, np.array([0, 2, 1, 3], np.uint8)[values])


@pytest.mark.parametrize(
    ("field", "value"), [("Layer", "1"), ("Layer", "-1"), ("Layer", "x"), ("LabelValue", "0"), ("LabelValue", "1e3")]
)
def test_slicer_header_that_makes_no_sense(tmp_path, field, value):
    header = slicer_header(("lumen", 1, 0)) | {f"Segment0_{field}": value}
    with pytest.raises(InputError, match="header does not match"):
        read_labels(write(tmp_path / "s.seg.nrrd", np.ones(SHAPE_KJI, np.uint8), header=header), LabelInput(""))


def test_a_segmentation_that_slicer_cropped_lies_where_it_was_drawn(tmp_path):
    """Slicer keeps the drawn part only; its file's origin is that part's, and the offset beside it is not to be added again."""
    values = np.random.default_rng(4).integers(1, 3, SHAPE_KJI).astype(np.uint8)
    image = sitk.GetImageFromArray(values[1:4, 2:5, 3:6])
    image.SetSpacing(grid().spacing_ijk.tolist())
    image.SetOrigin(grid().to_lps((3, 2, 1)).tolist())
    fields = slicer_header(("lumen", 1, 0), ("thrombus", 2, 0)) | {"Segmentation_ReferenceImageExtentOffset": "3 2 1"}
    for key, value in fields.items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(tmp_path / "s.seg.nrrd"))
    placed = onto_grid(read_labels(tmp_path / "s.seg.nrrd", LabelInput("")), image_on(grid()))
    whole = np.zeros(SHAPE_KJI, np.uint8)
    whole[1:4, 2:5, 3:6] = values[1:4, 2:5, 3:6]
    assert np.array_equal(placed.voxels, whole)


def test_slicer_name_that_nobody_knows(tmp_path):
    path = write(tmp_path / "s.seg.nrrd", np.ones(SHAPE_KJI, np.uint8), header=slicer_header(("John Smith", 1, 0)))
    with pytest.raises(InputError, match="value without a class: 1") as caught:
        read_labels(path, LabelInput("", convention="slicer"))
    assert "Smith" not in str(caught.value)
    assert read_labels(path, LabelInput("", {"lumen": 1}, "slicer")).mask("lumen").all()


def layered(tmp_path, first, second):
    layers = np.stack([first, second], axis=-1)
    image = sitk.GetImageFromArray(layers, isVector=True)
    image.SetSpacing((0.75, 0.75, 1.5))
    for key, value in slicer_header(("lumen", 1, 0), ("thrombus", 1, 1)).items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(tmp_path / "s.seg.nrrd"))
    return tmp_path / "s.seg.nrrd"


def test_slicer_layers(tmp_path):
    lumen, thrombus = np.zeros(SHAPE_KJI, np.uint8), np.zeros(SHAPE_KJI, np.uint8)
    lumen[1], thrombus[2] = 1, 1
    labels = read_labels(layered(tmp_path, lumen, thrombus), OURS)
    assert labels.voxels[:, 0, 0].tolist() == [0, 1, 2, 0, 0]
    thrombus[1, 0] = 1
    with pytest.raises(InputError, match="overlap"):
        read_labels(layered(tmp_path, lumen, thrombus), OURS)


# -------------------------------------------------------------------------------------- DICOM-SEG


def write_seg(tmp_path, voxels_kji, names=("Lumen", "Thrombus"), kind="BINARY"):
    """Our voxels (values 1, 2) as a DICOM segmentation of a small series."""
    images = [pydicom.dcmread(p) for p in write_series(tmp_path / "ct")]
    for ds in images:
        ds.FrameOfReferenceUID, ds.PatientID, ds.PatientName = "1.2.3.4", "x", "x^y"
        ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ds.StudyID = ds.StudyDate = ds.StudyTime = ""
        ds.ReferringPhysicianName = ""
    descriptions = [
        highdicom.seg.SegmentDescription(
            segment_number=n,
            segment_label=name,
            segmented_property_category=codes.SCT.AnatomicalStructure,
            segmented_property_type=codes.SCT.Aorta,
            algorithm_type="MANUAL",
        )
        for n, name in enumerate(names, 1)
    ]
    seg = highdicom.seg.Segmentation(
        images, voxels_kji, kind, descriptions, highdicom.UID(), 9, highdicom.UID(), 1, "x", "x", "x", "x"
    )
    seg.save_as(tmp_path / "seg.dcm")
    return tmp_path / "seg.dcm"


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_dicom_segmentation_lies_on_its_series(tmp_path, kind):
    voxels = np.random.default_rng(3).integers(0, 3, (7, 12, 10)).astype(np.uint8)
    labels = read_labels(write_seg(tmp_path, voxels, kind=kind), OURS)
    volume = read_image(tmp_path / "ct", ImageInput(""))
    placed = onto_grid(labels, volume)
    assert np.array_equal(placed.voxels, voxels)
    check_same_grid(placed, volume)


def test_dicom_segmentation_without_empty_slices(tmp_path):
    voxels = np.zeros((7, 12, 10), np.uint8)
    voxels[2:5, 3:6, 4:8] = 1
    voxels[3, 6, 4:8] = 2
    placed = onto_grid(read_labels(write_seg(tmp_path, voxels), OURS), read_image(tmp_path / "ct", ImageInput("")))
    assert np.array_equal(placed.voxels, voxels)


def test_dicom_that_is_no_segmentation(tmp_path):
    path = write_series(tmp_path)[0]
    with pytest.raises(InputError, match="not a DICOM segmentation"):
        read_labels(path, OURS)


# ------------------------------------------------------------------------------------------ grids


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (grid(shape=(5, 6, 8)), "label map 7×6×5 voxels, image 8×6×5"),
        (grid(spacing=(0.75, 0.75, 1.6)), "0.75 × 0.75 × 1.6 mm in the image"),
        (grid(origin=(-31.0, 22.0, 405.3)), "up to 0.30 mm apart"),
        (grid(turn=np.diag([-1.0, -1.0, 1.0]), origin=(31.0, -22.0, 405.0)), "LPS and RAS"),
    ],
    ids=["size", "spacing", "moved", "RAS taken for LPS"],
)
def test_label_map_on_another_grid(other, words):
    with pytest.raises(InputError, match="another grid") as caught:
        check_same_grid(random_labels(), image_on(other))
    assert words in caught.value.why and caught.value.exit_status == 4


@pytest.mark.parametrize("turn", ORIENTATIONS[::5], ids=range(10))
def test_cropped_and_turned_labels_are_put_back(turn):
    """Any crop in any axis order is placed so that each voxel keeps its position; nothing is interpolated."""
    image = grid(shape=(10, 11, 12), spacing=(1.5, 1.5, 1.5))
    axes = turn.T  # label axis -> image axis
    shape_ijk = (4, 5, 3)
    corner = np.array([6.0, 5.0, 5.0])  # the label map's first voxel; inside the image for every turn
    affine = np.eye(4)
    affine[:3, :3] = image.affine_lps[:3, :3] @ axes
    affine[:3, 3] = image.to_lps(corner)
    labels = random_labels(Grid(shape_ijk[::-1], affine))
    placed = onto_grid(labels, image_on(image))
    assert np.count_nonzero(placed.voxels) == np.count_nonzero(labels.voxels)
    for i, j, k in product(*(range(n) for n in shape_ijk)):
        at = np.rint(image.to_ijk(labels.grid.to_lps((i, j, k)))).astype(int)
        assert placed.voxels[tuple(at[::-1])] == labels.voxels[k, j, i]


def test_labels_between_voxels_or_outside_are_not_put_anywhere():
    with pytest.raises(InputError, match="another grid"):
        onto_grid(random_labels(grid(origin=(-31.3, 22.0, 405.0))), image_on(grid()))
    with pytest.raises(InputError, match="another grid"):
        onto_grid(random_labels(grid(origin=(-31.0, 22.0, 408.0))), image_on(grid()))
