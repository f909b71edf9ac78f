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
"""Within this distance of the surface the samples are exact; beyond, from the nearest vertex's normal."""
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
    """The signed distance from a closed surface where it is in reach of points (n, 3); None where it is not."""
    tree = cKDTree(surface.points)
    near = points[tree.query(points, distance_upper_bound=REACH_MM)[0] < REACH_MM]
    if not len(near):
        return None
    low, high = near.min(0) - REACH_MM, near.max(0) + REACH_MM
    count = np.ceil((high - low) / _STEP_MM).astype(int) + 1
    kji = np.stack(np.meshgrid(*(np.arange(n) for n in count[::-1]), indexing="ij"), -1).reshape(-1, 3)
    grid = low + _STEP_MM * kji[:, ::-1]
    mesh = pv.PolyData.from_regular_faces(np.ascontiguousarray(surface.points, float), surface.triangles)
    normals = mesh.compute_normals(
        cell_normals=False, split_vertices=False, consistent_normals=False, auto_orient_normals=False
    ).point_data["Normals"]
    _, nearest = tree.query(grid)
    apart = grid - surface.points[nearest]
    side = np.where(np.einsum("ni,ni->n", apart, np.asarray(normals, float)[nearest]) < 0, -1.0, 1.0)
    distance = side * np.linalg.norm(apart, axis=1)
    exact = (np.abs(distance) < _EXACT_MM) & (cKDTree(near).query(grid, distance_upper_bound=_EXACT_MM)[0] < _EXACT_MM)
    if exact.any():
        there = pv.PolyData(grid[exact]).compute_implicit_distance(mesh)
        distance[exact] = np.asarray(there["implicit_distance"], float)
    return Sampled(low, _STEP_MM, ndi.spline_filter(distance.reshape(count[::-1]), order=3, mode="nearest"))
