"""Clicks of the user: are they usable, and where do they end the vessel?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aorta.errors import NeedsClicks
from aorta.records import CLASSES, VESSEL, Array
from aorta.segmentation.distance import inside, largest_part
from aorta.segmentation.gates import HOW_TO_CLICK
from aorta.segmentation.outer_wall import TubeWall
from aorta.segmentation.tree import Path

HEEDED_MM = 4.0  # a boundary that a click binds passes it by less (columns stand 2 to 3 mm apart)


def check_seeds(points_mm: Array, spacing: Array, shape: tuple[int, ...], seeds: Sequence[tuple[float, float, float]]) -> None:
    """Raise ``NeedsClicks`` if there are too few or one lies outside the image.

    Parameters
    ----------
    points_mm : (n, 3) float
        The seeds in the view's (z, y, x) mm.
    seeds : sequence of (3,) float
        The same as written in the case file (LPS mm), for the message.
    """
    if len(points_mm) < 2:
        raise NeedsClicks(
            "one click is not enough to know where the vessel ends: at least 2 are needed",
            where="case file: segmentation.seeds",
            why=f"{len(points_mm)} given",
            fix=HOW_TO_CLICK,
        )
    outside = ~inside(np.rint(points_mm / spacing), shape)
    if outside.any():
        number = int(np.argmax(outside))
        raise NeedsClicks(
            f"click {number + 1} of {len(points_mm)} lies outside the image",
            where="case file: segmentation.seeds",
            why=f"{tuple(float(c) for c in seeds[number])} mm (LPS) is {np.rint(points_mm[number] / spacing)} in voxels of {shape}",
            fix="give LPS millimetres (RAS, as 3D Slicer shows them, has the first two signs reversed)",
        )


def wall_click_cautions(clicks: Array, walls: Sequence[TubeWall], given: Sequence[tuple[float, float, float]]) -> list[str]:
    """A caution for each click on the outer wall, (n, 3) (z, y, x) mm, that the boundary found does not pass.

    Parameters
    ----------
    given : sequence of (3,) float
        The same as written in the case file (LPS mm).
    """
    if not walls:
        return ["segmentation.wall_clicks are not used: no outer wall was searched for"] if len(given) else []
    boundary = np.concatenate([wall.tube.surface(wall.radius).reshape(-1, 3) for wall in walls])
    cautions = []
    for number, (click, point) in enumerate(zip(clicks, given), 1):
        away = float(np.linalg.norm(boundary - click, axis=1).min())
        if away > HEEDED_MM:
            cautions.append(
                f"click {number} of {len(given)} on the outer wall, {tuple(float(c) for c in point)}, lies {away:.0f} mm from the "
                "boundary found and does not bind it: see that it is in LPS millimetres and on this vessel, or correct the labels"
            )
    return cautions


def cut_at_ends(labels: Array, spacing: Array, paths: Sequence[Path]) -> None:
    """Clear, in place, what lies beyond the planes through the clicks at the vessel's ends.

    The plane at the first click and at each path's last point is perpendicular to the path there;
    a voxel is cleared if it lies beyond the plane of the end nearest to it.
    """
    voxels = np.argwhere(labels > 0)
    if len(voxels) == 0:
        return
    points = voxels * spacing
    ends = [(paths[0].points[0], _outward(paths[0], 0))] + [(p.points[-1], _outward(p, -1)) for p in paths]
    centres = np.array([e[0] for e in ends])
    beyond = np.stack([(points - c) @ n for c, n in ends], axis=1)
    nearest = np.argmin(np.linalg.norm(points[:, None] - centres[None], axis=2), axis=1)
    gone = voxels[beyond[np.arange(len(points)), nearest] > 0.0]
    labels[tuple(gone.T)] = 0
    vessel = np.isin(labels, [CLASSES[name] for name in VESSEL])
    labels[vessel & ~largest_part(vessel)] = 0


def _outward(path: Path, end: int) -> Array:
    """Unit direction out of the path's start (0) or end (-1), over its last 10 mm."""
    length = path.length
    if end == 0:
        direction = path.points[0] - path.points[int(np.searchsorted(length, min(10.0, length[-1])))]
    else:
        direction = path.points[-1] - path.points[max(0, int(np.searchsorted(length, length[-1] - 10.0)) - 1)]
    return direction / max(float(np.linalg.norm(direction)), 1e-9)
