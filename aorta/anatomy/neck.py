"""The proximal neck: where it ends, and what a stent graft would find in it.

Definitions in docs/theory/anatomy.md. Sources: Chaikof et al., J Vasc Surg 2002;35:1061-1066
(reporting standards: neck length, diameter, angulation); van Keulen et al., J Vasc Surg
2010;51:821-828 (angulation between axes on the centreline).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.anatomy.curve import Curve
from aorta.records import Array, Finding, Sections, withheld

REFERENCE_MM = 10.0
"""The neck's reference diameter is the mean over this length below the lowest renal artery."""

PERSIST_MM = 3.0
"""The excess must last this long; noise of one section does not end a neck."""

SUPRARENAL_MM = 15.0
"""Shortest visible length above the lowest renal artery for the suprarenal angle."""

KEULEN = "van Keulen et al. 2010, J Vasc Surg 51:821-828"
CHAIKOF = "Chaikof et al. 2002, J Vasc Surg 35:1061-1066"
NAMES = {
    "neck_diameter_mm": "mm",
    "neck_length_mm": "mm",
    "neck_angulation_deg": "deg",
    "suprarenal_angulation_deg": "deg",
    "neck_lumen_diameter_mm": "mm",
    "neck_min_diameter_mm": "mm",
    "neck_max_diameter_mm": "mm",
    "neck_conicity_mm_per_cm": "mm/cm",
    "neck_thrombus_share": "1",
    "neck_calcified_share": "1",
}
AT_MM = (0, 5, 10, 15)


@dataclass(frozen=True)
class Span:
    """The neck's arc lengths on the aorta's centreline, in mm; ``end`` is None where it does not end in view."""

    start: float
    end: float | None
    reason: str = ""


def find_end(sections: Sections, start: float, growth: float) -> Span:
    """Where the outer equal-area diameter first exceeds the neck's by ``growth``, and keeps doing so."""
    arc, diameter = sections.arc_length_mm, sections.outer_equivalent_diameter_mm
    ok = np.isfinite(diameter)
    arc, diameter = arc[ok], diameter[ok]
    if not len(arc) or arc[0] > start + 1.0:
        return Span(start, None, "the sections do not reach up to the lowest renal artery")
    within = (arc >= start) & (arc <= start + REFERENCE_MM)
    if within.sum() < 2:
        return Span(start, None, "less than 2 mm of aorta below the lowest renal artery is in view")
    limit = (1.0 + growth) * diameter[within].mean()
    for k in np.flatnonzero((arc > start) & (diameter > limit)):
        lasting = (arc >= arc[k]) & (arc <= arc[k] + PERSIST_MM)
        if (diameter[lasting] > limit).all() and arc[-1] > arc[k]:
            if k == 0 or diameter[k - 1] > limit:
                return Span(start, float(arc[k]))
            share = (limit - diameter[k - 1]) / (diameter[k] - diameter[k - 1])
            return Span(start, float(max(start, arc[k - 1] + share * (arc[k] - arc[k - 1]))))
    return Span(start, None, f"below the lowest renal artery the aorta nowhere widens by {100 * growth:.0f} %")


def angle_deg(a: Array, b: Array) -> float:
    """Angle in degrees between two directions (3,)."""
    return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))


def neck_findings(
    sections: Sections, centreline: Curve, span: Span | None, reason: str, lower_end: float, lower_name: str
) -> list[Finding]:
    """Everything about the neck, or each withheld with the reason.

    Parameters
    ----------
    centreline : Curve
        Of the aorta's lumen: axes are chords of it, as in the source.
    span : Span or None
        None: no renal landmark; ``reason`` says why.
    lower_end : float, mm
        Arc length of the lower end of the sac's axis.
    lower_name : str
        What is there: "the aortic bifurcation", "the lower end of the aorta in view".
    """
    if span is None:
        return [withheld(name, unit, reason) for name, unit in NAMES.items()]
    arc = sections.arc_length_mm
    ok = np.isfinite(sections.outer_equivalent_diameter_mm)
    stop = span.end if span.end is not None else span.start + SUPRARENAL_MM
    within = ok & (arc >= span.start - 1e-6) & (arc <= max(stop, span.start + 1.0) + 1e-6)
    if not within.any():
        why = span.reason or "no whole section between the lowest renal artery and the neck's end"
        return [withheld(name, unit, why) for name, unit in NAMES.items()]
    caution = "" if span.end is not None else f"{span.reason}: measured over the {SUPRARENAL_MM:.0f} mm below it"
    findings = _diameters(sections, span, within, ok, caution)

    if span.end is None:
        findings += [withheld(name, NAMES[name], span.reason) for name in ("neck_length_mm", "neck_angulation_deg")]
        neck_axis = centreline.at(stop) - centreline.at(span.start)
    else:
        method = (
            "centreline length from the lowest renal ostium's lower edge to where the outer diameter has grown by the set share"
        )
        length = span.end - span.start
        findings.append(Finding("neck_length_mm", length, "mm", method, CHAIKOF))
        neck_axis, sac_axis = (
            centreline.at(span.end) - centreline.at(span.start),
            centreline.at(lower_end) - centreline.at(span.end),
        )
        method = f"angle between the neck's axis (lowest renal to neck end) and the sac's (neck end to {lower_name}), 0 = straight"
        short = "the neck is shorter than 5 mm: its axis is uncertain" if length < 5.0 else ""
        if length < 2.0:
            findings.append(withheld("neck_angulation_deg", "deg", "the neck is too short to have an axis"))
        else:
            findings.append(Finding("neck_angulation_deg", angle_deg(neck_axis, sac_axis), "deg", method, KEULEN, not short, short))
    findings.append(_suprarenal(span, neck_axis, centreline, arc[ok]))
    return findings


def _suprarenal(span: Span, neck_axis: Array, centreline: Curve, arc: Array) -> Finding:
    name = "suprarenal_angulation_deg"
    visible = span.start - float(arc[0])
    if visible < SUPRARENAL_MM:
        return withheld(name, "deg", f"only {max(visible, 0):.0f} mm of aorta above the lowest renal artery in view, 15 mm needed")
    above = centreline.at(span.start) - centreline.at(max(arc[0], span.start - 30.0))
    method = "angle between the axis of the 15 to 30 mm above the lowest renal artery and the neck's axis, 0 = straight"
    return Finding(name, angle_deg(above, neck_axis), "deg", method, KEULEN)


def _diameters(sections: Sections, span: Span, within: Array, ok: Array, caution: str) -> list[Finding]:
    valid = not caution
    arc = sections.arc_length_mm

    def mean(name: str, values: Array, method: str, unit: str = "mm") -> Finding:
        values = values[within]
        if not np.isfinite(values).any():
            return withheld(name, unit, "no lumen contour in the neck's sections")
        return Finding(name, float(np.nanmean(values)), unit, method, valid=valid, caution=caution)

    outer = sections.outer_equivalent_diameter_mm
    over = "mean over the neck's sections of "
    findings = [
        mean("neck_diameter_mm", outer, over + "the outer contour's equal-area diameter"),
        mean("neck_lumen_diameter_mm", sections.lumen_equivalent_diameter_mm, over + "the lumen contour's equal-area diameter"),
        mean("neck_min_diameter_mm", sections.outer_min_diameter_mm, over + "the outer contour's shortest caliper diameter"),
        mean("neck_max_diameter_mm", sections.outer_max_diameter_mm, over + "the outer contour's longest caliper diameter"),
        mean("neck_thrombus_share", sections.thrombus_area_share, over + "thrombus area over outer area", "1"),
        mean("neck_calcified_share", sections.calcified_share, over + "the calcified share of the circumference", "1"),
    ]
    if within.sum() >= 3 and np.ptp(arc[within]) >= 5.0:
        slope = 10.0 * float(np.polyfit(arc[within], outer[within], 1)[0])
        method = "slope of a straight line through the neck's outer equal-area diameters, positive where it widens downward"
        findings.append(Finding("neck_conicity_mm_per_cm", slope, "mm/cm", method, valid=valid, caution=caution))
    else:
        findings.append(withheld("neck_conicity_mm_per_cm", "mm/cm", "the neck is shorter than 5 mm"))
    for at in AT_MM:
        for kind, values in (("", outer), ("lumen_", sections.lumen_equivalent_diameter_mm)):
            name = f"neck_{kind}diameter_{at}mm_below_renal_mm"
            good = np.isfinite(values)
            if span.start + at <= arc[ok][-1] and good.any():
                value = float(np.interp(span.start + at, arc[good], values[good]))
                which = "lumen" if kind else "outer"
                findings.append(Finding(name, value, "mm", f"{which} equal-area diameter {at} mm below the lowest renal ostium"))
            else:
                findings.append(withheld(name, "mm", "not in view"))
    return findings
