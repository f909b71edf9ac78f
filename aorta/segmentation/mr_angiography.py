"""Contrast MR angiography from image to labels: it shows the blood and nothing of wall or thrombus.

The array's axes are used as they are: coronal acquisitions whose files state a wrong orientation
are common, so nothing here asks where the head is; the widest end is the aorta's.
"""

from __future__ import annotations

import numpy as np

from aorta.records import Array, Labels, Progress, Segmentation, Volume
from aorta.segmentation.bright_blood import as_ct
from aorta.segmentation.canonical import given_frame
from aorta.segmentation.clicks import check_seeds, cut_at_ends, wall_click_cautions
from aorta.segmentation.compose import compose
from aorta.segmentation.distance import distance_to
from aorta.segmentation.gates import ask, leaked, leaks, too_large
from aorta.segmentation.lumen_mr import LEAK_MM, SHARE, bright_share, brightest_vessel, grow_along
from aorta.segmentation.open_fat import without_open_fat
from aorta.segmentation.outer_wall import TubeWall, fill_walls
from aorta.segmentation.quality import MOST_UNSEEN, Evidence, judge
from aorta.segmentation.routes import from_clicks, from_widest_end
from aorta.segmentation.slice_quality import edgeless_share
from aorta.segmentation.tree import Path
from aorta.segmentation.trunk import split
from aorta.segmentation.vessel_walls import search_walls
from aorta.settings import SegmentationSettings

METHOD = "mr-angiography"
LEAST_CONTRAST = 2.5  # blood over what surrounds it; fat in bright-blood MR has 0.7 of the blood
WIDEST_MM, NARROWEST_MM = 25.0, 4.0  # calibre (radius) of an aorta
LEAST_LENGTH_MM = 80.0
RIVAL_SHARE = 0.35  # of the size of the largest wide bright structure
MOST_BRIGHT = 0.3  # of the body: the published angiogram has 4 %, bright-blood phantoms 67 to 69 %
BRIGHT_BLOOD_SHARE, BRIGHT_BLOOD_LEAK_MM = 0.85, 3.0  # fat has 0.7 of the blood's brightness and lies all round
NOT_ALONE = (
    "the blood is not the only bright tissue: a bright-blood (balanced) sequence shows fat, marrow and veins nearly as bright, and "
    "nothing in it tells the aorta from the vena cava"
)
BRIGHT_BLOOD = (
    "bright-blood sequence: only what has 85 % of the blood's brightness was followed from the clicks; veins in contact may be "
    "taken along"
)
LUMEN_ONLY = (
    "MR angiography shows the blood only: the wall was taken at its stated thickness outside the lumen, and thrombus, if there is "
    "any, is missing; diameters and stresses of an aneurysm with thrombus need a series that shows the wall"
)
WALL_SOUGHT = (
    "bright-blood sequence: the outer wall was sought where dark tissue ends at bright fat; muscle on the wall is as dark as "
    "thrombus: look at the overlays"
)


def segment_mr(volume: Volume, settings: SegmentationSettings, wall_thickness_mm: float, progress: Progress) -> Segmentation:
    """Labels of a contrast MR angiogram; ``NeedsClicks`` where the automatic start is not sure."""
    frame = given_frame(volume.grid)
    voxels, spacing = np.ascontiguousarray(volume.voxels, np.float32), frame.spacing
    automatic = not settings.seeds
    progress("finding the brightest vessel", 0.0)
    clicks = frame.to_mm(np.array(settings.seeds, float).reshape(-1, 3))
    bright_blood = settings.contrast == "bright-blood" or (settings.contrast == "auto" and bright_share(voxels) > MOST_BRIGHT)
    if bright_blood and automatic:
        raise ask([NOT_ALONE], METHOD)
    start = _automatic_start(voxels, spacing) if automatic else _clicked_start(voxels, spacing, clicks, settings)
    progress("following the blood", 0.2)
    share, leak_mm = (BRIGHT_BLOOD_SHARE, BRIGHT_BLOOD_LEAK_MM) if bright_blood else (SHARE, LEAK_MM)
    blood, field = grow_along(voxels, spacing, start, settings.blood, share, leak_mm)
    if not blood.any():
        raise ask(["no blood wide enough to be an aorta is connected to the start"], METHOD)
    paths = from_widest_end(blood, spacing) if automatic else from_clicks(blood, spacing, clicks)
    if automatic:
        _check(voxels, spacing, blood, paths)
    progress("side branches and classes", 0.7)
    pieces = split(blood, spacing, paths)
    doubts = leaks((), pieces.trunk, spacing, pieces.hanging_mm3)
    if doubts and automatic:
        raise leaked(doubts, METHOD)
    wall_clicks = frame.to_mm(np.array(settings.wall_clicks, float).reshape(-1, 3))
    walls: list[TubeWall] = []
    if bright_blood and settings.thrombus:
        seen = as_ct(voxels, field, pieces.trunk | pieces.branch, spacing, wall_thickness_mm)
        walls = search_walls(seen, spacing, pieces.trunk, paths, wall_thickness_mm, wall_clicks, progress)
        if edgeless_share(walls) > MOST_UNSEEN and not len(wall_clicks):
            walls = []
    outer = pieces.trunk
    if walls:
        outer = without_open_fat(fill_walls(walls, voxels.shape, spacing) | pieces.trunk, pieces.trunk, seen, spacing, wall_clicks)
    found = compose(pieces.trunk, outer, pieces.branch, spacing, wall_thickness_mm)
    if not automatic:
        cut_at_ends(found, spacing, paths)
    inside = voxels[pieces.trunk] / field[pieces.trunk]
    middle = float(np.nanmedian(field[pieces.trunk]))
    spread = float(1.4826 * np.nanmedian(np.abs(inside - np.nanmedian(inside)))) * middle
    evidence = Evidence(METHOD, middle, spread, len(paths) > 1, automatic, tuple(walls), np.zeros(3), frame, len(pieces.ostia))
    cautions = (
        WALL_SOUGHT if walls else LUMEN_ONLY,
        *((BRIGHT_BLOOD,) if bright_blood else ()),
        *map(too_large, doubts),
        *wall_click_cautions(wall_clicks, walls, settings.wall_clicks),
    )
    return judge(Labels(volume.grid, found), volume, evidence, cautions)


def _automatic_start(voxels: Array, spacing: Array) -> Array:
    start, sizes = brightest_vessel(voxels, spacing)
    if len(sizes) == 0:
        raise ask(["nothing bright and wide was found"], METHOD)
    if len(sizes) > 1 and sizes[1] > RIVAL_SHARE * sizes[0]:
        raise ask([f"two wide bright structures compete: the second has {sizes[1] / sizes[0]:.0%} of the first's size"], METHOD)
    return start


def _clicked_start(voxels: Array, spacing: Array, clicks: Array, settings: SegmentationSettings) -> Array:
    check_seeds(clicks, spacing, voxels.shape, settings.seeds)
    start = np.zeros(voxels.shape, bool)
    start[tuple(np.rint(clicks / spacing).astype(int).T)] = True
    return start


def _check(voxels: Array, spacing: Array, blood: Array, paths: list[Path]) -> None:
    """Raise ``NeedsClicks`` with every reason to doubt that this is an aorta."""
    doubts = []
    if not paths:
        raise ask(["the blood found is too short for an aorta"], METHOD)
    first = paths[0]
    at = np.rint(first.points / spacing).astype(int)
    upper = first.calibre[first.length < 0.5 * first.length[-1]]
    if first.length[-1] < LEAST_LENGTH_MM:
        doubts.append(f"the vessel is only {first.length[-1]:.0f} mm long ({LEAST_LENGTH_MM:.0f} needed)")
    if not NARROWEST_MM <= np.median(upper) <= WIDEST_MM:
        doubts.append(f"its radius is {np.median(upper):.1f} mm ({NARROWEST_MM:.0f} to {WIDEST_MM:.0f} expected)")
    around = _surrounding(voxels, blood, spacing)
    contrast = float(np.median(voxels[tuple(at.T)]) / max(float(np.median(around)), 1e-6)) if around.size else 1.0
    if contrast < LEAST_CONTRAST:
        doubts.append(f"it is only {contrast:.1f} times as bright as what surrounds it ({LEAST_CONTRAST:.1f} needed)")
    if doubts:
        raise ask(doubts, METHOD)


def _surrounding(voxels: Array, blood: Array, spacing: Array) -> Array:
    away = distance_to(blood, spacing, 10.0)
    return voxels[(away > 4.0) & (away < 10.0)]
