"""The stages from labels to anatomy, mesh, stress, risk and stent: what each is made from, and how it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aorta.pipeline.context import Context, sections
from aorta.pipeline.heart_cycle import cycle_parts, heart_cycle
from aorta.pipeline.labelling import segmentation
from aorta.pipeline.store import file_digest
from aorta.records import Finding, FinerMesh, HeartCycle, Progress, Solution, ThicknessPoints, WallMesh


def measure(context: Context, progress: Progress) -> Any:
    """Anatomy from labels, outer diameters cautioned where the image shows the blood only."""
    from aorta.anatomy.measure import measure
    from aorta.segmentation.mr_angiography import LUMEN_ONLY

    case, found = context.case, segmentation(context)
    anatomy = measure(found.labels, case.landmarks, case.anatomy, case.overrides, progress)
    if LUMEN_ONLY not in found.cautions or found.labels.mask("thrombus").any():
        return anatomy
    return replace(anatomy, findings=tuple(map(_of_blood_only, anatomy.findings)))


_OUTER = ("max_diameter_mm", "max_equivalent_diameter_mm")


def _of_blood_only(finding: Finding) -> Finding:
    """With the caution that an aneurysm may be wider than its blood; the planner's own values stand."""
    if finding.name not in _OUTER or finding.value is None or finding.source == "case file":
        return finding
    said = "the image shows the blood only: an aneurysm with thrombus is wider than this"
    return replace(finding, valid=False, caution="; ".join(filter(None, (said, finding.caution))))


def mesh_parts(context: Context) -> Mapping[str, Any]:
    """Sizes, wall and measured thickness."""
    case, points = context.case, context.case.wall.thickness_points
    sizes = replace(case.mesh, accuracy=None)  # which other meshes are for
    measured = {"file_thickness": file_digest(context.source(points))} if points else {}
    return {"mesh": sizes, **sections("thrombus")(context), "wall": replace(case.wall, thickness_points=None), **measured}


def mesh(context: Context, progress: Progress, finer: FinerMesh | None = None) -> Any:
    """The solid; ``finer`` where it shall be finer than the settings say."""
    from aorta.meshing.build import build_mesh

    case = context.case
    return build_mesh(context.load("anatomy"), case.mesh, case.wall, case.thrombus, progress, _thickness_points(context), finer)


def _thickness_points(context: Context) -> ThicknessPoints | None:
    """Measured wall thickness in the first image's frame."""
    wall = context.case.wall
    if not wall.thickness_points:
        return None
    from aorta.frames import apply
    from aorta.meshing.thickness_points import read_points

    measured = read_points(context.source(wall.thickness_points), wall.thickness_frame)
    if wall.thickness_series == "second":
        measured = replace(measured, points=apply(context.load("second").to_first, measured.points))
    return measured


# ---------------------------------------------------------------------- mechanics, risk and stent


def dissected(context: Context) -> str:
    """Why nothing is computed that holds for an aneurysm alone."""
    found = context.load("segment")
    if found is None or getattr(found, "false_lumen", None) is None:
        return ""
    return (
        "the aorta has a second lumen (dissection, or an endoleak beside a stent graft): wall stress, rupture indices and "
        "stent-graft fit are made for an aneurysm with one lumen and do not apply"
    )


def no_pressure(context: Context) -> str:
    """Why there is no mechanics."""
    return dissected(context) or ("" if context.case.pressure else "no blood pressure in the case file")


def no_stent(context: Context) -> str:
    """Why there is no stent-graft fit."""
    return dissected(context) or ("" if context.case.stent.enabled else "switched off in the case file")


def solve(context: Context, progress: Progress) -> Any:
    """Equilibrium at imaging, systole and over the heart cycle, with strain where displacements mean something."""
    return _with_strain(context, _equilibrium(context, progress, heart_cycle(context.case, context.case_folder)))


def solve_systole(context: Context, progress: Progress) -> Any:
    """Equilibrium at imaging and systole alone, without strain: what the stress indices need."""
    return _equilibrium(context, progress, None)


def complete(context: Context, found: Solution, progress: Progress) -> Any:
    """What ``solve`` gives, from what ``solve_systole`` found: solved again only where there is a heart cycle."""
    if heart_cycle(context.case, context.case_folder) is not None:
        return solve(context, progress)
    return _with_strain(context, found)


def _with_strain(context: Context, solution: Solution) -> Solution:
    from aorta.mechanics.strain import with_strains

    return solution if context.case.mechanics.prestress == "linear" else with_strains(context.load("mesh"), solution)


def _equilibrium(context: Context, progress: Progress, cycle: HeartCycle | None) -> Any:
    case = context.case
    if context.ranks > 1:
        from aorta.pipeline.ranks import solve_on

        settings = {"pressure": case.pressure, "settings": case.mechanics, "wall": case.wall}
        settings |= {"thrombus": case.thrombus, "tissue": case.tissue}
        return solve_on(context.ranks, context.load("mesh"), settings, cycle, progress)
    from aorta.mechanics.solve import solve

    return solve(
        context.load("mesh"),
        case.pressure,
        case.mechanics,
        case.wall,
        case.thrombus,
        progress,
        cycle,
        case.tissue,
    )


def mechanics_parts(context: Context) -> Mapping[str, Any]:
    """Loads, materials and the heart cycle."""
    return {
        **sections("pressure", "mechanics", "wall", "thrombus", "tissue")(context),
        **cycle_parts(context.case, context.case_folder),
    }


def last_mesh(context: Context) -> tuple[WallMesh | None, Solution | None]:
    """The mesh and solution that count."""
    refined = context.load("refine")
    return (context.load("mesh"), context.load("mechanics")) if refined is None else (refined.mesh, refined.solution)


def assess(context: Context, progress: Progress) -> Any:
    """Rupture-risk indices."""
    from aorta.risk.assess import assess

    case, refined = context.case, context.load("refine")
    progress("computing the indices")
    confirmed = refined is not None and refined.reached
    return assess(context.load("anatomy"), *last_mesh(context), case.patient, case.pressure, case.risk, confirmed)


def stent_parts(context: Context) -> Mapping[str, Any]:
    """Catalogue and stent settings."""
    stent = context.case.stent
    catalogue = {"file_catalogue": file_digest(context.source(stent.catalogue))} if stent.catalogue else {}
    return {"stent": replace(stent, catalogue=None), "wall": context.case.wall, **catalogue}


def plan_stent(context: Context, progress: Progress) -> Any:
    """Devices against this anatomy."""
    from aorta.stent.plan import plan_stent

    case = context.case
    settings = case.stent
    if settings.catalogue:
        settings = replace(settings, catalogue=str(context.source(settings.catalogue)))
    progress("testing devices")
    return plan_stent(context.load("anatomy"), *last_mesh(context), settings, case.wall)
