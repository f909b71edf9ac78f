"""Segments of a .seg.nrrd as 3D Slicer writes it: names, values and layers in the header.

Field names: Slicer's documentation, "Segmentation file format (.seg.nrrd)". A segment's name is
used to find its class and for nothing else: people write anything into names.
"""

from __future__ import annotations

import numpy as np

from aorta.errors import InputError
from aorta.imaging.files import FileImage


def segments(image: FileImage) -> tuple[np.ndarray, dict[int, str] | None]:
    """Voxels (nk, nj, ni) with one value per segment, and the names; renumbered where a .seg.nrrd has layers."""
    header = image.header
    if "Segment0_ID" not in header:
        return image.voxels, None
    layers = image.voxels if image.voxels.ndim == 4 else image.voxels[..., None]
    voxels, names = np.zeros(layers.shape[:3], np.int32), {}
    number = 0
    claimed = np.zeros(layers.shape, bool)
    while f"Segment{number}_ID" in header:
        layer = _whole(header.get(f"Segment{number}_Layer", "0"))
        value = _whole(header.get(f"Segment{number}_LabelValue", str(number + 1)))
        if layer is None or not value or layer >= layers.shape[3]:
            raise InputError(
                "the .seg.nrrd's header does not match its voxels",
                where="labels",
                why=f"the layer or value of segment {number + 1} does not exist",
                fix="save it again",
            )
        mask = layers[..., layer] == value
        if (voxels[mask] != 0).any():
            raise InputError(
                "segments of the label map overlap",
                where="labels",
                why=f"segment {number + 1} shares {int((voxels[mask] != 0).sum())} voxels with earlier ones",
                fix="in 3D Slicer: Segment Editor, Masking, 'Overwrite other segments', and save again",
            )
        key = value if layers.shape[3] == 1 else number + 1
        voxels[mask], names[key] = key, header.get(f"Segment{number}_Name", "")
        claimed[..., layer] |= mask
        number += 1
    nameless = (layers != 0) & ~claimed
    if nameless.any():
        raise InputError(
            "the .seg.nrrd has values that belong to no segment",
            where="labels",
            why=f"{int(nameless.sum())} voxels",
            fix="save it again",
        )
    return voxels, names


def _whole(text: str) -> int | None:
    """A number from 0, None where the text is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
