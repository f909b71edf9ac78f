"""The wall's inner face meshed anew with triangles of wanted size, every vertex on the smooth surface.

Split long edges, collapse short ones, flip for even valence, move vertices along the surface:
Botsch & Kobbelt 2004, "A remeshing approach to multiresolution modeling". It needs no
parametrisation (gmsh's, tried first, fails on some bifurcations and ignores size fields on
surfaces without CAD), keeps the rims at the ends, and is deterministic.
"""

from __future__ import annotations

import numpy as np

from aorta.errors import MeshError
from aorta.meshing.dense import DenseSurface, vertex_normals
from aorta.meshing.editable import EditableSurface
from aorta.records import Array, End, Surface

_SWEEPS = 7


def remesh(start: Surface, loops: dict[str, Array], ends: tuple[End, ...], dense: DenseSurface, wanted: Array) -> Surface:
    """Triangles with edges of about the wanted length.

    Parameters
    ----------
    start : Surface
        Open at the ends; any triangles.
    loops : mapping of end name to (k,) int
        Vertices of `start` on the rims.
    dense : DenseSurface
        Where the vertices shall be.
    wanted : (n,) float, mm
        Edge length at the vertices of `dense`.

    Raises
    ------
    MeshError
        The result has a triangle without area or a spoiled rim.
    """
    by_name = {end.name: number for number, end in enumerate(ends)}
    rim = np.full(len(start.points), -1)
    for name, loop in loops.items():
        rim[loop] = by_name[name]
    points, triangles = start.points, start.triangles
    size = dense.value_at(points, wanted)
    for sweep in range(_SWEEPS):
        mesh = EditableSurface(points, triangles, rim, size)
        _split(mesh)
        _collapse(mesh)
        _flip(mesh, _evener if sweep < _SWEEPS - 2 else _rounder)
        points, triangles, rim, size = mesh.arrays()
        for _ in range(3):
            points = _relaxed(points, triangles, rim, ends, dense)
        size = dense.value_at(points, wanted)
    _check(points, triangles)
    return Surface(points, triangles)


def _split(mesh: EditableSurface) -> None:
    edges = mesh.edges()
    ratio = mesh.lengths(edges)
    for k in np.argsort(-ratio, kind="stable"):
        if ratio[k] <= 4.0 / 3.0:
            break
        mesh.split(int(edges[k, 0]), int(edges[k, 1]))


def _collapse(mesh: EditableSurface) -> None:
    for _ in range(8):  # each pass makes new short edges
        edges = mesh.edges()
        ratio = mesh.lengths(edges)
        done = 0
        for k in np.argsort(ratio, kind="stable"):
            if ratio[k] >= 0.8:
                break
            a, b = int(edges[k, 0]), int(edges[k, 1])
            if mesh.length(a, b) < 0.8:
                done += mesh.collapse(a, b)
        if done == 0:
            break


def _flip(mesh: EditableSurface, better) -> None:
    for _ in range(3):
        if sum(mesh.flip(int(a), int(b), better) for a, b in mesh.edges()) == 0:
            break


def _evener(mesh: EditableSurface, a: int, b: int, c: int, d: int) -> bool:
    """Whether flipping ab to cd brings the four valences nearer to 6 (4 on a rim)."""
    now = [(mesh.valence(v), 4 if mesh.rim[v] >= 0 else 6) for v in (a, b, c, d)]
    change = (-1, -1, 1, 1)
    return sum((n + s - ideal) ** 2 for (n, ideal), s in zip(now, change)) < sum((n - ideal) ** 2 for n, ideal in now)


def _rounder(mesh: EditableSurface, a: int, b: int, c: int, d: int) -> bool:
    """Whether the diagonal cd makes the smallest of the six angles larger."""

    def sharpest(p: int, q: int, r: int) -> float:
        return max(mesh.cosine(p, q, r), mesh.cosine(q, r, p), mesh.cosine(r, p, q))

    now = max(sharpest(a, b, c), sharpest(a, b, d))
    return max(sharpest(c, d, a), sharpest(c, d, b)) < now - 1e-6


def _relaxed(points: Array, triangles: Array, rim: Array, ends: tuple[End, ...], dense: DenseSurface) -> Array:
    """Every vertex moved along the surface to the middle of its neighbours; rims along themselves."""
    t = triangles
    centres = points[t].mean(axis=1)
    a, b, c = (points[t[:, q]] for q in range(3))
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    total, weight = np.zeros_like(points), np.zeros(len(points))
    for q in range(3):
        np.add.at(total, t[:, q], area[:, None] * centres)
        np.add.at(weight, t[:, q], area)
    target = total / weight[:, None]
    normals = vertex_normals(points, triangles)
    free = rim < 0
    step = target - points
    step -= np.einsum("ij,ij->i", step, normals)[:, None] * normals
    moved = points.copy()
    moved[free] = dense.project(points[free] + 0.8 * step[free])[0]
    for number, end in enumerate(ends):
        own = np.flatnonzero(rim == number)
        edges = _rim_edges(triangles, own, len(points))
        middle, count = np.zeros_like(points), np.zeros(len(points))
        for p, q in (edges.T, edges[:, ::-1].T):
            np.add.at(middle, p, points[q])
            np.add.at(count, p, 1.0)
        wanted = 0.5 * points[own] + 0.5 * middle[own] / np.maximum(count[own], 1.0)[:, None]
        moved[own] = dense.project_in_plane(wanted, end)[0]
    return moved


def _rim_edges(triangles: Array, own: Array, n_points: int) -> Array:
    """Open edges (e, 2) between vertices of one rim."""
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    on_rim = np.zeros(n_points, bool)
    on_rim[own] = True
    return unique[(count == 1) & on_rim[unique].all(axis=1)]


def _check(points: Array, triangles: Array) -> None:
    a, b, c = (points[triangles[:, q]] for q in range(3))
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    longest = np.max([np.linalg.norm(u, axis=1) for u in (b - a, c - b, a - c)], axis=0)
    worst = int((area / longest**2).argmin())
    if area[worst] < 0.02 * longest[worst] ** 2:
        place = ", ".join(f"{x:.1f}" for x in points[triangles[worst]].mean(axis=0))
        raise MeshError(
            "The wall's surface could not be meshed with sound triangles",
            where=f"near ({place}) mm (LPS)",
            why="a triangle has nearly no area",
            fix="use a smaller mesh.size, or smooth the labels there",
        )
