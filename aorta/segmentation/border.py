"""Does a vessel leave the image through an end, or is it cut off lengthwise?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array
from aorta.segmentation.distance import box_around, depth_in

ELONGATED = 3.0  # patch length over the vessel's width there; a vessel leaving at 70 degrees has 2.9
END_SHARE = 0.15  # of the vessel's extent: this near its ends a vessel may leave through any face


@dataclass(frozen=True)
class Patch:
    """One connected contact of a mask with a face of the image.

    ``face`` is "k-", "k+", "j-" ...; ``is_end`` whether the vessel ends there (allowed) rather
    than being cut off along its side.
    """

    face: str
    area_mm2: float
    is_end: bool


def border_patches(mask: Array, spacing: Array) -> list[Patch]:
    """All contacts of a mask (nk, nj, ni) with the six faces."""
    if not mask.any():
        return []
    spacing = np.asarray(spacing, float)
    where = box_around(mask, 0.0, spacing)
    extent = np.array([(s.stop - s.start) * d for s, d in zip(where, spacing)])
    axis = int(np.argmax(extent))
    depth = depth_in(mask, spacing)
    patches = []
    for across in range(3):
        others = [a for a in range(3) if a != across]
        for side, name in ((0, "-"), (-1, "+")):
            touching = np.take(mask, side, axis=across)
            parts, _ = ndi.label(touching, np.ones((3, 3), bool))
            for number, box in enumerate(ndi.find_objects(parts), 1):
                own = parts[box] == number
                width = 2.0 * float(np.take(depth, side, axis=across)[box][own].max())
                length = max((s.stop - s.start) * spacing[a] for s, a in zip(box, others))
                end = length < ELONGATED * width
                if across != axis:
                    along = box[others.index(axis)]
                    middle = 0.5 * (along.start + along.stop) - where[axis].start
                    share = middle / (where[axis].stop - where[axis].start)
                    end = end and min(share, 1.0 - share) < END_SHARE
                patches.append(Patch("kji"[across] + name, float(own.sum() * spacing[others].prod()), bool(end)))
    return patches
