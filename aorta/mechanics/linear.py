"""``prestress: linear``: stress of the imaged shape under full pressure by one linear solve.

A loaded thin wall is nearly statically determinate: its stress follows from shape and pressure,
almost whatever the material (Joldes et al. 2016, J Mech Behav Biomed Mater 58:139; Zelaya et al.
2014). As there: wall stiff, thrombus twenty times softer, Poisson's ratio 0.49, small strain.
Stress is not averaged through the wall, so bending shows in it more than in a residually stressed one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import ufl

from aorta.errors import SolverError
from aorta.mechanics import backend, stress
from aorta.mechanics.constrained import ConstrainedMatrix
from aorta.mechanics.equilibrium import VOLUME_DEGREE, Body, Equilibrium
from aorta.mechanics.factorisation import FactorisationFailed, KeptFactorisation
from aorta.mechanics.strain import PACK
from aorta.records import THROMBUS, WALL, State

YOUNG_MPa = {WALL: 1.0e5, THROMBUS: 5.0e3}
"""BioPARR's values; only their ratio matters."""
POISSON = 0.49
NO_TIMES: Mapping[str, float | None] = {}


def _stress(displacement, young: float, poisson: float):
    lame = young * poisson / ((1 + poisson) * (1 - 2 * poisson))
    shear = young / (2 * (1 + poisson))
    strain = ufl.sym(ufl.grad(displacement))
    return lame * ufl.tr(strain) * ufl.Identity(3) + 2 * shear * strain


def linear_states(
    body: Body,
    pressures: Mapping[str, float],
    young: Mapping[int, float] = YOUNG_MPa,
    poisson: float = POISSON,
    times: Mapping[str, float | None] = NO_TIMES,
) -> tuple[State, ...]:
    """One state per named pressure (MPa), all from one linear solve; ``times`` in s of those along a waveform.

    Raises
    ------
    SolverError
        The body is not held.
    """
    domain, equilibrium = body.domain, Equilibrium(body, prestressed=False)
    u = equilibrium.u
    residual = equilibrium.linear(lambda region, d: _stress(d, young[region], poisson))
    residual_form, tangent_form = backend.compile_form(residual), backend.compile_form(equilibrium.tangent(residual, u))
    unit = max(pressures.values())
    equilibrium.pressure.value = unit
    matrix, forces, step = ConstrainedMatrix(tangent_form, equilibrium), backend.new_vector(u), backend.new_vector(u)
    backend.assemble_vector(forces, residual_form)
    matrix.to_local(forces)
    owned = domain.unknowns.owned
    forces.array[equilibrium.held[:owned]] = 0.0
    matrix.assemble()
    try:
        KeptFactorisation(matrix.system).solve(forces, step, 1e-12)
    except FactorisationFailed as failure:
        raise SolverError(
            "the linear stress problem has no solution", why=str(failure), fix="hold the vessel at its ends"
        ) from failure
    matrix.to_global(step)
    u.x.array[:owned] = -step.array
    u.x.scatter_forward()
    points, _ = backend.quadrature(VOLUME_DEGREE)

    def packed(region: int):
        tensor = _stress(u, young[region], poisson)
        return ufl.as_vector([tensor[q // 3, q % 3] for q in PACK])

    values = domain.evaluate(packed, points, 6)
    displacement = domain.read(u.x.array)
    backend.assemble_vector(forces, residual_form)
    matrix.to_local(forces)
    forces.array[~equilibrium.held[:owned]] = 0.0
    matrix.to_global(forces)
    reactions = domain.read(forces.array)

    def state(name: str, share: float) -> State:
        made = stress.make_state(domain.source, name, share * unit, share * displacement, share * values, times.get(name))
        return replace(made, reaction_N=share * reactions)

    return tuple(state(name, p / unit) for name, p in pressures.items())
