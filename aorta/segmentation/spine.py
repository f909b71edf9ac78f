"""Where the spine is: found by its canal, so that a vertebra is never taken for the aorta.

The canal is soft tissue walled in by bone, near the midline, in the back half of the body. The
vertebral body lies in front of it; adult lumbar bodies are about 30 to 35 mm deep and 40 to 50 mm
wide, the canal about 15 to 18 mm deep (from memory, unverified), hence the ellipse below.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array
from aorta.segmentation.discs import Body

BONE_HU = 140.0
CANAL_MM2 = (60.0, 700.0)
MOST_CANAL_HU = 80.0  # cord and fluid; the marrow of an old vertebra, walled in by cortex too, has 100 and more
BEND_SLICES = 6.0  # of 2.5 mm: over which the canal's line follows what is seen
BODY_AHEAD_MM, BODY_HALF_DEPTH_MM, BODY_HALF_WIDTH_MM = 26.0, 19.0, 27.0


def canal_line(slices: Array, spacing: Array, body: Body) -> Array | None:
    """Centre of the spinal canal in each coarse slice, (n, 2) mm (y, x), or None if it is not seen.

    Seen means: an enclosed soft region in a quarter of the slices, of which half lie within 15 mm
    of their common line.
    """
    found = []
    for number, plane in enumerate(slices):
        centre = _canal(plane, spacing, body)
        if centre is not None:
            found.append((number, *centre))
    if len(found) < max(4, len(slices) // 4):
        return None
    data = np.array(found)
    middle = np.median(data[:, 1:], axis=0)
    near = np.hypot(*(data[:, 1:] - middle).T) < 30.0
    if near.sum() < max(4, len(slices) // 8):
        return None
    data = data[near]
    degree = 2 if len(data) >= 12 else 1
    everywhere = np.arange(len(slices))
    line = np.stack([np.polyval(np.polyfit(data[:, 0], data[:, c], degree), everywhere) for c in (1, 2)], axis=1)
    off = np.hypot(*(line[data[:, 0].astype(int)] - data[:, 1:]).T)
    return _bent(line, data[off < 15.0]) if (off < 15.0).mean() > 0.5 else None


def _bent(line: Array, found: Array) -> Array:
    """The line (n, 2) moved towards what was found (m, 3: slice, y, x) nearby: a spine has more bends than a parabola."""
    weight = np.exp(-0.5 * ((np.arange(len(line))[:, None] - found[None, :, 0]) / BEND_SLICES) ** 2)
    off = found[:, 1:] - line[found[:, 0].astype(int)]
    return line + (weight @ off) / (weight.sum(axis=1) + 0.5)[:, None]


def spine_region(shape: tuple[int, int], spacing: Array, canal: Array) -> Array:
    """(ny, nx) bool: vertebral body and all that lies behind it, for one slice with this canal centre."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    ahead, aside = canal[0] - y * spacing[0], x * spacing[1] - canal[1]
    ellipse = ((ahead - BODY_AHEAD_MM) / BODY_HALF_DEPTH_MM) ** 2 + (aside / BODY_HALF_WIDTH_MM) ** 2 < 1.0
    return ellipse | (ahead < BODY_AHEAD_MM - BODY_HALF_DEPTH_MM)


def _canal(plane: Array, spacing: Array, body: Body) -> tuple[float, float] | None:
    bone = ndi.binary_closing(plane > BONE_HU, iterations=2)
    hole = ndi.binary_fill_holes(bone) & ~bone & (plane > -60.0)
    parts, count = ndi.label(hole)
    best, result = np.inf, None
    for number in range(1, count + 1):
        part = parts == number
        area = part.sum() * spacing.prod()
        if not CANAL_MM2[0] <= area <= CANAL_MM2[1]:
            continue
        if float(plane[part].mean()) > MOST_CANAL_HU:
            continue
        y, x = np.array(ndi.center_of_mass(part)) * spacing
        aside = abs(x - body.mid_x)
        if aside > 40.0 or y < body.mid_y:
            continue
        if aside < best:
            best, result = aside, (float(y), float(x))
    return result
