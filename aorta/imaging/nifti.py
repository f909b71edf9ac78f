"""NIfTI files by nibabel: voxels, and the affine that two statements of the header may contradict."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import nibabel
import numpy as np

from aorta.errors import InputError, ignoring_damage, on_damage
from aorta.imaging.checks import DEFLATE_RATIO, check_size
from aorta.imaging.quiet import quiet

FORMS_AGREE_MM = 0.1
"""How far apart sform and qform may put a corner of the image without a word."""

FORMS_DIFFER_MM = 1.0
"""Beyond this they are two places, or a flip, and the case file must say which holds."""

_VOXELS_AT = 352


def read_nifti(path: Path, what: str, orientation: Optional[str]) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]] | None:
    """Voxels (ni, nj, nk), RAS affine (4, 4) in mm and cautions; None where the file cannot be read.

    Raises
    ------
    InputError
        Not a volume, in another unit, without orientation, or with two that contradict each other.
    """
    stored = _stored(path, what)
    if stored is None:
        return None
    image, voxels = stored
    affine, cautions = _affine(image, voxels.shape, what, orientation)
    return voxels, affine, cautions


def _stored(path: Path, what: str) -> tuple[nibabel.Nifti1Image, np.ndarray] | None:
    """The file as opened and its voxels (ni, nj, nk), rescaled; None where they cannot be read."""
    with ignoring_damage(), quiet():
        image = nibabel.load(path, mmap=False)  # a file that shrinks while it is mapped kills the process
        if not isinstance(image, nibabel.Nifti1Image):  # Nifti2 is a subclass
            return None
        shape = tuple(int(n) for q, n in enumerate(image.shape) if q < 3 or n != 1)
        kind = image.get_data_dtype()
        check_size(shape, what, kind.itemsize)
        if kind.kind not in "iuf" or not _can_hold(path, shape, kind.itemsize):
            return None
        slope, intercept = image.header.get_slope_inter()
        scaled = slope not in (None, 1.0) or intercept not in (None, 0.0)
        # scaled values as float32: nibabel's default, float64, takes twice the memory for the same information
        voxels = image.dataobj.get_scaled(np.float32) if scaled else image.dataobj.get_unscaled()
        return image, np.asarray(voxels, np.float32 if voxels.dtype.kind == "f" else None).reshape(shape)
    return None


def _can_hold(path: Path, shape: tuple[int, ...], itemsize: int) -> bool:
    """Whether a file of this length can hold what its header says, before memory is taken for it."""
    needed = int(np.prod(shape)) * itemsize
    length = path.stat().st_size
    return length * DEFLATE_RATIO >= needed if path.name.lower().endswith(".gz") else length >= needed + _VOXELS_AT - 4


def _affine(
    image: nibabel.Nifti1Image, shape: tuple[int, ...], what: str, orientation: Optional[str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(4, 4) RAS affine: the form that the case file names, else by nibabel's rule the sform if its code is set, else the qform."""
    header = image.header
    no_rotation = InputError(
        f"the {what}'s orientation is not valid", where=what, why="its qform is not a rotation", fix="write the file again"
    )
    with on_damage(no_rotation), quiet():
        unit = header.get_xyzt_units()[0]
        forms = {"sform": header.get_sform(coded=True)[0], "qform": header.get_qform(coded=True)[0]}
    if unit in ("meter", "micron"):
        raise InputError(
            f"the {what}'s voxel size is not in millimetres",
            where=what,
            why=f"its header says {unit}",
            fix="write the file with millimetres",
        )
    given = {name: form for name, form in forms.items() if form is not None}
    if orientation is not None and orientation not in given:
        raise InputError(
            f"the {what} has no {orientation}",
            where=f"{_key(what)}.orientation of the case file",
            why=f"its header sets {' and '.join(given) or 'neither sform nor qform'}",
            fix="leave this out",
        )
    used = orientation or next(iter(given), None)
    if used is None or not given[used][:3, :3].any(axis=0).all():
        raise InputError(
            f"the {what} does not say how it lies in the patient",
            where=what,
            why="neither the sform nor the qform of its NIfTI header is set",
            fix="convert it again from DICOM, or write it with an orientation (3D Slicer does)",
        )
    cautions = _disagreement(given, shape, what, orientation) if len(given) == 2 else ()
    return given[used], cautions


def _disagreement(forms: dict[str, np.ndarray], shape: tuple[int, ...], what: str, orientation: Optional[str]) -> tuple[str, ...]:
    """A caution where sform and qform differ a little or one was chosen; refused where nobody chose between two places."""
    sform, qform = forms["sform"], forms["qform"]
    last = np.array(shape) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])], float)
    apart = float(np.linalg.norm((corners @ (sform - qform).T)[:, :3], axis=1).max())
    if apart <= FORMS_AGREE_MM:
        return ()
    if orientation is not None:
        return (
            f"sform and qform of the {what} put it up to {apart:.1f} mm apart; the {orientation} is used, as the case file says",
        )
    sizes = [np.linalg.norm(form[:3, :3], axis=0) for form in (sform, qform)]
    size = np.abs(sizes[0] / np.where(sizes[1] > 0, sizes[1], np.inf) - 1).max() > 0.01
    if size or not apart <= FORMS_DIFFER_MM:
        said = " and ".join(
            f"{name} {' × '.join(f'{v:.3f}' for v in voxel)} mm, {_axes(form)}" for (name, form), voxel in zip(forms.items(), sizes)
        )
        raise InputError(
            f"the {what}'s two statements of {'its voxel size' if size else 'where it lies'} contradict each other",
            where=what,
            why=f"up to {apart:.1f} mm apart: {said}",
            fix=f"write the file with one orientation, or say which holds: 'orientation: sform' or 'qform' under '{_key(what)}:'",
        )
    return (f"sform and qform of the {what} put it up to {apart:.1f} mm apart; the sform is used",)


def _key(what: str) -> str:
    return "labels" if what == "label map" else "image"


def _axes(form: np.ndarray) -> str:
    """ "axes LPS": where the file's axes point to."""
    with ignoring_damage():
        return "axes " + "".join(axis or "?" for axis in nibabel.aff2axcodes(form))
    return "axes not valid"
