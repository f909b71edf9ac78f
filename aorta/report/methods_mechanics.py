"""The part of the methods paragraph about loads, supports and the way to equilibrium: one entry for every word of the case file."""

from __future__ import annotations

from collections.abc import Iterator

from aorta.records import THROMBUS, Results
from aorta.report.display import sentence_list, show
from aorta.settings import Case, MechanicsSettings
from aorta.units import kpa, mmhg

_PRESTRESS = {
    "inverse": """The stress-free shape was found by inverse elastostatics at the imaging pressure ({imaging}); from there the
        vessel was loaded to systole ({systolic}) with a follower pressure.""",
    "none": """The imaged shape was taken as stress-free and loaded to systole ({systolic}) with a follower pressure; the stress
        that the vessel already had in the scanner is neglected.""",
    "linear": """Stress was recovered by one linear solution on the imaged shape at systole ({systolic}), which makes it nearly
        independent of the material.""",
}
_LAW = {
    "displacement": """Equilibrium was solved on DOLFINx with the nearly incompressible law '{wall}' for the wall
        (bulk modulus {bulk} MPa){thrombus}.""",
    "mixed": """Equilibrium was solved on DOLFINx with the nearly incompressible law '{wall}' for the wall
        (bulk modulus {bulk} MPa){thrombus}; mean stress was an unknown beside the displacement.""",
}
_LINEAR_LAW = "Equilibrium was solved on DOLFINx with linear elasticity{thrombus}."
_ENDS = {
    "fixed": "clamped",
    "sliding": "free to slide within the plane of the cut",
    "elastic": "held by springs of {across} kPa/mm across the cut and {along} kPa/mm within its plane",
}
_FACE = {"lumen": "on the face that blood touches", "wall": "on the inner face of the wall, under a porous thrombus"}
_AT_REST = {"imaged": "in the imaged shape", "unloaded": "in the unloaded shape"}
_SPINE = {"contact": "; vertebrae of the label map held the wall back as it moved on from the image", "ignore": ""}


def mechanics(results: Results) -> Iterator[str]:
    """Sentences about the mechanics stage, which ran."""
    case, pressure = results.case, results.case.pressure
    settings, thrombus = case.mechanics, bool((results.mesh.region == THROMBUS).any())
    linear = settings.prestress == "linear"
    if linear:
        yield _LINEAR_LAW.format(thrombus=", thrombus twenty times softer than the wall" if thrombus else "")
    else:
        law = f" and the law '{case.thrombus.material}' for the thrombus" if thrombus else ""
        yield _LAW[settings.formulation].format(wall=case.wall.material, bulk=show(settings.bulk_modulus), thrombus=law)
    imaging = pressure.imaging if pressure.imaging is not None else pressure.diastolic
    words = {"imaging": f"{mmhg(imaging):.0f} mmHg", "systolic": f"{mmhg(pressure.systolic):.0f} mmHg"}
    if pressure.imaging is None:
        words["imaging"] += ", taken as diastolic"
    yield _PRESTRESS[settings.prestress].format(**words)
    spine = _SPINE[settings.spine] if results.mesh.spine is not None and not linear else ""
    yield f"The pressure acts {_pressure(settings, thrombus)}; the cut ends are {_ends(settings)}{spine}."
    if not linear:
        yield from _calcification(results)
        yield from _tissue(case)


def _pressure(settings: MechanicsSettings, thrombus: bool) -> str:
    share = settings.wall_pressure_share
    if share == 1.0:
        return _FACE["wall"]
    if not share or not thrombus:  # without thrombus the two faces are one
        return _FACE[settings.pressure_on]
    return f"{_FACE['lumen']}, but where this is thrombus {show(100 * share)} % of it on the inner face of the wall underneath"


def _ends(settings: MechanicsSettings) -> str:
    across, along = settings.end_stiffness_normal, settings.end_stiffness_tangential
    if settings.ends != "elastic":
        return _ENDS[settings.ends]
    if settings.prestress == "linear":  # whose displacements mean nothing: mechanics leaves their springs out
        return _ENDS["fixed"]
    return _ENDS["elastic"].format(across=show(kpa(across)), along=show(kpa(across if along is None else along)))


def _calcification(results: Results) -> Iterator[str]:
    if results.mesh.calcified_share is not None:
        yield f"""Labelled calcification was meshed as inclusions in the wall with a Young's modulus of
            {show(results.case.wall.calcification_modulus)} MPa."""


def _tissue(case: Case) -> Iterator[str]:
    soft = case.tissue
    parts = [f"springs of {show(kpa(soft.stiffness))} kPa/mm, at rest {_AT_REST[soft.at_rest]}"] if soft.stiffness else []
    parts += [f"dashpots of {show(kpa(soft.damping))} kPa s/mm along the waveform"] if soft.damping else []
    if parts:
        yield f"Soft tissue around the vessel was represented by {sentence_list(parts)}."
