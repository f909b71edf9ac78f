"""Whether an equilibrium would last: the signs of its tangent's eigenvalues.

Newton's method converges to unstable equilibria as well as to stable ones, and every balance of forces and energies holds
there. A vessel does not stay in one: it snaps to another shape. The signs are those of the pivots of one LDLᵀ factorisation
(Sylvester's law of inertia). It costs as much as a factorisation of the solve, so it is made only where a tangent had the wrong
signs on the way (``KeptFactorisation.suspect``), which does not happen in the ordinary case.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aorta.mechanics.factorisation import negative_eigenvalues
from aorta.mechanics.newton import Newton
from aorta.records import Finding


def stability_findings(forward: Newton, states: Mapping[str, tuple[float, np.ndarray]]) -> tuple[Finding, ...]:
    """In how many directions the states would be left; () where nothing on the way gives reason to ask.

    Parameters
    ----------
    forward : Newton
        Of the forward problem; it is left standing in the last of the states.
    states : mapping of name to (pressure in MPa, array of unknowns)
    """
    if not forward.linear.suspect:
        return ()
    counts = {name: _directions(forward, *state) for name, state in states.items()}
    worst = max(counts.values())
    where = " and ".join(f"{name} ({count})" for name, count in counts.items() if count)
    caution = f"the equilibrium is unstable at {where}: a vessel would leave this shape for another; do not trust the stresses"
    method = f"most negative eigenvalues of the tangent at {' and '.join(states)}; asked as one was indefinite on the way"
    return (Finding("unstable_directions", float(worst), "1", method, valid=worst == 0, caution=caution if worst else ""),)


def _directions(forward: Newton, pressure: float, values: np.ndarray) -> int:
    """With the follower pressure's part, which is symmetric where the rims are held; elsewhere only what is unstable also
    without it is counted."""
    forward.unknown.x.array[:] = values
    forward.set_load(pressure, 1.0)
    forward.equilibrium.refresh()
    rims_held = all(support.kind == "fixed" for support in forward.equilibrium.body.supports)
    return min(_negative(forward, exact) for exact in ((True,) if rims_held else (True, False)))


def _negative(forward: Newton, exact: bool) -> int:
    forward.assemble_stiffness(exact)
    return max(0, negative_eigenvalues(forward.matrix.system) - forward.linear.negative)
