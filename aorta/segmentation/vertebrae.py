"""The bodies of the vertebrae: support behind the vessel, and what the blood must not leak into.

Bone is the cortical shell (brighter than marrow of any age); a body is what this shell encloses
in at least two of the three directions, ahead of the spinal canal. Arches, ribs and pelvis are
left out: they lie behind the canal's front edge or too far to the side. Not to be trusted beside
metal, in collapsed or fused vertebrae, and where the canal was not seen; discs bridged by
osteophytes may be taken along.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi
from skimage.segmentation import watershed

from aorta.records import Array
from aorta.segmentation.distance import depth_in, distance_to, half_voxel

FINEST_MM = 1.1  # finer images are thinned out to about this
LEAST_BONE_HU, MOST_BONE_HU = 130.0, 220.0
ABOVE_SOFT_HU = 90.0
GAP_MM = 2.0  # in the shell: foramina of vessels, noise
AHEAD_MM, ASIDE_MM = 62.0, 36.0  # of the canal's centre: what is looked at
HALF_WIDTH_MM, DEPTH_MM = 29.0, 46.0  # of a body, counted from the canal's centre
CORE_MM = 6.0  # a body holds a ball of this radius, a rib's head or a process does not
MIDDLE_MM, DEEPEST_MM, BEYOND_MM = (6.0, 20.0), 38.0, 58.0  # ahead of the canal's front edge; lumbar bodies are 30 to 36 deep
ROOTED_MM = 8.0  # of the canal's front edge: every body reaches there


def vertebral_bodies(voxels: Array, spacing: Array, canal_mm: Array, blood: Array | None = None) -> Array:
    """(nk, nj, ni) bool: the bodies.

    Parameters
    ----------
    voxels : (nk, nj, ni) HU
        Seen with k to the head, j to the back.
    canal_mm : (nk, 2) float
        Centre (y, x) of the spinal canal in each slice.
    blood : (nk, nj, ni) bool or None
        Vessels, which are no bone however bright.
    """
    spacing = np.asarray(spacing, float)
    box = _around(canal_mm, spacing, voxels.shape)
    thin = np.maximum(1, np.floor(FINEST_MM / spacing + 1e-6).astype(int))
    part = voxels[box].astype(np.float32)
    part = ndi.uniform_filter(part, thin) if (thin > 1).any() else part
    part = part[tuple(slice(None, None, int(t)) for t in thin)]
    step = spacing * thin
    rows = canal_mm[box[0]][:: thin[0]] - np.array([box[1].start * spacing[1], box[2].start * spacing[2]])
    ahead = rows[:, 0, None, None] - (np.arange(part.shape[1]) * step[1])[None, :, None]
    aside = np.abs((np.arange(part.shape[2]) * step[2])[None, None, :] - rows[:, 1, None, None])
    smooth = ndi.gaussian_filter(part, 0.5 / step)
    bone = smooth > _bone_level(smooth, ahead, aside)
    if blood is not None:
        bone &= ~ndi.binary_dilation(blood[box][tuple(slice(None, None, int(t)) for t in thin)], iterations=1)
    solid = _filled(bone, step)
    front = _canal_front(bone, ahead, aside)
    near = solid & (ahead > front) & (ahead < front + BEYOND_MM) & (aside < HALF_WIDTH_MM + 8.0)
    body = _without_neighbours(near, step, ahead - front, aside) & (ahead < front + DEPTH_MM) & (aside < HALF_WIDTH_MM)
    core = depth_in(body, step) > CORE_MM
    body &= distance_to(core, step, CORE_MM + 3.0) <= CORE_MM + half_voxel(step)
    parts, _ = ndi.label(body)
    own = np.unique(parts[body & (ahead < front + ROOTED_MM) & (aside < ROOTED_MM)])
    body &= np.isin(parts, own)  # not the heart or a bright vessel ahead of it
    result = np.zeros(voxels.shape, bool)
    grown = np.repeat(np.repeat(np.repeat(body, thin[0], 0), thin[1], 1), thin[2], 2)
    shape = tuple(s.stop - s.start for s in box)
    result[box] = grown[: shape[0], : shape[1], : shape[2]]
    if (thin > 1).any():  # the steps of the coarse voxels off
        result[box] = ndi.uniform_filter(result[box].astype(np.float32), np.where(thin > 1, thin + 1, 1)) > 0.5
    return result


def _without_neighbours(solid: Array, step: Array, ahead: Array, aside: Array) -> Array:
    """What belongs to the middle of the bodies rather than to a vessel that lies on them, parted at the neck between."""
    depth = depth_in(solid, step)
    middle = (ahead > MIDDLE_MM[0]) & (ahead < MIDDLE_MM[1]) & (aside < MIDDLE_MM[0])
    beyond = ((ahead > DEEPEST_MM) | (aside > HALF_WIDTH_MM - 4.0)) & (depth > 4.0)
    markers = np.where(beyond, 2, np.where(middle, 1, 0)).astype(np.int16) * solid
    return watershed(-ndi.gaussian_filter(depth, 1.0 / step), markers, mask=solid) == 1


def _around(canal_mm: Array, spacing: Array, shape: tuple[int, ...]) -> tuple[slice, slice, slice]:
    low = np.floor([(canal_mm[:, 0].min() - AHEAD_MM) / spacing[1], (canal_mm[:, 1].min() - ASIDE_MM) / spacing[2]])
    high = np.ceil([(canal_mm[:, 0].max() + 20.0) / spacing[1], (canal_mm[:, 1].max() + ASIDE_MM) / spacing[2]])
    low, high = np.maximum(low, 0).astype(int), np.minimum(high + 1, shape[1:]).astype(int)
    return slice(0, shape[0]), slice(low[0], high[0]), slice(low[1], high[1])


def _bone_level(smooth: Array, ahead: Array, aside: Array) -> float:
    """HU above which a voxel counts as bone: well above the soft tissue of this image."""
    near = (ahead > -5.0) & (ahead < 45.0) & (aside < 25.0)
    values = smooth[near & (smooth > -20.0) & (smooth < 400.0)]
    soft = float(np.percentile(values, 10)) if values.size else 50.0
    return float(np.clip(soft + ABOVE_SOFT_HU, LEAST_BONE_HU, MOST_BONE_HU))


def _filled(bone: Array, step: Array) -> Array:
    """What bone encloses in at least two of the three directions, gaps in the shell closed."""
    pad = np.ceil(GAP_MM / step).astype(int) + 1
    padded = np.pad(bone, [(p, p) for p in pad], mode="edge")
    closed = distance_to(padded, step, GAP_MM) <= GAP_MM
    closed = ~(distance_to(~closed, step) <= GAP_MM)
    closed = (closed | padded)[tuple(slice(p, -p) for p in pad)]
    votes = closed.astype(np.int8) * 3
    for axis in range(3):
        planes = np.moveaxis(closed, axis, 0)
        filled = np.stack([ndi.binary_fill_holes(plane) for plane in planes])
        votes += np.moveaxis(filled, 0, axis)
    return votes >= 2


def _canal_front(bone: Array, ahead: Array, aside: Array) -> Array:
    """(nk, 1, 1) mm ahead of the canal's centre at which the bodies begin: where bone begins on the midline."""
    midline = (bone & (aside < 4.0)).sum(axis=2) > 0.5 * np.maximum((aside < 4.0).sum(axis=2), 1)
    steps = ahead[:, :, 0]
    fronts = []
    for row, distance in zip(midline, steps):
        hits = distance[row & (distance > 2.0) & (distance < 18.0)]
        fronts.append(hits.min() if len(hits) else np.nan)
    found = np.array(fronts)
    middle = np.nanmedian(found) if np.isfinite(found).any() else 8.0
    return np.clip(np.nan_to_num(found, nan=middle), middle - 2.5, middle + 2.5)[:, None, None]
