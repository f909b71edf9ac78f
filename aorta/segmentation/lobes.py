"""Discs in portal-venous contrast: every lobe of what is brighter than soft tissue, slice by slice.

Here veins, kidneys and liver are as bright as the aorta and touch it, so a bright blob is no
vessel yet. The peaks of its distance map are: one disc each, at several thresholds, described by
how far around it is bounded by something darker and by where it lies to the spine.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array
from aorta.segmentation.discs import Disc

# Brightness, size and place of an adult's abdominal aorta in portal-venous contrast: ranges of ours, no source (unverified).
LEVELS_HU = (100.0, 115.0, 130.0, 150.0)
MOST_HU = 260.0  # brighter is bone, oral contrast, or arterial contrast, which discs.py finds
SMALLEST_MM, LARGEST_MM = 3.5, 22.0
RAYS = 24
SOFT_HU = 60.0
AHEAD_MM = (28.0, 95.0)  # of the canal's centre: the aorta, from the diaphragm to the iliacs in front of L5
ASIDE_MM = (-22.0, 42.0)  # to the left of it
PEAK_MM = 3.2  # half the side of the neighbourhood in which a lobe's middle is the deepest voxel


def lobes(plane: Array, z_mm: float, spacing: Array, canal: Array, excluded: Array) -> list[Disc]:
    """All lobes of one coarse slice (ny, nx) in HU; none has its centre in ``excluded`` (the spine)."""
    found: list[Disc] = []
    size = tuple(2 * np.maximum(1, np.rint(PEAK_MM / spacing)).astype(int) + 1)
    for level in LEVELS_HU:
        bright = (plane > level) & ~excluded
        depth = ndi.distance_transform_edt(np.pad(bright, 1, mode="edge"), sampling=spacing)[1:-1, 1:-1]
        peak = (depth == ndi.maximum_filter(depth, size)) & (depth >= SMALLEST_MM) & (depth <= LARGEST_MM)
        for row, column in np.argwhere(peak):
            disc = _described(plane, z_mm, int(row), int(column), float(depth[row, column]), spacing, canal)
            if disc is not None and not any(_same(disc, other) for other in found):
                found.append(disc)
    return found


def _same(one: Disc, other: Disc) -> bool:
    return bool(np.hypot(*(one.position - other.position)[1:]) < 2.0 and abs(one.radius - other.radius) < 1.0)


def _described(plane: Array, z_mm: float, row: int, column: int, radius: float, spacing: Array, canal: Array) -> Disc | None:
    angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    y, x = row * spacing[0], column * spacing[1]

    def ring(at: float) -> Array:
        points = [(y + at * np.sin(angles)) / spacing[0], (x + at * np.cos(angles)) / spacing[1]]
        return ndi.map_coordinates(plane, points, order=1, mode="nearest")

    inside = np.concatenate([ring(share * radius) for share in (0.0, 0.3, 0.6)])
    mean, spread = float(inside.mean()), float(inside.std())
    if mean > MOST_HU:
        return None
    outside = np.minimum(ring(radius + 2.0), ring(radius + 3.5))
    unbounded = float((outside > 0.5 * (mean + SOFT_HU) + 10.0).mean())  # share of the way round
    ahead, aside = canal[0] - y, x - canal[1]
    out = sum(max(0.0, low - at) + max(0.0, at - high) for at, (low, high) in ((ahead, AHEAD_MM), (aside, ASIDE_MM)))
    cost = (
        4.0 * max(0.0, unbounded - 0.15)
        + max(0.0, spread - 14.0) / 10.0
        + out / 4.0
        + 0.15 * max(0.0, 8.0 - radius)
        + 0.25 * max(0.0, radius - 14.0)
        + max(0.0, 125.0 - mean) / 20.0
    )
    return Disc(np.array([z_mm, y, x]), radius, mean, spread, float(np.median(outside)), float(cost))
