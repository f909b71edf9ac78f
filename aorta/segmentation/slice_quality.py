"""A score per slice, and in words why a slice is doubtful.

Two things are looked at: whether the outer wall has an edge to fat (not where muscle, vein or bowel
lie on it, and less where the wall was assumed at its prior thickness), and whether the blood ends
at something darker (not where it touches bone, a vein, or leaks). The score is the lower of both.
It says nothing of errors that look sure, such as a vein taken along whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array, Labels, Volume
from aorta.segmentation.canonical import Frame
from aorta.segmentation.distance import box_around, distance_to
from aorta.segmentation.outer_wall import TubeWall

DOUBTFUL = 0.6
EDGELESS, MOSTLY = 0.2, 0.5  # edge confidence below which no edge is seen; share of a slice's circumference worth telling
TOUCHING_FROM_MM, TOUCHING_TO_MM = 1.5, 3.5  # from the blood: beyond blur and a thin wall
FREE_TOUCHING = 0.15  # of the blood's surface: branches leave there
LEAST_VOXELS = 12


def score_slices(labels: Labels, volume: Volume, walls: Sequence[TubeWall], corner: Array, frame: Frame, blood: float):
    """Score (nk,) from 0 to 1, which slices (nk,) hold the vessel, and (slice, reason) of each doubtful one."""
    count = labels.grid.shape_kji[0]
    edge, edgeless, assumed, seen = _of_walls(walls, corner, frame, labels.grid.shape_kji)
    touching, has_blood = _touching(labels, volume, blood)
    score = np.where(seen, edge, 1.0) if walls else np.ones(count)
    score = np.minimum(score, 1.0 - np.clip((touching - FREE_TOUCHING) / (1.0 - FREE_TOUCHING), 0.0, 1.0))
    vessel = seen | has_blood
    reasons = []
    for k in np.flatnonzero(vessel & (score < DOUBTFUL)):
        why = []
        if edgeless[k] > MOSTLY:
            why.append(f"no edge of the outer wall over {edgeless[k]:.0%} of the circumference")
        if assumed[k] > MOSTLY:
            why.append(f"wall assumed at its prior thickness over {assumed[k]:.0%}")
        if touching[k] > FREE_TOUCHING:
            why.append(f"the blood touches something as bright over {touching[k]:.0%} of its edge")
        reasons.append((int(k), "; ".join(why) or f"weak edges of the outer wall (score {score[k]:.2f})"))
    return np.where(vessel, score, 0.0), vessel, tuple(reasons)


def edgeless_share(walls: Sequence[TubeWall]) -> float:
    """Share of the columns whose boundary was placed without an edge, those at the prior thickness from the lumen left out."""
    return float(np.concatenate([((w.confidence < EDGELESS) & ~w.assumed).ravel() for w in walls]).mean()) if walls else 0.0


def _of_walls(
    walls: Sequence[TubeWall], corner: Array, frame: Frame, shape_kji: tuple[int, int, int]
) -> tuple[Array, Array, Array, Array]:
    """Mean confidence, share without an edge, share assumed (nk,) each, and where there is a wall at all (nk,)."""
    sums = np.zeros((4, shape_kji[0]))
    for wall in walls:
        points = wall.tube.surface(wall.radius).reshape(-1, 3) + corner
        k = frame.original_slice(points, shape_kji)
        confidence = np.where(wall.assumed, 0.5, wall.confidence).ravel()
        for row, value in enumerate((confidence, (wall.confidence < EDGELESS).ravel(), wall.assumed.ravel(), np.ones(len(k)))):
            sums[row] += np.bincount(k, value, minlength=shape_kji[0])
    share = sums[:3] / np.maximum(sums[3], 1.0)
    return share[0], share[1], share[2], sums[3] > 0


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
