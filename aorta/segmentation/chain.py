"""The chain of discs through the slices that is most like an aorta: a shortest path (Viterbi).

Source: Viterbi 1967 (doi:10.1109/TIT.1967.1054010); costs are this program's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aorta.segmentation.discs import Disc

SKIP, AFTER_SKIP = 3.0, 1.5  # a slice without a disc; taking one up again
PER_MM_ASIDE, PER_MM_RADIUS = 0.12, 0.2
FARTHEST_MM, JUMP = 25.0, 6.0


def best_chain(slices: Sequence[Sequence[Disc]]) -> list[Disc]:
    """At most one disc per slice, in the order of the slices; slices may be skipped.

    Parameters
    ----------
    slices : sequence of sequences of Disc
        The candidates of neighbouring slices, one after the other.
    """
    totals: list[float] = []
    previous: list[Disc | None] = []
    history: list[tuple[list[Disc | None], list[int]]] = []
    for discs in slices:
        current: list[Disc | None] = [None, *discs]
        if not previous:
            new, back = [SKIP] + [d.cost for d in discs], [-1] * len(current)
        else:
            new, back = [], []
            for disc in current:
                options = [t + _step(old, disc) for t, old in zip(totals, previous)]
                back.append(int(np.argmin(options)))
                new.append(options[back[-1]] + (SKIP if disc is None else disc.cost))
        history.append((current, back))
        totals, previous = new, current
    if not history:
        return []
    at, chain = int(np.argmin(totals)), []
    for states, back in reversed(history):
        chain.append(states[at])
        at = back[at]
    return [disc for disc in reversed(chain) if disc is not None]


def _step(old: Disc | None, new: Disc | None) -> float:
    if new is None:
        return 0.0
    if old is None:
        return AFTER_SKIP
    aside = float(np.hypot(*(new.position - old.position)[1:]))
    return PER_MM_ASIDE * aside + PER_MM_RADIUS * abs(new.radius - old.radius) if aside < FARTHEST_MM else JUMP
