"""Where an iliac artery parts into external and internal, and which of the two is which.

The internal (hypogastric) artery leaves backwards and towards the middle, into the pelvis; the
external one goes on forwards and outwards, to the groin. What the traced path follows may be either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aorta.anatomy.body import Body
from aorta.anatomy.curve import Curve
from aorta.anatomy.side_branches import SideBranch
from aorta.records import Array, Branch, Surface

ILIACS = ("left_iliac", "right_iliac")

LEAST_WIDTH = 0.35
"""A branch of an iliac artery at least this share of its width marks its bifurcation."""

LOOK_MM = 20.0
"""Beyond the fork, over which the two directions are compared."""

SURE = 0.3
"""By which the directions must differ, backwards and inwards together (unit vectors), or neither is named."""


@dataclass(frozen=True)
class IliacFork:
    """``side`` is the artery, ``branch`` the number of the side branch, ``at`` the arc length in mm where it leaves.

    ``names`` are those of the side branch and of the way on; None where the directions do not tell.
    """

    side: str
    branch: int
    at: float
    names: tuple[str, str] | None


def iliac_forks(
    curves: Mapping[str, Curve], lumen: Surface, sides: list[SideBranch], parents: list[str], leaves: list[float], body: Body
) -> list[IliacFork]:
    """The first branch of each iliac artery that is wide enough to part it."""
    forks = []
    near = cKDTree(lumen.points) if any(parent in ILIACS for parent in parents) else None
    for side in ILIACS:
        for k in sorted((k for k, parent in enumerate(parents) if parent == side), key=lambda k: leaves[k]):
            width = float(near.query(curves[side].at(leaves[k]))[0])
            if np.median(sides[k].radius) >= LEAST_WIDTH * width:
                forks.append(IliacFork(side, k, leaves[k], _names(side, curves[side], leaves[k], sides[k], body)))
                break
    return forks


def _names(side: str, curve: Curve, at: float, branch: SideBranch, body: Body) -> tuple[str, str] | None:
    onward = _direction(curve.at(at), curve.at(min(at + LOOK_MM, curve.length)))
    away = _direction(branch.curve.points[0], branch.curve.at(min(LOOK_MM, branch.curve.length)))
    inward = -body.left if side == "left_iliac" else body.left
    score = float((away - onward) @ (body.posterior + inward))
    if curve.length - at < 0.5 * LOOK_MM or abs(score) < SURE:
        return None
    which = side.split("_")[0]
    inner, outer = f"{which}_internal_iliac", f"{which}_external_iliac"
    return (inner, outer) if score > 0 else (outer, inner)


def _direction(start: Array, end: Array) -> Array:
    return (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)


def ways_on(forks: list[IliacFork], branches: list[Branch]) -> list[Branch]:
    """Records of what an iliac artery becomes beyond its fork, from the fork on."""
    found = []
    for fork in forks:
        whole = next(b for b in branches if b.name == fork.side)
        beyond = whole.arc_length_mm >= fork.at
        if fork.names is None or beyond.sum() < 3:
            continue
        arc = whole.arc_length_mm[beyond]
        radius = whole.inscribed_radius_mm[beyond]
        way = Branch(fork.names[1], whole.points[beyond], whole.tangents[beyond], arc - arc[0], radius, fork.side, float(arc[0]))
        found.append(way)
    return found
