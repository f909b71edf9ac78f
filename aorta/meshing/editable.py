"""A triangulated surface that can be edited edge by edge: split, collapse, flip."""

from __future__ import annotations

import numpy as np

from aorta.records import Array

_MOST_TURN = 0.5  # cosine: an edit may not turn a triangle's normal by more than 60 degrees


class EditableSurface:
    """Vertices, triangles and which triangles meet at each vertex.

    Parameters
    ----------
    points : (n, 3) float, mm
    triangles : (m, 3) int, consistently turned, each edge in at most two
    pinned : (n,) int
        -1 for a vertex free on the surface, else the number of the rim it stays on.
    wanted : (n,) float, mm
        Edge length at each vertex.
    """

    def __init__(self, points: Array, triangles: Array, rim: Array, wanted: Array):
        self.points = [tuple(p) for p in points.tolist()]
        self.rim = rim.tolist()
        self.wanted = wanted.tolist()
        self.triangles: dict[int, tuple[int, int, int]] = {k: tuple(t) for k, t in enumerate(triangles.tolist())}
        self.around: list[set[int]] = [set() for _ in self.points]
        for number, triangle in self.triangles.items():
            for v in triangle:
                self.around[v].add(number)
        self.next_number = len(self.triangles)

    def arrays(self) -> tuple[Array, Array, Array, Array]:
        """Points (n, 3), triangles (m, 3), rims (n,), wanted lengths (n,) of what is left, renumbered."""
        triangles = np.array([self.triangles[k] for k in sorted(self.triangles)])
        used, renumbered = np.unique(triangles, return_inverse=True)
        points = np.array(self.points)[used]
        return points, renumbered.reshape(-1, 3), np.array(self.rim)[used], np.array(self.wanted)[used]

    def edges(self) -> Array:
        """All edges (e, 2), lower vertex first, sorted."""
        triangles = np.array([self.triangles[k] for k in sorted(self.triangles)])
        both = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        return np.unique(np.sort(both, axis=1), axis=0)

    def length(self, a: int, b: int) -> float:
        """Of an edge, in units of the wanted length there."""
        p, q = self.points[a], self.points[b]
        d = ((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 + (p[2] - q[2]) ** 2) ** 0.5
        return 2.0 * d / (self.wanted[a] + self.wanted[b])

    def lengths(self, edges: Array) -> Array:
        """The same for edges (e, 2)."""
        points, wanted = np.array(self.points), np.array(self.wanted)
        return 2.0 * np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1) / wanted[edges].sum(axis=1)

    def split(self, a: int, b: int) -> None:
        """Put a vertex in the middle of an edge."""
        shared = self._shared(a, b)
        m = len(self.points)
        p, q = self.points[a], self.points[b]
        self.points.append((0.5 * (p[0] + q[0]), 0.5 * (p[1] + q[1]), 0.5 * (p[2] + q[2])))
        self.wanted.append(0.5 * (self.wanted[a] + self.wanted[b]))
        self.rim.append(self.rim[a] if len(shared) == 1 else -1)
        self.around.append(set())
        for number in shared:
            triangle = self.triangles[number]
            self._replace(number, tuple(m if v == b else v for v in triangle))
            self._add(tuple(m if v == a else v for v in triangle))

    def collapse(self, a: int, b: int) -> bool:
        """Merge an edge's ends, unless that would spoil the surface. Whether it was done."""
        shared = self._shared(a, b)
        if not shared:
            return False
        on_rim = len(shared) == 1
        if self.rim[a] >= 0 and self.rim[b] >= 0 and not on_rim:
            return False
        ring_a, ring_b = self._ring(a), self._ring(b)
        if len(ring_a & ring_b) != len(shared):
            return False
        if self.rim[b] >= 0 and self.rim[a] < 0:
            a, b, ring_a, ring_b = b, a, ring_b, ring_a
        old_a, old_b = self.points[a], self.points[b]
        if self.rim[a] < 0 or on_rim:
            place = tuple(0.5 * (x + y) for x, y in zip(old_a, old_b))
        else:
            place = old_a
        if on_rim and len(self.around[a] | self.around[b]) < 4:
            return False
        changed = (self.around[a] | self.around[b]) - shared
        before = {number: self._normal(number) for number in changed}
        self.points[a] = self.points[b] = place
        longest = max((self.length(a, v) for v in (ring_a | ring_b) - {a, b}), default=0.0)
        if longest > 4.0 / 3.0 or any(_turned(before[n], self._normal(n)) for n in changed):
            self.points[a], self.points[b] = old_a, old_b
            return False
        for number in shared:
            self._remove(number)
        for number in list(self.around[b]):
            self._replace(number, tuple(a if v == b else v for v in self.triangles[number]))
        return True

    def flip(self, a: int, b: int, better) -> bool:
        """Turn the edge between two triangles if ``better(a, b, c, d)`` says so and no normal turns. Whether it was done."""
        shared = self._shared(a, b)
        if len(shared) != 2:
            return False
        first, second = sorted(shared)
        ta = self.triangles[first]
        if ta[(ta.index(a) + 1) % 3] != b:
            first, second = second, first
        c = next(v for v in self.triangles[first] if v not in (a, b))
        d = next(v for v in self.triangles[second] if v not in (a, b))
        if c == d or self._shared(c, d) or not better(self, a, b, c, d):
            return False
        normals = [self._normal(first), self._normal(second)]
        old = self.triangles[first], self.triangles[second]
        self._replace(first, (c, a, d))
        self._replace(second, (d, b, c))
        new = [self._normal(first), self._normal(second)]
        if any(_turned(m, n) for m in normals for n in new):
            self._replace(first, old[0])
            self._replace(second, old[1])
            return False
        return True

    def valence(self, v: int) -> int:
        """Edges at a vertex."""
        return len(self.around[v]) + (self.rim[v] >= 0)

    def cosine(self, at: int, p: int, q: int) -> float:
        """Of the angle at one corner."""
        x, y, z = self.points[at], self.points[p], self.points[q]
        u = (y[0] - x[0], y[1] - x[1], y[2] - x[2])
        w = (z[0] - x[0], z[1] - x[1], z[2] - x[2])
        uu, ww = u[0] ** 2 + u[1] ** 2 + u[2] ** 2, w[0] ** 2 + w[1] ** 2 + w[2] ** 2
        return (u[0] * w[0] + u[1] * w[1] + u[2] * w[2]) / max((uu * ww) ** 0.5, 1e-30)

    def _shared(self, a: int, b: int) -> set[int]:
        return self.around[a] & self.around[b]

    def _ring(self, a: int) -> set[int]:
        ring = {v for number in self.around[a] for v in self.triangles[number]}
        ring.discard(a)
        return ring

    def _normal(self, number: int) -> tuple[float, float, float]:
        a, b, c = (self.points[v] for v in self.triangles[number])
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx

    def _add(self, triangle: tuple[int, int, int]) -> None:
        self.triangles[self.next_number] = triangle
        for v in triangle:
            self.around[v].add(self.next_number)
        self.next_number += 1

    def _remove(self, number: int) -> None:
        for v in self.triangles.pop(number):
            self.around[v].discard(number)

    def _replace(self, number: int, triangle: tuple[int, int, int]) -> None:
        for v in self.triangles[number]:
            self.around[v].discard(number)
        self.triangles[number] = triangle
        for v in triangle:
            self.around[v].add(number)


def _turned(before: tuple[float, float, float], after: tuple[float, float, float]) -> bool:
    """Whether a normal turned too far, or the triangle lost all area."""
    dot = before[0] * after[0] + before[1] * after[1] + before[2] * after[2]
    nn = (before[0] ** 2 + before[1] ** 2 + before[2] ** 2) * (after[0] ** 2 + after[1] ** 2 + after[2] ** 2)
    return after[0] ** 2 + after[1] ** 2 + after[2] ** 2 < 1e-12 or (nn > 1e-24 and dot < _MOST_TURN * nn**0.5)
