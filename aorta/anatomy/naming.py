"""Names of side branches by where on the aorta they leave, which way, and how wide they are.

What these do not settle stays "branch_1" ...: a lumbar artery taken for a renal one would shift the
neck, and with it the stent graft.
"""

from __future__ import annotations

import numpy as np

from aorta.anatomy.body import Body
from aorta.anatomy.side_branches import SideBranch
from aorta.records import Array

PAIR_MM = 45.0
"""The renal ostia of one patient lie within this; typically within 20."""

LATERAL = 0.7
"""Share of the take-off's direction that is sideways."""

POSTERIOR = 0.75
"""An ostium whose direction from the axis is this much backwards (within 41° of straight back) is a lumbar artery's."""

LIKE_WIDTH = 0.45
"""A renal artery is at least this share as wide as the widest branch that leaves sideways; lumbar arteries are not."""

ANTERIOR = 0.35
MESENTERIC_MM, COELIAC_MM = 35.0, 60.0
"""The superior mesenteric artery leaves at most this far above the renal ones; the coeliac trunk likewise."""

INFERIOR_MESENTERIC_MM = 20.0  # at least this far below the renal arteries


def name_branches(
    branches: list[SideBranch], leaves_at: list[float], sac_at: float, body: Body, around: list[Array] | None = None
) -> list[str]:
    """Names by position; "branch_1" ... for what the position does not tell.

    Parameters
    ----------
    leaves_at : list of float, mm
        Arc length on the aorta where each leaves it.
    sac_at : float, mm
        Where the aorta is widest; infinite without a sac.
    around : list of (3,) float or None
        Unit directions from the aorta's axis to each ostium; None: the take-off's.

    Notes
    -----
    The renal arteries are the lowest branches above the sac that leave sideways from the side or
    the front of the aorta, one on each side, not far apart and not narrow beside the others; the
    superior mesenteric is the lowest of those that leave forward above them, the coeliac trunk the
    next; the inferior mesenteric leaves forward below, not to the right.
    """
    names = [""] * len(branches)
    ostium = around if around is not None else [b.take_off for b in branches]
    sideways = [
        k
        for k, b in enumerate(branches)
        if leaves_at[k] < sac_at and abs(b.take_off @ body.left) >= LATERAL and ostium[k] @ body.posterior < POSTERIOR
    ]
    width = {k: float(np.median(branches[k].radius)) for k in range(len(branches))}
    widest = max((width[k] for k in sideways), default=0.0)
    lateral = [k for k in sideways if width[k] >= LIKE_WIDTH * widest]
    renal = _name_renals(names, lateral, branches, leaves_at, body)
    if lateral:
        _name_forward(names, branches, leaves_at, renal, body, ostium)
    number = 0
    for k in sorted(range(len(names)), key=lambda k: leaves_at[k]):
        if not names[k]:
            number += 1
            names[k] = f"branch_{number}"
    return names


def _name_renals(names: list[str], lateral: list[int], branches: list[SideBranch], leaves_at: list[float], body: Body) -> float:
    """Names the renal arteries; the upper one's arc length."""
    left = [k for k in lateral if branches[k].take_off @ body.left > 0]
    right = [k for k in lateral if branches[k].take_off @ body.left < 0]
    pairs = [(a, b) for a in left for b in right if abs(leaves_at[a] - leaves_at[b]) <= PAIR_MM]
    if pairs:
        a, b = max(pairs, key=lambda pair: leaves_at[pair[0]] + leaves_at[pair[1]])
        names[a], names[b] = "left_renal", "right_renal"
        return min(leaves_at[a], leaves_at[b])
    if lateral:
        only = max(lateral, key=lambda k: leaves_at[k])
        names[only] = "left_renal" if branches[only].take_off @ body.left > 0 else "right_renal"
        return leaves_at[only]
    return 0.0


def _name_forward(
    names: list[str], branches: list[SideBranch], leaves_at: list[float], renal: float, body: Body, ostium: list[Array]
) -> None:
    """Names the coeliac and mesenteric arteries."""
    forward = [k for k, b in enumerate(branches) if not names[k] and b.take_off @ body.posterior <= -ANTERIOR]
    above = sorted((k for k in forward if renal - COELIAC_MM <= leaves_at[k] <= renal + 5.0), key=lambda k: -leaves_at[k])
    if above and leaves_at[above[0]] >= renal - MESENTERIC_MM:  # a single one further up may be either
        for k, name in zip(above, ("superior_mesenteric", "coeliac")):
            names[k] = name
    below = [
        k
        for k in forward
        if not names[k]
        and leaves_at[k] > renal + INFERIOR_MESENTERIC_MM
        and ostium[k] @ body.left > -0.5
        and ostium[k] @ body.posterior < 0
    ]
    if below:
        names[max(below, key=lambda k: branches[k].curve.length)] = "inferior_mesenteric"
