"""What is measured part by part: volumes, bending, shape of neck and sac, iliac arteries across the patient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aorta.anatomy.bending import bending_findings
from aorta.anatomy.body import Body
from aorta.anatomy.curve import Curve
from aorta.anatomy.definitions import neck_direction_findings
from aorta.anatomy.iliac_forks import ILIACS
from aorta.anatomy.landmarks import pick
from aorta.anatomy.neck import Span
from aorta.anatomy.neck_shape import neck_shape_findings
from aorta.anatomy.parts import Part, part_volume_findings
from aorta.anatomy.sac import sac_shape_findings, thrombus_place_findings
from aorta.anatomy.sections import Walls, crossings_within, within
from aorta.anatomy.shape import tortuosity_finding
from aorta.anatomy.slicing import cut, loop_around
from aorta.records import Array, Finding, Labels, Landmark, Sections, withheld

IN_VIEW = "this iliac artery is not in view"
_SLANTED_COS = 0.35  # an axial plane along an iliac artery (70° off vertical and more) has no section of it


def further_findings(
    shown: Labels,
    curves: Mapping[str, Curve],
    sections: Mapping[str, Sections],
    unflared: Sections,
    marks: list[Landmark],
    span: Span | None,
    reason: str,
    walls: Walls,
    body: Body,
) -> list[Finding]:
    """Findings that need the neck and the bifurcations.

    Parameters
    ----------
    shown : Labels
        Cropped to the vessel.
    unflared : Sections
        Of the aorta, above the flare of its bifurcation.
    """
    aorta = curves["aorta"]
    fork = pick(marks, "aortic_bifurcation")
    bottom = fork.arc_length_mm if fork is not None else aorta.length
    neck_end = span.end if span is not None else None
    no_neck = reason if span is None else span.reason
    stop = neck_end if neck_end is not None else bottom
    top = span.start if span is not None else 0.0
    parts = [
        Part("neck", "aorta", top, stop, "from the lowest renal artery to the neck's end", no_neck),
        Part(
            "sac",
            "aorta",
            stop,
            bottom if fork is not None else np.inf,
            "from the neck's end to the aortic bifurcation, or the end in view",
            no_neck,
        ),
    ]
    findings = neck_shape_findings(sections["aorta"], span, reason)
    findings += neck_direction_findings(sections["aorta"], span, reason, walls, body)
    findings += sac_shape_findings(unflared, stop, bottom, walls, body, no_neck)
    findings += thrombus_place_findings(unflared, walls, body)
    findings += bending_findings("aorta", aorta, top, bottom)
    findings += bending_findings("neck", aorta, top, stop, no_neck)
    findings.append(
        withheld("neck_tortuosity", "1", no_neck)
        if no_neck
        else tortuosity_finding("neck_tortuosity", aorta, top, stop, "from the lowest renal artery to the neck's end")
    )
    findings += _infrarenal(unflared, span, reason)
    for side in ILIACS:
        curve, mark = curves.get(side), pick(marks, f"{side}_bifurcation")
        end = (mark.arc_length_mm if mark is not None else curve.length) if curve is not None else 0.0
        missing = "" if curve is not None else IN_VIEW
        last = end if mark is not None else np.inf
        parts.append(Part(side, side, 0.0, last, "from the aortic bifurcation to the iliac one, or the end in view", missing))
        findings += bending_findings(side, curve, 0.0, end, missing)
        findings += _iliac_sizes(side, sections.get(side), _others(curves, side), end, walls, body)
    return findings + part_volume_findings(shown, sections, parts)


def _infrarenal(sections: Sections, span: Span | None, reason: str) -> list[Finding]:
    """Mean diameters between the lowest renal artery and the bifurcation: the size of an aorta without a neck's end."""
    columns = {"": sections.outer_equivalent_diameter_mm, "lumen_": sections.lumen_equivalent_diameter_mm}
    findings = []
    for kind, values in columns.items():
        name = f"infrarenal_{kind}mean_diameter_mm"
        own = np.isfinite(values) & (sections.arc_length_mm >= span.start) if span is not None else np.zeros(0, bool)
        if not own.any():
            findings.append(withheld(name, "mm", reason or "not in view"))
            continue
        which = "lumen" if kind else "outer"
        method = (
            f"mean {which} equal-area diameter perpendicular to the axis, from the lowest renal artery to the bifurcation's flare"
        )
        findings.append(Finding(name, float(values[own].mean()), "mm", method))
    return findings


def _iliac_sizes(side: str, sections: Sections | None, others: list[Curve], end: float, walls: Walls, body: Body) -> list[Finding]:
    """The greatest lumen of one common iliac artery, perpendicular to it and across the patient."""
    names = (f"{side}_max_lumen_diameter_mm", f"{side}_axial_max_diameter_mm", f"{side}_axial_lumen_equal_area_diameter_mm")
    if sections is None:
        return [withheld(name, "mm", IN_VIEW) for name in names]
    own = np.isfinite(sections.lumen_max_diameter_mm) & (sections.arc_length_mm <= end)
    if not own.any():
        return [withheld(name, "mm", "no whole section of this iliac artery is in view") for name in names]
    method = "largest caliper diameter of the lumen contour perpendicular to the vessel's axis"
    findings = [Finding(names[0], float(sections.lumen_max_diameter_mm[own].max()), "mm", method)]
    sizes = [_axial(sections.centre[k], others, walls, body) for k in np.flatnonzero(own) if _upright(sections.normal[k], body)]
    sizes = [size for size in sizes if size is not None]
    if not sizes:
        return findings + [withheld(name, "mm", "it runs across the patient: no axial plane cuts it alone") for name in names[1:]]
    longest, round_lumen = np.max(sizes, axis=0)
    return [
        *findings,
        Finding(
            names[1], float(longest), "mm", "largest caliper diameter of the outer contour in planes across the patient (axial)"
        ),
        Finding(
            names[2], float(round_lumen), "mm", "largest equal-area diameter of the lumen in planes across the patient (axial)"
        ),
    ]


def _upright(normal: Array, body: Body) -> bool:
    return bool(abs(normal @ body.superior) >= _SLANTED_COS)


def _others(curves: Mapping[str, Curve], side: str) -> list[Curve]:
    """The centrelines that an iliac artery's own section does not hold."""
    return [curve for name, curve in curves.items() if name != side]


def _axial(centre: Array, others: list[Curve], walls: Walls, body: Body) -> tuple[float, float] | None:
    """Caliper diameter of the vessel and equal-area diameter of its lumen in the axial plane through a point; None at the fork."""
    outer = loop_around(cut(walls.outer, centre, body.superior), np.zeros(2))
    lumen = within(cut(walls.lumen, centre, body.superior), outer) if outer is not None else None
    if outer is None or lumen is None or any(crossings_within(outer, other, centre, body.superior) for other in others):
        return None
    return outer.feret()[0], 2.0 * float(np.sqrt(lumen.area / np.pi))
