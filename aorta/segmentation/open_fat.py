"""Fat that lies open to the outside is no part of the vessel, whatever the columns say.

Columns that meet the boundary at a slant, as at the fork, may enclose a wedge of fat beside the vessel. What is darker than
half way between thrombus and fat, and reaches the outline, is taken away; fat enclosed all round stays (a voxel of noise).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array
from aorta.segmentation.distance import box_around

OPEN_FAT_HU = -60.0  # below the boundary's own half way (about -28 between thrombus and fat), so that a right boundary stays
SMOOTH_MM = 0.7  # against noise
SPARED_MM = 10.0  # about a click: as far as it bends the boundary


def without_open_fat(outer: Array, lumen: Array, voxels: Array, spacing: Array, clicks: Array) -> Array:
    """``outer`` (nk, nj, ni) bool without what is fat in ``voxels`` (HU) and hangs together with the outside.

    The lumen stays, and so does what lies about ``clicks`` on the outer wall, (m, 3) (z, y, x) mm.
    """
    if not outer.any():
        return outer
    box = box_around(outer, 2.0 * float(np.max(spacing)), spacing)
    inside = outer[box]
    smooth = ndi.gaussian_filter(voxels[box].astype(np.float32), SMOOTH_MM / np.asarray(spacing))
    fat = inside & ~lumen[box] & (smooth < OPEN_FAT_HU)
    corner = np.array([part.start for part in box])
    for click in clicks:
        axes = np.ogrid[tuple(slice(0, n) for n in fat.shape)]
        fat &= sum(((a + c) * s - p) ** 2 for a, c, s, p in zip(axes, corner, spacing, click)) > SPARED_MM**2
    gone = ndi.binary_propagation(fat & ndi.binary_dilation(~inside), mask=fat)
    kept = outer.copy()
    kept[box] &= ~gone
    return kept
