"""The tree of paths through a lumen: from the top of the aorta to every end worth the name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aorta.anatomy.arch import ascending_end
from aorta.anatomy.body import Body
from aorta.anatomy.lattice import Lattice
from aorta.anatomy.marching import arrival, descend
from aorta.anatomy.tips import core_near, find_tips
from aorta.errors import GeometryError
from aorta.records import Array

SHORTEST_LIMB_MM = 5.0
"""A limb must leave its parent's inscribed balls by this much; real ostial stubs do (IMA and
lumbar stubs included), voxel bumps and calcified ridges do not."""


@dataclass(frozen=True)
class Limb:
    """One path from the root to a tip.

    Parameters
    ----------
    path : (n, 3) float, mm, LPS
        Root first.
    depth : (n,) float, mm
        Inscribed radius along it.
    free_from : int
        Index from which it is outside the inscribed balls of the longer limbs; 0 for the first.
    parent : int
        Which limb it leaves; -1 for the first.
    """

    path: Array
    depth: Array
    free_from: int
    parent: int

    @property
    def free_length_mm(self) -> float:
        """Length of the part of its own."""
        return float(np.linalg.norm(np.diff(self.path[self.free_from :], axis=0), axis=1).sum())

    @property
    def free_radius_mm(self) -> float:
        """Median inscribed radius of the part of its own."""
        return float(np.median(self.depth[self.free_from :]))


def find_root(lattice: Lattice, body: Body) -> Array:
    """The voxel (3,) near the axis at the heart's end: of an arch its ascending end, else the upper end."""
    ascending = ascending_end(lattice, body)
    if ascending is not None:
        return ascending
    inside = np.argwhere(lattice.inside)
    height = lattice.to_lps(inside) @ body.superior
    top = inside[height >= height.max() - lattice.step]
    top = top[np.argmax(lattice.depth[tuple(top.T)])]
    return core_near(lattice, top)


def trace_tree(lattice: Lattice, body: Body) -> list[Limb]:
    """All limbs of a lumen, the longest first.

    Raises
    ------
    GeometryError
        The region is no tube: no path in it is much longer than it is wide.
    """
    root = find_root(lattice, body)
    distances = arrival(lattice, root, centred=False)
    tips = find_tips(distances, SHORTEST_LIMB_MM)
    cores = np.array([core_near(lattice, tip) for tip in tips])
    # a tip whose core is the root's own end is no end
    away = np.array([np.linalg.norm((c - root) * lattice.step) > lattice.depth[tuple(root)] for c in cores])
    if not away.any():
        raise _no_tube(lattice, 0.0)
    cores = cores[away]
    paths = descend(lattice, arrival(lattice, root, centred=True), lattice.to_lps(cores))

    lengths = [np.linalg.norm(np.diff(p, axis=0), axis=1).sum() for p in paths]
    limbs: list[Limb] = []
    for index in np.argsort(lengths)[::-1]:
        limb = _limb(lattice, paths[index], limbs)
        if limb is not None:
            limbs.append(limb)
    length = limbs[0].free_length_mm + 2 * limbs[0].depth[[0, -1]].mean()  # end balls included
    if length < 1.5 * 2 * lattice.depth.max():
        raise _no_tube(lattice, length)
    return limbs


def _limb(lattice: Lattice, path: Array, accepted: list[Limb]) -> Limb | None:
    """The limb of a path, or None where it is only a bulge of those accepted before."""
    depth = lattice.depth_at(path)
    if not accepted:
        return Limb(path, depth, 0, -1)
    every = np.vstack([limb.path for limb in accepted])
    owner = np.repeat(np.arange(len(accepted)), [len(limb.path) for limb in accepted])
    ball = np.concatenate([limb.depth for limb in accepted])
    distance, nearest = cKDTree(every).query(path)
    covered = np.flatnonzero(distance <= ball[nearest])
    free_from = int(covered[-1]) + 1 if len(covered) else 0
    if free_from >= len(path) - 2:
        return None
    limb = Limb(path, depth, free_from, int(owner[nearest[max(free_from - 1, 0)]]))
    # longer than wide, or it is the corner of a sac
    own_length = limb.free_length_mm + depth[-1]
    return limb if own_length >= max(SHORTEST_LIMB_MM, 2.0 * limb.free_radius_mm) else None


def _no_tube(lattice: Lattice, length: float) -> GeometryError:
    return GeometryError(
        "the lumen is not a vessel",
        where="anatomy, centreline",
        why=f"its longest path is {length:.1f} mm and it is {2 * float(lattice.depth.max()):.1f} mm wide",
        fix="check the label map's class values and that it shows a length of aorta, not a spot or a block",
    )
