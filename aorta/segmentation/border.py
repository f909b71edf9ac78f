"""Does a vessel leave the image through an end, or is it cut off lengthwise?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from aorta.errors import InputError
from aorta.records import Array, Labels
from aorta.segmentation.distance import box_around, depth_in

ELONGATED = 3.0  # patch length over the vessel's width there; a vessel leaving at 70 degrees has 2.9
SURE_CONTACT_MM2 = 20.0  # of the lumen along its side: less may be a voxel's blur
SURE_VESSEL_CONTACT_MM2 = 100.0  # of the vessel found in an image: 10 mm by 10 mm of aneurysm are missing
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


def refuse_cut_off(labels: Labels, names: tuple[str, ...], sure_mm2: float, where: str) -> None:
    """Raise ``InputError`` where these classes touch a face of the image along their side by more than this area."""
    what = "lumen" if names == ("lumen",) else "vessel"
    for patch in border_patches(labels.mask(*names), labels.grid.spacing_kji):
        if not patch.is_end and patch.area_mm2 > sure_mm2:
            raise InputError(
                f"the {what} is cut off by the image's border",
                where=f"{where}, face {patch.face} ({patch.area_mm2:.0f} mm2)",
                why="it touches the border along its side, not with an open end, so part of the vessel is missing",
                fix="use an image that holds the whole vessel, or let the vessel end before the border, by clicks or in the labels",
            )
