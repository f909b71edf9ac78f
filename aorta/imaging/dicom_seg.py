"""DICOM segmentation objects, by highdicom. (SimpleITK opens them as a stack of frames at spacing 1, silently.)"""

from __future__ import annotations

from pathlib import Path

import highdicom
import numpy as np

from aorta.errors import InputError, on_damage
from aorta.imaging import content
from aorta.imaging.checks import check_bytes, check_size, checked_grid
from aorta.imaging.dicom_open import bounded
from aorta.imaging.quiet import quiet
from aorta.records import Grid


def read_segmentation_object(path: Path) -> tuple[Grid, np.ndarray, dict[int, str]]:
    """Grid, segment numbers (nk, nj, ni) and the segments' names by number.

    The grid is that of the stored frames, which may be fewer than the image's slices.

    Raises
    ------
    InputError
        Not a segmentation, cut off, fractional, segments that overlap, or frames off a grid.
    """
    unreadable = InputError(
        "the label map is not a DICOM segmentation that can be read",
        where="labels",
        why=f"the file is {content.kind(path)}: another DICOM object, damaged or cut off",
        fix="give the SEG file, or export the labels as .seg.nrrd or NIfTI",
    )
    with on_damage(unreadable), quiet(), bounded(path, "labels") as file:
        seg = highdicom.seg.segread(file)
        claimed = int(seg.get("NumberOfFrames") or 1) * int(seg.Rows) * int(seg.Columns)
        fractional = seg.segmentation_type == highdicom.seg.SegmentationTypeValues.FRACTIONAL
    check_bytes(claimed, 1, "label map")  # a value for each pixel of each frame
    if fractional:
        raise InputError(
            "the DICOM segmentation is fractional",
            where="labels",
            why="probabilities, not classes",
            fix="export it as binary or label map",
        )
    no_label_map = InputError(
        "the DICOM segmentation does not make a label map",
        where="labels",
        why="its segments overlap, or its frames do not lie on a regular grid",
        fix="export it without overlap, as .seg.nrrd or NIfTI",
    )
    with on_damage(no_label_map), quiet():
        volume = seg.get_volume(combine_segments=True)
        names = {number: str(seg.get_segment_description(number).segment_label) for number in seg.segment_numbers}
    check_size(volume.array.shape, "label map")
    affine = np.asarray(volume.affine, float)[:, [2, 1, 0, 3]]  # highdicom's indices are (slice, row, column)
    return checked_grid(volume.array.shape, affine, "label map"), np.asarray(volume.array), names
