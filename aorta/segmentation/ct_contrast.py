"""Contrast CT from image to labels: seeds, lumen, trunk and branches, outer wall, calcification."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aorta.records import Array, Labels, Progress, Segmentation, Volume
from aorta.segmentation import discs, gates, spine
from aorta.segmentation.calcification import calcification_threshold, find_calcification
from aorta.segmentation.canonical import Frame, anatomical_frame
from aorta.segmentation.chain import best_chain
from aorta.segmentation.clicks import check_seeds, cut_at_ends, wall_click_cautions
from aorta.segmentation.compose import compose
from aorta.segmentation.distance import distance_to
from aorta.segmentation.lumen_ct import blood_statistics, grow_lumen
from aorta.segmentation.outer_wall import TubeWall, fill_walls, find_wall
from aorta.segmentation.quality import Evidence, judge
from aorta.segmentation.routes import downward_from, from_clicks, vessels
from aorta.segmentation.tree import Path
from aorta.segmentation.trunk import split
from aorta.settings import SegmentationSettings

AROUND_MM = 75.0  # of the chain: holds the widest sac and the other iliac
AORTA_REACH_MM, LARGE_REACH_MM, ILIAC_REACH_MM = 48.0, 72.0, 28.0
CLICK_RADIUS_MM = 3.0
EXTEND_MM = 8.0


@dataclass(frozen=True)
class _Start:
    """Where the blood is: points (n, 3) (z, y, x mm) from the top down, and how it looks; without ``chain`` from clicks."""

    points: Array
    blood: float
    spread: float
    chain: tuple[discs.Disc, ...]

    @property
    def automatic(self) -> bool:
        """Whether the program found it."""
        return bool(self.chain)


def segment_ct(volume: Volume, settings: SegmentationSettings, wall_thickness_mm: float, progress: Progress) -> Segmentation:
    """Labels of a contrast CT; ``NeedsClicks`` where the automatic start is not sure."""
    frame = anatomical_frame(volume.grid)
    voxels, spacing = frame.view(volume.voxels), frame.spacing
    progress("finding the aorta", 0.0)
    start = _start(voxels, spacing, frame, settings)
    box = _region(start.points, spacing, voxels.shape)
    corner = np.array([b.start for b in box]) * spacing
    part = np.ascontiguousarray(voxels[box], np.float32)
    points = start.points - corner
    progress("growing the lumen", 0.1)
    seeds = np.rint(points / spacing).astype(int)
    blood, thin = grow_lumen(part, spacing, seeds, start.blood, start.spread)
    if not blood.any():
        raise gates.ask(["no blood is connected to the seeds wide enough to be an aorta"])
    paths = downward_from(blood, spacing, points[0]) if start.automatic else from_clicks(blood, spacing, points)
    if not paths:
        raise gates.ask(["the blood found is too short for an aorta"])
    pieces = split(blood, spacing, paths, thin)
    lumen = pieces.trunk
    chain = [replace(d, position=d.position - corner) for d in start.chain]
    doubts = gates.leaks(chain, lumen, spacing, pieces.hanging_mm3)
    if doubts and start.automatic:
        raise gates.leaked(doubts)
    clicks = frame.to_mm(np.array(settings.wall_clicks, float).reshape(-1, 3)) - corner
    walls = _walls(part, spacing, lumen, paths, wall_thickness_mm, clicks, progress) if settings.thrombus else []
    outer = fill_walls(walls, part.shape, spacing) | lumen
    progress("calcification and classes", 0.85)
    near = outer | (distance_to(lumen, spacing, wall_thickness_mm + 2.0) <= wall_thickness_mm)
    threshold = calcification_threshold(start.blood, start.spread)
    calcified = find_calcification(part, near, spacing, threshold)
    labels_part = compose(lumen, outer, pieces.branch, spacing, wall_thickness_mm, calcified)
    if not start.automatic:
        cut_at_ends(labels_part, spacing, paths)
    whole = np.zeros(voxels.shape, np.uint8)
    whole[box] = labels_part
    labels = Labels(volume.grid, frame.restore(whole))
    evidence = Evidence(
        "ct-contrast",
        start.blood,
        start.spread,
        len(paths) > 1,
        start.automatic,
        tuple(walls),
        corner,
        frame,
        len(pieces.ostia),
        threshold,
    )
    cautions = (*map(gates.too_large, doubts), *wall_click_cautions(clicks, walls, settings.wall_clicks))
    return judge(labels, volume, evidence, cautions)


def _start(voxels: Array, spacing: Array, frame: Frame, settings: SegmentationSettings) -> _Start:
    if settings.seeds:
        points = frame.to_mm(np.array(settings.seeds, float))
        check_seeds(points, spacing, voxels.shape, settings.seeds)
        radii = np.full(len(points), 2.0 * CLICK_RADIUS_MM)
        chain = []
    else:
        body = discs.find_body(voxels, spacing)
        slices, numbers, coarse = discs.coarse_slices(voxels, spacing)
        canal = spine.canal_line(slices, coarse, body)
        rows = []
        for n, (plane, k) in enumerate(zip(slices, numbers)):
            excluded = None if canal is None else spine.spine_region(plane.shape, coarse, canal[n])
            rows.append(discs.candidates(plane, k * spacing[0], coarse, body, excluded))
        chain = best_chain(rows)
        gates.check_chain(chain, rows, voxels.shape[0] * float(spacing[0]), canal is not None)
        chain = chain[::-1]  # from the top
        points, radii = np.array([d.position for d in chain]), np.array([d.radius for d in chain])
    blood, spread = blood_statistics(voxels, spacing, points, radii)
    if settings.seeds and settings.blood is None and blood < gates.LEAST_CLICKED_HU:
        raise gates.ask([f"the clicks lie in {blood:.0f} HU, which is not contrast-filled blood"])
    return _Start(points, settings.blood if settings.blood is not None else blood, spread, tuple(chain))


def _region(points: Array, spacing: Array, shape: tuple[int, ...]) -> tuple[slice, slice, slice]:
    """A box about the points, over the whole height."""
    low = np.floor((points.min(axis=0) - AROUND_MM) / spacing).astype(int)
    high = np.ceil((points.max(axis=0) + AROUND_MM) / spacing).astype(int) + 1
    return (slice(0, shape[0]), *(slice(max(0, low[c]), min(shape[c], high[c])) for c in (1, 2)))  # type: ignore[return-value]


def _walls(
    part: Array, spacing: Array, lumen: Array, paths: list[Path], wall_thickness_mm: float, clicks: Array, progress: Progress
) -> list[TubeWall]:
    """Outer boundaries of the aorta and of each iliac."""
    lines, walls = vessels(paths), []
    for number, (name, line) in enumerate(lines):
        first, last = name == "aorta", len(lines) == 1 or name == "iliac"
        extend = (EXTEND_MM if first else 0.0, EXTEND_MM if last else 0.0)
        reach = AORTA_REACH_MM if first else ILIAC_REACH_MM
        progress(f"searching the outer wall, vessel {number + 1} of {len(lines)}", 0.3 + 0.5 * number / len(lines))
        wall = find_wall(part, spacing, lumen, line, reach, wall_thickness_mm, clicks, extend)
        if first and (wall.radius > reach - 3.0).mean() > 0.01:
            wall = find_wall(part, spacing, lumen, line, LARGE_REACH_MM, wall_thickness_mm, clicks, extend)
        walls.append(wall)
    return walls
