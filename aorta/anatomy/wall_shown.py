"""The wall's thickness where the image shows it: where the label map has a wall that was drawn, not assumed.

CT does not show the aortic wall, and programs (this one as well) put a shell of even thickness
around the vessel. Such a shell says nothing about the patient; nor does a wall thinner than the
voxels that it is made of. Both are recognised by themselves and withheld.
"""

from __future__ import annotations

import numpy as np
import pyvista as pv

from aorta.anatomy.ends import points_within
from aorta.anatomy.sections import Walls
from aorta.records import End, Finding, Labels, ThicknessPoints, withheld

LEAST_VOXELS = 1.5
"""A mean thickness below this many voxels is not resolved."""

EVEN_VOXELS = 0.35
"""A standard deviation below this many voxels is that of a shell drawn at one distance (0.29 is that of rounding to voxels)."""

UNIT = {"wall_mean_thickness_mm": "mm", "wall_min_thickness_mm": "mm", "wall_max_thickness_mm": "mm"}


def wall_thickness(labels: Labels, walls: Walls, ends: tuple[End, ...]) -> tuple[ThicknessPoints | None, list[Finding]]:
    """Thickness at the outer surface's points between the ends, and its findings.

    It is measured between the smoothed surfaces: distances between voxels are half a voxel too long.
    """

    def none(why: str) -> tuple[None, list[Finding]]:
        return None, [withheld(name, unit, why) for name, unit in UNIT.items()]

    if not labels.mask("wall").any():
        return none("the label map shows no wall")
    surface = walls.outer.surface
    points = surface.points[points_within(surface, ends)]
    inner = (walls.inner or walls.lumen).surface
    away = pv.PolyData(points).compute_implicit_distance(pv.PolyData.from_regular_faces(inner.points, inner.triangles))
    thickness = np.maximum(np.asarray(away["implicit_distance"]), 0.0)
    spacing = labels.grid.spacing_kji
    voxel = float(np.exp(np.log(spacing).mean()))
    if thickness.mean() < LEAST_VOXELS * voxel:
        return none(f"the wall drawn is {thickness.mean() / voxel:.1f} voxels thick on average, under {LEAST_VOXELS}: not resolved")
    if thickness.std() < EVEN_VOXELS * voxel:
        return none("the wall drawn is of even thickness, as a shell that was assumed is: the image does not tell it")
    how = "distance from the outer surface to lumen and thrombus, between the ends of the model; the mesh has the stated thickness"
    low, high = np.percentile(thickness, [5.0, 95.0])
    return ThicknessPoints(points, thickness), [
        Finding("wall_mean_thickness_mm", float(thickness.mean()), "mm", f"mean {how}"),
        Finding("wall_min_thickness_mm", float(low), "mm", f"5th percentile of the {how}"),
        Finding("wall_max_thickness_mm", float(high), "mm", f"95th percentile of the {how}"),
    ]
