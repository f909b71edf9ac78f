"""From a label map to the anatomy: surfaces, centrelines, sections, landmarks, measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from aorta.anatomy.axis import vessel_axes
from aorta.anatomy.definitions import definition_findings
from aorta.anatomy.ends import choose_ends, within_ends
from aorta.anatomy.extrude import extruded
from aorta.anatomy.further import further_findings
from aorta.anatomy.identify import branch_names, branch_records, distance_to, found_landmarks, renal_cautions
from aorta.anatomy.iliac_forks import ILIACS, iliac_forks, ways_on
from aorta.anatomy.intake import Masks, cropped, lumen_of, separate, tracing_step
from aorta.anatomy.landmarks import given_landmarks, on_curve, pick
from aorta.anatomy.lattice import make_lattice
from aorta.anatomy.neck_and_shape import neck_and_shape, neck_span
from aorta.anatomy.roles import Roles
from aorta.anatomy.sections import Walls
from aorta.anatomy.shape import (
    above_flare,
    check_round,
    diameter_findings,
    thrombus_findings,
    volume_findings,
)
from aorta.anatomy.side_branches import find_side_branches
from aorta.anatomy.slicing import Sliceable
from aorta.anatomy.spine import calcification_of, spine_surface
from aorta.anatomy.surfaces import clipped, surface_of, to_mesh
from aorta.anatomy.thorax import find_arch, thoracic_findings, with_branches
from aorta.anatomy.wall_shown import wall_thickness
from aorta.anatomy.ways import centrelines, in_view, sections_along
from aorta.records import Anatomy, Finding, Labels, Progress, silent
from aorta.settings import AnatomySettings, Point


def measure(
    labels: Labels,
    landmarks: Mapping[str, Point],
    settings: AnatomySettings,
    overrides: Mapping[str, float],
    progress: Progress = silent,
) -> Anatomy:
    """Everything that is measured on the label map.

    Parameters
    ----------
    landmarks : mapping of name to LPS point, mm
        The planner's; they replace what would be found.
    overrides : mapping of finding name to value
        The planner's values; the finding then keeps the measured one as ``measured_value``. Names
        that are not measured here are left to the stage that does.

    Raises
    ------
    GeometryError
        The labels hold no vessel, or none that can be measured.
    """
    spine = spine_surface(labels)
    progress("anatomy: tracing the vessel tree", 0.0)
    shown = cropped(labels)
    lumen_of(shown)
    labels, place = extruded(shown)
    masks, roles, lumen_lattice, body = separate(labels)
    grid = labels.grid

    progress("anatomy: surfaces", 0.25)
    lumen, outer = (surface_of(grid, getattr(masks, name), name, settings.surface_voxel) for name in ("lumen", "outer"))
    has_thrombus = bool((masks.inner & ~masks.lumen).any())
    inner = surface_of(grid, masks.inner, "inner", settings.surface_voxel) if has_thrombus else None
    walls = Walls(
        Sliceable.of(outer), Sliceable.of(lumen), Sliceable.of(inner) if inner else None, grid, labels.mask("calcification")
    )

    progress("anatomy: centrelines", 0.4)
    curves = centrelines(roles, lumen_lattice)
    outer_lattice = make_lattice(grid, masks.outer, tracing_step(labels))
    tips = {name: curves[name].points[-1] for name in (ILIACS if roles.iliacs else ("aorta",))}
    axes = vessel_axes(outer_lattice, tips, body)
    shown_outer = np.zeros_like(masks.outer)
    shown_outer[place.vessel] = masks.outer[place.vessel]
    shown_lattice = make_lattice(grid, shown_outer, tracing_step(labels))
    curves = {name: in_view(curve, shown_lattice) for name, curve in curves.items()}

    progress("anatomy: sections", 0.55)
    sections = sections_along(curves, axes, outer_lattice, shown_lattice, walls, settings.section_spacing)

    check_round(sections["aorta"])

    progress("anatomy: branches and landmarks", 0.85)
    sides = find_side_branches(grid, masks.lumen, masks.branches)
    parents = [min(curves, key=lambda name, b=b: distance_to(curves[name], b)) for b in sides]
    leaves = [float(curves[p].project(b.ostium.mean(axis=0))[0]) for p, b in zip(parents, sides)]
    arch = find_arch(curves["aorta"], body)
    forks = iliac_forks(curves, lumen, sides, parents, leaves, body)
    names = branch_names(sides, parents, leaves, sections["aorta"], body, arch, forks)
    branches = branch_records(curves, lumen, sides, parents, leaves, names)
    branches += ways_on(forks, branches)
    found = found_landmarks(labels, curves, sides, names, forks)
    given = given_landmarks(landmarks, curves)

    progress("anatomy: neck, ends and findings", 0.9)
    marks = given + found
    span, reason = neck_span(sections["aorta"], marks, settings.neck_growth)
    if span is not None and span.end is not None and pick(marks, "neck_end") is None:
        marks.append(on_curve("neck_end", curves["aorta"], span.end))
    cautions = [body.caution] if body.caution else []
    cautions += _cautions(labels, masks, roles)
    if not any(mark.name == "lowest_renal" for mark in given):
        cautions += renal_cautions(sides, names)
    ends, more = choose_ends(
        sections, walls, span.start if span is not None else None, settings.proximal_length, settings.iliac_length
    )
    modelled = within_ends(grid, shown_outer, ends)[place.given]
    smooth_lumen, lumen_change = to_mesh(lumen, grid, masks.lumen, "lumen")
    smooth_outer, outer_change = to_mesh(outer, grid, masks.outer, "outer")
    findings = [lumen_change, outer_change]
    unflared = above_flare(sections["aorta"], bool(roles.iliacs))
    findings += diameter_findings(unflared, bool(labels.mask("wall").any()))
    findings += volume_findings(shown, modelled)
    findings += neck_and_shape(curves, sections, marks, span, reason, roles)
    findings += thrombus_findings(sections["aorta"], walls, ends)
    findings += definition_findings(unflared, next(iter(axes.values())), walls, body)
    findings += further_findings(shown, curves, sections, unflared, marks, span, reason, walls, body)
    thickness, wall = wall_thickness(labels, walls, ends)
    if arch is not None:
        arch = with_branches(arch, curves["aorta"], dict(zip(names, sides)), marks)
    coeliac = next((at for at, name in zip(leaves, names) if name == "coeliac"), None)
    findings += wall + thoracic_findings(arch, curves["aorta"], sections["aorta"], coeliac, marks)
    progress("anatomy: done", 1.0)
    return Anatomy(
        lumen=clipped(smooth_lumen, place.faces(grid)),
        outer=clipped(smooth_outer, place.faces(grid)),
        branches=tuple(branches),
        sections=tuple(sections.values()),
        landmarks=tuple(marks),
        ends=ends,
        findings=tuple(_overridden(finding, overrides) for finding in findings),
        cautions=tuple(cautions + more),
        spine=spine,
        calcification=calcification_of(labels),
        wall_thickness=thickness,
    )


def _cautions(labels: Labels, masks: Masks, roles: Roles) -> list[str]:
    """What the reader must know about the labels as a whole."""
    cautions = []
    whole = int(labels.mask("lumen").sum())
    kept = int((labels.mask("lumen") & (masks.lumen | masks.branches)).sum())
    if kept < 0.98 * whole:
        cautions.append(f"{100 * (1 - kept / whole):.0f} % of the lumen's voxels are not connected to the aorta and were left out")
    if roles.sides:
        cautions.append(f"{len(roles.sides)} side branch(es) labelled as lumen were cut at their ostium")
    return cautions


def _overridden(finding: Finding, overrides: Mapping[str, float]) -> Finding:
    """The finding with the planner's value in place of the measured one."""
    if finding.name not in overrides:
        return finding
    measured = finding.value if isinstance(finding.value, float) else None
    told = f"measured: {measured:.4g} {finding.unit}" if measured is not None else f"not measured ({finding.caution})"
    method = f"given by the planner in the case file ({told})"
    return replace(
        finding,
        value=float(overrides[finding.name]),
        method=method,
        source="case file",
        valid=True,
        caution="",
        measured_value=measured,
    )
