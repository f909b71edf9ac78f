"""Trunk and side branches: the blood of aorta and iliacs apart from renals, mesenterics and the rest.

A local opening: balls of a share of the trunk's own calibre at the nearest point of its paths.
What no such ball reaches and sticks out far through a narrow neck is a branch; the cut between
them is the ostium.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from scipy.spatial import cKDTree

from aorta.records import Array
from aorta.segmentation.distance import box_around, depth_in, distance_to, half_voxel, largest_part, part_with
from aorta.segmentation.tree import Path

BALL_SHARE = 0.72  # of the trunk's calibre; a branch wider than this share of its parent stays with it
LEAST_REACH_MM = 5.5  # what sticks out less is an unevenness: in the phantom false ostia reached 3.1 mm, true ones over 8
SLENDER = 1.5  # reach over the radius of the neck's area
RIM_MM = 2.0  # about the trunk: unevenness that would join neighbouring branches
WIDEST_MM = 5.5  # radius; wider is no branch but an organ or bone behind it
KEPT_MM = 20.0  # of a branch beyond its ostium
EVERYWHERE = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Split:
    """Masks (nk, nj, ni) of trunk and branches, and the ostia's centres (n, 3) (z, y, x mm).

    ``hanging_mm3`` of the trunk is far from its paths though no branch: bone, vein or organ that the blood leaked into.
    """

    trunk: Array
    branch: Array
    ostia: Array
    hanging_mm3: float


def split(lumen: Array, spacing: Array, paths: Sequence[Path], thin: Array | None = None) -> Split:
    """The lumen as trunk (around the paths) and side branches.

    ``thin`` is a mask that holds the lumen and thinner vessels, from which branches are taken too.
    """
    spacing = np.asarray(spacing, float)
    box = box_around(lumen, 2.0 if thin is None else KEPT_MM, spacing)
    part, corner = lumen[box], np.array([b.start for b in box]) * spacing
    trunk = _opened(part, spacing, corner, paths)
    away = distance_to(trunk, spacing)
    branch, ostia = _sticking_out(part if thin is None else thin[box] | part, away, spacing)
    # what is neither belongs to the trunk, unless it hangs together with it only through a branch
    labelled, _ = ndi.label(part & ~branch, EVERYWHERE)
    own = np.unique(labelled[trunk])
    whole = largest_part(np.isin(labelled, own[own > 0]))
    result = [np.zeros(lumen.shape, bool) for _ in range(2)]
    result[0][box], result[1][box] = whole, branch
    hanging = float((whole & (away > LEAST_REACH_MM)).sum() * spacing.prod())
    return Split(result[0], result[1], ostia + corner if len(ostia) else ostia, hanging)


def _opened(part: Array, spacing: Array, corner: Array, paths: Sequence[Path]) -> Array:
    points, calibre = np.concatenate([p.points for p in paths]), np.concatenate([p.calibre for p in paths])
    voxels = np.argwhere(part)
    nearest = cKDTree(points).query(voxels * spacing + corner)[1]
    ball = np.zeros(part.shape, np.float32)
    ball[part] = np.maximum(BALL_SHARE * calibre[nearest], 1.2 * spacing.max())
    core = part & (depth_in(part, spacing) > ball)
    parts, _ = ndi.label(core, EVERYWHERE)
    on_path = np.rint((points - corner) / spacing).astype(int)
    on_path = on_path[((on_path >= 0) & (on_path < part.shape)).all(axis=1)]
    own = np.unique(parts[tuple(on_path.T)])
    core = np.isin(parts, own[own > 0])
    if not core.any():
        return part
    away, source = ndi.distance_transform_edt(~core, sampling=spacing, return_indices=True)
    return part & (away <= ball[tuple(source)] + half_voxel(spacing))


def _sticking_out(part: Array, away: Array, spacing: Array) -> tuple[Array, Array]:
    """Side branches and their ostia; ``away`` is the distance from the trunk in mm."""
    branch, ostia = np.zeros(part.shape, bool), []
    thickness = float(spacing.max())
    wide = distance_to(depth_in(part, spacing) * (away > RIM_MM) > WIDEST_MM, spacing, WIDEST_MM + 2.0) <= WIDEST_MM
    rest, _ = ndi.label(part & (away > RIM_MM) & ~wide, EVERYWHERE)
    for number, where in enumerate(ndi.find_objects(rest), 1):
        own = rest[where] == number
        distance = away[where][own]
        neck = distance <= RIM_MM + thickness
        radius = np.sqrt(max(1, neck.sum()) * float(np.prod(spacing)) / thickness / np.pi)
        if not neck.any() or distance.max() <= LEAST_REACH_MM or distance.max() <= SLENDER * radius:
            continue
        at_neck = own & (away[where] <= RIM_MM + thickness)
        branch[where] |= part_with(own & (away[where] <= KEPT_MM), np.argwhere(at_neck), touching=3)
        ostia.append(((np.argwhere(own)[neck] + [s.start for s in where]) * spacing).mean(axis=0))
    return branch, np.array(ostia).reshape(-1, 3)
