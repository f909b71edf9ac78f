"""How sure the outline of each slice is, and in words why it is doubtful.

The score is the Dice coefficient to be expected of the outer boundary with what it may as well be; below 0.9 a slice is
doubtful. Two things make the outer boundary doubtful, and one the blood:

- Soft tissue beside blood of normal calibre, in a vessel that is not widened by it to an aneurysm (1.5 times its normal diameter,
  doi:10.1067/mva.1991.26737): thrombus in a neck looks like a crus or the vena cava on its wall.
  The outline without that tissue, blood and wall, may as well be right.
- No edge: where muscle, vein or bowel as bright lie on the wall, it is continued from where it is seen.
- The blood touches something as bright: bone, a vein, a leak.

It says nothing of errors that look sure, such as a vein taken along whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage as ndi

from aorta.records import VESSEL, Array, Grid, Labels, Volume
from aorta.segmentation.canonical import Frame
from aorta.segmentation.distance import box_around, distance_to
from aorta.segmentation.outer_wall import PLANES_MM, TubeWall

DOUBTFUL = 0.9  # expected Dice of the slice's outline
ANEURYSM = 1.5  # times the normal diameter
NORMAL_BLOOD_MM = 12.5  # radius; wider is a dilated vessel, whose thrombus is no question
EDGELESS, UNSEEN_MM = 0.2, 1.4  # edge confidence below which none is seen; how far off the boundary is there (mean, hard phantoms)
WORTH_TELLING = 0.03  # of the outline's area
TOUCHING_WORTH = 0.25  # what touching all round costs: half of the edge is doubtful
TOUCHING_FROM_MM, TOUCHING_TO_MM = 1.5, 3.5  # from the blood: beyond blur and a thin wall
FREE_TOUCHING = 0.15  # of the blood's surface: branches leave there
LEAST_VOXELS = 12


def score_slices(labels: Labels, volume: Volume, walls: Sequence[TubeWall], corner: Array, frame: Frame, blood: float):
    """Score (nk,) from 0 to 1, and (slice, reason) of each doubtful one."""
    beside, unseen, edgeless, seen = _of_walls(walls, corner, frame, labels.grid)
    touching, has_blood = _touching(labels, volume, blood)
    touched = TOUCHING_WORTH * np.clip((touching - FREE_TOUCHING) / (1.0 - FREE_TOUCHING), 0.0, 1.0)
    score = 1.0 - np.maximum(np.minimum(beside + unseen, 1.0), touched)
    vessel = (seen | has_blood) & labels.mask(*VESSEL).any(axis=(1, 2))
    reasons = []
    for k in np.flatnonzero(vessel & (score < DOUBTFUL)):
        why = []
        if beside[k] > WORTH_TELLING:
            share = f"{beside[k]:.0%} of the outline"
            why.append(f"soft tissue beside blood of normal calibre ({share}): thrombus, or muscle or a vein on the wall")
        if unseen[k] > WORTH_TELLING:
            why.append(f"no edge of the outer wall over {edgeless[k]:.0%} of the circumference")
        if touched[k] > 1.0 - DOUBTFUL:
            why.append(f"the blood touches something as bright over {touching[k]:.0%} of its edge")
        reasons.append((int(k), "; ".join(why)))
    return np.where(vessel, score, 0.0), tuple(reasons)


def edgeless_share(walls: Sequence[TubeWall]) -> float:
    """Share of the columns whose boundary was placed without an edge, those at the prior thickness from the lumen left out."""
    return float(np.concatenate([((w.confidence < EDGELESS) & ~w.assumed).ravel() for w in walls]).mean()) if walls else 0.0


def _of_walls(walls: Sequence[TubeWall], corner: Array, frame: Frame, grid: Grid) -> tuple[Array, Array, Array, Array]:
    """Of each slice (nk,): share of the outline that may be none, share unsure for want of an edge, share of the circumference
    without one, and whether there is a wall at all. Shares are of both outlines' area: one minus the Dice coefficient."""
    sums = np.zeros((5, grid.shape_kji[0]))
    for wall in walls:
        points = wall.tube.surface(wall.radius).reshape(-1, 3) + corner
        k = frame.original_slice(points, grid.shape_kji)
        bare = without_thrombus(wall)
        unseen = (wall.confidence < EDGELESS) & ~wall.assumed & (bare == wall.radius)
        off = np.where(unseen, 2.0 * wall.radius * UNSEEN_MM, 0.0)  # area of both outlines' difference, per radian and half
        for row, value in enumerate((wall.radius**2 - bare**2, off, wall.radius**2 + bare**2, unseen, np.ones(unseen.shape))):
            sums[row] += np.bincount(k, value.ravel(), minlength=grid.shape_kji[0])
    # planes stand 2 mm apart, and thin slices lie between them
    sums = ndi.gaussian_filter1d(sums, PLANES_MM / float(grid.spacing_kji[0]), axis=1, mode="constant", truncate=2.0)
    area, columns = np.maximum(sums[2], 1e-9), np.maximum(sums[4], 1e-9)
    return sums[0] / area, sums[1] / area, sums[3] / columns, sums[4] > 0


def without_thrombus(wall: TubeWall) -> Array:
    """Radii (s, a) if what lies beside blood of normal calibre is no part of the vessel; as found where it is widened."""
    blood, found = (np.sqrt((r**2).mean(axis=1)) for r in (wall.lumen_end, wall.radius))
    normal = (blood < NORMAL_BLOOD_MM) & (found < ANEURYSM * (blood + wall.thickness))
    return np.where(normal[:, None], np.minimum(wall.lumen_end + wall.thickness, wall.radius), wall.radius)


def _touching(labels: Labels, volume: Volume, blood: float) -> tuple[Array, Array]:
    """Share (nk,) of the blood's surroundings as bright as blood, calcification and own branches left out; where there is blood."""
    lumen = labels.mask("lumen")
    spacing = labels.grid.spacing_kji
    share = np.zeros(len(lumen))
    if not lumen.any():
        return share, lumen.any(axis=(1, 2))
    box = box_around(lumen, TOUCHING_TO_MM + float(spacing.max()), spacing)
    away = distance_to(lumen[box], spacing)
    near = (away > TOUCHING_FROM_MM) & (away <= TOUCHING_TO_MM)
    branch = labels.mask("branch", "calcification")[box]
    if branch.any():
        near &= distance_to(branch, spacing, TOUCHING_TO_MM) > TOUCHING_TO_MM
    image = ndi.gaussian_filter(volume.voxels[box].astype(np.float32), 0.5)
    outside = float(np.median(image[near])) if near.any() else 0.0
    bright = near & (image > 0.5 * (blood + min(outside, 0.6 * blood)))
    total = near.sum(axis=(1, 2))
    share[box[0]] = np.where(total >= LEAST_VOXELS, bright.sum(axis=(1, 2)) / np.maximum(total, 1), 0.0)
    return share, lumen.any(axis=(1, 2))
