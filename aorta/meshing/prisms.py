"""Prisms split into tetrahedra so that neighbours agree without asking each other.

Every quadrilateral face is split by the diagonal from its lowest-numbered vertex (Dompierre et al.
1999, "How to subdivide pyramids, prisms and hexahedra into tetrahedra").
"""

from __future__ import annotations

import numpy as np

from aorta.records import Array

# bring the lowest vertex to the front: triangle 0-1-2 below triangle 3-4-5
_TURNED = np.array(
    [[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3], [2, 0, 1, 5, 3, 4], [3, 5, 4, 0, 2, 1], [4, 3, 5, 1, 0, 2], [5, 4, 3, 2, 1, 0]]
)


def prisms_to_tets(prisms: Array) -> Array:
    """Prisms (n, 6), vertex q + 3 above vertex q, as tetrahedra (3 n, 4); the three of each prism follow each other."""
    turned = np.take_along_axis(prisms, _TURNED[prisms.argmin(axis=1)], axis=1)
    first = np.minimum(turned[:, 1], turned[:, 5]) < np.minimum(turned[:, 2], turned[:, 4])
    one = turned[:, [[0, 1, 2, 5], [0, 1, 5, 4], [0, 4, 5, 3]]]
    other = turned[:, [[0, 1, 2, 4], [0, 4, 2, 5], [0, 4, 5, 3]]]
    return np.where(first[:, None, None], one, other).reshape(-1, 4)


def pyramids_to_tets(base: Array, apex: Array) -> Array:
    """Pyramids with quadrilateral base (n, 4), in order around, and apex (n,) as tetrahedra (2 n, 4)."""
    turned = np.stack([np.roll(base[k], -int(base[k].argmin())) for k in range(len(base))]) if len(base) else base
    return np.concatenate(
        [np.column_stack([turned[:, [0, 1, 2]], apex]), np.column_stack([turned[:, [0, 2, 3]], apex])]
    ) if len(base) else np.empty((0, 4), np.int64)  # fmt: skip


def volumes(points: Array, tets: Array) -> Array:
    """Signed volumes (n,) in mm³ of straight tetrahedra."""
    a, b, c, d = (points[tets[:, q]] for q in range(4))
    return np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6.0


def turned_positive(points: Array, tets: Array) -> Array:
    """The tetrahedra with two vertices swapped where the volume is negative."""
    negative = volumes(points, tets) < 0
    tets = tets.copy()
    tets[negative] = tets[negative][:, [0, 2, 1, 3]]
    return tets


def roundness(points: Array, tets: Array) -> Array:
    """Quality (n,) of straight tetrahedra: 12 (3 V)^(2/3) / sum of squared edges, 1 for the regular one, signed.

    The mean-ratio measure of Liu & Joe 1994, doi 10.1007/BF01955874.
    """
    a, b, c, d = (points[tets[:, q]] for q in range(4))
    squares = sum(np.einsum("ij,ij->i", u, u) for u in (b - a, c - a, d - a, c - b, d - b, d - c))
    volume = volumes(points, tets)
    return np.sign(volume) * 12.0 * (3.0 * np.abs(volume)) ** (2.0 / 3.0) / np.maximum(squares, 1e-300)
