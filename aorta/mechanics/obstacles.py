"""What the vessel can be pressed against: how far a point is from it, and which way is out.

A spine comes as a triangulated surface made of voxels. Its signed distance is sampled on a grid of
1 mm about the part of it that the vessel can reach, and interpolated by cubic splines: two
continuous derivatives, which Newton's method needs, where the triangles have creases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyvista as pv
from scipy import ndimage as ndi
from scipy.spatial import cKDTree

from aorta.records import Surface

REACH_MM = 12.0
"""Nodes further away than this from the spine never meet it: vessels move by one or two millimetres over a heart beat."""
_STEP_MM = 1.0
_EXACT_MM = 4.0
"""Near surface and vessel the samples are heights above the surface; elsewhere distances to the nearest vertex, found on
a grid ``_COARSER`` times as wide."""
_COARSER, _NEIGHBOURS = 4, 8


class Obstacle(Protocol):
    """A rigid body."""

    def distance(self, points: np.ndarray) -> np.ndarray:
        """(n,) mm from the obstacle of points (n, 3), negative within it."""
        ...

    def slopes(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The distance's gradient (n, 3), of length one or nearly, out of the obstacle, and its second derivatives (n, 3, 3)."""
        ...


@dataclass(frozen=True)
class HalfSpace:
    """All that lies behind a plane through ``point`` (3,); ``out`` (3,) is its unit normal."""

    point: np.ndarray
    out: np.ndarray

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Height above the plane."""
        return (points - self.point) @ self.out

    def slopes(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The plane's normal everywhere."""
        return np.broadcast_to(self.out, points.shape).copy(), np.zeros((*points.shape, 3))


@dataclass(frozen=True)
class Sampled:
    """A signed distance on a grid: ``coefficients`` [k, j, i] of cubic splines, ``low`` (3,) mm LPS of its first point.

    Beyond the grid, where no point was in reach, it is ``REACH_MM`` and flat.
    """

    low: np.ndarray
    step: float
    coefficients: np.ndarray

    def distance(self, points: np.ndarray) -> np.ndarray:
        """By the splines."""
        out = np.full(len(points), REACH_MM)
        inside, (value, _, _), near = self._at(points)
        out[inside] = np.einsum("nkji,nk,nj,ni->n", near, value[:, 2], value[:, 1], value[:, 0], optimize=True)
        return out

    def slopes(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The splines' own first and second derivatives."""
        first, second = np.zeros((len(points), 3)), np.zeros((len(points), 3, 3))
        inside, orders, near = self._at(points)
        for a in range(3):
            for b in range(a, 3):
                counts = np.bincount([a, b], minlength=3)
                x, y, z = (orders[count][:, axis] for axis, count in enumerate(counts))
                second[inside, a, b] = np.einsum("nkji,nk,nj,ni->n", near, z, y, x, optimize=True) / self.step**2
                second[inside, b, a] = second[inside, a, b]
            x, y, z = (orders[int(axis == a)][:, axis] for axis in range(3))
            first[inside, a] = np.einsum("nkji,nk,nj,ni->n", near, z, y, x, optimize=True) / self.step
        return first, second

    def _at(self, points: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...], np.ndarray]:
        """Which points are within the grid, their splines' weights (m, 3, 4) along each axis with the weights' first two
        derivatives, and the coefficients (m, 4, 4, 4) about them."""
        size = np.array(self.coefficients.shape)[::-1]
        place = (points - self.low) / self.step
        inside = ((place >= 0) & (place <= size - 1)).all(1)
        place = place[inside]
        cell = np.minimum(np.floor(place).astype(int), size - 2)
        t = place - cell
        value = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], -1) / 6
        slope = np.stack([-((1 - t) ** 2), 3 * t**2 - 4 * t, -3 * t**2 + 2 * t + 1, t**2], -1) / 2
        bend = np.stack([1 - t, 3 * t - 2, 1 - 3 * t, t], -1)
        i, j, k = (np.clip(cell[:, axis, None] + np.arange(-1, 3), 0, size[axis] - 1) for axis in range(3))
        return inside, (value, slope, bend), self.coefficients[k[:, :, None, None], j[:, None, :, None], i[:, None, None, :]]


def sampled(surface: Surface, points: np.ndarray) -> Sampled | None:
    """The signed distance from a closed surface where it is in reach of points (n, 3); None where it is not.

    The surface must have a vertex every millimetre or two, as one made of voxels has.
    Near the surface it is the mean height above the tangent planes of the nearest vertices, weighted by
    their nearness (implicit moving least squares: Kolluri 2008, ACM Trans Algorithms 4:18), which irons
    out creases; further away, the distance to the nearest vertex.
    """
    mesh = pv.PolyData.from_regular_faces(np.ascontiguousarray(surface.points, float), surface.triangles)
    mesh = mesh.compute_normals(cell_normals=False, split_vertices=False, consistent_normals=False, auto_orient_normals=False)
    vertices, normals = np.asarray(mesh.points, float), np.asarray(mesh["Normals"], float)
    tree = cKDTree(vertices)
    near = points[tree.query(points, distance_upper_bound=REACH_MM)[0] < REACH_MM]
    if not len(near):
        return None
    low, high = near.min(0) - REACH_MM, near.max(0) + REACH_MM
    count = _COARSER * (np.ceil((high - low) / (_COARSER * _STEP_MM)).astype(int) + 1)[::-1]
    fine, rough = _indices(count), _indices(count // _COARSER + 1)
    grid = low + _STEP_MM * fine[:, ::-1]
    distance, from_vessel = (
        ndi.map_coordinates(values.reshape(count // _COARSER + 1), fine.T / _COARSER, order=1)
        for values in _rough(low + _COARSER * _STEP_MM * rough[:, ::-1], tree, normals, cKDTree(near))
    )
    close = (np.abs(distance) < _EXACT_MM + _COARSER) & (from_vessel < _EXACT_MM + _COARSER)
    apart, several = tree.query(grid[close], k=_NEIGHBOURS)
    weight = np.exp(-(apart**2 - apart[:, :1] ** 2) / _STEP_MM**2)
    height = np.einsum("nki,nki->nk", grid[close][:, None] - vertices[several], normals[several])
    distance[close] = (weight * height).sum(1) / weight.sum(1)
    return Sampled(low, _STEP_MM, ndi.spline_filter(distance.reshape(count), order=3, mode="nearest"))


def _indices(count: np.ndarray) -> np.ndarray:
    """(n, 3) indices k, j, i of a grid."""
    return np.indices(count).reshape(3, -1).T


def _rough(grid: np.ndarray, tree: cKDTree, normals: np.ndarray, vessel: cKDTree) -> tuple[np.ndarray, np.ndarray]:
    """(n,) signed distance from the nearest vertex of the surface, and distance from the vessel."""
    apart, nearest = tree.query(grid)
    inside = np.einsum("ni,ni->n", grid - tree.data[nearest], normals[nearest]) < 0
    return np.where(inside, -apart, apart), vessel.query(grid)[0]
