"""Cut a closed surface open at the ends of the modelled vessel, and nowhere else.

An end's plane is infinite and may cross the vessel elsewhere too (a sac that hangs below the
iliacs' ends). Only the part beyond the plane that hangs on the end's own disc is cut off.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from aorta.errors import MeshError
from aorta.records import Array, End, Surface

_SNAP = 0.3  # vertices nearer to the plane than this share of an edge are moved onto it


def clip_at_ends(surface: Surface, ends: tuple[End, ...]) -> tuple[Surface, dict[str, Array]]:
    """The open surface between the ends, and for each end the loop (k,) of its vertices on the plane.

    Raises
    ------
    MeshError
        An end's disc does not cut the vessel in exactly one closed curve.
    """
    points, triangles = surface.points.copy(), surface.triangles
    edge = np.linalg.norm(points[triangles[:, 0]] - points[triangles[:, 1]], axis=1).mean()
    for end in ends:
        points, triangles = _cut(points, triangles, end, _SNAP * edge)
    points, triangles = _main_part(points, triangles)
    found = boundary_loops(triangles)
    loops: dict[str, Array] = {}
    for end in ends:
        own = [loop for loop in found if _on_disc(points[loop], end)]
        if len(own) != 1:
            raise MeshError(
                f"The end '{end.name}' cuts the vessel in {len(own)} curves instead of one",
                where=f"end {end.name} at {_text(end.point)} mm (LPS)",
                why="the plane crosses the vessel near a bifurcation, or the vessel ends before it",
                fix="move the end: anatomy.iliac_length or anatomy.proximal_length",
            )
        loops[end.name] = own[0]
    if len(found) != len(ends):
        raise MeshError(
            "The vessel's surface has holes besides its ends",
            where="mesh",
            why=f"{len(found)} open curves for {len(ends)} ends",
            fix="check the labels near the ends of the modelled part",
        )
    return Surface(points, triangles), loops


def boundary_loops(triangles: Array) -> list[Array]:
    """Closed chains of vertices (k,) along the open edges, each in the direction of its triangles' edges."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    keys = np.sort(edges, axis=1)
    _, index, count = np.unique(keys, axis=0, return_index=True, return_counts=True)
    following = {int(a): int(b) for a, b in edges[index[count == 1]]}
    loops = []
    while following:
        start, at = next(iter(following.items()))
        loop = [start]
        del following[start]
        while at != start and at in following:
            loop.append(at)
            at = following.pop(at)
        loops.append(np.array(loop))
    return loops


def _text(point: Array) -> str:
    return "(" + ", ".join(f"{x:.1f}" for x in point) + ")"


def _on_disc(points: Array, end: End) -> bool:
    offset = points - end.point
    return bool(np.abs(offset @ end.normal).max() < 1e-6 and np.linalg.norm(offset, axis=1).min() < end.radius_mm * 1.2 + 1.0)


def _groups(triangles: Array, n_points: int) -> Array:
    """Label (m,) of each triangle's connected part."""
    rows = np.concatenate([triangles[:, 0], triangles[:, 1]])
    columns = np.concatenate([triangles[:, 1], triangles[:, 2]])
    _, label = connected_components(coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n_points, n_points)), directed=False)
    return label[triangles[:, 0]]


def _cut(points: Array, triangles: Array, end: End, snap: float) -> tuple[Array, Array]:
    """Remove what hangs beyond one end's disc."""
    height = (points - end.point) @ end.normal
    beyond = np.flatnonzero((height[triangles] > 0).any(axis=1))
    if len(beyond) == 0:
        raise _too_short(end)
    group = _groups(triangles[beyond], len(points))
    crossing = (height[triangles[beyond]] <= 0).any(axis=1)
    from_axis = np.linalg.norm(points[triangles[beyond]].mean(axis=1) - end.point, axis=1)
    on_disc = crossing & (from_axis < end.radius_mm * 1.1 + 1.0)
    if not on_disc.any():
        raise _too_short(end)
    active = beyond[np.isin(group, np.unique(group[on_disc]))]
    near = np.unique(triangles[active])
    near = near[np.abs(height[near]) < snap]
    points[near] -= height[near, None] * end.normal
    height[near] = 0.0
    rest = np.ones(len(triangles), bool)
    rest[active] = False
    points, kept = _split(points, triangles[active], height)
    return points, np.vstack([triangles[rest], kept])


def _too_short(end: End) -> MeshError:
    return MeshError(
        f"The vessel does not reach the end '{end.name}'",
        where=f"end {end.name} at {_text(end.point)} mm (LPS)",
        fix="shorten anatomy.iliac_length or anatomy.proximal_length",
    )


def _split(points: Array, triangles: Array, height: Array) -> tuple[Array, Array]:
    """The parts of triangles at height <= 0; new points where edges cross height 0."""
    above = height[triangles] > 0
    keep = [triangles[~above.any(axis=1)]]
    new: dict[tuple[int, int], int] = {}
    added: list[Array] = []

    def crossing(a: int, b: int) -> int:
        """The vertex where the edge from a (below) to b (above) meets the plane."""
        if height[a] == 0.0:
            return a
        if (a, b) not in new:
            share = height[a] / (height[a] - height[b])
            new[a, b] = len(points) + len(added)
            added.append(points[a] + share * (points[b] - points[a]))
        return new[a, b]

    pieces = []
    for triangle, up in zip(triangles[above.any(axis=1)], above[above.any(axis=1)]):
        if up.all():
            continue
        first = int(np.flatnonzero(up)[0] if up.sum() == 1 else np.flatnonzero(~up)[0])
        a, b, c = (int(v) for v in np.roll(triangle, -first))
        if up.sum() == 2:
            pieces.append((a, crossing(a, b), crossing(a, c)))
        else:
            ab, ca = crossing(b, a), crossing(c, a)
            pieces += [(ab, b, c), (ab, c, ca)]
    pieces = [p for p in pieces if len(set(p)) == 3]
    keep.append(np.array(pieces, dtype=triangles.dtype).reshape(-1, 3))
    return np.vstack([points, np.array(added).reshape(-1, 3)]), np.vstack(keep)


def _main_part(points: Array, triangles: Array) -> tuple[Array, Array]:
    """The connected part with the largest area, with its points alone."""
    group = _groups(triangles, len(points))
    a, b, c = (points[triangles[:, q]] for q in range(3))
    area = np.bincount(group, np.linalg.norm(np.cross(b - a, c - a), axis=1))
    triangles = triangles[group == area.argmax()]
    used, renumbered = np.unique(triangles, return_inverse=True)
    return points[used], renumbered.reshape(-1, 3)
