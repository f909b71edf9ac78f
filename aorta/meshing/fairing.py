"""The inner face smoothed a little more where, and only where, the wall would not fit onto it.

A face with normal curvature k (negative in a crease) is stretched by 1 + k t when it is carried
outward by t. Where that is small the wall's elements are squeezed, at 0 they turn over; on a sharp
ridge they are drawn out. The closing bounds the first in theory; the grid, and the ridges that a
closing leaves between two legs, spoil it in practice.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from aorta.meshing.dense import averaging, beyond_ends, vertex_normals
from aorta.records import Array, End, Surface

STRETCHES = ((0.45, 3.0), (0.6, 3.0), (0.7, 2.5))
"""Least and most stretch from the inner to the outer face: creases of radius 1.8 t, ridges of radius t / 2; and what
is tried next where that was not enough."""

_REACH = 1.3  # around a bad spot, in wall thicknesses; doubled by the last round
_PASSES = 10
_RIM_MM = 2.0  # this near to an end nothing is moved: the closed surface's lid is there
_ROUNDS = 60


def faired(
    surface: Surface, thickness: Callable[[Array], Array], ends: tuple[End, ...], limits: tuple[float, float] = STRETCHES[0]
) -> Surface:
    """The surface, smoothed around spots of stretch outside the limits until there is none (or 60 rounds have passed)."""
    points = surface.points.copy()
    average, mean_edge = averaging(surface)
    t = surface.triangles
    edges = np.vstack([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    wall = thickness(points)
    kept = beyond_ends(points, ends, before=_RIM_MM)
    for number in range(_ROUNDS):
        bad = bad_spots(points, t, edges, wall, average, mean_edge, limits) & ~kept
        if not bad.any():
            break
        reach = _REACH * float(wall[bad].max()) * (1.0 + number / _ROUNDS)
        near = (cKDTree(points[bad]).query(points, distance_upper_bound=reach)[0] < reach) & ~kept
        rows = average[near]
        for _ in range(_PASSES):
            points[near] = rows @ points
    return Surface(points, t)


def bad_spots(
    points: Array,
    triangles: Array,
    edges: Array,
    wall: Array,
    average: Array,
    mean_edge: float,
    limits: tuple[float, float] = STRETCHES[0],
) -> Array:
    """Mask (n,) of vertices at edges (e, 2) whose stretch by a wall (n,) mm thick is outside the limits."""
    normals = vertex_normals(points, triangles)
    for _ in range(2):
        normals = average @ normals
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    a, b = edges.T
    along = points[b] - points[a]
    square = np.einsum("ij,ij->i", along, along)
    bend = np.einsum("ij,ij->i", normals[b] - normals[a], along) / np.maximum(square, (0.5 * mean_edge) ** 2)
    stretch = 1.0 + wall[a] * bend
    bad = np.zeros(len(points), bool)
    spoilt = (stretch < limits[0]) | (stretch > limits[1])
    bad[a[spoilt]] = True
    bad[b[spoilt]] = True
    return bad
