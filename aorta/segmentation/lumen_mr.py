"""Lumen in contrast-enhanced MR angiography: a share of the blood's own local brightness.

MR has no scale and its brightness fades along the vessel (coils, dilution), so the threshold is a
share of the blood's brightness nearby, found along with the mask: each round measures the blood
deep inside what is found and thresholds on, as far as that reaches. 0.62 of the blood placed the
wall best where tissue is not black (phantom: Dice 0.991); half would be right on black.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi
from skimage.filters import threshold_otsu

from aorta.records import Array
from aorta.segmentation.distance import depth_in, largest_part, part_with
from aorta.segmentation.lumen_ct import cut_leaks

SHARE = 0.62
DEEP_MM = 2.5
BIAS_MM = 12.0  # scale of the brightness field
ROUNDS, SETTLED = 12, 0.002
FAINTEST = 0.2  # of the brightness at the start: beyond it the image says nothing
LEAK_MM = 2.0
BODY_SHARE = 0.15  # of the level between dark and bright: above it there is tissue


def brightest_vessel(voxels: Array, spacing: Array) -> tuple[Array, Array]:
    """The largest bright structure (mask) and, for the gate, the sizes of all wide bright ones, largest first (voxels)."""
    bright = voxels > threshold_otsu(voxels)
    parts, count = ndi.label(depth_in(bright, spacing) > DEEP_MM)
    if count == 0:
        return np.zeros(voxels.shape, bool), np.zeros(0, int)
    sizes = np.bincount(parts.ravel())[1:]
    return parts == 1 + int(np.argmax(sizes)), np.sort(sizes)[::-1]


def bright_share(voxels: Array) -> float:
    """Share of the body that is bright: 4 % in contrast angiography (blood alone), over half where fat and marrow shine too."""
    level = threshold_otsu(voxels)
    return float((voxels > level).sum() / max(1, int((voxels > BODY_SHARE * level).sum())))


def grow_along(
    voxels: Array, spacing: Array, start: Array, level: float | None = None, share: float = SHARE, leak_mm: float = LEAK_MM
) -> tuple[Array, Array]:
    """Blood connected to a starting mask inside it, and its local brightness (NaN outside).

    Parameters
    ----------
    voxels : (nk, nj, ni) float
    start : (nk, nj, ni) bool
        Well inside the blood.
    level : float or None
        Brightness of the blood at the start; None: measured there.
    share, leak_mm : float
        Of the blood's brightness that counts as blood; radius of what is cut off. Above ``SHARE`` the edge is then moved out
        to it by a voxel.
    """
    level = float(np.median(voxels[start])) if level is None else level
    deep, before = start, -1
    mask = start
    field = np.full(voxels.shape, level, np.float32)
    for _ in range(ROUNDS):
        mask = part_with(voxels > share * np.maximum(field, FAINTEST * level), np.argwhere(deep)) | deep
        mask = cut_leaks(mask, spacing, np.argwhere(deep), leak_mm)
        if abs(int(mask.sum()) - before) < SETTLED * before:
            break
        before = int(mask.sum())
        inner = depth_in(mask, spacing) > DEEP_MM
        deep = largest_part(inner) if inner.any() else deep
        field = _brightness(voxels, deep, spacing)
    if share > SHARE:
        mask = mask | (ndi.binary_dilation(mask) & (voxels > SHARE * field))
    return largest_part(ndi.binary_fill_holes(mask)), np.where(mask, field, np.nan)


def _brightness(voxels: Array, deep: Array, spacing: Array) -> Array:
    """Brightness of the blood smoothed along the vessel, and carried outwards from the nearest deep voxel."""
    sigma = BIAS_MM / np.asarray(spacing)
    weight = ndi.gaussian_filter(deep.astype(np.float32), sigma, truncate=2.0)
    total = ndi.gaussian_filter(np.where(deep, voxels, 0.0).astype(np.float32), sigma, truncate=2.0)
    smooth = np.where(deep, total / np.maximum(weight, 1e-6), 0.0)
    nearest = ndi.distance_transform_edt(~deep, sampling=spacing, return_distances=False, return_indices=True)
    return smooth[tuple(nearest)].astype(np.float32)
