"""Contrast CT from image to labels: seeds, lumen, trunk and branches, outer wall, calcification."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aorta.errors import NeedsClicks
from aorta.records import CLASSES, Array, Labels, Progress, Segmentation, Volume
from aorta.segmentation import gates
from aorta.segmentation.calcification import calcification_threshold, find_calcification
from aorta.segmentation.canonical import anatomical_frame
from aorta.segmentation.chest_ct import segment_chest
from aorta.segmentation.clicks import cut_at_ends, wall_click_cautions
from aorta.segmentation.compose import compose
from aorta.segmentation.dissection import Second
from aorta.segmentation.distance import distance_to
from aorta.segmentation.flap import second_lumen
from aorta.segmentation.lumen_ct import grow_lumen
from aorta.segmentation.open_fat import without_open_fat
from aorta.segmentation.outer_wall import fill_walls
from aorta.segmentation.quality import Evidence, judge
from aorta.segmentation.routes import downward_from, from_clicks
from aorta.segmentation.start_ct import find_start, look
from aorta.segmentation.trunk import split
from aorta.segmentation.venous import rough_mask, without_veins
from aorta.segmentation.vertebrae import vertebral_bodies
from aorta.segmentation.vessel_walls import search_walls
from aorta.settings import SegmentationSettings

AROUND_MM = 75.0  # of the chain: holds the widest sac and the other iliac
NOT_BLOOD_HU = -100.0  # painted over what is known to be bone or vein
VENOUS = (
    "portal-venous contrast: veins are as bright as the aorta and were parted from it at the narrowest places; "
    "look at the overlays where the vena cava, iliac veins and the left renal vein touch it"
)


def segment_ct(volume: Volume, settings: SegmentationSettings, wall_thickness_mm: float, progress: Progress) -> Segmentation:
    """Labels of a contrast CT; ``NeedsClicks`` where the automatic start is not sure."""
    frame = anatomical_frame(volume.grid)
    voxels, spacing = frame.view(volume.voxels), frame.spacing
    progress("finding the aorta", 0.0)
    field = look(voxels, spacing)
    try:
        start = find_start(voxels, spacing, frame, settings, field)
    except NeedsClicks as unsure:
        if settings.seeds or settings.contrast == "portal-venous":
            raise
        return segment_chest(volume, voxels, frame, field, wall_thickness_mm, unsure, progress)
    box = _region(start.points, spacing, voxels.shape)
    corner = np.array([b.start for b in box]) * spacing
    part = np.ascontiguousarray(voxels[box], np.float32)
    points = start.points - corner
    progress("growing the lumen", 0.1)
    seeds = np.rint(points / spacing).astype(int)
    bodies = None
    if start.tubes is not None and start.canal is not None:  # bone and veins are as bright as the aorta
        rough = rough_mask(start.tubes, voxels.shape, spacing)
        bodies = vertebral_bodies(voxels, spacing, start.canal, rough)
        part[bodies[box]] = NOT_BLOOD_HU
    blood, thin = grow_lumen(part, spacing, seeds, start.blood, start.spread)
    if start.tubes is not None:
        blood, thin, veins = without_veins(blood, thin, spacing, start.tubes, corner)
        part[veins] = NOT_BLOOD_HU
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
    walls = search_walls(part, spacing, lumen, paths, wall_thickness_mm, clicks, progress) if settings.thrombus else []
    outer = without_open_fat(fill_walls(walls, part.shape, spacing) | lumen, lumen, part, spacing, clicks)
    progress("calcification and classes", 0.85)
    lumens, mixed = second_lumen(part, spacing, outer, wall_thickness_mm, start.blood, paths)
    if lumens is not None:
        lumen = lumen | (lumens.false & ~pieces.branch)
    near = outer | (distance_to(lumen, spacing, wall_thickness_mm + 2.0) <= wall_thickness_mm)
    threshold = calcification_threshold(start.blood, start.spread)
    calcified = find_calcification(part, near, spacing, threshold)
    labels_part = compose(lumen, outer, pieces.branch, spacing, wall_thickness_mm, calcified)
    if not start.automatic:
        cut_at_ends(labels_part, spacing, paths)
    whole = np.zeros(voxels.shape, np.uint8)
    whole[box] = labels_part
    if start.canal is not None:
        bodies = vertebral_bodies(voxels, spacing, start.canal, whole > 0) if bodies is None else bodies
        whole[bodies & (whole == 0)] = CLASSES["vertebra"]
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
        wall_clicked=len(clicks) > 0,
    )
    phase = () if start.tubes is None else (VENOUS,)
    cautions = (*phase, *mixed, *map(gates.too_large, doubts), *wall_click_cautions(clicks, walls, settings.wall_clicks))
    return judge(labels, volume, evidence, cautions, None if lumens is None else Second(lumens, box, part))


def _region(points: Array, spacing: Array, shape: tuple[int, ...]) -> tuple[slice, slice, slice]:
    """A box about the points, over the whole height."""
    low = np.floor((points.min(axis=0) - AROUND_MM) / spacing).astype(int)
    high = np.ceil((points.max(axis=0) + AROUND_MM) / spacing).astype(int) + 1
    return (slice(0, shape[0]), *(slice(max(0, low[c]), min(shape[c], high[c])) for c in (1, 2)))  # type: ignore[return-value]
