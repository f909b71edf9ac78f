"""Waves of a surface that the label map cannot have shown, taken out.

Stress follows curvature, and a ripple of amplitude a and wavelength l has the curvature a (2 pi / l)²: a
third of a millimetre over 20 mm is as curved as the whole sac. A label map says where the boundary is to
half a voxel only, so such ripples are as likely noise as shape.

The surface is therefore drawn once more with a longer shortest wave (windowed sinc; Taubin, Zhang and Golub,
ECCV 1996: no shrinkage) and moved there

- where it is gently curved, and less and less towards small vessels, crotches and ostia, whose shape lies in
  short waves;
- by half a voxel at most: further the labels contradict it.
"""

from __future__ import annotations

import numpy as np
import pyvista as pv
from scipy.sparse import coo_matrix

from aorta.records import Array

SHORTEST_WAVE_MM = 30.0
"""Kept where the surface is gently curved: about a third of the way round an aneurysm. A choice of ours;
docs/theory/mesh.md shows what it does to stress."""
SMALL_MM, LARGE_MM = 6.0, 11.0
"""Radii of curvature: at the first nothing is moved, at the second all of it."""
_CURVATURE_OVER_MM = 3.0  # curvature is averaged over about this length


def ironed(mesh: pv.PolyData, half_voxel: float) -> Array:
    """Points (n, 3) of a closed triangulated surface without the waves that noise of half a voxel makes.

    Parameters
    ----------
    mesh : PolyData
        Triangles, already without staircase.
    half_voxel : float, mm
        How far a point may move.
    """
    points = np.asarray(mesh.points, float)
    triangles = mesh.faces.reshape(-1, 4)[:, 1:]
    edge = float(np.linalg.norm(points[triangles[:, 0]] - points[triangles[:, 1]], axis=1).mean())
    # the umbrella operator's eigenvalue of a wave of length l on triangles with edges e: (2 pi e / l)² / 4
    band = float(np.clip((np.pi * edge / SHORTEST_WAVE_MM) ** 2, 0.001, 0.5))
    passes = int(np.clip(10.0 / np.sqrt(band), 60, 250))
    even = np.asarray(mesh.smooth_taubin(n_iter=passes, pass_band=band, boundary_smoothing=False).points, float)
    share = np.clip((_radius_of_curvature(even, triangles, edge) - SMALL_MM) / (LARGE_MM - SMALL_MM), 0.0, 1.0)
    move = (share**2 * (3.0 - 2.0 * share))[:, None] * (even - points)
    length = np.linalg.norm(move, axis=1, keepdims=True)
    return points + move * (half_voxel / np.maximum(length, half_voxel))


def _radius_of_curvature(points: Array, triangles: Array, edge: float) -> Array:
    """Smallest radius of curvature (n,) in mm about each point, from the turn of the normals along edges."""
    n = len(points)
    rows, columns = (np.concatenate([triangles[:, q] for q in order]) for order in ((0, 1, 2), (1, 2, 0)))
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n)).tocsr()
    graph = graph + graph.T
    degree = np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1.0)

    def average(values: Array) -> Array:
        return 0.5 * values + 0.5 * (graph @ values) / (degree[:, None] if values.ndim == 2 else degree)

    a, b, c = (points[triangles[:, q]] for q in range(3))
    facet = np.cross(b - a, c - a)
    normals = np.stack([np.bincount(triangles.ravel(), np.repeat(facet[:, x], 3), n) for x in range(3)], axis=1)
    rounds = max(2, int((_CURVATURE_OVER_MM / edge) ** 2 / 2))
    for _ in range(2):
        normals = average(normals)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    long = np.maximum(np.linalg.norm(points[rows] - points[columns], axis=1), 0.3 * edge)
    bend = np.linalg.norm(normals[rows] - normals[columns], axis=1) / long
    curvature = np.zeros(n)
    np.maximum.at(curvature, rows, bend)
    np.maximum.at(curvature, columns, bend)
    for _ in range(rounds):
        curvature = average(curvature)
    return 1.0 / np.maximum(curvature, 1e-6)
