"""Which limb is what: aorta, iliac arteries, side branches.

The iliac arteries are the two limbs of like width that part to the left and the right and go on
to the lower end; what else leaves the aorta is a side branch, and what leaves an iliac artery
marks the iliac bifurcation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aorta.anatomy.body import Body
from aorta.anatomy.tree import Limb
from aorta.records import Array

_LOOK_MM = 25.0  # how far below the parting the two directions are compared
_LIKE_WIDTH = 0.5  # the thinner iliac's radius over the wider one's, at least
_SHORTEST_ILIAC_MM = 15.0


@dataclass(frozen=True)
class Roles:
    """The main vessel and its side limbs.

    Parameters
    ----------
    trunk : (n, 3) float
        Root to the aortic bifurcation, or to the lower end where there is none.
    iliacs : mapping of "left_iliac", "right_iliac" to (m, 3) float
        From the bifurcation on; empty where none is in view.
    sides : tuple of Limb
        All others.
    """

    trunk: Array
    iliacs: dict[str, Array]
    sides: tuple[Limb, ...]


def assign(limbs: list[Limb], body: Body) -> Roles:
    """Roles of the limbs of one tree."""
    lowest = min(limbs, key=lambda limb: limb.path[-1] @ body.superior)
    pairs = [(parting(lowest, limb), limb) for limb in limbs if limb is not lowest]
    pairs = [(index, limb) for index, limb in pairs if _is_iliac_pair(lowest, limb, index, body)]
    if not pairs:
        return Roles(lowest.path, {}, tuple(limb for limb in limbs if limb is not lowest))
    # the uppermost such parting: further down only the iliac arteries' own branches part
    index, other = min(pairs, key=lambda pair: pair[0])
    join = lowest.path[index]
    first = lowest.path[index:]
    second = np.vstack([join, other.path[_nearest(other.path, join) + 1 :]])
    by_side = sorted([first, second], key=lambda path: _towards(path) @ body.left)
    iliacs = {"right_iliac": by_side[0], "left_iliac": by_side[1]}
    return Roles(lowest.path[: index + 1], iliacs, tuple(limb for limb in limbs if limb is not lowest and limb is not other))


def parting(main: Limb, other: Limb) -> int:
    """Index on `main` where `other` leaves its path: the last point less than 1 mm from it,
    or a tenth of the inscribed radius."""
    distance, _ = cKDTree(other.path).query(main.path)
    close = np.flatnonzero(distance < np.maximum(1.0, 0.1 * main.depth))
    return int(close[-1]) if len(close) else 0


def _nearest(path: Array, point: Array) -> int:
    return int(np.argmin(np.linalg.norm(path - point, axis=1)))


def _towards(path: Array, length: float = _LOOK_MM) -> Array:
    """Unit direction (3,) from a path's start to the point `length` along it."""
    arc = np.r_[0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
    end = path[min(int(np.searchsorted(arc, length)), len(path) - 1)]
    return (end - path[0]) / max(np.linalg.norm(end - path[0]), 1e-9)


def _is_iliac_pair(main: Limb, other: Limb, index: int, body: Body) -> bool:
    """Whether two limbs part as left and right iliac artery do."""
    start = _nearest(other.path, main.path[index])
    one, two = main.path[index:], other.path[start:]
    lengths = [np.linalg.norm(np.diff(p, axis=0), axis=1).sum() for p in (one, two)]
    if min(lengths) < _SHORTEST_ILIAC_MM:
        return False
    first, second = _towards(one), _towards(two)
    if max(first @ body.superior, second @ body.superior) > 0:  # both must go down
        return False
    widths = []
    for limb, begin in ((main, index), (other, start)):
        arc = np.r_[0, np.cumsum(np.linalg.norm(np.diff(limb.path[begin:], axis=0), axis=1))]
        widths.append(float(np.median(limb.depth[begin:][arc > 0.4 * min(_LOOK_MM, arc[-1])])))
    apart = second - first
    sideways = abs(apart @ body.left) >= 0.6 * np.linalg.norm(apart)
    return bool(sideways and min(widths) >= _LIKE_WIDTH * max(widths))
