"""The scan that a segmentation object is to refer to: its UIDs, slice by slice, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from aorta.errors import InputError
from aorta.imaging.dicom import files_in
from aorta.imaging.dicom_choice import choose
from aorta.imaging.dicom_geometry import stack_of
from aorta.imaging.dicom_open import read_dicom
from aorta.imaging.dicom_seg_out import UIDS
from aorta.imaging.dicom_series import find_series
from aorta.imaging.placement import onto_grid
from aorta.imaging.quiet import quiet
from aorta.records import Labels, Volume
from aorta.settings import ImageInput


def scan_of(labels: Labels, folder: Path, series: int | None = None) -> tuple[Labels, list[Dataset]]:
    """The labels on the scan's grid, and the ``UIDS`` of each of its slices.

    Raises
    ------
    InputError
        No such series, labels drawn on another grid, or a multi-frame scan.
    """
    found, _ = find_series(files_in(folder))
    chosen, _, _ = choose(found, ImageInput(str(folder), series=series))
    stack = stack_of(chosen)
    if any(item.frame is not None for item in stack.slices):
        raise InputError(
            "the scan to refer to is a multi-frame file",
            where=f"series {chosen.number}",
            why="only references to scans of one file per slice are written",
            fix="write the segmentation without a reference",
        )
    # only the grid matters: one byte stands for all voxels
    empty = np.broadcast_to(np.zeros((), np.int16), stack.grid.shape_kji)
    return onto_grid(labels, Volume(stack.grid, empty, chosen.modality)), [_uids(item.path, item.name) for item in stack.slices]


def _uids(path: Path, name: str) -> Dataset:
    with quiet():
        header = read_dicom(path, name, stop_before_pixels=True, specific_tags=list(UIDS))
    if any(not header.get(keyword) for keyword in UIDS):
        raise InputError(
            "the scan to refer to lacks a UID",
            where=name,
            why="study, series, slice and frame of reference must have one",
            fix="write the segmentation without a reference",
        )
    return header
