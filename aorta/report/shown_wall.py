"""The wall that the image shows, on the nodes of the mesh, which has the stated thickness instead."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from aorta.records import Array, Results

NAME = "wall_thickness_shown_mm"
_NEIGHBOURS = 3
_REACH_MM = 2.0
"""From a node of the outer face to the nearest measured point; these are some 1 mm apart on the same surface."""


def shown_thickness(results: Results) -> Array | None:
    """Thickness (n,) in mm at the wall's nodes, NaN elsewhere and where none was measured nearby; None where no wall is shown.

    It was measured at points of the outer surface; each node takes that of the nearest ones, by inverse squares of distance.
    """
    measured = results.anatomy.wall_thickness if results.anatomy is not None else None
    if measured is None or results.mesh is None:
        return None
    thickness = results.mesh.wall_thickness_mm
    count = min(_NEIGHBOURS, len(measured.points))
    away, index = cKDTree(measured.points).query(results.mesh.points, k=np.arange(1, count + 1))
    weight = 1.0 / np.maximum(away, 1e-6) ** 2
    values = (weight * measured.thickness_mm[index]).sum(1) / weight.sum(1)
    return np.where((thickness > 0) & (away[:, 0] <= _REACH_MM + thickness), values, np.nan)
