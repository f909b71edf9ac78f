"""Tetrahedra cut along the lumen's face; what lies outside the lumen is thrombus.

Vertices near the face are moved onto it first, so that no slivers arise (the idea of isosurface
stuffing, Labelle & Shewchuk 2007). Edges that still cross it get a new vertex there, and each
tetrahedron is split by its signs. Vertices of the wall never move: one whose thrombus is thinner
than the least thickness counts as lying on the lumen, so thin thrombus tapers off into the wall.
"""

from __future__ import annotations

import numpy as np

from aorta.meshing.fields import Field
from aorta.meshing.prisms import prisms_to_tets, pyramids_to_tets, roundness, turned_positive
from aorta.records import Array, End

_NEAR = 0.3  # share of the shortest edge at a vertex within which it is moved onto the lumen
_WORST = 0.08  # a move that makes a tetrahedron worse than this is undone
_EDGES = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])


def cut_outside(
    points: Array, tets: Array, value: Array, on_wall: Array, on_cap: Array, ends: tuple[End, ...], blood: Field
) -> tuple[Array, Array, Array]:
    """The tetrahedra outside the lumen.

    Parameters
    ----------
    points : (n, 3) float, mm
    tets : (m, 4) int
    value : (n,) float, mm
        Distance to the lumen, negative inside, 0 for vertices of the wall that count as on it.
    on_wall : (n,) bool
        Vertices that never move.
    on_cap : (n,) int
        Number of the end in whose plane a vertex stays, else -1.
    blood : Field
        Of which `value` is a sample.

    Returns
    -------
    points (n + k, 3) with k new ones on the lumen, tetrahedra of positive volume, and a mask of the points
    that lie on the lumen or count so.
    """
    points, value = _snapped(points, tets, value.copy(), on_wall, on_cap, ends, blood)
    sign = np.sign(value).astype(int)
    edges = np.unique(np.sort(tets[:, _EDGES].reshape(-1, 2), axis=1), axis=0)
    crossing = edges[sign[edges[:, 0]] * sign[edges[:, 1]] < 0]
    new = _crossings(points, crossing, value, blood)
    number = {(a, b): len(points) + k for k, (a, b) in enumerate(crossing.tolist())}
    pieces = _pieces(tets, sign, number)
    points = np.vstack([points, new])
    on_lumen = np.concatenate([sign == 0, np.ones(len(new), bool)])
    # all four on the lumen: thrombus or blood as its middle says
    flat = tets[(sign[tets] == 0).all(axis=1)]
    middle = blood.at(points[flat].mean(axis=1)) if len(flat) else np.empty(0)
    return points, turned_positive(points, np.concatenate([*pieces, flat[middle > 0.5]])), on_lumen


def _snapped(
    points: Array, tets: Array, value: Array, on_wall: Array, on_cap: Array, ends: tuple[End, ...], blood: Field
) -> tuple[Array, Array]:
    """Points and values with those near the lumen moved onto it, unless that spoils a tetrahedron."""
    a, b = tets[:, _EDGES].reshape(-1, 2).T
    shortest = np.full(len(points), np.inf)
    length = np.linalg.norm(points[a] - points[b], axis=1)
    np.minimum.at(shortest, a, length)
    np.minimum.at(shortest, b, length)
    chosen = ~on_wall & (np.abs(value) < _NEAR * shortest)
    target = points.copy()
    index = np.flatnonzero(chosen)
    target[index] = onto_level(points[index], on_cap[index], ends, blood)
    chosen[index] &= np.linalg.norm(target[index] - points[index], axis=1) < 0.6 * shortest[index]
    before = roundness(points, turned_positive(points, tets))
    tets = turned_positive(points, tets)
    for _ in range(20):
        moved = np.where(chosen[:, None], target, points)
        signs = np.where(chosen, 0.0, value)
        kept = (signs[tets] > 0).any(axis=1)
        bad = kept & (roundness(moved, tets) < np.minimum(_WORST, 0.9 * before))
        undo = np.unique(tets[bad])
        undo = undo[chosen[undo]]
        if len(undo) == 0:
            break
        chosen[undo] = False
    return np.where(chosen[:, None], target, points), np.where(chosen, 0.0, value)


def onto_level(points: Array, on_cap: Array, ends: tuple[End, ...], blood: Field) -> Array:
    """Points (n, 3) moved onto the lumen along its normal, within the end's plane where they belong to a cap."""
    planes = np.array([end.normal for end in ends]).reshape(-1, 3)
    start = points
    for _ in range(4):
        normal = blood.gradient_at(points)
        capped = on_cap >= 0
        step = normal.copy()
        step[capped] -= np.einsum("ij,ij->i", normal[capped], planes[on_cap[capped]])[:, None] * planes[on_cap[capped]]
        slope = np.maximum(np.einsum("ij,ij->i", step, normal), 0.2)
        points = points - (blood.at(points) / slope)[:, None] * step
    far = np.abs(blood.at(points)) > 0.2  # no convergence: leave it where it was
    return np.where(far[:, None], start, points)


def _crossings(points: Array, edges: Array, value: Array, blood: Field) -> Array:
    """Points (k, 3) where edges (k, 2) of opposite signs cross the lumen, by bisection."""
    if len(edges) == 0:
        return np.empty((0, 3))
    inside = np.where(value[edges[:, 0]] < 0, edges[:, 0], edges[:, 1])
    outside = edges.sum(axis=1) - inside
    low, high = np.zeros(len(edges)), np.ones(len(edges))
    for _ in range(20):
        middle = 0.5 * (low + high)
        within = blood.at(points[inside] + middle[:, None] * (points[outside] - points[inside])) < 0
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    share = np.clip(0.5 * (low + high), 0.1, 0.9)
    return points[inside] + share[:, None] * (points[outside] - points[inside])


def _pieces(tets: Array, sign: Array, number: dict[tuple[int, int], int]) -> list[Array]:
    """The parts of the tetrahedra outside the lumen, by the number of vertices outside, on and inside it."""
    order = np.argsort(-sign[tets], axis=1, kind="stable")
    ordered = np.take_along_axis(tets, order, axis=1)  # outside, on, inside
    plus, minus = (sign[tets] > 0).sum(axis=1), (sign[tets] < 0).sum(axis=1)

    def cut(part: Array, a: int, b: int) -> Array:
        pairs = np.sort(part[:, [a, b]], axis=1).tolist()
        return np.array([number[p, q] for p, q in pairs], dtype=np.int64)

    def of(n_plus: int, n_minus: int) -> Array:
        return ordered[(plus == n_plus) & (minus == n_minus)]

    pieces = [ordered[(plus > 0) & (minus == 0)]]
    t = of(1, 3)
    pieces.append(np.column_stack([t[:, 0], cut(t, 0, 1), cut(t, 0, 2), cut(t, 0, 3)]))
    t = of(1, 2)
    pieces.append(np.column_stack([t[:, 0], t[:, 1], cut(t, 0, 2), cut(t, 0, 3)]))
    t = of(1, 1)
    pieces.append(np.column_stack([t[:, 0], t[:, 1], t[:, 2], cut(t, 0, 3)]))
    t = of(2, 1)
    pieces.append(pyramids_to_tets(np.column_stack([t[:, 0], t[:, 1], cut(t, 1, 3), cut(t, 0, 3)]), t[:, 2]))
    t = of(2, 2)
    prisms = np.column_stack([t[:, 0], cut(t, 0, 2), cut(t, 0, 3), t[:, 1], cut(t, 1, 2), cut(t, 1, 3)])
    pieces.append(prisms_to_tets(prisms))
    t = of(3, 1)
    pieces.append(prisms_to_tets(np.column_stack([t[:, 0], t[:, 1], t[:, 2], cut(t, 0, 3), cut(t, 1, 3), cut(t, 2, 3)])))
    return [piece.reshape(-1, 4).astype(np.int64) for piece in pieces]
