"""Open ends of a vessel's surface, closed flat.

Surfaces are often exported with their vessels cut open. A rim that goes once around a plane, with
the surface leaving it at a right angle, is such an end: it gets a short collar out to the outermost
point of its rim and a flat lid. A hole in the side of a vessel (the surface lies in the rim's own
plane) is damage, and is not closed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records import Array

FLAT_SHARE = 0.35
"""Farthest point of a rim from its plane over the rim's mean radius, at most; an oblique cut is flat, a torn one not."""

STEEPEST_COS = 0.6
"""Mean |cosine| between the rim's plane normal and those of its triangles, at most: 0 on a tube, 1 on a hole in a wall."""

_COLLAR_SHARE = 0.02  # of the radius, at least, so that no lid touches its rim


@dataclass(frozen=True)
class Closed:
    """A surface without its open ends.

    ``centres`` (k, 3) mm are of the rims that were closed, ``left_open`` of edges that were not.
    """

    points: Array
    triangles: Array
    centres: Array
    left_open: int


def closed_ends(points: Array, triangles: Array) -> Closed:
    """The surface with every open end closed; what is no end stays open.

    Parameters
    ----------
    points : (n, 3) float, mm
    triangles : (m, 3) int
    """
    loops, stray = boundary_loops(triangles)
    new_points, new_triangles, centres = [points], [triangles], []
    used, left_open = len(points), stray
    normals = _normals(points, triangles)
    for loop, owners in loops:
        lid = _lid(points[loop], normals[owners], points[triangles[owners]].mean(axis=(0, 1)))
        if lid is None:
            left_open += len(loop)
            continue
        ring, centre = lid
        n = len(loop)
        here, there = np.arange(n), np.roll(np.arange(n), -1)
        outer = used + here
        # the surface's own triangle runs loop[q] -> loop[q + 1]; its neighbour must run back
        collar = [
            np.stack([loop[there], loop[here], outer[here]], 1),
            np.stack([loop[there], outer[here], outer[there]], 1),
        ]
        fan = np.stack([outer[there], outer[here], np.full(n, used + n)], 1)
        new_points += [ring, centre[None]]
        new_triangles += [*collar, fan]
        used += n + 1
        centres.append(centre)
    return Closed(np.vstack(new_points), np.vstack(new_triangles), np.array(centres).reshape(-1, 3), left_open)


def boundary_loops(triangles: Array) -> tuple[list[tuple[Array, Array]], int]:
    """Simple loops of edges with one triangle: their points in order, the triangles along them; and how many edges make none."""
    directed = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    owner = np.tile(np.arange(len(triangles)), 3)
    _, back, uses = np.unique(np.sort(directed, axis=1), axis=0, return_inverse=True, return_counts=True)
    single = uses[np.asarray(back).ravel()] == 1
    edges, owner = directed[single], owner[single]
    following: dict[int, list[int]] = {}
    for row, start in enumerate(edges[:, 0].tolist()):
        following.setdefault(start, []).append(row)
    loops, done, stray = [], np.zeros(len(edges), bool), 0
    for first in range(len(edges)):
        if done[first]:
            continue
        rows, row = [], first
        while row >= 0 and not done[row]:
            done[row] = True
            rows.append(row)
            onward = following.get(int(edges[row, 1]), [])
            row = onward[0] if len(onward) == 1 else -1
        if row == first and len(rows) >= 3:
            loops.append((edges[rows, 0], owner[rows]))
        else:
            stray += len(rows)
    return loops, stray


def _normals(points: Array, triangles: Array) -> Array:
    a, b, c = (points[triangles[:, q]] for q in range(3))
    cross = np.cross(b - a, c - a)
    return cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-12)


def _lid(rim: Array, normals: Array, behind: Array) -> tuple[Array, Array] | None:
    """The flat ring (n, 3) beyond a rim (n, 3), and its centre; None where the rim is no end.

    ``normals`` (n, 3) are those of the triangles along the rim, ``behind`` (3,) is their centre.
    """
    following = np.roll(rim, -1, axis=0)
    area = 0.5 * np.cross(rim - rim.mean(axis=0), following - rim.mean(axis=0)).sum(axis=0)
    size = float(np.linalg.norm(area))
    if size <= 0.0:
        return None
    centre = rim.mean(axis=0)
    outward = area / size * np.sign(area @ (centre - behind))
    height = (rim - centre) @ outward
    flat = rim - height[:, None] * outward - centre
    radius = float(np.linalg.norm(flat, axis=1).mean())
    if np.abs(height).max() > FLAT_SHARE * radius or np.abs(normals @ outward).mean() > STEEPEST_COS:
        return None
    turn = np.cross(flat, np.roll(flat, -1, axis=0)) @ outward
    if not ((turn > 0).all() or (turn < 0).all()):  # the lid's fan would fold
        return None
    lift = height.max() + _COLLAR_SHARE * radius
    return centre + flat + lift * outward, centre + lift * outward
