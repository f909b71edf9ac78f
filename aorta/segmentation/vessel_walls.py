"""The outer boundaries of the aorta and of each iliac artery, one tube after the other."""

from __future__ import annotations

from aorta.records import Array, Progress
from aorta.segmentation.outer_wall import TubeWall, find_wall
from aorta.segmentation.routes import vessels
from aorta.segmentation.tree import Path

AORTA_REACH_MM, LARGE_REACH_MM, ILIAC_REACH_MM = 48.0, 72.0, 28.0
"""How far from the centreline a wall is searched: beyond half of any usual aneurysm, the aorta's again farther where its wall lies
at the first reach. Choices of this program."""
EXTEND_MM = 8.0
"""How far beyond its last point a centreline is carried on, so that the wall reaches the image's border."""


def search_walls(
    part: Array, spacing: Array, lumen: Array, paths: list[Path], wall_thickness_mm: float, clicks: Array, progress: Progress
) -> list[TubeWall]:
    """Outer boundaries of the aorta and of each iliac in HU (or what stands for them), (nk, nj, ni)."""
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
