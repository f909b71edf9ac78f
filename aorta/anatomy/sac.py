"""The sac beyond its diameter: which way it bulges, where its thrombus is thickest.

Positions around the vessel are hours of a clock seen from the feet: 12 in front, 3 on the patient's left.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from aorta.anatomy.body import Body
from aorta.anatomy.sections import Walls, outer_contour, within
from aorta.anatomy.shape import widest
from aorta.anatomy.slicing import Contour, cut
from aorta.records import Array, Finding, Sections, withheld

VORP = "Vorp, Raghavan and Webster 1998, J Vasc Surg 27:632-639 (asymmetry)"


def clock_hours(towards: Array, normal: Array, body: Body) -> float:
    """Hours, above 0 up to 12, of a direction (3,) in the plane with a unit normal (3,)."""
    front = -body.posterior + (body.posterior @ normal) * normal
    front = front / np.linalg.norm(front)
    left = np.cross(front, normal)
    left = left if left @ body.left >= 0 else -left
    hours = (np.degrees(np.arctan2(towards @ left, towards @ front)) / 30.0) % 12.0
    return float(hours) if hours > 0 else 12.0


def sac_shape_findings(sections: Sections, start: float, stop: float, walls: Walls, body: Body, reason: str) -> list[Finding]:
    """Asymmetry at the sac's largest section: of the wall about the sac's axis, and of the blood within the wall.

    Parameters
    ----------
    start, stop : float, mm
        Arc lengths of the neck's end and of the bifurcation: the ends of the sac's straight axis.
    reason : str
        Why there is no sac, where there is none.
    """
    names = {"sac_asymmetry_ratio": "1", "sac_lumen_offset_mm": "mm", "sac_lumen_offset_clock_h": "h"}
    ok = np.isfinite(sections.outer_max_diameter_mm) & (sections.arc_length_mm >= start) & (sections.arc_length_mm <= stop)
    if reason or ok.sum() < 10:
        return [withheld(name, unit, reason or "too few whole sections") for name, unit in names.items()]
    at = int(np.flatnonzero(ok)[np.nanargmax(sections.outer_max_diameter_mm[ok])])
    centre, normal = sections.centre[at], sections.normal[at]
    outer = outer_contour(walls, centre, normal)
    if outer is None:
        return [withheld(name, unit, "no contour at the largest section") for name, unit in names.items()]
    top, bottom = sections.centre[ok][0], sections.centre[ok][-1]
    return [_ratio(outer, normal, top, bottom, body), *_offset(outer, walls, centre, normal, body)]


def _ratio(outer: Contour, normal: Array, top: Array, bottom: Array, body: Body) -> Finding:
    name = "sac_asymmetry_ratio"
    method = (
        "distance from the sac's straight axis (neck end to bifurcation) to the wall behind it over that to the wall in front, "
        "in the largest section; 1 = symmetric, less = it bulges forward"
    )
    along = bottom - top
    if abs(along @ normal) < 1e-6:
        return withheld(name, "1", "the sac's axis lies in the plane of its largest section")
    axis = top + along * ((outer.points[0] - top) @ normal) / (along @ normal)
    behind = body.posterior - (body.posterior @ normal) * normal
    behind /= np.linalg.norm(behind)
    reach = [ray_length(outer, axis, sense * behind, normal) for sense in (1.0, -1.0)]
    if not all(reach):
        return withheld(name, "1", "the straight line from the neck's end to the bifurcation leaves the sac", method)
    return Finding(name, reach[0] / reach[1], "1", method, VORP)


def ray_length(contour: Contour, origin: Array, towards: Array, normal: Array) -> float:
    """Distance in mm from a point within a contour to it along a unit direction; 0 where it is not met an odd number of times."""
    side = np.cross(normal, towards)
    offset = contour.points - origin
    across, along = offset @ side, offset @ towards
    next_across, next_along = np.roll(across, -1), np.roll(along, -1)
    crossed = (across > 0) != (next_across > 0)
    share = across[crossed] / (across[crossed] - next_across[crossed])
    met = along[crossed] + share * (next_along[crossed] - along[crossed])
    met = met[met > 0]
    return float(met.max()) if len(met) % 2 else 0.0


def _offset(outer: Contour, walls: Walls, centre: Array, normal: Array, body: Body) -> list[Finding]:
    size, clock = "sac_lumen_offset_mm", "sac_lumen_offset_clock_h"
    lumen = within(cut(walls.lumen, centre, normal), outer)
    if lumen is None:
        return [withheld(size, "mm", "no lumen contour there"), withheld(clock, "h", "no lumen contour there")]
    offset = lumen.centroid - outer.centroid
    distance = float(np.linalg.norm(offset))
    found = [Finding(size, distance, "mm", "distance between the centroids of the lumen and of the vessel in the largest section")]
    if distance < 1.0:
        return [*found, withheld(clock, "h", "the lumen is in the middle")]
    how = "where the lumen lies in the vessel, seen from the feet, 12 = front, 3 = the patient's left"
    return [*found, Finding(clock, clock_hours(offset, normal, body), "h", how)]


def thrombus_place_findings(sections: Sections, walls: Walls, body: Body) -> list[Finding]:
    """Where the thrombus is thickest."""
    names = ("thrombus_max_thickness_position_mm", "thrombus_max_thickness_clock_h")
    thickness = sections.thrombus_max_thickness_mm
    known = np.isfinite(thickness) & (thickness > 0)
    if walls.inner is None or not known.any() or widest(sections) is None:
        return [withheld(name, unit, "no thrombus in any section of the aorta") for name, unit in zip(names, ("mm", "h"))]
    at = int(np.flatnonzero(known)[np.argmax(thickness[known])])
    centre, normal = sections.centre[at], sections.normal[at]
    position = Finding(names[0], float(sections.arc_length_mm[at]), "mm", "arc length from the top of the aortic centreline")
    outer = outer_contour(walls, centre, normal)
    lumen = within(cut(walls.lumen, centre, normal), outer) if outer is not None else None
    inner = within(cut(walls.inner, centre, normal), outer) if outer is not None else None
    if outer is None or lumen is None or inner is None:
        return [position, withheld(names[1], "h", "no contour there")]
    thickest = inner.points[cKDTree(lumen.points).query(inner.points)[0].argmax()]
    how = "where the thrombus is thickest, seen from the feet, 12 = front, 3 = the patient's left"
    return [position, Finding(names[1], clock_hours(thickest - outer.centroid, normal, body), "h", how)]
