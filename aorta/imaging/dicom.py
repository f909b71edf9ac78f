"""One CT or MR series, from a folder or another collection of DICOM files, as a Volume."""

from __future__ import annotations

from pathlib import Path

from aorta.errors import InputError
from aorta.imaging import acquisition
from aorta.imaging.checks import volume_of
from aorta.imaging.dicom_choice import choose
from aorta.imaging.dicom_geometry import stack_of
from aorta.imaging.dicom_headers import number
from aorta.imaging.dicom_pixels import LOWEST_HU, lossy, read_pixels
from aorta.imaging.dicom_series import find_series, listing
from aorta.records import Progress, Volume, silent
from aorta.settings import ImageInput


def files_in(folder: Path) -> list[Path]:
    """The files of a folder and its subfolders in name order, without hidden ones.

    Raises
    ------
    InputError
        Missing or empty folder.
    """
    if not folder.is_dir():
        raise InputError("the image folder does not exist", where="image.path of the case file", fix="correct the path")
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".") and p.name != "DICOMDIR")
    if not files:
        raise InputError(
            "the image folder is empty", where="image.path of the case file", fix="name the folder that holds the DICOM files"
        )
    return files


def read_series(files: list[Path], settings: ImageInput, progress: Progress = silent) -> Volume:
    """The series among the files that the settings name, or the only one that can be meant.

    Raises
    ------
    InputError
        No series, several that could be meant, or one that makes no regular grid.
    """
    found, cautions = find_series(files)
    series, findings, told = choose(found, settings)
    for item in series.slices:
        if item.frame is None and (number(item.header, "NumberOfFrames") or 1) > 1:
            raise InputError(
                "a multi-frame DICOM file is neither enhanced CT nor enhanced MR",
                where=item.name,
                why="it does not say where its frames are",
                fix="export the series as one file per slice",
            )
    stack = stack_of(series, settings.resample)
    voxels = read_pixels(stack.slices, series.modality, progress)
    if stack.restack is not None:
        progress("resampling onto a rectangular grid")
        voxels = stack.restack.apply(voxels, LOWEST_HU if series.modality == "CT" else float(voxels.min()))
    facts = acquisition.facts(stack.slices[0].header)
    cautions = (*told, *stack.cautions, *lossy(stack.slices), *cautions)
    return volume_of(stack.grid, voxels, series.modality, facts, cautions, findings, listing(found))
