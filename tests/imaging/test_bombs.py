"""Small files that would take all memory are refused before they do."""

import tracemalloc
import zipfile

import pydicom
import pytest
from bombs import MEGABYTE, deflated_dicom, gzip_nrrd
from dicom_maker import write_series
from pydicom.uid import DeflatedExplicitVRLittleEndian

from aorta.errors import InputError
from aorta.imaging.checks import MAX_BYTES, check_bytes, check_size
from aorta.imaging.dicom_directory import referenced_files
from aorta.imaging.dicom_headers import SliceFile, read_header
from aorta.imaging.dicom_pixels import _opened
from aorta.imaging.labelmap import read_labels
from aorta.imaging.read import read_image
from aorta.settings import ImageInput, LabelInput

BOMB_MB = 300


def peak_of(read):
    """MB of Python's memory that was taken at most."""
    tracemalloc.start()
    try:
        read()
        return tracemalloc.get_traced_memory()[1] / MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def bomb(tmp_path_factory):
    path = deflated_dicom(tmp_path_factory.mktemp("bomb") / "x.dcm", BOMB_MB)
    assert path.stat().st_size < MEGABYTE / 2
    with pytest.raises(InputError):
        read_header(path, 1, 1)
    return path


READERS = {
    "its header": lambda path: read_header(path, 1, 1),
    "its pixels": lambda path: _opened(SliceFile(path, 1, 1, pydicom.Dataset())),
    "alone": lambda path: read_image(path, ImageInput("x")),
    "as labels": lambda path: read_labels(path, LabelInput("x")),
    "as a disc": referenced_files,
}


@pytest.mark.parametrize("way", READERS)
def test_a_deflated_file_is_inflated_within_bounds(bomb, way):
    def read():
        with pytest.raises(InputError, match="too large when inflated") as caught:
            READERS[way](bomb)
        assert "holds over 50 MiB" in caught.value.why and str(bomb.parent) not in str(caught.value)

    assert peak_of(read) < 20


def test_a_deflated_file_in_a_zip(bomb, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(bomb, "1")
    with pytest.raises(InputError, match="too large when inflated"):
        read_image(tmp_path / "a.zip", ImageInput("x"))


def test_an_honest_deflated_series_is_read(tmp_path):
    plain = read_image(_written(tmp_path / "plain", None), ImageInput("x"))
    deflated = read_image(_written(tmp_path / "deflated", DeflatedExplicitVRLittleEndian), ImageInput("x"))
    assert (plain.voxels == deflated.voxels).all()


def _written(folder, syntax):
    for path in write_series(folder):
        ds = pydicom.dcmread(path)
        ds.file_meta.TransferSyntaxUID = syntax or ds.file_meta.TransferSyntaxUID
        ds.save_as(path)
    return folder


def test_bytes_are_limited_not_only_voxels(tmp_path):
    path = gzip_nrrd(tmp_path / "a.nrrd", (512, 512, 1500))
    assert path.stat().st_size < 4 * MEGABYTE
    for read in (lambda: read_image(path, ImageInput("x", modality="CT")), lambda: read_labels(path, LabelInput("x"))):
        with pytest.raises(InputError, match="is too large") as caught:
            read()
        assert "393 million values of 8 bytes" in caught.value.why


def test_the_limit_is_where_it_is_said_to_be():
    check_size((600, 1000, 1000), "image", 4)
    check_bytes(MAX_BYTES // 8, 8, "image")
    with pytest.raises(InputError, match="too large"):
        check_size((600, 1000, 1000), "image", 5)
    with pytest.raises(InputError, match="too large"):
        check_bytes(MAX_BYTES // 8 + 1, 8, "image")


@pytest.mark.parametrize("claimed", [1500, 400])
def test_a_file_that_cannot_hold_what_it_claims_is_refused_before_it_is_read(tmp_path, monkeypatch, claimed):
    import SimpleITK as sitk

    path = gzip_nrrd(tmp_path / "a.nrrd", (100, 100, 100))
    path.write_bytes(path.read_bytes().replace(b"100 100 100", f"512 512 {claimed}".encode()))

    def read(self):
        raise AssertionError("memory was taken")

    monkeypatch.setattr(sitk.ImageFileReader, "Execute", read)
    with pytest.raises(InputError, match="too large" if claimed == 1500 else "damaged|cannot be read"):
        read_image(path, ImageInput("x", modality="CT"))


def test_a_header_counts_the_data_beside_it(tmp_path):
    whole = gzip_nrrd(tmp_path / "a.nrrd", (100, 100, 100), "short", 2)
    head, data = whole.read_bytes().split(b"\n\n", 1)
    (tmp_path / "b.raw.gz").write_bytes(data)
    (tmp_path / "b.nhdr").write_bytes(head + b"\ndata file: b.raw.gz\n")
    with pytest.raises(InputError, match="empty|Hounsfield"):  # read: all zero
        read_image(tmp_path / "b.nhdr", ImageInput("x", modality="CT"))
