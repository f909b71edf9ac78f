"""Calcification in the mesh: how much of it is at each node."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from aorta.records import WALL, Array, Calcification, Finding

INSIDE, OUTSIDE = 0.9, 1.5
"""Distances from the nearest labelled voxel's centre, in voxels, within which a node is calcified, and beyond which it is not. A
centre is at most 0.87 voxels from any point of its voxel; the ramp spares the solver a jump within an element."""


def calcified_share(points: Array, calcification: Calcification | None) -> Array | None:
    """(n,) 0 to 1 at points (n, 3); None where nothing is labelled near."""
    if calcification is None or not len(calcification.points):
        return None
    reach = OUTSIDE * calcification.voxel_mm
    distance = cKDTree(calcification.points).query(points, distance_upper_bound=reach)[0]
    share = np.clip((reach - distance) / ((OUTSIDE - INSIDE) * calcification.voxel_mm), 0.0, 1.0)
    return share if share.any() else None


def calcified_finding(points: Array, tets: Array, region: Array, share: Array) -> Finding:
    """Share of the wall's volume that is calcified."""
    corners = points[tets[region == WALL][:, :4]]
    volume = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))
    value = float((volume * share[tets[region == WALL]].mean(axis=1)).sum() / volume.sum())
    return Finding("calcified_wall_share", value, "share", "of the meshed wall's volume that labelled calcification takes")
