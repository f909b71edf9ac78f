"""DICOM series: voxels at their places in any orientation, and every way in which a series can be broken."""

import numpy as np
import pydicom
import pytest
from dicom_maker import BROKEN, SHAPE, SPACING, copy_all, edit, hounsfield, jpeg_lossless, write_series

from aorta.errors import InputError
from aorta.imaging.read import read_image
from aorta.settings import ImageInput

HERE = ImageInput("somewhere")


def centres(grid):
    k, j, i = np.meshgrid(*(np.arange(n) for n in grid.shape_kji), indexing="ij")
    return grid.to_lps(np.stack([i, j, k], axis=-1))


def unit(*v):
    return np.array(v) / np.linalg.norm(v)


OBLIQUE = unit(1, 0.2, 0), unit(-0.2, 1, 0)
ORIENTATIONS = {
    "axial": ((1, 0, 0), (0, 1, 0)),
    "prone": ((-1, 0, 0), (0, -1, 0)),
    "seen from above": ((-1, 0, 0), (0, 1, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "oblique": OBLIQUE,
}


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_every_voxel_is_where_its_value_says(tmp_path, name):
    row, column = ORIENTATIONS[name]
    write_series(tmp_path, row=row, column=column, order=[4, 2, 6, 0, 5, 1, 3])  # file names in no order
    volume = read_image(tmp_path, HERE)
    expected = np.maximum(hounsfield(centres(volume.grid)), -1024)
    assert np.abs(volume.voxels - expected).max() <= 2 * (name == "oblique")  # rounded positions may turn a half the other way
    assert np.mean(volume.voxels != expected) < 0.01
    np.testing.assert_allclose(volume.grid.spacing_ijk, SPACING, rtol=1e-5)
    assert volume.grid.shape_kji == SHAPE and volume.modality == "CT"


def test_facts_and_findings(tmp_path):
    write_series(tmp_path)
    volume = read_image(tmp_path, HERE)
    assert volume.acquisition == {"kernel": "B30f", "slice_thickness_mm": "2.5", "tube_voltage_kV": "120"}
    found = {f.name: f.value for f in volume.findings}
    assert found["image_slice_spacing_mm"] == pytest.approx(2.5, rel=1e-6)
    assert found["image_pixel_spacing_mm"] == pytest.approx(2.0, rel=1e-6)
    assert found["image_slices"] == SHAPE[0]


@pytest.mark.parametrize(("apart", "words"), [(1.0, None), (2.7, "at most 2.5 mm"), (5.0, "lengths are uncertain")])
def test_thick_slices_are_cautioned(tmp_path, apart, words):
    write_series(tmp_path, step=(0, 0, apart), shape=(40, 40, 40))
    cautions = " ".join(read_image(tmp_path, HERE).cautions)
    assert (words in cautions) if words else cautions == ""


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda f: f.__name__)
def test_broken_series_is_refused(tmp_path, breaks):
    breaks(write_series(tmp_path))
    with pytest.raises(InputError, match=BROKEN[breaks]) as caught:
        read_image(tmp_path, HERE)
    assert caught.value.exit_status == 4 and caught.value.fix and caught.value.where


def test_where_says_which_slice(tmp_path):
    paths = write_series(tmp_path)
    paths[3].unlink()
    with pytest.raises(InputError) as caught:
        read_image(tmp_path, HERE)
    assert caught.value.where == "between slice files 3 and 4 of 6 (in name order)"
    assert "1 slice(s) short" in caught.value.why


def test_phases_in_one_series_are_counted(tmp_path):
    copy_all(write_series(tmp_path))
    with pytest.raises(InputError) as caught:
        read_image(tmp_path, HERE)
    assert caught.value.why == "every one of 7 positions occurs 2 times"


def test_missing_folder(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_image(tmp_path / "nowhere", HERE)


def test_a_jpeg_named_dicom(tmp_path):
    (tmp_path / "scan.dcm").write_bytes(b"\xff\xd8\xff\xe0" + bytes(600))
    with pytest.raises(InputError, match="no format that is read") as caught:
        read_image(tmp_path / "scan.dcm", HERE)
    assert "JPEG" in caught.value.why


def test_series_of_similar_size_must_be_chosen(tmp_path):
    write_series(tmp_path, number=7, prefix="A")
    write_series(tmp_path, number=2, prefix="B", shape=(6, 12, 10))
    with pytest.raises(InputError, match="several series") as caught:
        read_image(tmp_path, HERE)
    assert [line.split(":")[0] for line in caught.value.details] == ["series 1", "series 2"]
    assert read_image(tmp_path, ImageInput("", series=1)).grid.shape_kji[0] == 6  # in the order of the scanner's numbers
    assert read_image(tmp_path, ImageInput("", series=2)).grid.shape_kji[0] == 7
    with pytest.raises(InputError, match="no series 3"):
        read_image(tmp_path, ImageInput("", series=3))


def test_clearly_largest_axial_series_is_taken_and_told(tmp_path):
    write_series(tmp_path, number=1, prefix="scout", row=(1, 0, 0), column=(0, 0, -1), shape=(2, 12, 10))
    write_series(tmp_path, number=2, prefix="A", shape=(3, 12, 10))
    write_series(tmp_path, number=3, prefix="B")
    volume = read_image(tmp_path, HERE)
    assert volume.grid.shape_kji[0] == 7
    assert any("of 3 series the program took series 3" in c for c in volume.cautions)


def test_case_file_and_image_must_agree_on_the_modality(tmp_path):
    write_series(tmp_path)
    with pytest.raises(InputError, match="not of the modality"):
        read_image(tmp_path, ImageInput("", modality="MR"))


def test_a_text_file_beside_the_slices_is_told(tmp_path):
    write_series(tmp_path)
    (tmp_path / "readme.txt").write_text("notes of the radiographer about somebody")
    assert any("1 file(s) of the image folder are not DICOM" in c for c in read_image(tmp_path, HERE).cautions)


def test_values_are_refused_where_rescale_is_no_number(tmp_path):
    paths = write_series(tmp_path)

    def spoil(path):
        data = path.read_bytes()
        assert data.count(b"-2000") == 1
        path.write_bytes(data.replace(b"-2000", b"Smith"))

    spoil(paths[2])
    with pytest.raises(InputError) as caught:
        read_image(tmp_path, HERE)
    assert "Smith" not in str(caught.value)


def test_padding_below_air_is_lifted_to_air(tmp_path):
    paths = write_series(tmp_path)
    ds = pydicom.dcmread(paths[0])
    ds.PixelData = np.full((SHAPE[1], SHAPE[2]), -2000, "<i2").tobytes()
    ds.save_as(paths[0])
    assert read_image(tmp_path, HERE).voxels[0].max() == -1024


@pytest.mark.parametrize("syntax", ["rle", "jpeg-ls"])
def test_lossless_compression_gives_the_same_voxels(tmp_path, syntax):
    paths = write_series(tmp_path / "a")
    plain = read_image(tmp_path / "a", HERE)
    for path in paths:
        ds = pydicom.dcmread(path)
        ds.compress({"rle": pydicom.uid.RLELossless, "jpeg-ls": pydicom.uid.JPEGLSLossless}[syntax], generate_instance_uid=False)
        ds.save_as(path)
    assert np.array_equal(read_image(tmp_path / "a", HERE).voxels, plain.voxels)


def test_lossless_jpeg_goes_through_gdcm(tmp_path):
    """The usual compression of archives, which pydicom alone does not decode."""
    paths = write_series(tmp_path / "a")
    plain = read_image(tmp_path / "a", HERE)
    for path in paths:
        jpeg_lossless(path, tmp_path)
        assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == pydicom.uid.JPEGLosslessSV1
    assert np.array_equal(read_image(tmp_path / "a", HERE).voxels, plain.voxels)


def test_tilt_told_but_not_there_is_a_caution(tmp_path):
    for path in write_series(tmp_path):
        edit(path, GantryDetectorTilt=12.0)
    assert any("12.0°" in c for c in read_image(tmp_path, HERE).cautions)


def test_table_of_contents_of_a_disc_is_passed_over(tmp_path):
    write_series(tmp_path)
    plain = read_image(tmp_path, HERE)
    index = pydicom.Dataset()
    index.file_meta = pydicom.dataset.FileMetaDataset()
    index.file_meta.MediaStorageSOPClassUID = pydicom.uid.MediaStorageDirectoryStorage
    index.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    index.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    index.FileSetID = "DISC"
    for name in ("DICOMDIR", "000001"):
        pydicom.dcmwrite(tmp_path / name, index, enforce_file_format=True)
    again = read_image(tmp_path, HERE)
    assert np.array_equal(again.voxels, plain.voxels) and again.cautions == plain.cautions
