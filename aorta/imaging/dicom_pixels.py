"""Voxel values of a series, slice by slice, with slope and intercept applied."""

from __future__ import annotations

import numpy as np
import pydicom
import SimpleITK as sitk

from aorta.errors import InputError
from aorta.imaging.dicom_files import SliceFile, number
from aorta.imaging.quiet import quiet
from aorta.records import Progress, silent

LOWEST_HU = -1024.0
"""Padding outside the scanner's circle is often below; nothing real is."""


def read_pixels(slices: tuple[SliceFile, ...], modality: str, progress: Progress = silent) -> np.ndarray:
    """(nk, nj, ni) int16 where all values are whole and fit, else float32. CT in HU.

    Raises
    ------
    InputError
        Cut off, colour, a compression that cannot be decoded, or CT without rescale values.
    """
    volume = None
    whole = True
    for k, item in enumerate(slices):
        plane = _rescaled(item, modality)
        if volume is None:
            volume = np.empty((len(slices), *plane.shape), np.float32)
        volume[k] = plane
        whole = whole and bool((plane == np.rint(plane)).all())
        if k % 20 == 0:
            progress(f"reading slice {k + 1} of {len(slices)}", k / len(slices))
    if modality == "CT":
        np.maximum(volume, LOWEST_HU, out=volume)
    fits = volume.min() >= -32768 and volume.max() <= 32767
    return volume.astype(np.int16) if whole and fits else volume


def _rescaled(item: SliceFile, modality: str) -> np.ndarray:
    """(nj, ni) float: one slice."""
    try:
        with quiet():
            header = pydicom.dcmread(item.path, force=True)
    except Exception:  # pydicom lets many kinds of error through on damaged files
        header = None
    if header is None or not header.get("PixelData"):
        raise _cut_off(item)
    if header.get("SamplesPerPixel", 1) != 1 or header.get("PhotometricInterpretation") != "MONOCHROME2":
        raise InputError(
            "a slice is a colour or inverted picture", where=item.name, fix="use the original series, not screen captures"
        )
    slope, intercept = number(header, "RescaleSlope"), number(header, "RescaleIntercept")
    if modality == "CT" and (slope is None or intercept is None):
        raise InputError(
            "a CT slice has no rescale slope or intercept",
            where=item.name,
            why="without them its values are not Hounsfield units",
            fix="use the original series",
        )
    compressed = _is_compressed(header)
    size = int(number(item.header, "Rows") or 0), int(number(item.header, "Columns") or 0)
    expected = size[0] * size[1] * int(number(header, "BitsAllocated") or 16) // 8
    if not compressed and len(header.PixelData) < expected:
        raise _cut_off(item)
    try:
        with quiet():
            stored = header.pixel_array
    except Exception:  # decoders raise what they like; and nothing of ours is raised in here, it would quote theirs
        stored = None
    if stored is None:
        return _by_gdcm(item, size, compressed)
    if stored.shape != size:
        raise _cut_off(item)
    return stored * (1.0 if slope is None else slope) + (intercept or 0.0)


def _is_compressed(header: pydicom.Dataset) -> bool:
    syntax = header.file_meta.get("TransferSyntaxUID")
    try:
        return syntax is not None and syntax.is_compressed
    except ValueError:  # an UID that is no transfer syntax
        return True


def _by_gdcm(item: SliceFile, size: tuple[int, int], compressed: bool) -> np.ndarray:
    """ITK's own decoders (lossless JPEG above all), which rescale by themselves."""
    try:
        with quiet():
            image = sitk.ReadImage(str(item.path))
            plane = sitk.GetArrayFromImage(image).squeeze()
    except RuntimeError:
        plane = np.empty(0)
    if plane.shape != size:
        if compressed:
            raise InputError(
                "a slice's compression cannot be decoded",
                where=item.name,
                why="neither pydicom nor GDCM reads this transfer syntax, or the compressed data are cut off",
                fix="export the series uncompressed (explicit VR little endian)",
            )
        raise _cut_off(item)
    return plane.astype(float)


def _cut_off(item: SliceFile) -> InputError:
    return InputError(
        "a DICOM file is damaged or cut off",
        where=item.name,
        why="its pixel data are missing or incomplete",
        fix="export or copy the series again",
    )
