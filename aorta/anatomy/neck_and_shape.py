"""Where the neck lies, and the findings that depend on it and on other landmarks."""

from __future__ import annotations

from collections.abc import Mapping

from aorta.anatomy.curve import Curve
from aorta.anatomy.iliac_forks import ILIACS
from aorta.anatomy.landmarks import pick
from aorta.anatomy.neck import Span, find_end, neck_findings
from aorta.anatomy.roles import Roles
from aorta.anatomy.shape import asymmetry_findings, iliac_findings, tortuosity_finding
from aorta.records import Finding, Landmark, Sections


def neck_span(sections: Sections, marks: list[Landmark], growth: float) -> tuple[Span | None, str]:
    """The neck between its landmarks, or why there is none."""
    renal, end = pick(marks, "lowest_renal"), pick(marks, "neck_end")
    if renal is None:
        return None, "no renal artery is in view and no landmark 'lowest_renal' was given"
    if end is not None:
        if end.arc_length_mm <= renal.arc_length_mm:
            return None, "the landmark 'neck_end' is not below 'lowest_renal'"
        return Span(renal.arc_length_mm, end.arc_length_mm), ""
    return find_end(sections, renal.arc_length_mm, growth), ""


def neck_and_shape(
    curves: Mapping[str, Curve],
    sections: Mapping[str, Sections],
    marks: list[Landmark],
    span: Span | None,
    reason: str,
    roles: Roles,
) -> list[Finding]:
    """Findings that depend on landmarks."""
    aorta = curves["aorta"]
    bifurcation = pick(marks, "aortic_bifurcation")
    bottom = bifurcation.arc_length_mm if bifurcation is not None else aorta.length
    lower_name = "the aortic bifurcation" if bifurcation is not None else "the lower end of the aorta in view"
    top, upper_name = (span.start, "the lowest renal artery") if span is not None else (0.0, "the top of the aorta in view")
    findings = neck_findings(sections["aorta"], aorta, span, reason, bottom, lower_name)
    findings.append(tortuosity_finding("tortuosity", aorta, top, bottom, f"from {upper_name} to {lower_name}"))
    sac_top = span.end if span is not None and span.end is not None else top
    findings += asymmetry_findings(sections["aorta"], sac_top, bottom)
    for side in ILIACS:
        mark = pick(marks, f"{side}_bifurcation")
        why = "" if roles.iliacs else "no iliac arteries in view"
        arc = mark.arc_length_mm if mark is not None else None
        findings += iliac_findings(side, sections.get(side), curves.get(side), arc, why)
    return findings
