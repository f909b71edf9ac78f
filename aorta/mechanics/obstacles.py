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
_DIFFERENCE_MM = 1e-3


class Obstacle(Protocol):
    """A rigid body."""

    def distance(self, points: np.ndarray) -> np.ndarray:
        """(n,) mm from the obstacle of points (n, 3), negative within it."""
        ...

    def normal(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) unit vectors out of the obstacle."""
        ...


@dataclass(frozen=True)
class HalfSpace:
    """All that lies behind a plane through ``point`` (3,); ``out`` (3,) is its unit normal."""

    point: np.ndarray
    out: np.ndarray

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Height above the plane."""
        return (points - self.point) @ self.out

    def normal(self, points: np.ndarray) -> np.ndarray:
        """The plane's normal everywhere."""
        return np.broadcast_to(self.out, points.shape).copy()


@dataclass(frozen=True)
class Sampled:
    """A signed distance on a grid: ``coefficients`` [k, j, i] of cubic splines, ``low`` (3,) mm LPS of its first point."""

    low: np.ndarray
    step: float
    coefficients: np.ndarray

    def distance(self, points: np.ndarray) -> np.ndarray:
        """By cubic splines; ``REACH_MM`` beyond the grid, where no point was in reach."""
        kji = ((points - self.low) / self.step)[:, ::-1]
        inside = ((kji >= 0) & (kji <= np.array(self.coefficients.shape) - 1)).all(1)
        out = np.full(len(points), REACH_MM)
        out[inside] = ndi.map_coordinates(self.coefficients, kji[inside].T, order=3, mode="nearest", prefilter=False)
        return out

    def normal(self, points: np.ndarray) -> np.ndarray:
        """The distance's unit gradient, by central differences."""
        steps = _DIFFERENCE_MM * np.eye(3)
        slope = np.stack([self.distance(points + s) - self.distance(points - s) for s in steps], -1)
        return slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-12)


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
