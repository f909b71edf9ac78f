"""What the mechanics stage tells about its own trustworthiness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aorta.mechanics import balance, tet10
from aorta.mechanics.equilibrium import Body
from aorta.mechanics.materials.registry import Material
from aorta.mechanics.newton import Path
from aorta.mechanics.support_forces import all_forces
from aorta.records import Finding, State, WallMesh, withheld
from aorta.settings import BloodPressure
from aorta.units import mmhg

_BALANCE_BOUND = 5e-3
"""Share; ASME V&V 40 practice. Ours is some 1e-8."""
_FACTORS = (
    "preconditioners of GMRES: of the stiffness without the pressure's part (CHOLMOD where positive definite, on one process; else "
    "LDLᵀ of MUMPS), of the whole tangent where neither serves (LU of MUMPS)"
)
_VOLUME_BOUND = 0.05
"""Volume ratios further from 1 than this are not nearly incompressible."""


def imaging_pressure(pressure: BloodPressure) -> tuple[float, tuple[str, ...]]:
    """The pressure of the imaged shape in MPa, and a caution where it is assumed."""
    if pressure.imaging is not None:
        return pressure.imaging, ()
    text = (
        f"the pressure during the scan is not given: the imaged shape is taken as diastolic ({mmhg(pressure.diastolic):.0f} mmHg)"
    )
    return pressure.diastolic, (text,)


def material_cautions(material: Material) -> tuple[str, ...]:
    """What to know about a tissue's parameters."""
    law, published = material.law, material.published or material.law.default
    if dict(material.values) != dict(published.values):
        return (f"material {law.name}: parameters given by the user, not the published ones",)
    if not published.verified:
        return (f"material {law.name}: its parameters are unverified ({published.source})",)
    return ()


def linear_cautions(mesh: WallMesh) -> tuple[str, ...]:
    """Of ``prestress: linear``."""
    told = ("linear stress on the imaged shape: a fast estimate; its displacements mean nothing",)
    if mesh.calcified_share is None:
        return told
    return (*told, "linear stress leaves out stiff calcification: it is as soft as the wall here, and still left out of peaks")


def unstressed_cautions() -> tuple[str, ...]:
    """Of ``prestress: none``."""
    return ("prestress: none: the imaged shape, which blood pressure has already stretched, was taken as free of stress",)


def held_nodes(body: Body) -> np.ndarray:
    """(n,) bool: nodes that a rigid support acts on, or one with a steadying spring."""
    held = np.zeros(len(body.domain.source.points), bool)
    for support in (s for s in body.supports if s.kind != "elastic"):
        held[np.unique(body.domain.source.facets[support.facets])] = True
    if body.prescribed is not None:
        held |= body.prescribed.held.any(1)
    return held


def balance_findings(body: Body, states: Sequence[State], unloaded: np.ndarray | None = None) -> tuple[Finding, ...]:
    """How well forces balance in the worst of the states, and how many unknowns there are."""
    held, mesh, facets = held_nodes(body), body.domain.source, body.pressure_facets
    others = [all_forces(mesh, body.supports, body.surroundings, s, unloaded) for s in states]
    # numpy's maximum: Python's would lose what is not a number
    traction = float(np.max([balance.traction_error(mesh, s, facets, held, other) for s, other in zip(states, others)]))
    reaction = float(np.max([balance.reaction_error(mesh, s, facets, held, other) for s, other in zip(states, others)]))
    return (
        _bounded(
            "traction_balance_error",
            traction,
            "nodal forces of the reported Cauchy stress against the pressure's and elastic supports', away from rigid ones",
        ),
        _bounded(
            "reaction_balance_error",
            reaction,
            "the solver's reactions at rigid supports: with elastic supports' forces against the pressure's resultant force and "
            "moment, and node by node against the nodal forces of the reported stress",
        ),
        _unknowns(body),
    )


def _unknowns(body: Body) -> Finding:
    """How many there are, whatever share of them each process has."""
    mesh, how = body.domain.source, "three per node of the quadratic mesh"
    count = 3 * len(mesh.points)
    if body.domain.unknowns.mixed:
        count += sum(len(np.unique(mesh.tets[mesh.region == region, :4])) for region in body.domain.regions())
        how += ", and a mean stress per corner of each tissue"
    return Finding("degrees_of_freedom", float(count), "1", how)


def _bounded(name: str, value: float, method: str, bound: float = _BALANCE_BOUND) -> Finding:
    if not np.isfinite(value):
        return withheld(name, "share", "it is not a number: do not trust the stresses")
    good = value <= bound
    return Finding(name, value, "share", method, valid=good, caution="" if good else f"above {bound:g}: do not trust the stresses")


def of_linear(body: Body, states: Sequence[State]) -> tuple[Finding, ...]:
    """Findings of the linear method; balance is on the imaged shape, where it was solved."""
    return balance_findings(body, [replace(s, displacement_mm=0 * s.displacement_mm) for s in states])


def of_nonlinear(
    body: Body,
    states: Sequence[State],
    unloaded: np.ndarray | None,
    paths: Sequence[Path],
    ratio: tuple[float, float],
    identity: float | None,
) -> tuple[Finding, ...]:
    """Findings of the nonlinear solution.

    Parameters
    ----------
    unloaded : (n, 3) mm or None
    ratio : least and largest volume ratio J
    identity : relative residual of the ordinary problem at imaging pressure, or None
    """
    mesh = body.domain.source
    where = "J = 1 + mean stress / bulk modulus" if body.domain.unknowns.mixed else "J = det F at quadrature points"
    near = abs(ratio[0] - 1) <= _VOLUME_BOUND and abs(ratio[1] - 1) <= _VOLUME_BOUND
    caution = "" if near else f"volume changes by more than {_VOLUME_BOUND:.0%} somewhere: raise the bulk modulus"
    found = [
        Finding("newton_iterations", float(sum(p.iterations for p in paths)), "1", "all load steps, inverse and forward"),
        Finding("factorisations", float(sum(p.factorisations for p in paths)), "1", _FACTORS),
        Finding("krylov_iterations", float(sum(p.krylov for p in paths)), "1", "GMRES with the kept factorisation"),
        Finding("volume_ratio_min", ratio[0], "1", f"least {where}", valid=near, caution=caution),
        Finding("volume_ratio_max", ratio[1], "1", f"largest {where}", valid=near, caution=caution),
    ]
    if identity is not None:
        method = "residual of the ordinary problem at imaging pressure on the recovered unloaded shape, over the pressure's force"
        found.append(_bounded("prestress_identity_residual", identity, method, 1e-6))
    if unloaded is not None:
        points, weights = tet10.GAUSS_5, tet10.GAUSS_5_WEIGHTS
        volume, before = (
            float((tet10.jacobians(x[mesh.tets], points) * weights).sum()) for x in (mesh.points, mesh.points + unloaded)
        )
        method = "volume of the solid in its unloaded shape over the imaged one, less 1"
        found.append(Finding("unloaded_volume_change", before / volume - 1, "share", method))
        size = float(np.linalg.norm(unloaded, axis=1).max())
        found.append(Finding("unloaded_displacement_max_mm", size, "mm", "largest distance of a node from its unloaded place"))
        inverted = int((tet10.jacobians((mesh.points + unloaded)[mesh.tets], tet10.GAUSS_4) <= 0).any(1).sum())
        text = "the unloaded shape folds into itself" if inverted else ""
        method = "elements inverted in the unloaded shape"
        found.append(Finding("unloaded_inverted_elements", float(inverted), "1", method, valid=not inverted, caution=text))
    return (*balance_findings(body, states, unloaded), *found)
