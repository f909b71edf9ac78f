"""The door for label maps, in and out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nibabel
import numpy as np

from aorta.errors import InputError, SetupError, on_os_error
from aorta.frames import LPS_FROM_RAS
from aorta.imaging import content
from aorta.imaging.class_names import mapping
from aorta.imaging.dicom_seg import read_segmentation_object
from aorta.imaging.files import is_image_file, read_file
from aorta.imaging.slicer_segments import segments
from aorta.records import CLASSES, NO_THROMBUS_CLASS, Grid, Labels, Volume
from aorta.settings import LabelInput


def read_labels(path: Path, settings: LabelInput) -> Labels:
    """A label map as ours: NIfTI, NRRD (.seg.nrrd with its segment names), MetaImage or DICOM-SEG.

    Raises
    ------
    InputError
        Unreadable, values without a class, no lumen, or no orientation.
    """
    path = _the_file(Path(path))
    names: Mapping[int, str] | None = None
    cautions: tuple[str, ...] = ()
    if is_image_file(path):
        image = read_file(path, "label map", settings.orientation)
        grid, (voxels, names), cautions = image.grid, segments(image), image.cautions
    elif content.kind(path) == "DICOM":
        grid, voxels, names = read_segmentation_object(path)
    else:
        raise InputError(
            "the label map is of no format that is read",
            where="labels.path of the case file",
            why=f"the file is {content.kind(path)}",
            fix="give .nii, .nii.gz, .nrrd, .seg.nrrd, .mha, .mhd or a DICOM segmentation",
        )
    voxels = _whole(voxels)
    found = [int(value) for value in np.unique(voxels) if value != 0]
    if not found:
        raise InputError("the label map is empty", where="labels", why="all voxels are 0", fix="draw at least the lumen")
    ours = np.zeros(voxels.shape, np.uint8)
    for value, name in mapping(settings, found, names).items():
        if name is not None:
            ours[voxels == value] = CLASSES[name]
    if not (ours == CLASSES["lumen"]).any():
        listed = ", ".join(map(str, found[:20]))
        raise InputError(
            "the label map has no lumen", where="labels", why=f"values found: {listed}", fix="draw the lumen, or correct 'classes'"
        )
    if settings.convention == "totalsegmentator" and not settings.classes:
        cautions += (NO_THROMBUS_CLASS,)
    return Labels(grid, ours, cautions)


def write_labels(labels: Labels, path: Path) -> None:
    """Write NIfTI (.nii or .nii.gz), in RAS as the format wants, sform and qform alike.

    Raises
    ------
    SetupError
        The file cannot be written.
    """
    image = nibabel.Nifti1Image(labels.voxels.transpose(2, 1, 0), LPS_FROM_RAS @ labels.grid.affine_lps, dtype=np.uint8)
    image.header.set_xyzt_units("mm")
    image.set_sform(image.affine, code="scanner")
    image.set_qform(image.affine, code="scanner")
    with on_os_error(unwritable(path)):
        nibabel.save(image, path)


def unwritable(path: Path) -> SetupError:
    """That a label map cannot be written there."""
    return SetupError(
        "the label map cannot be written", where=path.name, fix="free some space, or name a folder that can be written"
    )


def check_same_grid(labels: Labels, volume: Volume) -> None:
    """Refuse a label map that was not drawn on this image's grid.

    Raises
    ------
    InputError
        Another size, or the same size at another place or spacing; says which.
    """
    mine, image = labels.grid, volume.grid
    if mine.same_as(image):
        return
    if mine.shape_kji != image.shape_kji:
        why = f"label map {_size(mine)} voxels, image {_size(image)}"
    elif np.abs(mine.spacing_ijk - image.spacing_ijk).max() > 1e-3:
        why = f"voxels of {_spacing(mine)} mm in the label map, {_spacing(image)} mm in the image"
    else:
        last = np.array(image.shape_kji[::-1]) - 1.0
        apart = max(float(np.linalg.norm(mine.to_lps(c) - image.to_lps(c))) for c in (np.zeros(3), last))
        why = f"the same size and spacing, but up to {apart:.2f} mm apart (moved, or LPS and RAS mixed up)"
    raise InputError(
        "the label map is on another grid than the image",
        where="labels",
        why=why,
        fix="resample it onto the image with nearest neighbour, or export it with the image as reference geometry",
    )


def _size(grid: Grid) -> str:
    return "×".join(map(str, grid.shape_kji[::-1]))


def _spacing(grid: Grid) -> str:
    return " × ".join(f"{s:.4g}" for s in grid.spacing_ijk)


def _the_file(path: Path) -> Path:
    """The path itself, or the only file of a folder."""
    if path.is_dir():
        files = [p for p in sorted(path.iterdir()) if p.is_file() and not p.name.startswith(".")]
        if len(files) != 1:
            raise InputError(
                "the label map is a folder",
                where="labels.path of the case file",
                why=f"it holds {len(files)} files; a label map is one",
                fix="name the file",
            )
        return files[0]
    if not path.is_file():
        raise InputError("the label map does not exist", where="labels.path of the case file", fix="correct the path")
    return path


def _whole(voxels: np.ndarray) -> np.ndarray:
    """The same values as integers."""
    if voxels.dtype.kind in "iu":
        return voxels
    rounded = np.rint(voxels)
    if not np.isfinite(voxels).all() or np.abs(voxels - rounded).max() > 1e-3:
        raise InputError(
            "the label map has values that are not whole numbers",
            where="labels",
            why="an image, or resampled with interpolation",
            fix="use nearest neighbour",
        )
    return rounded.astype(np.int64)
