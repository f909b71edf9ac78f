"""The door for images: whatever it is, out comes a checked, de-identified Volume."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aorta.errors import InputError
from aorta.imaging import content
from aorta.imaging.archive import unpacked
from aorta.imaging.checks import volume_of
from aorta.imaging.dicom import files_in, read_series
from aorta.imaging.dicom_directory import is_directory, referenced_files
from aorta.imaging.dicom_frames import is_enhanced
from aorta.imaging.files import is_image_file, read_file, suffix_of
from aorta.records import Progress, Volume, silent
from aorta.settings import ImageInput


def read_image(path: Path, settings: ImageInput, progress: Progress = silent) -> Volume:
    """A DICOM folder or zip, NIfTI, NRRD or MetaImage as a Volume in LPS millimetres.

    Voxels stay in the order of the file; the affine tells how they lie. Nothing of the file's
    name, and of DICOM headers nothing beyond ``acquisition.facts``, is kept or told.

    Raises
    ------
    InputError
        Whatever stops the image from being what it should be; see ``tests/imaging``.
    """
    path = Path(path)
    if path.is_dir():
        return read_series(files_in(path), settings, progress)
    if not path.is_file():
        raise InputError("the image does not exist", where="image.path of the case file", fix="correct the path")
    kind = content.kind(path)
    if suffix_of(path) == ".zip" or (kind == "a zip archive" and not is_image_file(path)):
        with unpacked(path) as folder:
            return read_series(files_in(folder), settings, progress)
    if is_image_file(path):
        return _single_file(path, settings)
    if kind == "DICOM" and is_directory(path):
        return read_series(referenced_files(path), settings, progress)
    if kind == "DICOM" and is_enhanced(path):
        return read_series([path], settings, progress)
    if kind == "DICOM":
        raise InputError(
            "the image is a single DICOM file",
            where="image.path of the case file",
            fix="name the folder that holds the whole series",
        )
    raise InputError(
        "the image is of no format that is read",
        where="image.path of the case file",
        why=f"the file is {kind}",
        fix="give a DICOM folder or zip, or a .nii, .nii.gz, .nrrd, .mha or .mhd file",
    )


def _single_file(path: Path, settings: ImageInput) -> Volume:
    image = read_file(path, "image", settings.orientation, settings.resample)
    if image.voxels.ndim != 3:
        raise InputError("the image is a segmentation with several layers", where="image", fix="give it as labels, not as image")
    if settings.modality is None:
        raise InputError(
            "the case file must say whether the image is CT or MR",
            where="image.modality of the case file",
            why="a file of this format does not tell",
            fix="add 'modality: CT' or 'modality: MR'",
        )
    return volume_of(image.grid, _compact(image.voxels), settings.modality, {}, image.cautions)


def _compact(voxels: np.ndarray) -> np.ndarray:
    """int16 where the values are whole and fit, else float32; a contiguous copy."""
    if voxels.dtype.kind in "iu" and voxels.min() >= -32768 and voxels.max() <= 32767:
        return np.ascontiguousarray(voxels, dtype=np.int16)
    with np.errstate(invalid="ignore"):
        whole = voxels.dtype.kind == "f" and bool((voxels == np.rint(voxels)).all())
    if whole and voxels.min() >= -32768 and voxels.max() <= 32767:
        return np.ascontiguousarray(voxels, dtype=np.int16)
    return np.ascontiguousarray(voxels, dtype=np.float32)
