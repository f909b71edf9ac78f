"""The mechanics stage: from the imaged vessel and its blood pressure to stresses at systole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aorta.mechanics import backend, stress
from aorta.mechanics import findings as tell
from aorta.mechanics.around import surrounding_findings, surroundings_of
from aorta.mechanics.cycle import pressures_of, states_along
from aorta.mechanics.domain import make_domain
from aorta.mechanics.equilibrium import VOLUME_DEGREE, Body, Equilibrium
from aorta.mechanics.holding import check_held, check_supports, end_supports
from aorta.mechanics.linear import linear_states
from aorta.mechanics.loads import loaded
from aorta.mechanics.materials.registry import material
from aorta.mechanics.mesh_check import check_solid
from aorta.mechanics.newton import Newton
from aorta.mechanics.stability import stability_findings
from aorta.mechanics.structures import inclusions
from aorta.mechanics.structures.fields import material_fields
from aorta.records import THROMBUS, WALL, HeartCycle, Progress, Solution, WallMesh, silent
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, TissueSettings, WallSettings


def solve(
    mesh: WallMesh,
    pressure: BloodPressure,
    settings: MechanicsSettings,
    wall: WallSettings,
    thrombus: ThrombusSettings,
    progress: Progress = silent,
    cycle: HeartCycle | None = None,
    tissue: TissueSettings = TissueSettings(),  # noqa: B008 (frozen)
    comm: object | None = None,
) -> Solution:
    """Stresses of the vessel at the pressure of the scan ("imaging") and at systole ("systole").

    Parameters
    ----------
    mesh : WallMesh
        The imaged shape, which is loaded by ``pressure.imaging`` (None: diastolic, with a caution).
    cycle : HeartCycle or None
        Further states, solved after these two; its findings and cautions are passed on.
    comm : MPI communicator or None
        Processes that all call this with the same arguments, share the work, and all get the whole answer.

    Raises
    ------
    CaseFileError
        Unknown material, unknown or unphysical parameter, supports or loads that contradict each other.
    MeshError
        Inverted elements, facets that are not faces, contradictory roles of a facet.
    SolverError
        No equilibrium; ``last_state`` is (load factor, displacement (n, 3)) of the last one found.
    """
    materials = {WALL: material(wall.material, wall.parameters, settings.bulk_modulus, "wall")}
    if (mesh.region == THROMBUS).any():
        materials[THROMBUS] = material(thrombus.material, thrombus.parameters, settings.thrombus_bulk_modulus, "thrombus")
    imaging, cautions = tell.imaging_pressure(pressure)
    if settings.prestress != "linear":
        cautions += tuple(c for m in materials.values() for c in tell.material_cautions(m))
    progress("preparing the mesh", 0.0)
    check_solid(mesh)
    mesh, loads = loaded(mesh, settings)
    supports, fields = end_supports(mesh, settings), {}
    around, left_out = surroundings_of(mesh, settings, tissue)
    cautions += left_out
    check_supports(mesh, supports, loads, around)
    check_held(mesh, supports, None, around, settings.prestress == "inverse")
    domain = make_domain(mesh, "displacement" if settings.prestress == "linear" else settings.formulation, comm)
    if settings.prestress != "linear":  # which needs no material
        fields, rules = material_fields(mesh, materials, backend.quadrature(VOLUME_DEGREE)[0])
        cautions += rules
        if mesh.calcified_share is not None:
            fields[inclusions.FIELD] = inclusions.calcified(mesh, backend.quadrature(VOLUME_DEGREE)[0])
    shear = wall.calcification_modulus / 3.0
    body = Body(domain, materials, supports, loads, fields=fields, surroundings=around, inclusion_shear=shear)
    if cycle is not None:
        cautions += cycle.cautions
    told = cycle.findings if cycle is not None else ()
    if settings.prestress == "linear":
        further = tuple(pressures_of(cycle))
        pressures = {"imaging": imaging, "systole": pressure.systolic, **{name: p for name, p, _ in further}}
        states = linear_states(body, pressures, times={name: time for name, _, time in further})
        return Solution(states, None, (), (*tell.of_linear(body, states), *told), (*cautions, *tell.linear_cautions(mesh)))
    solution = _nonlinear(body, imaging, pressure.systolic, settings, cautions, progress, cycle)
    return replace(solution, findings=(*solution.findings, *told))


def _nonlinear(
    body: Body,
    imaging: float,
    systolic: float,
    settings: MechanicsSettings,
    cautions: tuple[str, ...],
    progress: Progress,
    cycle: HeartCycle | None,
) -> Solution:
    prestressed = settings.prestress == "inverse"
    equilibrium, domain = Equilibrium(body, prestressed), body.domain
    options = {"minimum_step": settings.minimum_step, "progress": progress}
    paths, unloaded = [], None
    if prestressed:
        inverse = Newton(equilibrium, "inverse", settings.max_iterations)
        inverse.run(0.0, imaging, **options)
        unloaded = domain.read(equilibrium.w.x.array)
        paths.append(inverse.path)
        inverse.release()
    forward = Newton(equilibrium, "forward", settings.max_iterations)
    if prestressed:
        forward.set_load(imaging, 1.0)
        identity = forward.relative_residual()
    else:
        forward.run(0.0, imaging, **options)
        identity = None
    first, range_first = stress.state(equilibrium, "imaging", reaction_N=forward.reactions())
    stood = {"imaging": (imaging, equilibrium.u.x.array.copy())}
    forward.run(imaging, systolic, **options)
    progress("stresses", 1.0)
    second, range_second = stress.state(equilibrium, "systole", reaction_N=forward.reactions())
    lasting = stability_findings(forward, stood | {"systole": (systolic, equilibrium.u.x.array.copy())})
    further, rhythm = states_along(forward, cycle, settings, progress)
    paths.append(forward.path)
    forward.release()
    states = (first, second, *(state for state, _ in further))
    ranges = (range_first, range_second, *(found for _, found in further))
    ratio = (float(np.min(ranges)), float(np.max(ranges)))
    findings = tell.of_nonlinear(body, states, unloaded, paths, ratio, identity)
    findings += (*surrounding_findings(domain.source, body.surroundings, states, unloaded), *lasting, *rhythm)
    history = tuple(entry for path in paths for entry in path.history)
    extra = () if prestressed else tell.unstressed_cautions()
    return Solution(states, unloaded, history, findings, (*cautions, *extra), settings.formulation)
