"""Bright-blood MR seen as a CT, so that the outer wall can be sought as there: thrombus and wall are dark, fat is bright.

Balanced sequences show blood brightest, fat at about 0.7 of it, thrombus, wall and muscle at 0.15 to 0.3 (textbook figures,
unverified). Dark becomes soft tissue and bright becomes fat; the blood is set apart by its mask, since its blurred edge passes
through fat's brightness.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array
from aorta.segmentation.distance import distance_to

DARK, BRIGHT = 0.3, 0.7  # of the blood's brightness nearby
SOFT_HU, FAT_HU, BLOOD_HU = 60.0, -100.0, 300.0


def as_ct(voxels: Array, field: Array, blood: Array, spacing: Array, wall_thickness_mm: float) -> Array:
    """Stand-in HU (nk, nj, ni) float32 of a bright-blood image.

    Parameters
    ----------
    voxels, field : (nk, nj, ni) float
        The image, and the blood's brightness, NaN where it is not known (taken from the nearest voxel where it is).
    blood : (nk, nj, ni) bool
        Its surroundings by the wall's thickness are wall: what is bright there is the blood's own blurred edge.
    """
    unknown = np.isnan(field)
    nearest = ndi.distance_transform_edt(unknown, sampling=spacing, return_distances=False, return_indices=True)
    share = voxels / np.maximum(field[tuple(nearest)], 1e-6)
    values = np.interp(share, (DARK, BRIGHT), (SOFT_HU, FAT_HU)).astype(np.float32)
    values[distance_to(blood, spacing, wall_thickness_mm) <= wall_thickness_mm] = SOFT_HU
    values[blood] = BLOOD_HU
    return values
