"""Waves of a surface that the label map cannot have shown, taken out.

Stress follows curvature, and a ripple of amplitude a and wavelength l has the curvature a (2 pi / l)²: a
third of a millimetre over 20 mm is as curved as the whole sac. A label map says where the boundary is to
half a voxel only, so such ripples are as likely noise as shape.

The surface x is therefore drawn once more as an elastic plate on springs would lie: F x with

    F = (M + s² L M⁻¹ L)⁻¹ M,   s = wave / 2 pi,

L and M the stiffness and mass of linear finite elements on the triangles themselves (cotangent weights: Pinkall
and Polthier, Exp. Math. 1993), so that a wave is damped by its length in mm, however uneven the triangles: weights that
know only who is whose neighbour leave twice the ripple on marching-cubes triangles (docs/theory/mesh.md). What F
takes from the shape is given back by a second pass over the difference (twicing: Tukey 1977): a wave of length l keeps
1 − 1/(1 + (l/wave)⁴)². A circle of 11 mm shrinks by 0.003 mm.

The surface is moved there

- where it is gently curved, and less and less towards small vessels, crotches and ostia, whose shape lies in
  short waves;
- by half a voxel at most: further the labels contradict it.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, csc_matrix, diags
from scipy.sparse.linalg import splu

from aorta.records import Array, Surface

WAVE_MM, AT_VOXEL_MM = 25.0, 1.067
"""Length of the wave that keeps three quarters of its height, and the voxel (its volume's cube root) of which that holds.
A choice of ours: 30 mm took 0.2 mm off an oval of 30 by 20 mm; docs/theory/mesh.md shows what it does to stress.
Noise of amplitude and reach h leaves a curvature that goes with h² / wave³: so wave goes with the two thirds power of h."""
SMALL, LARGE = 0.24, 0.36
"""Radii of curvature over the wave's length: at the first nothing is moved, at the second all of it."""
REACH = 0.5
"""Way over the wave's length on which moving sets in beside what is not moved."""
_CURVATURE_OVER_MM = 3.0  # curvature is averaged over about this length
_LEAST_AREA = 0.01  # of the median triangle, for those that are nearly flat


def ironed(surface: Surface, half_voxel: float) -> Array:
    """Points (n, 3) of a closed surface without the waves that noise of half a voxel makes.

    Parameters
    ----------
    surface : Surface
        Already without staircase.
    half_voxel : float, mm
        How far a point may move.
    """
    points, triangles = surface.points, surface.triangles
    wave = WAVE_MM * (2.0 * half_voxel / AT_VOXEL_MM) ** (2.0 / 3.0)
    even = without_waves(points, triangles, wave)
    share = np.clip((radius_of_curvature(even, triangles) / wave - SMALL) / (LARGE - SMALL), 0.0, 1.0)
    share = _rising_slowly(share**2 * (3.0 - 2.0 * share), points, triangles, REACH * wave)
    move = share[:, None] * (even - points)
    length = np.linalg.norm(move, axis=1, keepdims=True)
    return points + move * (half_voxel / np.maximum(length, half_voxel))


def _rising_slowly(share: Array, points: Array, triangles: Array, reach: float) -> Array:
    """The share (n,), lowered so that it takes ``reach`` mm to rise by 1: beside a rim or a tip F swings over."""
    share = share.copy()
    a, b = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).T  # each edge both ways
    rise = np.linalg.norm(points[a] - points[b], axis=1) / reach
    for _ in range(int(np.ceil(1.5 / np.median(rise)))):
        np.minimum.at(share, a, share[b] + rise)
    return share


def without_waves(points: Array, triangles: Array, wave: float) -> Array:
    """Points (n, 3) of a closed surface without waves shorter than ``wave`` mm; those of that length keep three quarters.

    1 / (1 + q²) is the real part of 1 / (1 + i q): one complex factorisation of the Laplacian's few entries does for the
    plate's many.
    """
    stiffness, mass = _stiffness_and_mass(points, triangles)
    matrix = (diags(mass) + 1j * (wave / (2.0 * np.pi)) ** 2 * stiffness).tocsc()
    factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})

    def plate(values: Array) -> Array:
        return factors.solve((mass[:, None] * values).astype(complex)).real

    once = plate(points)
    return once + plate(points - once)


def _stiffness_and_mass(points: Array, triangles: Array) -> tuple[csc_matrix, Array]:
    """Of linear triangles, mass lumped (n,): L sums to zero along rows, xᵀLx is the gradient's square integrated."""
    n = len(points)
    a, b, c = (points[triangles[:, q]] for q in range(3))
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    area = np.maximum(area, _LEAST_AREA * np.median(area))
    rows, columns, entries = [], [], []
    for q in range(3):
        i, j, k = (triangles[:, (q + r) % 3] for r in range(3))
        half_cotangent = np.einsum("ij,ij->i", points[i] - points[k], points[j] - points[k]) / (4.0 * area)
        rows += [i, j, i, j]
        columns += [j, i, i, j]
        entries += [-half_cotangent, -half_cotangent, half_cotangent, half_cotangent]
    shape = (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns)))
    return coo_matrix(shape, shape=(n, n)).tocsc(), np.bincount(triangles.ravel(), np.repeat(area / 3.0, 3), n)


def radius_of_curvature(points: Array, triangles: Array) -> Array:
    """Radius (n,) in mm about each point: 1 / sqrt(k1² + k2²), that of a cylinder its own, from the gradient of the normals."""
    n = len(points)
    a, b, c = (points[triangles[:, q]] for q in range(3))
    facet = np.cross(b - a, c - a)
    double = np.linalg.norm(facet, axis=1)
    double = np.maximum(double, _LEAST_AREA * np.median(double))
    corners = triangles.ravel()
    weight = np.bincount(corners, np.repeat(double, 3), n)

    def to_vertices(values: Array) -> Array:
        """Means over the triangles about each vertex, by area."""
        return np.bincount(corners, np.repeat(values * double, 3), n) / weight

    normals = np.stack([to_vertices(facet[:, x] / double) for x in range(3)], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    across = facet / double[:, None]
    slope = np.zeros((len(triangles), 3, 3))
    for q, opposite in enumerate((c - b, a - c, b - a)):
        slope += np.einsum("tx,ty->txy", normals[triangles[:, q]], np.cross(across, opposite) / double[:, None])
    curvature = to_vertices(np.linalg.norm(slope, axis=(1, 2)))
    edge = float(np.sqrt(np.median(double)))
    for _ in range(max(2, int((_CURVATURE_OVER_MM / edge) ** 2))):
        curvature = to_vertices(curvature[triangles].mean(axis=1))
    return 1.0 / np.maximum(curvature, 1e-6)
