"""Stored values of one frame: by pydicom's decoders, else by GDCM's, which SimpleITK brings.

pydicom (with the decoders that come along: pillow, pyjpegls) reads uncompressed and deflated data,
RLE, JPEG-LS, JPEG baseline and most of JPEG 2000; lossless JPEG, which archives use most, only
GDCM reads. GDCM is given a file of its own with that frame and nothing else, so that neither it nor
the temporary file ever sees who the patient is, and so that it does not rescale.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels import pixel_array
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from aorta.errors import ignoring_damage
from aorta.imaging.codestream import claimed_size
from aorta.imaging.quiet import quiet

UNDECODED = {
    "why": "neither pydicom nor GDCM reads this transfer syntax, or the compressed data are cut off",
    "fix": "export the series uncompressed (explicit VR little endian)",
}
_KEPT = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")


def is_compressed(data: Dataset) -> bool:
    """Whether the pixel data are encapsulated; yes where the transfer syntax is none that is known."""
    syntax = data.file_meta.get("TransferSyntaxUID")
    try:
        return syntax is not None and syntax.is_compressed and syntax != DeflatedExplicitVRLittleEndian
    except ValueError:  # an UID that is no transfer syntax
        return True


def stored_values(data: Dataset, frame: int, size: tuple[int, int]) -> np.ndarray | None:
    """(nj, ni) as stored, or None where nobody can read them."""
    if is_compressed(data) and _claimed(data, frame) not in (size, None):  # would be refused once decoded, in any amount of memory
        return None
    values = _by_pydicom(data, frame)
    if values is None and is_compressed(data):
        values = _by_gdcm(data, frame)
    return values if values is not None and values.shape == size else None


def _claimed(data: Dataset, frame: int) -> tuple[int, int] | None:
    """Rows and columns that the compressed frame itself states."""
    with ignoring_damage(), quiet():
        frames = int(data.get("NumberOfFrames") or 1)
        return claimed_size(get_frame(data.PixelData, frame, number_of_frames=frames))
    return None


def _by_pydicom(data: Dataset, frame: int) -> np.ndarray | None:
    with ignoring_damage(), quiet():
        if "TransferSyntaxUID" not in data.file_meta:  # old files without meta information: what reading them found
            implicit, little = data.original_encoding
            data.file_meta.TransferSyntaxUID = (
                ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
            )
        several = int(data.get("NumberOfFrames") or 1) > 1
        return pixel_array(data, index=frame if several else None)
    return None


def _by_gdcm(data: Dataset, frame: int) -> np.ndarray | None:
    with ignoring_damage(), quiet(), tempfile.TemporaryDirectory(prefix="aorta-") as private:
        path = Path(private) / "frame"
        _single_frame(data, frame).save_as(path)
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(path))
        return sitk.GetArrayFromImage(reader.Execute()).squeeze()
    return None


def _single_frame(data: Dataset, frame: int) -> FileDataset:
    frames = int(data.get("NumberOfFrames") or 1)
    encoded = get_frame(data.PixelData, frame, number_of_frames=frames)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
    meta.TransferSyntaxUID = data.file_meta.TransferSyntaxUID
    single = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    single.SOPClassUID, single.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    single.SamplesPerPixel, single.PhotometricInterpretation = 1, "MONOCHROME2"
    for keyword in _KEPT:
        setattr(single, keyword, data[keyword].value)
    single.RescaleSlope, single.RescaleIntercept = "1", "0"
    single.add(pydicom.DataElement("PixelData", "OB", encapsulate([encoded]), is_undefined_length=True))
    return single
