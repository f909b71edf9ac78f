"""Lumen and outer boundary into classes: thrombus where there is room for it, wall as a shell.

CT and MR angiography do not show the wall. It is the shell of stated thickness inside the outer
boundary; where less room is left it starts at the lumen and grows outward; thrombus thinner than
about a voxel is wall.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.records import CLASSES, Array
from aorta.segmentation.distance import box_around, largest_part, signed_distance

LEAST_THROMBUS_MM3 = 150.0  # less, by itself, is the blur beside a calcification
THICK_VOXELS = 2.0  # somewhere in each piece


def compose(
    lumen: Array,
    outer: Array,
    branch: Array,
    spacing: Array,
    wall_thickness_mm: float,
    calcified: Array | None = None,
    beyond: Array | None = None,
) -> Array:
    """Labels (nk, nj, ni) uint8 from masks.

    Parameters
    ----------
    lumen, outer, branch : (nk, nj, ni) bool
        ``outer`` may leave out what is nearer to the lumen than the wall's thickness; it is added.
    calcified : (nk, nj, ni) bool or None
    beyond : (nk, nj, ni) bool or None
        What lies beyond the vessel's cut ends: no wall is put across them.
    """
    labels = np.zeros(lumen.shape, np.uint8)
    spacing = np.asarray(spacing, float)
    whole = lumen | outer | branch
    if not whole.any():
        return labels
    reach = wall_thickness_mm + 2.0 * float(spacing.max())
    box = box_around(whole, reach + float(spacing.max()), spacing)
    lumen, outer, branch = lumen[box], outer[box], branch[box]
    past = np.zeros(lumen.shape, bool) if beyond is None else beyond[box]
    from_lumen = signed_distance(lumen, spacing, reach)
    vessel = (outer | lumen | (from_lumen <= wall_thickness_mm)) & ~branch & ~past
    vessel = largest_part(vessel)
    # the shell is measured from where the outside begins, which is neither a branch nor a cut end
    depth = -signed_distance(vessel | branch | past, spacing, reach)
    thrombus = vessel & ~lumen & (depth > wall_thickness_mm)
    part = labels[box]
    part[branch & ~past] = CLASSES["branch"]
    part[vessel] = CLASSES["wall"]
    if (outer & ~lumen).any():
        gap = np.full(lumen.shape, np.inf, np.float32)
        gap[thrombus] = depth[thrombus] + from_lumen[thrombus]
        part[_thick(thrombus, gap, wall_thickness_mm, spacing)] = CLASSES["thrombus"]
    if calcified is not None:
        part[calcified[box] & vessel & ~lumen] = CLASSES["calcification"]
    part[lumen & vessel] = CLASSES["lumen"]
    return labels


def _thick(thrombus: Array, gap: Array, wall_thickness_mm: float, spacing: Array) -> Array:
    """Thrombus without layers thinner than a voxel, and without pieces that are nowhere thick."""
    voxel = float(np.prod(spacing) ** (1.0 / 3.0))
    room = ndi.maximum_filter(np.where(thrombus, gap, 0.0), size=3) - wall_thickness_mm  # infinite deep inside
    kept = thrombus & (room > voxel)
    parts, count = ndi.label(kept)
    if count == 0:
        return kept
    numbers = np.arange(count + 1)
    sizes = np.bincount(parts.ravel()) * float(np.prod(spacing))
    thickest = ndi.maximum(np.where(thrombus, gap, 0.0) - wall_thickness_mm, parts, numbers)
    return kept & ((sizes >= LEAST_THROMBUS_MM3) & (thickest > THICK_VOXELS * voxel))[parts]
