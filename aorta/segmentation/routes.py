"""The trunk's paths: from the top of the vessel to its one or two lower ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aorta.records import Array
from aorta.segmentation.distance import depth_in
from aorta.segmentation.gates import ask
from aorta.segmentation.tree import Medial, Path, choose_ends, divergence

TOP_MM, ASIDE_MM = 4.0, 25.0
"""The root is the widest place within this height and this far aside of the point that it is asked for near."""
END_STRETCH_MM = 30.0
"""An end is as wide as the mean of this stretch."""


def from_clicks(blood: Array, spacing: Array, clicks: Array) -> list[Path]:
    """Paths from the first click to the others, (n, 3) (z, y, x) mm; a click on another's path is only a waypoint."""
    medial = Medial(blood, depth_in(blood, spacing), spacing, np.rint(clicks[0] / spacing).astype(int))
    paths = sorted((medial.path_to(p) for p in clicks[1:]), key=lambda p: -p.length[-1])
    kept: list[Path] = []
    for path in paths:
        shared = [divergence(other, path) for other in kept]
        if not shared or path.length[-1] - path.length[min(max(shared), len(path.points) - 1)] > 2.0 * path.calibre[-1]:
            kept.append(path)
    return kept[:2]


def downward_from(blood: Array, spacing: Array, top: Array) -> list[Path]:
    """Paths from about the point ``top`` (z, y, x mm, z to the head) to one or two far ends; may be empty."""
    depth = depth_in(blood, spacing)
    height = np.arange(blood.shape[0])[:, None, None] * spacing[0]
    highest = min(top[0] + TOP_MM, float(np.flatnonzero(blood.any(axis=(1, 2)))[-1] * spacing[0]))
    y, x = np.arange(blood.shape[1]) * spacing[1] - top[1], np.arange(blood.shape[2]) * spacing[2] - top[2]
    near = (np.hypot(y[:, None], x[None, :]) < ASIDE_MM)[None]
    at_top = np.where((height >= highest - TOP_MM) & (height <= highest) & near, depth, 0.0)
    root = np.array(np.unravel_index(int(np.argmax(at_top)), blood.shape))
    return choose_ends(Medial(blood, depth, spacing, root).tree())


def from_widest_end(blood: Array, spacing: Array) -> list[Path]:
    """Paths from the vessel's widest end, wherever it lies, for images whose orientation is not to be trusted."""
    depth = depth_in(blood, spacing)
    middle = np.array(np.unravel_index(int(np.argmax(depth)), blood.shape))
    ends = Medial(blood, depth, spacing, middle).tree()
    if not ends:
        raise ask(["the blood found is too short for an aorta"], "mr-angiography")
    widest = max(ends, key=_end_calibre)
    root = np.rint(widest.points[-1] / spacing).astype(int)
    return choose_ends(Medial(blood, depth, spacing, root).tree())


def vessels(paths: Sequence[Path]) -> list[tuple[str, Array]]:
    """Lines (n, 3) of the aorta and, beyond the fork, of each iliac: ("aorta", ...), ("iliac", ...) ..."""
    if len(paths) == 1:
        return [("aorta", paths[0].points)]
    fork = [divergence(paths[1], paths[0]), divergence(paths[0], paths[1])]
    lines = [("aorta", paths[0].points[: fork[0] + 1])] + [("iliac", p.points[f:]) for p, f in zip(paths, fork)]
    return [(name, line) for name, line in lines if len(line) >= 4]


def _end_calibre(path: Path) -> float:
    length = path.length
    return float(path.calibre[length > length[-1] - END_STRETCH_MM].mean())
