"""Arrays with a grid from single files: NIfTI by nibabel, NRRD and MetaImage by SimpleITK.

NIfTI is RAS and is turned to LPS here, at the door. VTK's readers drop the orientation and are
not used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Optional

import numpy as np
import SimpleITK as sitk

from aorta.errors import InputError, on_damage
from aorta.frames import LPS_FROM_RAS
from aorta.imaging import content
from aorta.imaging.checks import DEFLATE_RATIO, check_bytes, check_size, checked_grid
from aorta.imaging.detached import data_files
from aorta.imaging.nifti import read_nifti
from aorta.imaging.quiet import quiet
from aorta.imaging.straighten import Restack
from aorta.records import Grid

NIFTI, NRRD, META = (".nii", ".nii.gz"), (".nrrd", ".nhdr"), (".mha", ".mhd")


@dataclass(frozen=True)
class FileImage:
    """What a single file holds.

    Parameters
    ----------
    voxels : (nk, nj, ni) or (nk, nj, ni, layers)
        Layers only where a .seg.nrrd has several.
    header : mapping of str to str
        Fields of an NRRD header (segment names); never to be shown.
    """

    grid: Grid
    voxels: np.ndarray
    cautions: tuple[str, ...] = ()
    header: dict[str, str] = field(default_factory=dict, repr=False)


def suffix_of(path: Path) -> str:
    """ ".nii.gz", ".nrrd", ... in lower case."""
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix


def is_image_file(path: Path) -> bool:
    """Whether the name's end is one that ``read_file`` knows."""
    return suffix_of(path) in NIFTI + NRRD + META


def read_file(path: Path, what: str, orientation: Optional[str] = None, resample: bool = False) -> FileImage:
    """A NIfTI, NRRD or MetaImage file.

    Parameters
    ----------
    what : str
        "image" or "label map", for messages.
    orientation : "sform", "qform" or None
        Which of a NIfTI file's two statements holds.
    resample : bool
        Whether a volume sheared along its third axis (a tilted gantry) may be resampled.

    Raises
    ------
    InputError
        Unreadable, not a volume, without orientation, or with contradicting orientations.
    """
    if suffix_of(path) in NIFTI:
        return _nifti(path, what, orientation, resample)
    if orientation is not None:
        raise InputError(
            f"the {what} has neither sform nor qform",
            where=f"{what} of the case file",
            fix="leave 'orientation' out: it is for NIfTI",
        )
    return _itk(path, what, resample)


def _unreadable(path: Path, what: str, format_name: str) -> InputError:
    return InputError(
        f"the {what} cannot be read as {format_name}",
        where=what,
        why=f"the file is {content.kind(path)}, damaged or cut off",
        fix="write or download it again",
    )


def _nifti(path: Path, what: str, orientation: Optional[str], resample: bool) -> FileImage:
    read = read_nifti(path, what, orientation)
    if read is None:
        raise _unreadable(path, what, "NIfTI")
    voxels, affine, cautions = read
    return _placed(voxels.transpose(2, 1, 0), LPS_FROM_RAS @ affine, what, resample, cautions)


def _itk(path: Path, what: str, resample: bool) -> FileImage:
    format_name = "NRRD" if suffix_of(path) in NRRD else "MetaImage"
    with on_damage(_unreadable(path, what, format_name)), quiet():
        reader = sitk.ImageFileReader()
        reader.SetImageIO("NrrdImageIO" if format_name == "NRRD" else "MetaImageIO")
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        size, components = reader.GetSize(), reader.GetNumberOfComponents()
        itemsize = sitk.Image([1] * len(size), reader.GetPixelID(), components).GetSizeOfPixelComponent()
        check_size(size, what, itemsize)
        header = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
        layered = suffix_of(path) in NRRD and components > 1 and "Segment0_ID" in header
        many = components != 1 and not layered
        values = math.prod(size) * components
        check_bytes(values, itemsize, what)
        if values * itemsize > DEFLATE_RATIO * _length(path):
            raise _unreadable(path, what, format_name)
        image = None if many else reader.Execute()
    if many:
        raise InputError(
            f"the {what} has several values per voxel",
            where=what,
            why="a colour or vector file",
            fix="give a file with one value per voxel",
        )
    if format_name == "NRRD" and "NRRD_space" not in header:
        raise InputError(
            f"the {what} does not say how it lies in the patient",
            where=what,
            why="its NRRD header has no 'space'",
            fix="write it with its space, e.g. left-posterior-superior (3D Slicer does)",
        )
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return replace(_placed(sitk.GetArrayFromImage(image), affine, what, resample and not layered, ()), header=header)


def _length(path: Path) -> int:
    """Bytes of the file and of those that it names for its voxels."""
    return sum(file.stat().st_size for file in (path, *data_files(path)))


def _placed(voxels: np.ndarray, affine_lps: np.ndarray, what: str, resample: bool, cautions: tuple[str, ...]) -> FileImage:
    """Voxels (nk, nj, ni ...) on a checked grid; resampled where the third axis alone is aslant and that is allowed."""
    if resample and (sheared := Restack.of_sheared(affine_lps, voxels.shape)) is not None:
        restack, straight, tilt = sheared
        check_size(restack.shape_kji, what)
        grid = restack.grid(straight)
        checked_grid(grid.shape_kji, grid.affine_lps, what)
        return FileImage(grid, restack.apply(voxels, float(voxels.min())), (*cautions, restack.caution(tilt)))
    return FileImage(checked_grid(voxels.shape[:3], affine_lps, what), voxels, cautions)
