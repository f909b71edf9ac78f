"""The smooth surface that every node of the wall is placed on, with its normals and curvature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.spatial import cKDTree

from aorta.records import Array, End, FinerMesh, Surface

_END_BLEND_MM = 4.0  # over which normals turn into an end's plane


@dataclass(frozen=True)
class DenseSurface:
    """A fine triangulation with smooth unit normals at its vertices."""

    surface: Surface
    normals: Array  # (n, 3) unit, outward
    tree: cKDTree  # over the triangles' centres
    vertices: cKDTree

    def project(self, points: Array) -> tuple[Array, Array]:
        """Nearest points (n, 3) on the surface and the smooth unit normals (n, 3) there."""
        _, candidates = self.tree.query(points, k=8)
        best = np.full(len(points), np.inf)
        place, normal = np.empty((len(points), 3)), np.empty((len(points), 3))
        for q in range(candidates.shape[1]):
            triangle = self.surface.triangles[candidates[:, q]]
            corners = self.surface.points[triangle]
            weight = _nearest_in_triangle(points, corners)
            at = np.einsum("nq,nqx->nx", weight, corners)
            distance = np.einsum("nx,nx->n", at - points, at - points)
            closer = distance < best
            best[closer], place[closer] = distance[closer], at[closer]
            normal[closer] = np.einsum("nq,nqx->nx", weight, self.normals[triangle])[closer]
        return place, normal / np.linalg.norm(normal, axis=1, keepdims=True)

    def value_at(self, points: Array, values: Array) -> Array:
        """A value (n,) given at the vertices, at the vertices nearest to points (n, 3)."""
        return values[self.vertices.query(points)[1]]

    def project_in_plane(self, points: Array, end: End) -> tuple[Array, Array]:
        """Points (n, 3) where the surface meets an end's plane nearest to `points`, and unit normals within the plane."""
        points = points - ((points - end.point) @ end.normal)[:, None] * end.normal
        for _ in range(6):
            at, normal = self.project(points)
            flat = normal - (normal @ end.normal)[:, None] * end.normal
            flat /= np.linalg.norm(flat, axis=1, keepdims=True)
            # along the in-plane normal until the tangent plane is met
            step = np.einsum("ij,ij->i", at - points, normal) / np.einsum("ij,ij->i", flat, normal)
            points = points + step[:, None] * flat
        return points, flat


def dense_surface(surface: Surface, ends: tuple[End, ...], smoothing: float) -> DenseSurface:
    """The surface with normals averaged over about `smoothing` mm, and turned into the planes of the ends near them."""
    normals = vertex_normals(surface.points, surface.triangles)
    average, edge = averaging(surface)
    for _ in range(max(2, int(np.ceil(2.0 * (smoothing / edge) ** 2)))):
        normals = average @ normals
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    for end in ends:
        offset = surface.points - end.point
        height = offset @ end.normal
        share = np.exp(-((height / _END_BLEND_MM) ** 2)) * (np.linalg.norm(offset, axis=1) < end.radius_mm + 2 * _END_BLEND_MM)
        normals = normals - (share * (normals @ end.normal))[:, None] * end.normal
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return DenseSurface(surface, normals, cKDTree(surface.points[surface.triangles].mean(axis=1)), cKDTree(surface.points))


def edge_length(
    dense: DenseSurface,
    ends: tuple[End, ...],
    size: float,
    per_circle: float = 16.0,
    least: float = 0.35,
    growth: float = 0.3,
    finer: FinerMesh | None = None,
) -> Array:
    """Wanted edge length (n,) at the vertices: `size`, less where the surface is strongly curved.

    At most 1/`per_circle` of the circle of curvature, at least `least` of `size`, of that the share
    that `finer` asks for, and growing by at most `growth` mm per mm.
    """
    surface = dense.surface
    edges = np.vstack([surface.triangles[:, [0, 1]], surface.triangles[:, [1, 2]], surface.triangles[:, [2, 0]]])
    a, b = edges.T
    length = np.maximum(np.linalg.norm(surface.points[a] - surface.points[b], axis=1), 1e-9)
    bend = np.linalg.norm(dense.normals[a] - dense.normals[b], axis=1) / np.maximum(length, 0.2 * length.mean())
    curvature = np.zeros(len(surface.points))
    np.maximum.at(curvature, a, bend)
    average, edge = averaging(surface)
    for _ in range(max(2, int((1.5 / edge) ** 2))):
        curvature = average @ curvature
    curvature[beyond_ends(surface.points, ends)] = 0.0
    wanted = np.clip(2 * np.pi / per_circle / np.maximum(curvature, 1e-6), least * size, size)
    if finer is not None:
        wanted = wanted * finer.at(surface.points)
    for _ in range(int(size / edge / growth)):
        np.minimum.at(wanted, a, wanted[b] + growth * length)
    return wanted


def beyond_ends(points: Array, ends: tuple[End, ...], before: float = 0.0) -> Array:
    """Mask (n,) of points beyond an end's disc, or less than `before` mm before it.

    The closed surface has a lid and a sharp rim there, which count for nothing.
    """
    beyond = np.zeros(len(points), bool)
    for end in ends:
        offset = points - end.point
        beyond |= (offset @ end.normal > -before) & (np.linalg.norm(offset, axis=1) < end.radius_mm + 10.0)
    return beyond


def vertex_normals(points: Array, triangles: Array) -> Array:
    """Unit normals (n, 3) at vertices, triangles weighted by area."""
    a, b, c = (points[triangles[:, q]] for q in range(3))
    facet = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for q in range(3):
        np.add.at(normals, triangles[:, q], facet)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)


def averaging(surface: Surface) -> tuple[csr_matrix, float]:
    """The operator that averages a vertex with its neighbours, half and half, and the mean edge length."""
    t = surface.triangles
    rows, columns = np.concatenate([t[:, 0], t[:, 1], t[:, 2]]), np.concatenate([t[:, 1], t[:, 2], t[:, 0]])
    n = len(surface.points)
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n)).tocsr()
    graph = graph + graph.T
    degree = np.asarray(graph.sum(axis=1)).ravel()
    mean = float(np.linalg.norm(surface.points[rows] - surface.points[columns], axis=1).mean())
    return (0.5 * diags(np.ones(n)) + 0.5 * diags(1.0 / np.maximum(degree, 1.0)) @ graph).tocsr(), mean


def _nearest_in_triangle(points: Array, corners: Array) -> Array:
    """Barycentric weights (n, 3) of the points of triangles (n, 3, 3) nearest to points (n, 3)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac, ap = b - a, c - a, points - a
    d00, d01, d11 = (np.einsum("ij,ij->i", u, v) for u, v in ((ab, ab), (ab, ac), (ac, ac)))
    d20, d21 = np.einsum("ij,ij->i", ap, ab), np.einsum("ij,ij->i", ap, ac)
    det = np.maximum(d00 * d11 - d01 * d01, 1e-300)
    v, w = (d11 * d20 - d01 * d21) / det, (d00 * d21 - d01 * d20) / det
    weights = np.stack([1.0 - v - w, v, w], axis=1)
    outside = np.flatnonzero((weights < 0).any(axis=1))
    if len(outside):
        weights[outside] = _nearest_on_rim(points[outside], corners[outside])
    return weights


def _nearest_on_rim(points: Array, corners: Array) -> Array:
    """The same, on the triangles' edges."""
    best, weights = np.full(len(points), np.inf), np.zeros((len(points), 3))
    for p, q in ((0, 1), (1, 2), (2, 0)):
        along = corners[:, q] - corners[:, p]
        t = np.einsum("ij,ij->i", points - corners[:, p], along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-300)
        t = np.clip(t, 0.0, 1.0)
        distance = np.linalg.norm(corners[:, p] + t[:, None] * along - points, axis=1)
        closer = distance < best
        best[closer] = distance[closer]
        weights[closer] = 0.0
        weights[closer, p], weights[closer, q] = 1.0 - t[closer], t[closer]
    return weights
