"""From the solution at systole to the indices of rupture risk (docs/theory/risk.md)."""

from __future__ import annotations

import numpy as np

from aorta.records import Anatomy, Array, Finding, Risk, Solution, State, WallMesh, withheld
from aorta.risk import discretisation, laplace
from aorta.risk.ends import away_from_ends
from aorta.risk.fields import WallPlaces, at_centroids, check_state, on_wall, onto_outer, wall_places
from aorta.risk.patch import wall_patches
from aorta.risk.peaks import loading, stress_findings, tension_findings
from aorta.risk.percentile import weighted_percentile
from aorta.risk.pulsation import pulsation_findings
from aorta.risk.rupture import NAMES, PatchIndex, rupture_findings, rupture_withheld
from aorta.risk.strength_facts import StrengthFacts, number, strength_facts
from aorta.risk.stress import first_principal, von_mises
from aorta.risk.tension import WallTension, wall_tension
from aorta.risk.thresholds import threshold_findings
from aorta.settings import BloodPressure, Patient, RiskSettings
from aorta.units import kpa

STRESS_NAMES = (
    ("wall_stress_max_kPa", "kPa"),
    ("wall_stress_p99_kPa", "kPa"),
    (discretisation.NAME, "%"),
    ("wall_stress_patch_max_kPa", "kPa"),
    ("von_mises_max_kPa", "kPa"),
    ("von_mises_p99_kPa", "kPa"),
    ("wall_tension_max_N_per_mm", "N/mm"),
    ("wall_tension_p99_N_per_mm", "N/mm"),
)


def assess(
    anatomy: Anatomy,
    mesh: WallMesh,
    solution: Solution,
    patient: Patient,
    pressure: BloodPressure,
    settings: RiskSettings,
    confirmed: bool = False,
) -> Risk:
    """All indices of rupture risk, each with method, source and validity.

    Parameters
    ----------
    pressure : BloodPressure
        Only to check that the systolic state was solved at the systolic pressure.
    confirmed : bool
        Whether coarser meshes have shown that the discretisation error of the stress is small enough.

    Raises
    ------
    RiskError
        The solution does not belong to the mesh, has no numbers, or no wall is left away from the ends.
    """
    diameter = max_diameter_mm(anatomy)
    rules = threshold_findings(diameter, patient)
    state = solution.state("systole")
    if state is None:
        reason = "the mechanics gave no systolic state"
        return Risk((*(withheld(*name, reason) for name in (*STRESS_NAMES, *NAMES)), *rules), {}, (f"No stress index: {reason}.",))
    check_state(mesh, state)

    places = wall_places(mesh, settings.end_exclusion)
    where = f"in the wall, elements more than {settings.end_exclusion:g} mm from clamped ends"
    principal = first_principal(state.cauchy_quadrature_MPa[places.elements])
    mises = von_mises(state.cauchy_quadrature_MPa[places.elements])
    volume = state.quadrature_volume_mm3[places.elements]
    patches = wall_patches(mesh, state, settings.end_exclusion)
    around = None if patches is None else patches.around(onto_outer(mesh, places.centroids))
    tension = wall_tension(mesh, state)
    counted = away_from_ends(mesh.points[tension.node], mesh.ends, settings.end_exclusion)

    reference, unlikely = _laplace(mesh, places, state, diameter, principal, volume)
    facts = strength_facts(anatomy, patient, settings)
    if isinstance(facts, str):
        rupture = rupture_withheld(facts)
    else:
        local = facts.strength(places.centroids, at_centroids(mesh, places.elements, mesh.thrombus_thickness_mm), anatomy)
        over_patches = None
        if patches is not None:
            at_patches = facts.strength(patches.points, mesh.thrombus_thickness_mm[patches.node], anatomy)
            over_patches = PatchIndex(patches.stress_MPa, at_patches, around)
        rupture = rupture_findings(principal, volume, local, over_patches, facts, state, where)
    findings = (
        *stress_findings(principal, mises, volume, places.centroids, patches, around, state, where, unlikely),
        discretisation.error_finding(
            discretisation.read_percentile(mesh, state, places.elements), discretisation.hides_error(solution, confirmed)
        ),
        *tension_findings(tension, counted, state, where),
        *reference,
        *pulsation_findings(anatomy, mesh, solution, places, where),
        _excluded(places, settings),
        *rupture,
        *rules,
    )
    fields = node_fields(anatomy, mesh, state, places, tension, facts)
    return Risk(findings, fields, _cautions(solution, state, pressure, unlikely))


def max_diameter_mm(anatomy: Anatomy) -> float | None:
    """The measured (or overridden) maximum diameter, else the widest equivalent section, else None."""
    measured = number(anatomy, "max_diameter_mm")
    if measured is not None:
        return measured
    aorta = anatomy.sections_of("aorta")
    if aorta is None or not np.isfinite(aorta.outer_max_diameter_mm).any():
        return None
    return float(np.nanmax(aorta.outer_max_diameter_mm))


def node_fields(
    anatomy: Anatomy, mesh: WallMesh, state: State, places: WallPlaces, tension: WallTension, facts: StrengthFacts | str
) -> dict[str, Array]:
    """Fields (n,) for pictures, NaN off the wall; ends are not left out here."""
    nodes = places.nodes
    principal = first_principal(state.cauchy_nodal_MPa[nodes])
    fields = {
        "max_principal_kPa": on_wall(mesh, nodes, kpa(principal)),
        "von_mises_kPa": on_wall(mesh, nodes, kpa(von_mises(state.cauchy_nodal_MPa[nodes]))),
        "thrombus_thickness_mm": on_wall(mesh, nodes, mesh.thrombus_thickness_mm[nodes]),
        "wall_thickness_mm": on_wall(mesh, nodes, mesh.wall_thickness_mm[nodes]),
        "wall_tension_N_per_mm": on_wall(mesh, nodes, tension.at(mesh.points[nodes], mesh)),
    }
    if not isinstance(facts, str):
        strength = facts.strength(mesh.points[nodes], mesh.thrombus_thickness_mm[nodes], anatomy).strength_MPa
        fields["wall_strength_kPa"] = on_wall(mesh, nodes, kpa(strength))
        fields["rupture_index"] = on_wall(mesh, nodes, principal / strength)
    return fields


def _laplace(
    mesh: WallMesh, places: WallPlaces, state: State, diameter: float | None, principal: Array, volume: Array
) -> tuple[tuple[Finding, ...], str]:
    """The tube's stress as a finding, and a caution if the computed one is implausible."""
    name = "laplace_tube_stress_kPa"
    if diameter is None:
        return (withheld(name, "kPa", "the maximum diameter was not measured"),), ""
    thickness = float(at_centroids(mesh, places.elements, mesh.wall_thickness_mm).mean())
    if not 0.0 < thickness < diameter / 2.0:
        return (withheld(name, "kPa", "the mesh carries no usable wall thickness"),), ""
    tube = laplace.tube_stress_MPa(state.pressure_MPa, diameter, thickness)
    method = f"p r / t of a tube of {diameter:.1f} mm outer diameter and {thickness:.2f} mm wall, {loading(state)}; for comparison"
    finding = Finding(name, kpa(tube), "kPa", method, laplace.SOURCE)
    return (finding,), laplace.implausible(weighted_percentile(principal, volume, 99.0), tube)


def _excluded(places: WallPlaces, settings: RiskSettings) -> Finding:
    method = f"share of the wall's volume within {settings.end_exclusion:g} mm of the clamped ends, left out of every peak"
    return Finding("wall_excluded_percent", 100.0 * places.excluded_share, "%", method)


def _cautions(solution: Solution, state: State, pressure: BloodPressure, unlikely: str) -> tuple[str, ...]:
    cautions = []
    if abs(state.pressure_MPa - pressure.systolic) > 1e-3 * pressure.systolic:
        cautions.append(f"The systolic state was solved {loading(state)}, not at the systolic pressure of the case.")
    if solution.unloaded_displacement_mm is None:
        cautions.append("Stress was computed without a stress-free shape (no prestress): the imaged shape was taken as unloaded.")
    if unlikely:
        cautions.append(f"99th percentile of wall stress: {unlikely}")
    return tuple(cautions)
