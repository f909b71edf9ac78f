"""A flap in the aorta: a thin dark line across the blood, slice by slice, however bright the second lumen.

A black top-hat (closing less image) shows what is dark and narrower than the closing; where such a
line parts the blood of a slice in two, and does so over a stretch of the vessel, there are two
lumens. Where only brightness differs and no line parts it, contrast is more often unmixed: that is
told, not concluded. Not seen: a flap in slices much thicker than it that it crosses obliquely, a thrombosed
false lumen (it looks like thrombus), a flap in slices with metal, a flap that moves while the image is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array
from aorta.segmentation.dissection import LEAST_MM3, PATENT_HU, Lumens, find_lumens
from aorta.segmentation.distance import box_around, depth_in
from aorta.segmentation.routes import vessels
from aorta.segmentation.tree import Path

SOFT_HU = 60.0
BLUR_MM = 0.6
REACH_MM = 1.5  # half the widest gap that counts as a flap; two vessel walls that touch are 3 mm and more
LEAST_DIP_HU, LEAST_DIP_SHARE = 30.0, 0.25  # of the blood above soft tissue
LEAST_DIP_NOISE = 3.0  # standard deviations of the noise
LINE_MM = 8.0  # noise makes dark specks, not lines
CORE_MM, CORE_MM2 = 2.0, 20.0  # each side holds discs of this radius, with centres over this area
LENGTH_MM = 15.0  # of vessel in which it is seen
ALIKE = 0.8  # share of the blood that is on the same side in the next slice
ABOVE_FORK_MM = 10.0
METAL_HU = 2000.0  # its streaks are dark lines; slices with metal near the aorta are left out
UNMIXED = (
    "{:.0f} mL within the aorta's outer wall are brighter than thrombus but darker than the blood, and no flap is seen: contrast "
    "not yet mixed, a leak, or a vein or a false lumen taken along; look at the overlays"
)
HOW = "in the slices in which a flap parts the blood of the aorta"
BRIGHTER = 0.1  # of the other's blood: the true lumen is the brighter one, or, if they are alike, the wider


def second_lumen(
    voxels: Array, spacing: Array, outer: Array, wall_mm: float, blood: float, paths: Sequence[Path]
) -> tuple[Lumens | None, tuple[str, ...]]:
    """Both lumens of the aorta above its fork where a flap parts them; and a caution where only brightness differs."""
    aorta = outer.copy()
    if len(paths) > 1:  # the iliac arteries below lie side by side as two lumens do
        aorta[: max(0, int((vessels(paths)[0][1][-1, 0] + ABOVE_FORK_MM) / spacing[0]))] = False
    aorta[(voxels > METAL_HU).any(axis=(1, 2))] = False
    if not aorta.any():
        return None, ()
    box = box_around(aorta, 6.0, spacing)
    lumens = find_flap(voxels[box], spacing, aorta[box], wall_mm, blood)
    if lumens is not None:
        true, false = np.zeros(outer.shape, bool), np.zeros(outer.shape, bool)
        true[box], false[box] = lumens.true, lumens.false
        return replace(lumens, true=true, false=false, patent=false), ()
    dim = find_lumens(voxels[box], spacing, aorta[box], wall_mm, blood)
    if dim is None:
        return None, ()
    return None, (UNMIXED.format(float(dim.patent.sum()) * float(np.prod(spacing)) / 1000.0),)


def find_flap(voxels: Array, spacing: Array, outer: Array, wall_mm: float, blood: float) -> Lumens | None:
    """Both lumens where a flap parts them, or None.

    Parameters
    ----------
    voxels : (nk, nj, ni) HU
    outer : (nk, nj, ni) bool
        All within the aorta's outer wall.
    blood : float, HU
    """
    spacing = np.asarray(spacing, float)
    inner = outer & (depth_in(outer, spacing) > wall_mm)
    plain = ndi.gaussian_filter(voxels.astype(np.float32), [0.0, *(BLUR_MM / spacing[1:])])
    smooth = np.minimum(plain, blood)  # calcification ends no line
    closed = ndi.grey_closing(smooth, footprint=_disc(spacing)[None])
    least = max(LEAST_DIP_HU, LEAST_DIP_NOISE * _noise(plain, inner & (smooth > PATENT_HU)))
    line = (closed - smooth > np.maximum(least, LEAST_DIP_SHARE * (closed - SOFT_HU))) & inner
    sides = [_sides(smooth[k], inner[k], line[k], spacing[1:]) for k in range(len(voxels))]
    true, false = np.zeros(voxels.shape, bool), np.zeros(voxels.shape, bool)
    for run in _runs(sides):
        if len(run) * spacing[0] >= LENGTH_MM:
            for k in run:
                true[k], false[k] = sides[k]
    if false.sum() * float(np.prod(spacing)) < LEAST_MM3:
        return None
    return Lumens(true, false, false, HOW)


def _runs(sides: list[tuple[Array, Array] | None]) -> list[list[int]]:
    """Slices one after the other (one may fail) in which the blood is parted alike: noise parts it anyhow."""
    runs: list[list[int]] = []
    for k, own in enumerate(sides):
        if own is None:
            continue
        last = runs[-1][-1] if runs else -9
        if k - last <= 2 and _alike(sides[last], own):
            runs[-1].append(k)
        else:
            runs.append([k])
    return runs


def _alike(one: tuple[Array, Array], other: tuple[Array, Array]) -> bool:
    """Whether two slices are parted along the same line; where both lumens are alike, true and false may change places."""
    shared = [[float((a & b).sum()) for b in other] for a in one]
    whole = sum(map(sum, shared))
    return max(shared[0][0] + shared[1][1], shared[0][1] + shared[1][0]) >= ALIKE * whole > 0.0


def _noise(plain: Array, blood: Array, apart: int = 3) -> float:
    """Standard deviation of the noise in the blood, from voxels a few apart in a row: shading does not count."""
    both = blood[..., apart:] & blood[..., :-apart]
    if not both.any():
        return 0.0
    quarter = np.percentile(np.abs(plain[..., apart:] - plain[..., :-apart])[both], 25.0)  # edges are among the others
    return float(quarter / 0.3186 / np.sqrt(2.0))


def _disc(spacing: Array) -> Array:
    reach = np.maximum(REACH_MM, 1.25 * spacing[1:])
    size = np.floor(reach / spacing[1:]).astype(int)
    j, i = np.mgrid[-size[0] : size[0] + 1, -size[1] : size[1] + 1]
    return np.hypot(j * spacing[1] / reach[0], i * spacing[2] / reach[1]) <= 1.0


def _sides(smooth: Array, inner: Array, line: Array, spacing: Array) -> tuple[Array, Array] | None:
    """True and false lumen of one slice, or None where no long line parts its blood."""
    specks, count = ndi.label(line, np.ones((3, 3)))
    if count == 0:
        return None
    length = [np.hypot(*((s.stop - s.start) * d for s, d in zip(where, spacing))) for where in ndi.find_objects(specks)]
    line = np.isin(specks, 1 + np.flatnonzero(np.array(length) >= LINE_MM))
    if not line.any():
        return None
    blood = inner & (smooth > PATENT_HU)
    cores, count = ndi.label(_deep(blood & ~line, spacing))
    area = np.bincount(cores.ravel(), minlength=count + 1)[1:] * float(np.prod(spacing))
    wide = 1 + np.flatnonzero(area >= CORE_MM2)
    if len(wide) < 2 or np.any([not _beside(cores == n, line, spacing) for n in wide[np.argsort(-area[wide - 1])][:2]]):
        return None
    first, second = wide[np.argsort(-area[wide - 1])][:2]
    bright = [float(np.median(smooth[cores == n])) for n in (first, second)]
    if bright[1] > (1.0 + BRIGHTER) * bright[0]:
        first, second = second, first
    nearest = ndi.distance_transform_edt(
        ~np.isin(cores, (first, second)), sampling=spacing, return_distances=False, return_indices=True
    )
    owner = cores[tuple(nearest)]
    return inner & (blood | line) & (owner == first), inner & (blood | line) & (owner == second)


def _deep(mask: Array, spacing: Array) -> Array:
    return ndi.distance_transform_edt(mask, sampling=spacing) > CORE_MM


def _beside(core: Array, line: Array, spacing: Array) -> bool:
    """Whether a side's core ends at the line."""
    return bool((ndi.distance_transform_edt(~core, sampling=spacing)[line] < CORE_MM + 2.0 * float(spacing.max())).any())
