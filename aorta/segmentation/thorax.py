"""The thoracic aorta: descending beside the spine, ascending before it, and the arch that joins them.

Heart, pulmonary artery and vena cava touch it and are as bright. The descending aorta is a round
lobe of anything denser than fat (so also with a false lumen or thrombus) at the spine's left front;
the ascending aorta is a chain of bright discs far in front of it, beside it in height; what else is
bright and wide marks what is no aorta, and a watershed parts their blood. The ascending aorta ends
where its discs cease to be round: at the root.

Not to be trusted: at the root (it moves, and nothing parts it from the ventricle), where the left
atrium or the pulmonary artery lies on the wall without fat, in a right-sided arch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage as ndi
from skimage.segmentation import watershed

from aorta.records import Array
from aorta.segmentation import discs
from aorta.segmentation.chain import best_chain
from aorta.segmentation.discs import Disc
from aorta.segmentation.distance import depth_in, distance_to, part_with
from aorta.segmentation.venous import mark, without_jumps

AIR_HU, LEAST_AIR_SHARE = -700.0, 0.08  # of a slice, to count as chest
LEAST_CHEST_MM, LEAST_LENGTH_MM = 60.0, 80.0
TISSUE_HU = (20.0, 75.0)  # denser than fat; denser than crus and effusion (unverified)
# Where an adult's aorta lies before the canal and how wide it is, aneurysms included: ranges of ours, no source (unverified).
DESCENDING_AHEAD_MM, DESCENDING_ASIDE_MM = (8.0, 70.0), (-12.0, 48.0)  # of the canal's centre
DESCENDING_RADIUS_MM = (7.0, 32.0)
ASCENDING_AHEAD_MM, ASCENDING_ASIDE_MM = (60.0, 130.0), (-35.0, 28.0)
ASCENDING_RADIUS_MM = (9.0, 32.0)
LEAST_ASCENDING_MM = 20.0
BRIGHT_PERCENTILE = 90.0
ARCH_MM = 22.0  # half the width of the corridor between both, in which nothing is marked as foreign
RIVAL_MM = 4.0
BEYOND_MM = 6.0  # of a disc's radius: what lies farther out is a branch
RIM_PENALTY = 2.0  # of discs.py; here the vena cava, full of undiluted contrast, lies beside
WIDE_HU, WIDE_MM = 260.0, 4.5  # brighter than marrow; wider than cortex
RAYS = 24


@dataclass(frozen=True)
class Chest:
    """Discs of the descending aorta from below upwards and of the ascending aorta from the top down; HU of the true lumen."""

    descending: tuple[Disc, ...]
    ascending: tuple[Disc, ...]
    blood: float
    spread: float

    @property
    def line(self) -> Array:
        """(n, 3) mm through the discs in the order of the vessel, from its lower end to the root."""
        return np.array([d.position for d in (*self.descending, *self.ascending)])


def chest_heights(slices: Array) -> Array:
    """(n,) bool: which coarse slices hold lung."""
    return (slices < AIR_HU)[:, 4:-4, 4:-4].mean(axis=(1, 2)) > LEAST_AIR_SHARE


def find_chest(slices: Array, heights: Array, spacing: Array, canal: Array, bodies: Array) -> Chest | None:
    """The thoracic aorta in coarse slices (n, ny, nx), or None.

    Parameters
    ----------
    heights, spacing, canal : (n,), (2,), (n, 2) float, mm
    bodies : (n, ny, nx) bool
        The vertebral bodies in these slices.
    """
    rows = [_descending(p, z, spacing, c, b) for p, z, c, b in zip(slices, heights, canal, bodies)]
    pieces = without_jumps(best_chain(rows)) if any(rows) else []
    if not pieces:
        return None
    descending = max(pieces, key=len)
    values = np.concatenate([_inside(slices, heights, spacing, d) for d in descending])
    blood = float(np.percentile(values, BRIGHT_PERCENTILE))
    ascending = _ascending(slices, heights, spacing, canal, blood, descending)
    if ascending:
        values = np.concatenate([_inside(slices, heights, spacing, d) for d in ascending])
        blood = float(np.median(values))
    near = values[np.abs(values - blood) < 0.25 * blood]
    spread = max(10.0, float(1.4826 * np.median(np.abs(near - blood)))) if near.size else 20.0
    step = float(np.median(np.diff(heights)))
    return Chest(tuple(_without_gaps(descending, step)), tuple(_without_gaps(ascending, step)), blood, spread)


def _without_gaps(chain: Sequence[Disc], step_mm: float) -> list[Disc]:
    """The chain with discs put in, by interpolation, where slices have none."""
    full = list(chain[:1])
    for before, disc in zip(chain, chain[1:]):
        missing = round(abs(float(disc.position[0] - before.position[0])) / step_mm) - 1
        for n in range(1, missing + 1):
            t = n / (missing + 1)
            middle = (1 - t) * before.position + t * disc.position
            full.append(replace(before, position=middle, radius=(1 - t) * before.radius + t * disc.radius))
        full.append(disc)
    return full


def wide_blood(voxels: Array, spacing: Array) -> Array:
    """(nk, nj, ni) bool: roughly, all that is bright and wider than a vertebra's cortex is thick."""
    core = depth_in(voxels > WIDE_HU, spacing) > WIDE_MM
    return distance_to(core, spacing, WIDE_MM + 2.0) <= WIDE_MM + 1.0


def blood_of_aorta(bright: Array, spacing: Array, chest: Chest, corner: Array) -> tuple[Array, Array]:
    """The aorta's bright blood and that of heart, veins and lungs, out of a mask of all that is as bright."""
    spacing = np.asarray(spacing, float)
    depth = depth_in(bright, spacing)
    own = np.zeros(bright.shape, np.int16)
    wide, tube = np.zeros(bright.shape, np.int16), np.zeros(bright.shape, np.int16)
    half = max(1, round(1.3 / float(spacing[0])))
    for disc in (*chest.descending, *chest.ascending):
        mark(own, disc, 1, spacing, corner, 0.6, half)
        mark(wide, disc, 1, spacing, corner, 1.15, half)
        mark(tube, disc, 1, spacing, corner, 1.0 + BEYOND_MM / disc.radius, half)
    foreign = (depth > RIVAL_MM) & (depth == ndi.maximum_filter(depth, 2 * np.maximum(1, np.rint(3.0 / spacing)).astype(int) + 1))
    arch = _corridor(bright.shape, spacing, chest, corner)
    foreign &= (wide == 0) & ~arch
    markers = np.where(own > 0, 1, np.where(foreign, 2, 0)).astype(np.int16)
    markers[~bright] = 0
    parts = watershed(-ndi.gaussian_filter(depth, 0.8 / spacing), markers, mask=bright)
    own_blood = (parts == 1) & ((tube > 0) | arch)
    return part_with(own_blood, np.argwhere(markers == 1), 3), bright & ~own_blood


def _corridor(shape: tuple[int, ...], spacing: Array, chest: Chest, corner: Array) -> Array:
    """Mask of the arch's surroundings: about the straight way from the descending to the ascending aorta, and above it."""
    if not chest.ascending:
        return np.zeros(shape, bool)
    one, two = chest.descending[-1].position - corner, chest.ascending[0].position - corner
    z, y, x = (np.arange(n) * s for n, s in zip(shape, spacing))
    way = (two - one)[1:]
    along = np.clip(((y[:, None] - one[1]) * way[0] + (x[None, :] - one[2]) * way[1]) / max(float(way @ way), 1e-6), 0.0, 1.0)
    away = np.hypot(y[:, None] - one[1] - along * way[0], x[None, :] - one[2] - along * way[1])
    height = z[:, None, None]
    return (away < ARCH_MM)[None] & (height > two[0] - 4.0) & (height < max(one[0], two[0]) + 3.0)


def _descending(plane: Array, z_mm: float, spacing: Array, canal: Array, bodies: Array) -> list[Disc]:
    found: list[Disc] = []
    for level in TISSUE_HU:
        tissue = (plane > level) & ~ndi.binary_dilation(bodies)
        depth = ndi.distance_transform_edt(np.pad(tissue, 1, mode="edge"), sampling=spacing)[1:-1, 1:-1]
        size = tuple(2 * np.maximum(1, np.rint(4.0 / spacing)).astype(int) + 1)
        low, high = DESCENDING_RADIUS_MM
        for row, column in np.argwhere((depth == ndi.maximum_filter(depth, size)) & (depth >= low) & (depth <= high)):
            y, x, radius = row * spacing[0], column * spacing[1], float(depth[row, column])
            if not (_within(canal[0] - y, DESCENDING_AHEAD_MM) and _within(x - canal[1], DESCENDING_ASIDE_MM)):
                continue
            outside = np.minimum(_ring(plane, y, x, radius + 2.0, spacing), _ring(plane, y, x, radius + 4.0, spacing))
            rim = _ring(bodies.astype(np.float32), y, x, radius + 3.0, spacing) > 0.3
            open_share = float(((outside > level) & ~rim).mean())
            inner = plane[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            cost = 3.0 * max(0.0, open_share - 0.1) + 0.1 * max(0.0, 9.0 - radius) + 0.3 * (level != TISSUE_HU[0])
            found.append(Disc(np.array([z_mm, y, x]), radius, float(inner.mean()), 0.0, float(np.median(outside)), cost))
    return found


def _ascending(slices: Array, heights: Array, spacing: Array, canal: Array, blood: float, descending: Sequence[Disc]) -> list[Disc]:
    body = discs.Body(float(canal[:, 1].mean()), float(canal[:, 0].mean()) - 80.0)
    rows = []
    for plane, z, at in zip(slices, heights, canal):
        if not descending[0].position[0] < z <= descending[-1].position[0] + 5.0:
            continue
        found = discs.candidates(np.minimum(plane, discs.HIGH_HU - 1.0), z, spacing, body)
        rows.append(
            [
                d
                for d in found
                if _within(at[0] - d.position[1], ASCENDING_AHEAD_MM)
                and _within(d.position[2] - at[1], ASCENDING_ASIDE_MM)
                and _within(d.radius, ASCENDING_RADIUS_MM)
                and d.mean > 0.75 * blood
                and d.cost - RIM_PENALTY * (d.rim > d.mean) < 1.8
            ]
        )
    chain = best_chain(rows) if any(rows) else []
    pieces = [p for p in without_jumps(chain) if p[-1].position[0] - p[0].position[0] >= LEAST_ASCENDING_MM] if chain else []
    return max(pieces, key=lambda p: p[-1].position[0])[::-1] if pieces else []


def _ring(plane: Array, y: float, x: float, radius: float, spacing: Array) -> Array:
    angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    points = [(y + radius * np.sin(angles)) / spacing[0], (x + radius * np.cos(angles)) / spacing[1]]
    return ndi.map_coordinates(plane, points, order=1, mode="nearest")


def _within(value: float, limits: tuple[float, float]) -> bool:
    return bool(limits[0] <= value <= limits[1])


def _inside(slices: Array, heights: Array, spacing: Array, disc: Disc) -> Array:
    plane = slices[int(np.argmin(np.abs(heights - disc.position[0])))]
    y, x = np.ogrid[: plane.shape[0], : plane.shape[1]]
    return plane[np.hypot(y * spacing[0] - disc.position[1], x * spacing[1] - disc.position[2]) < 0.8 * disc.radius]
