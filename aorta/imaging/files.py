"""Arrays with a grid from single files: NIfTI by nibabel, NRRD and MetaImage by SimpleITK.

NIfTI is RAS and is turned to LPS here, at the door. VTK's readers drop the orientation and are
not used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK as sitk

from aorta.errors import InputError
from aorta.frames import LPS_FROM_RAS
from aorta.imaging import content
from aorta.imaging.checks import check_size, checked_grid
from aorta.imaging.quiet import quiet
from aorta.records import Grid

NIFTI, NRRD, META = (".nii", ".nii.gz"), (".nrrd", ".nhdr"), (".mha", ".mhd")
FORMS_AGREE_MM = 0.1
"""How far apart sform and qform may put a corner of the image."""


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


def read_file(path: Path, what: str) -> FileImage:
    """A NIfTI, NRRD or MetaImage file; ``what`` ("image", "label map") is for messages.

    Raises
    ------
    InputError
        Unreadable, not a volume, without orientation, or with contradicting orientations.
    """
    return _nifti(path, what) if suffix_of(path) in NIFTI else _itk(path, what)


def _unreadable(path: Path, what: str, format_name: str) -> InputError:
    return InputError(
        f"the {what} cannot be read as {format_name}",
        where=what,
        why=f"the file is {content.kind(path)}, damaged or cut off",
        fix="write or download it again",
    )


def _nifti(path: Path, what: str) -> FileImage:
    try:
        with quiet():
            image = nibabel.load(path)
            if not isinstance(image, nibabel.Nifti1Image):  # Nifti2 is a subclass
                raise ValueError
            shape = tuple(n for q, n in enumerate(image.shape) if q < 3 or n != 1)
            check_size(shape, what)
            if image.get_data_dtype().kind not in "iuf":
                raise ValueError
            voxels = np.asanyarray(image.dataobj).reshape(shape)
    except InputError:
        raise
    except Exception:  # nibabel and gzip raise many kinds on damaged files, some with the file's name
        raise _unreadable(path, what, "NIfTI") from None
    affine, cautions = _nifti_affine(image, shape, what)
    grid = checked_grid(shape[::-1], LPS_FROM_RAS @ affine, what)
    return FileImage(grid, voxels.transpose(2, 1, 0), cautions)


def _nifti_affine(image: nibabel.Nifti1Image, shape: tuple[int, ...], what: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """(4, 4) RAS affine by nibabel's rule: sform if its code is set, else qform."""
    header = image.header
    unit = header.get_xyzt_units()[0]
    if unit in ("meter", "micron"):
        raise InputError(
            f"the {what}'s voxel size is not in millimetres",
            where=what,
            why=f"its header says {unit}",
            fix="write the file with millimetres",
        )
    with quiet():
        try:
            sform, qform = header.get_sform(coded=True)[0], header.get_qform(coded=True)[0]
        except (ValueError, nibabel.spatialimages.HeaderDataError):
            raise InputError(
                f"the {what}'s orientation is not valid", where=what, why="its qform is not a rotation", fix="write the file again"
            ) from None
    affine = sform if sform is not None else qform
    if affine is None or not affine[:3, :3].any(axis=0).all():
        raise InputError(
            f"the {what} does not say how it lies in the patient",
            where=what,
            why="neither the sform nor the qform of its NIfTI header is set",
            fix="convert it again from DICOM, or write it with an orientation (3D Slicer does)",
        )
    if sform is None or qform is None:
        return affine, ()
    last = np.array(shape) - 1
    corners = np.array([[i, j, k, 1] for i in (0, last[0]) for j in (0, last[1]) for k in (0, last[2])], float)
    apart = float(np.linalg.norm((corners @ (sform - qform).T)[:, :3], axis=1).max())
    if apart <= FORMS_AGREE_MM:
        return affine, ()
    sizes = [np.linalg.norm(form[:3, :3], axis=0) for form in (sform, qform)]
    if np.abs(sizes[0] / sizes[1] - 1).max() > 0.01:
        raise InputError(
            f"the {what}'s two statements of its voxel size contradict each other",
            where=what,
            why=f"sform {' × '.join(f'{v:.3f}' for v in sizes[0])} mm, qform {' × '.join(f'{v:.3f}' for v in sizes[1])} mm",
            fix="write the file with one orientation",
        )
    return affine, (f"sform and qform of the {what} put it up to {apart:.1f} mm apart; the sform is used",)


def _itk(path: Path, what: str) -> FileImage:
    format_name = "NRRD" if suffix_of(path) in NRRD else "MetaImage"
    try:
        with quiet():
            reader = sitk.ImageFileReader()
            reader.SetImageIO("NrrdImageIO" if format_name == "NRRD" else "MetaImageIO")
            reader.SetFileName(str(path))
            reader.ReadImageInformation()
            size = reader.GetSize()
            check_size(size, what)
            image = reader.Execute()
            header = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
    except RuntimeError:
        raise _unreadable(path, what, format_name) from None
    layered = suffix_of(path) in NRRD and image.GetNumberOfComponentsPerPixel() > 1 and "Segment0_ID" in header
    if image.GetNumberOfComponentsPerPixel() != 1 and not layered:
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
    return FileImage(checked_grid(size[::-1], affine, what), sitk.GetArrayFromImage(image), (), header)
