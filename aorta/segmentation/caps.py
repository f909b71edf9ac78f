"""The flat caps that close a vessel's ends, so that no wall is put across them."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from aorta.records import Array, Grid, Surface

FLAT_COS = np.cos(np.radians(0.5))  # between neighbouring triangles of one cap
LEAST_MM2 = 20.0
ROUND = 0.5  # area over that of the circle around it: a cap is a disc, a facet of the side a strip
DEPTH_MM = 6.0


def beyond_caps(solid: Surface, grid: Grid) -> Array:
    """Mask (nk, nj, ni): a few millimetres past every flat round cap of a closed, merged surface."""
    mask = np.zeros(grid.shape_kji, bool)
    for centre, normal, radius in find_caps(solid):
        reach = radius + 2.0 * DEPTH_MM
        low, high = np.sort(grid.to_ijk(np.array([centre - reach, centre + reach])), axis=0)
        low = np.maximum(0, np.floor(low)).astype(int)
        high = np.minimum(grid.shape_kji[::-1], np.ceil(high) + 1).astype(int)
        ijk = np.stack(np.meshgrid(*[np.arange(a, b) for a, b in zip(low, high)], indexing="ij"), axis=-1).reshape(-1, 3)
        offset = grid.to_lps(ijk) - centre
        along = offset @ normal
        across = np.linalg.norm(offset - along[:, None] * normal, axis=1)
        i, j, k = ijk[(along > 0.0) & (along < DEPTH_MM) & (across < radius + DEPTH_MM)].T
        mask[k, j, i] = True
    return mask


def find_caps(solid: Surface) -> list[tuple[Array, Array, float]]:
    """Centre (3,), outward normal (3,) and radius in mm of each flat round part of a merged surface."""
    a, b, c = (solid.points[solid.triangles[:, n]] for n in range(3))
    cross = np.cross(b - a, c - a) * np.sign(solid.volume_mm3)
    doubled = np.linalg.norm(cross, axis=1)
    normal = cross / np.maximum(doubled, 1e-12)[:, None]
    number = _flat_regions(solid.triangles, normal)
    caps = []
    for region in np.flatnonzero(np.bincount(number, doubled / 2.0) >= LEAST_MM2):
        own = number == region
        area = doubled[own] / 2.0
        centre = (((a + b + c)[own] / 3.0) * area[:, None]).sum(axis=0) / area.sum()
        mean = (normal[own] * area[:, None]).sum(axis=0)
        mean /= np.linalg.norm(mean)
        offset = solid.points[np.unique(solid.triangles[own])] - centre
        radius = float(np.linalg.norm(offset, axis=1).max())
        if np.abs(offset @ mean).max() < 0.05 * radius and area.sum() > ROUND * np.pi * radius**2:
            caps.append((centre, mean, radius))
    return caps


def _flat_regions(triangles: Array, normal: Array) -> Array:
    """(m,) region number of each triangle: neighbours across an edge with nearly the same normal belong together."""
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    owner = np.tile(np.arange(len(triangles)), 3)
    order = np.lexsort(edges.T)
    edges, owner = edges[order], owner[order]
    same = (edges[1:] == edges[:-1]).all(axis=1)
    one, two = owner[:-1][same], owner[1:][same]
    flat = np.einsum("ij,ij->i", normal[one], normal[two]) > FLAT_COS
    one, two = one[flat], two[flat]
    graph = coo_matrix((np.ones(len(one)), (one, two)), shape=(len(triangles), len(triangles)))
    return connected_components(graph, directed=False)[1]
