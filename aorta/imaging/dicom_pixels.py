"""Voxel values of a series, slice by slice, with slope and intercept applied."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from aorta.errors import InputError, on_damage
from aorta.imaging.dicom_decode import UNDECODED, is_compressed, stored_values
from aorta.imaging.dicom_headers import SliceFile, number, words
from aorta.imaging.dicom_open import read_dicom
from aorta.imaging.quiet import quiet
from aorta.records import Progress, silent

LOWEST_HU = -1024.0
"""Padding outside the scanner's circle is often below; nothing real is."""

_LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81")
"""JPEG baseline and extended, JPEG-LS near-lossless (DICOM PS3.5 annex A). JPEG 2000 says so in LossyImageCompression."""


def read_pixels(slices: tuple[SliceFile, ...], modality: str, progress: Progress = silent) -> np.ndarray:
    """(nk, nj, ni) int16 where all values are whole and fit, else float32. CT in HU.

    Raises
    ------
    InputError
        Cut off, colour, a compression that cannot be decoded, or CT without rescale values.
    """
    size = int(number(slices[0].header, "Rows") or 0), int(number(slices[0].header, "Columns") or 0)
    volume = np.empty((len(slices), *size), np.int16)
    path, data = None, None
    for k, item in enumerate(slices):
        if item.path != path:  # frames of one file come one after another
            path, data = item.path, _opened(item)
        plane = _rescaled(item, data, modality, size)
        if volume.dtype == np.int16 and not _fits_int16(plane):
            volume = volume.astype(np.float32)
        volume[k] = plane
        if k % 20 == 0:
            progress(f"reading slice {k + 1} of {len(slices)}", k / len(slices))
    return volume


def lossy(slices: tuple[SliceFile, ...]) -> tuple[str, ...]:
    """A caution where values were lost in compression."""
    count = sum(item.syntax in _LOSSY or "01" in words(item.header, "LossyImageCompression") for item in slices)
    if not count:
        return ()
    return (f"{count} of {len(slices)} slices were compressed with loss: fine detail and values near edges are not as scanned",)


def _fits_int16(plane: np.ndarray) -> bool:
    if plane.dtype.kind in "iu" and plane.dtype.itemsize == 2 and plane.dtype.kind == "i":
        return True
    if plane.min() < -32768 or plane.max() > 32767:
        return False
    return plane.dtype.kind in "iu" or bool((plane == np.rint(plane)).all())


def _opened(item: SliceFile) -> Dataset:
    with on_damage(_cut_off(item)), quiet():
        data = read_dicom(item.path, item.name)
        for element in data.group_dataset(0x0028):  # decode now what says how pixels are stored
            _ = element.value
        complete = bool(data.get("PixelData"))
    if not complete:
        raise _cut_off(item)
    return data


def _rescaled(item: SliceFile, data: Dataset, modality: str, size: tuple[int, int]) -> np.ndarray:
    """(nj, ni): one slice, CT in HU."""
    if data.get("SamplesPerPixel", 1) != 1 or data.get("PhotometricInterpretation") != "MONOCHROME2":
        raise InputError(
            "a slice is a colour or inverted picture", where=item.name, fix="use the original series, not screen captures"
        )
    slope, intercept = number(item.header, "RescaleSlope"), number(item.header, "RescaleIntercept")
    if modality == "CT" and (slope is None or intercept is None):
        raise InputError(
            "a CT slice has no rescale slope or intercept",
            where=item.name,
            why="without them its values are not Hounsfield units",
            fix="use the original series",
        )
    frames = max(int(number(data, "NumberOfFrames") or 1), 1)
    expected = frames * size[0] * size[1] * int(number(data, "BitsAllocated") or 16) // 8
    if not is_compressed(data) and len(data.PixelData) < expected:
        raise _cut_off(item)
    stored = stored_values(data, item.frame or 0, size)
    if stored is None:
        if is_compressed(data):
            raise InputError("a slice's compression cannot be decoded", where=item.name, **UNDECODED)
        raise _cut_off(item)
    slope, intercept = (1.0 if slope is None else slope), intercept or 0.0
    if slope == 1.0 and intercept == round(intercept) and abs(intercept) < 1e6 and stored.dtype.kind in "iu":
        plane = stored.astype(np.int32) + int(intercept) if stored.dtype.itemsize < 4 else stored.astype(np.int64) + int(intercept)
    else:
        plane = stored * slope + intercept
    return np.maximum(plane, int(LOWEST_HU)) if modality == "CT" else plane


def _cut_off(item: SliceFile) -> InputError:
    return InputError(
        "a DICOM file is damaged or cut off",
        where=item.name,
        why="its pixel data are missing or incomplete",
        fix="export or copy the series again",
    )
