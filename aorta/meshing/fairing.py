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

LEAST_STRETCH, MOST_STRETCH = 0.45, 3.0
"""Allowed stretch from the inner to the outer face: creases of radius 1.8 t, ridges of radius t / 2."""

_REACH = 1.3  # around a bad spot, in wall thicknesses; doubled by the last round
_PASSES = 10
_ROUNDS = 60


def faired(surface: Surface, thickness: Callable[[Array], Array], ends: tuple[End, ...]) -> Surface:
    """The surface, smoothed around spots of bad stretch until there is none (or 60 rounds have passed)."""
    points = surface.points.copy()
    average, mean_edge = averaging(surface)
    t = surface.triangles
    edges = np.vstack([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    wall = thickness(points)
    ignored = beyond_ends(points, ends)
    for number in range(_ROUNDS):
        bad = _bad_spots(points, t, edges, wall, average, mean_edge) & ~ignored
        if not bad.any():
            break
        reach = _REACH * float(wall[bad].max()) * (1.0 + number / _ROUNDS)
        near = cKDTree(points[bad]).query(points, distance_upper_bound=reach)[0] < reach
        rows = average[near]
        for _ in range(_PASSES):
            points[near] = rows @ points
    return Surface(points, t)


def _bad_spots(points: Array, triangles: Array, edges: Array, wall: Array, average: Array, mean_edge: float) -> Array:
    """Mask (n,) of vertices at edges of bad stretch."""
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
    spoilt = (stretch < LEAST_STRETCH) | (stretch > MOST_STRETCH)
    bad[a[spoilt]] = True
    bad[b[spoilt]] = True
    return bad
