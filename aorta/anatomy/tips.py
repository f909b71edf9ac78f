"""Where a vessel tree ends: local maxima of the geodesic distance from its root.

A maximum counts by its persistence: how far the front had still to go after this limb had parted
from a longer one (merge tree of superlevel sets; Edelsbrunner and Harer, Computational Topology,
2010, chapter VII).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi
from skimage.measure import label

from aorta.anatomy.lattice import Lattice
from aorta.records import Array

BAND_MM = 2.0
"""Width of the distance bands whose connected pieces are the merge tree's nodes."""

LEVEL = 0.35
"""Slope of the depth below which a place counts as on the axis: off it the slope is 1, and on the
axis of a cone it is the sine of its half angle (20°)."""


def find_tips(times: Array, persistence_mm: float) -> Array:
    """Voxels (n, 3) int, [k, j, i], of the persistent maxima, the farthest first.

    Parameters
    ----------
    times : (nk, nj, ni) float
        Geodesic distance in mm, NaN outside.
    persistence_mm : float
        Shorter limbs do not count.
    """
    known = np.isfinite(times)
    bands = np.where(known, np.floor(np.where(known, times, 0) / BAND_MM) + 1, 0).astype(np.int32)
    pieces = label(bands, background=0, connectivity=3)
    count = int(pieces.max())
    summit, band = np.full(count, -1.0), np.zeros(count, int)
    np.maximum.at(summit, pieces[known] - 1, times[known])
    band[pieces[known] - 1] = bands[known]
    neighbours = _touching(pieces, count)

    owner = np.full(count, -1)  # union-find over pieces already above water
    peak = np.arange(count)
    tips: list[tuple[float, int]] = []

    def root(piece: int) -> int:
        while owner[piece] != piece:
            owner[piece] = owner[owner[piece]]
            piece = owner[piece]
        return piece

    for piece in np.lexsort((-summit, -band)):
        islands = {root(q) for q in neighbours[piece] if owner[q] >= 0}
        owner[piece] = piece
        best = max(islands, key=lambda q: summit[peak[q]], default=None)
        if best is not None:
            peak[piece] = peak[best]
        for island in islands:
            owner[island] = piece
            if island != best and summit[peak[island]] - (band[piece] - 1) * BAND_MM >= persistence_mm:
                tips.append((summit[peak[island]], peak[island]))
    last = int(np.argmax(summit))
    tips.append((summit[last], last))
    order = sorted(tips, reverse=True)
    places, flat = np.argwhere(known), times[known]
    owners = pieces[known] - 1
    return np.array([places[owners == p][np.argmax(flat[owners == p])] for _, p in order], int).reshape(-1, 3)


def _touching(pieces: Array, count: int) -> list[list[int]]:
    """For each piece (numbered from 0) those that share a voxel face with it."""
    pairs = []
    for axis in range(3):
        a = np.moveaxis(pieces, axis, 0)[:-1].ravel()
        b = np.moveaxis(pieces, axis, 0)[1:].ravel()
        keep = (a != b) & (a > 0) & (b > 0)
        pairs.append(np.unique(np.stack([a[keep], b[keep]], 1), axis=0))
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for a, b in np.vstack(pairs):
        neighbours[a - 1].append(b - 1)
        neighbours[b - 1].append(a - 1)
    return neighbours


def core_near(lattice: Lattice, tip_kji: Array) -> Array:
    """A voxel (3,) int on the vessel's axis close to a tip, whatever the end's shape.

    The farthest voxel of a flat end is any point of its rim. From there one climbs the depth until
    it is level: there are walls at equal distance all around.
    """
    reach = int(np.ceil(1.8 * float(lattice.depth.max()) / lattice.step)) + 3
    box = tuple(slice(max(0, c - reach), c + reach + 1) for c in tip_kji)
    depth = ndi.gaussian_filter(lattice.depth[box], 1.0)
    slope = np.gradient(depth, lattice.step)
    low = np.array([s.start for s in box])
    here = np.asarray(tip_kji, float) - low
    for _ in range(4 * reach):
        uphill = np.array([ndi.map_coordinates(g, here[:, None], order=1, mode="nearest")[0] for g in slope])
        if np.linalg.norm(uphill) < LEVEL:
            break
        here = here + 0.5 * uphill / np.linalg.norm(uphill)
    voxel = np.clip(np.round(here).astype(int), 0, np.array(depth.shape) - 1)
    return voxel + low if lattice.depth[box][tuple(voxel)] > 0 else np.asarray(tip_kji)
