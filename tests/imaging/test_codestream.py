"""A compressed picture that claims another size than its header is refused before it is decoded."""

from pathlib import Path

import pydicom
import pytest
from dicom_maker import jpeg_lossless, write_series
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import JPEGLSLossless

from aorta.errors import InputError
from aorta.imaging import dicom_decode
from aorta.imaging.codestream import claimed_size
from aorta.imaging.read import read_image
from aorta.settings import ImageInput

FILES = sorted((Path(pydicom.__file__).parent / "data").rglob("*.dcm"))
JPEG = "1.2.840.10008.1.2.4."


def test_the_sizes_in_all_of_pydicoms_pictures():
    syntaxes = set()
    for path in FILES:
        ds = pydicom.dcmread(path, force=True)
        syntax = str(ds.file_meta.get("TransferSyntaxUID", ""))
        if syntax.startswith(JPEG) and "PixelData" in ds and "embedded" not in path.name:  # which is spoilt on purpose
            frames = int(ds.get("NumberOfFrames") or 1)
            assert claimed_size(get_frame(ds.PixelData, 0, number_of_frames=frames)) == (ds.Rows, ds.Columns), path.name
            syntaxes.add(syntax.removeprefix(JPEG))
    assert syntaxes >= {"50", "90", "91"}


def compressed(folder, how):
    """A series of CT in JPEG-LS or lossless JPEG."""
    for path in write_series(folder):
        if how == "JPEG":
            jpeg_lossless(path, folder.parent)
        else:
            ds = pydicom.dcmread(path)
            ds.compress(JPEGLSLossless, generate_instance_uid=False)
            ds.save_as(path)
    return folder


@pytest.mark.parametrize("how", ["JPEG", "JPEG-LS"])
def test_a_picture_of_another_size_is_not_decoded(tmp_path, monkeypatch, how):
    folder = compressed(tmp_path / "scan", how)
    whole = read_image(folder, ImageInput("x"))
    path = sorted(folder.iterdir())[3]
    ds = pydicom.dcmread(path)
    picture = bytearray(get_frame(ds.PixelData, 0, number_of_frames=1))
    assert claimed_size(bytes(picture)) == (ds.Rows, ds.Columns) == whole.voxels.shape[1:]
    marker = picture.index(b"\xff\xf7" if how == "JPEG-LS" else b"\xff\xc3")
    picture[marker + 5 : marker + 9] = b"\xff\xff\xff\xff"
    assert claimed_size(bytes(picture)) == (65535, 65535)
    ds.PixelData = encapsulate([bytes(picture)])
    ds.save_as(path)
    decoders = {"_by_pydicom": dicom_decode._by_pydicom, "_by_gdcm": dicom_decode._by_gdcm}
    for name, decode in decoders.items():

        def guarded(data, frame, decode=decode):
            assert data.SOPInstanceUID != ds.SOPInstanceUID, "the bad slice was decoded"
            return decode(data, frame)

        monkeypatch.setattr(dicom_decode, name, guarded)
    with pytest.raises(InputError, match="compression cannot be decoded"):
        read_image(folder, ImageInput("x"))


@pytest.mark.parametrize(
    "picture", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc3\x00", b"\xff\x4f\xff\x51\x00", b"RLE", b"\xff\xd8" + b"\xff" * 9]
)
def test_what_states_no_size_is_left_to_the_decoders(picture):
    assert claimed_size(picture) is None
