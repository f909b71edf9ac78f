"""The thrombus: the space within the wall, less the lumen, less crumbs; and its tetrahedra made rounder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from aorta.meshing.cut import cut_outside, onto_level
from aorta.meshing.fields import Field
from aorta.meshing.fill import fill
from aorta.meshing.prisms import roundness, volumes
from aorta.records import Array, End, Surface

_SWEEPS = 8
_POOR = 0.25  # roundness below which a tetrahedron must not get worse


@dataclass(frozen=True)
class ThrombusMesh:
    """Straight tetrahedra of the thrombus.

    Parameters
    ----------
    points : (n, 3) float, mm
        The wall's inner face first.
    tets : (m, 4) int
    on_lumen : (n,) bool
        Points on the lumen's face, or counted so where the wall is bare.
    removed_mm3 : float
        Volume of crumbs left out.
    """

    points: Array
    tets: Array
    on_lumen: Array
    removed_mm3: float = 0.0


def thrombus_mesh(
    side: Surface, loops: dict[str, Array], ends: tuple[End, ...], blood: Field, size: float, minimum_thickness: float
) -> ThrombusMesh | None:
    """The thrombus within the wall's inner face (`side`, its rims `loops` in the order of `ends`); None where there is none."""
    n_wall = len(side.points)
    thickness = np.maximum(blood.at(side.points), 0.0)
    bare = thickness < minimum_thickness
    if bare[side.triangles].all():
        return None
    points, tets, on_cap = fill(side, loops, size)
    value = blood.at(points)
    value[:n_wall] = np.where(bare, 0.0, thickness)
    on_wall = np.arange(len(points)) < n_wall
    points, tets, on_lumen = cut_outside(points, tets, value, on_wall, on_cap, ends, blood)
    tets, removed = _without_crumbs(points, tets, n_wall, size**3)
    if len(tets) == 0:
        return None
    points = _rounder(points, tets, on_lumen, n_wall, ends, blood)
    used = np.unique(tets[tets >= n_wall])
    renumbered = np.arange(len(points))
    renumbered[used] = n_wall + np.arange(len(used))
    keep = np.concatenate([np.arange(n_wall), used])
    return ThrombusMesh(points[keep], renumbered[tets], on_lumen[keep], removed)


def faces_of(tets: Array) -> Array:
    """Vertices (4 m, 3) of all faces, sorted; face f of tetrahedron e at 4 e + f."""
    return np.sort(tets[:, [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]].reshape(-1, 3), axis=1)


def _without_crumbs(points: Array, tets: Array, n_wall: int, least: float) -> tuple[Array, float]:
    """Without parts smaller than `least` mm³ or not held by a face on the wall; and the volume left out."""
    if len(tets) == 0:
        return tets, 0.0
    faces = faces_of(tets)
    _, number, count = np.unique(faces, axis=0, return_inverse=True, return_counts=True)
    number = np.asarray(number).ravel()
    order = np.argsort(number, kind="stable")
    first = order[np.flatnonzero(np.diff(number[order], prepend=-1))]
    second = order[np.flatnonzero(np.diff(number[order], append=-1))]
    pair = count == 2
    a, b = first[pair] // 4, second[pair] // 4
    _, part = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(len(tets),) * 2), directed=False)
    volume = np.bincount(part, volumes(points, tets))
    held = np.zeros(len(volume), bool)
    held[part[np.flatnonzero((faces < n_wall).all(axis=1)) // 4]] = True
    keep = (held & (volume >= least))[part]
    return tets[keep], float(volumes(points, tets[~keep]).sum())


def _rounder(points: Array, tets: Array, on_lumen: Array, n_wall: int, ends: tuple[End, ...], blood: Field) -> Array:
    """Points of the inside and of the lumen's face moved to the middle of their neighbours, where that helps.

    The wall's points stay; those in an end's plane stay in it; those on the lumen stay on it.
    """
    pairs = tets[:, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]].reshape(-1, 2)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    plane = np.full(len(points), -1)
    for number, end in enumerate(ends):
        offset = points - end.point
        plane[(np.abs(offset @ end.normal) < 1e-6) & (np.linalg.norm(offset, axis=1) < 1.5 * end.radius_mm + 5.0)] = number
    used = np.zeros(len(points), bool)
    used[tets.ravel()] = True
    free = used & (np.arange(len(points)) >= n_wall) & ~(on_lumen & (plane >= 0))
    for _ in range(_SWEEPS):
        total, count = np.zeros_like(points), np.zeros(len(points))
        for p, q in (pairs.T, pairs[:, ::-1].T):
            # on the lumen only its own neighbours count, in a plane only those in it
            counts = (~on_lumen[p] | on_lumen[q]) & ((plane[p] < 0) | (plane[p] == plane[q]))
            np.add.at(total, p[counts], points[q[counts]])
            np.add.at(count, p[counts], 1.0)
        move = free & (count > 2)
        target = points.copy()
        target[move] = 0.5 * points[move] + 0.5 * total[move] / count[move][:, None]
        lumen = np.flatnonzero(move & on_lumen)
        target[lumen] = onto_level(target[lumen], plane[lumen], ends, blood)
        points = _guarded(points, target, move, tets)
    return points


def _guarded(points: Array, target: Array, move: Array, tets: Array) -> Array:
    """Points moved to their targets except where a tetrahedron would become poor, or poorer than it was."""
    before = roundness(points, tets)
    for _ in range(12):
        moved = np.where(move[:, None], target, points)
        bad = roundness(moved, tets) < np.minimum(before, _POOR)
        if not bad.any():
            return moved
        move = move.copy()
        move[tets[bad].ravel()] = False
    return points
