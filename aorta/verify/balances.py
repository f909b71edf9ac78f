"""Forces balance on what the product reports: the whole stage, with thrombus, at both states."""

from __future__ import annotations

import numpy as np

from aorta.mechanics import balance
from aorta.mechanics.solve import solve
from aorta.records import State
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, WallSettings
from aorta.verify import reference_meshes as meshes
from aorta.verify import solving
from aorta.verify.check import Check, relative

_PRESSURE = BloodPressure(systolic=120 * 133.322387415e-6, diastolic=80 * 133.322387415e-6)
_REACTION = "the solver's reactions against numpy's pressure and reported stress"


def reported_stress() -> tuple[Check, ...]:
    """Pressure on the blood's faces, and on the wall under porous thrombus."""
    mesh, checks = solving.noted(meshes.thrombosed_tube((3, 10, 6), bare=0.2)), []
    held = np.zeros(len(mesh.points), bool)
    held[np.unique(np.concatenate([mesh.facets["end_proximal"], mesh.facets["end_distal"]]))] = True
    for where, facets in (("lumen", "blood"), ("wall", "wall_inner")):
        solution = solve(mesh, _PRESSURE, MechanicsSettings(pressure_on=where), WallSettings(), ThrombusSettings())
        name = f"balance: prestressed wall with thrombus, pressure on {where}, 120 mmHg"
        state = solution.state("systole")
        source = "numpy on the reported stress and deformed faces"
        checks += [
            Check(
                name, "traction of the reported stress", balance.traction_error(mesh, state, facets, held), 1e-7, "share", source
            ),
            Check(name, "reaction at the ends", balance.reaction_error(mesh, state, facets, held), 1e-9, "share", _REACTION),
        ]
        increment = _without_prestress(state, solution.state("imaging"))
        missing = balance.traction_error(mesh, increment, facets, held)
        # the pressure's other two thirds are what the prestress carries: a stress without it must not pass
        checks.append(relative(name, "a stress without the prestress fails by", missing, 2 / 3, 0.1, "80 of 120 mmHg"))
    return tuple(checks)


def _without_prestress(state: State, imaging: State) -> State:
    """What a code reports that leaves the prestress tensor out (docs/theory/mistakes-of-other-tools.md)."""
    stress = state.cauchy_quadrature_MPa - imaging.cauchy_quadrature_MPa
    return State(state.name, state.pressure_MPa, state.displacement_mm, stress, state.quadrature_volume_mm3, state.cauchy_nodal_MPa)
