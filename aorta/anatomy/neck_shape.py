"""The neck's profile as a planner names it, and all its diameters at single levels."""

from __future__ import annotations

import numpy as np

from aorta.anatomy.neck import AT_MM, SUPRARENAL_MM, Span
from aorta.records import Array, Finding, Sections, withheld

CONICAL_MM = 2.0
"""Change over 10 mm from which a neck is conical."""

BULGE_MM = 3.0
"""Excess over the straight profile from which a neck has a bulge."""

DILLAVOU = "Dillavou et al. 2003, J Vasc Surg 38:657-663 (hostile neck; unverified: from memory)"
LEVELS = {
    "max": ("outer_max_diameter_mm", "lumen_max_diameter_mm", "longest caliper diameter"),
    "min": ("outer_min_diameter_mm", "lumen_min_diameter_mm", "shortest caliper diameter"),
    "perimeter": ("outer_perimeter_diameter_mm", "lumen_perimeter_diameter_mm", "diameter of the circle of equal perimeter"),
}
SHAPE = {
    "neck_shape": "",
    "neck_widening_first_10mm_mm": "mm",
    "neck_bulge_mm": "mm",
    "neck_waist_mm": "mm",
    "neck_thrombus_max_thickness_mm": "mm",
    "neck_thrombus_covered_share": "1",
    "neck_calcification_max_thickness_mm": "mm",
}


def neck_shape_findings(sections: Sections, span: Span | None, reason: str) -> list[Finding]:
    """Shape, lining and single levels of the neck, or each withheld with the reason."""
    levels = [
        f"neck_{which}_{kind}_diameter_{at}mm_below_renal_mm" for at in AT_MM for which in ("outer", "lumen") for kind in LEVELS
    ]
    arc, outer = sections.arc_length_mm, sections.outer_equivalent_diameter_mm
    if span is None:
        return [withheld(name, unit, reason) for name, unit in (SHAPE | dict.fromkeys(levels, "mm")).items()]
    stop = span.end if span.end is not None else span.start + SUPRARENAL_MM
    own = np.isfinite(outer) & (arc >= span.start) & (arc <= stop)
    caution = "" if span.end is not None else f"{span.reason}: over the {SUPRARENAL_MM:.0f} mm below the lowest renal artery"
    return [*_profile(arc, outer, own, span, caution), *_lining(sections, own, caution), *_levels(sections, span)]


def _profile(arc: Array, outer: Array, own: Array, span: Span, caution: str) -> list[Finding]:
    names = ("neck_shape", "neck_widening_first_10mm_mm", "neck_bulge_mm", "neck_waist_mm")
    ok = np.isfinite(outer)
    if own.sum() < 5 or arc[ok][-1] < span.start + 10.0 or arc[ok][0] > span.start + 1.0:
        return [
            withheld(name, SHAPE[name], "less than 5 mm of neck, or less than 10 mm below the lowest renal artery")
            for name in names
        ]
    at_renal, below = np.interp([span.start, span.start + 10.0], arc[ok], outer[ok])
    widening = float(below - at_renal)
    x, y = arc[own], outer[own]
    straight = y[0] + (y[-1] - y[0]) * (x - x[0]) / (x[-1] - x[0])
    bulge, waist = max(0.0, float((y - straight).max())), max(0.0, float((straight - y).max()))
    slope = 10.0 * float(np.polyfit(x, y, 1)[0])
    if bulge >= BULGE_MM:
        shape = "bulge"
    elif waist >= BULGE_MM:
        shape = "hourglass"
    elif max(widening, slope) >= CONICAL_MM:
        shape = "conical, widening downward (reverse taper)"
    elif min(widening, slope) <= -CONICAL_MM:
        shape = "conical, narrowing downward"
    else:
        shape = "straight"
    valid = not caution
    rule = (
        f"bulge or hourglass: {BULGE_MM:g} mm off the straight profile; conical: {CONICAL_MM:g} mm over 10 mm, over the first 10 "
        "mm or on average; else straight"
    )
    first = "outer equal-area diameter 10 mm below the lowest renal artery less that at it"
    off = "of the outer equal-area diameter {} the straight line through the neck's first and last"
    return [
        Finding("neck_shape", shape, "", rule, DILLAVOU, valid, caution),
        Finding("neck_widening_first_10mm_mm", widening, "mm", first, DILLAVOU),
        Finding("neck_bulge_mm", bulge, "mm", f"greatest excess {off.format('over')}", DILLAVOU, valid, caution),
        Finding("neck_waist_mm", waist, "mm", f"greatest lack {off.format('under')}", valid=valid, caution=caution),
    ]


def _lining(sections: Sections, own: Array, caution: str) -> list[Finding]:
    columns = {
        "neck_thrombus_max_thickness_mm": (
            sections.thrombus_max_thickness_mm,
            np.nanmax,
            "greatest thickness of thrombus in the neck",
        ),
        "neck_thrombus_covered_share": (
            sections.thrombus_covered_share,
            np.nanmean,
            "mean share of the neck's circumference with thrombus 2 mm thick or more",
        ),
        "neck_calcification_max_thickness_mm": (
            sections.calcification_thickness_mm,
            np.nanmax,
            "greatest thickness of calcification towards the neck's centre, within 3 mm of its outer contour, in steps of 0.5 mm",
        ),
    }
    findings = []
    for name, (column, reduce, method) in columns.items():
        if column is None or not np.isfinite(column[own]).any():
            findings.append(withheld(name, SHAPE[name], "no lumen contour in the neck's sections"))
        else:
            findings.append(Finding(name, float(reduce(column[own])), SHAPE[name], method, valid=not caution, caution=caution))
    return findings


def _levels(sections: Sections, span: Span) -> list[Finding]:
    findings = []
    arc = sections.arc_length_mm
    for at in AT_MM:
        for which, place in (("outer", 0), ("lumen", 1)):
            for kind, (*columns, text) in LEVELS.items():
                name, column = f"neck_{which}_{kind}_diameter_{at}mm_below_renal_mm", getattr(sections, columns[place])
                good = np.isfinite(column) if column is not None else np.zeros(len(arc), bool)
                where = span.start + at
                if not good.any() or not arc[good][0] - 1.0 <= where <= arc[good][-1]:
                    findings.append(withheld(name, "mm", "not in view"))
                    continue
                value = float(np.interp(where, arc[good], column[good]))
                findings.append(Finding(name, value, "mm", f"{text} of the {which} contour {at} mm below the lowest renal ostium"))
    return findings
