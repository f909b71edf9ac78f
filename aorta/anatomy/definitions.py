"""The aorta's size by every definition in use, each under a name of its own.

``sac_<outer|lumen>_<orthogonal|axial>_<kind>_diameter_mm``: orthogonal is the section perpendicular
to the vessel's axis with the greatest outer caliper diameter, axial the plane across the patient
(perpendicular to the body's axis) with the greatest. Reports, trials and instructions for use mean
different ones, and on an oblique aorta they differ by a centimetre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from aorta.anatomy.body import Body
from aorta.anatomy.curve import Curve
from aorta.anatomy.neck import AT_MM, Span
from aorta.anatomy.sections import Walls, crossings_within, outer_contour, within
from aorta.anatomy.shape import widest
from aorta.anatomy.slicing import Contour, Sliceable, cut
from aorta.records import Array, Finding, Sections, withheld

KINDS = {
    "max": "longest caliper (Feret) diameter over every degree of direction",
    "min": "shortest caliper diameter",
    "equal_area": "diameter of the circle of equal area",
    "equal_perimeter": "diameter of the circle of equal perimeter",
    "anterior_posterior": "caliper diameter from front to back",
    "left_right": "caliper diameter from left to right",
}
PLANES = {
    "orthogonal": "in the plane perpendicular to the vessel's axis where the outer caliper diameter is greatest",
    "axial": "in the plane across the patient (axial) where the outer caliper diameter is greatest",
}
CONTOURS, DIRECTED = ("outer", "lumen"), ("anterior_posterior", "left_right")
STEEPEST_COS = 0.5
"""An axial plane says nothing where the vessel lies over 60° from the body's axis."""


@dataclass(frozen=True)
class Plane:
    """Contours of one plane; ``position`` is the arc length, mm, of the station it was taken at."""

    normal: Array
    position: float
    outer: Contour
    lumen: Contour | None


def definition_findings(sections: Sections, axis: Curve, walls: Walls, body: Body) -> list[Finding]:
    """All kinds of diameters, of both contours in both planes, and the largest inscribed spheres.

    Parameters
    ----------
    sections : Sections
        Of the aorta, above the flare of its bifurcation.
    axis : Curve
        Of the whole vessel.
    """
    findings = []
    for name, plane in (("orthogonal", _orthogonal(sections, walls)), ("axial", _axial(sections, axis, walls, body))):
        if plane is None:
            why = "no plane across the patient cuts the aorta alone" if name == "axial" else "no section of the aorta is whole"
            findings += [
                withheld(f"sac_{which}_{name}_{kind}_diameter_mm", "mm", why) for which in ("outer", "lumen") for kind in KINDS
            ]
            continue
        for which, contour in (("outer", plane.outer), ("lumen", plane.lumen)):
            values = _sizes(contour, plane.normal, body) if contour is not None else dict.fromkeys(KINDS, np.nan)
            for kind, text in KINDS.items():
                full = f"sac_{which}_{name}_{kind}_diameter_mm"
                if not np.isfinite(values[kind]):
                    findings.append(withheld(full, "mm", "no lumen contour there" if contour is None else "not in this plane"))
                    continue
                findings.append(Finding(full, values[kind], "mm", f"{text} of the {which} contour {PLANES[name]}"))
    return findings + _spheres(sections, walls)


def neck_direction_findings(sections: Sections, span: Span | None, reason: str, walls: Walls, body: Body) -> list[Finding]:
    """Caliper diameters from front to back and from left to right at the neck's levels, perpendicular to the axis.

    Between two sections the diameter is interpolated.
    """
    findings = []
    ok = np.flatnonzero(np.isfinite(sections.outer_max_diameter_mm))
    arc = sections.arc_length_mm[ok]
    for at in AT_MM:
        names = {(which, kind): f"neck_{which}_{kind}_diameter_{at}mm_below_renal_mm" for which in CONTOURS for kind in DIRECTED}
        level = span.start + at if span is not None else np.nan
        if not len(arc) or not arc[0] - 1.0 <= level <= arc[-1]:
            findings += [withheld(name, "mm", reason or "not in view") for name in names.values()]
            continue
        after = int(np.searchsorted(arc, level).clip(1, max(len(arc) - 1, 1)))
        near = [k for k in (after - 1, after) if k < len(arc)]
        planes = [_plane(walls, sections.centre[ok[k]], sections.normal[ok[k]], float(arc[k])) for k in near]
        for (which, kind), name in names.items():
            contours = [getattr(plane, which) if plane is not None else None for plane in planes]
            if any(contour is None for contour in contours):
                findings.append(withheld(name, "mm", f"no {which} contour there"))
                continue
            values = [_sizes(contour, plane.normal, body)[kind] for contour, plane in zip(contours, planes)]
            value = float(np.interp(level, arc[near], values))
            if not np.isfinite(value):
                findings.append(withheld(name, "mm", "the section stands across this direction"))
                continue
            method = f"{KINDS[kind]} of the {which} contour perpendicular to the axis, {at} mm below the lowest renal ostium"
            findings.append(Finding(name, value, "mm", method))
    return findings


def _sizes(contour: Contour, normal: Array, body: Body) -> dict[str, float]:
    longest, shortest = contour.feret()
    return {
        "max": longest,
        "min": shortest,
        "equal_area": 2.0 * float(np.sqrt(contour.area / np.pi)),
        "equal_perimeter": contour.perimeter / float(np.pi),
        "anterior_posterior": contour.width(body.posterior, normal),
        "left_right": contour.width(body.left, normal),
    }


def _orthogonal(sections: Sections, walls: Walls) -> Plane | None:
    at = widest(sections)
    if at is None:
        return None
    return _plane(walls, sections.centre[at], sections.normal[at], float(sections.arc_length_mm[at]))


def _axial(sections: Sections, axis: Curve, walls: Walls, body: Body) -> Plane | None:
    """The axial plane with the greatest outer diameter among those that cut the aorta once and clear of its ends."""
    measured = np.isfinite(sections.outer_max_diameter_mm)
    if not measured.any():
        return None
    first, last = (float(axis.project(sections.centre[measured][k])[0]) for k in (0, -1))
    upright = measured & (np.abs(sections.normal @ body.superior) >= STEEPEST_COS)
    best, size = None, 0.0
    for k in np.flatnonzero(upright):
        plane = _plane(walls, sections.centre[k], body.superior, float(sections.arc_length_mm[k]))
        if plane is None:
            continue
        if crossings_within(plane.outer, axis, sections.centre[k], body.superior) > 1:
            continue  # cut along an arch or a knee
        reached = axis.project(plane.outer.points)
        longest = plane.outer.feret()[0]
        if longest > size and reached.min() >= first - 1.0 and reached.max() <= last + 1.0:
            best, size = plane, longest
    return best


def _plane(walls: Walls, centre: Array, normal: Array, position: float) -> Plane | None:
    outer = outer_contour(walls, centre, normal)
    if outer is None:
        return None
    return Plane(normal, position, outer, within(cut(walls.lumen, centre, normal), outer))


def _spheres(sections: Sections, walls: Walls) -> list[Finding]:
    """Largest spheres within the vessel and within the lumen."""
    findings = []
    ok = np.isfinite(sections.outer_max_diameter_mm)
    for which, surface in (("outer", walls.outer), ("lumen", walls.lumen)):
        name = f"sac_{which}_inscribed_sphere_diameter_mm"
        centres = sections.centre[ok]
        if not len(centres):
            findings.append(withheld(name, "mm", "no section of the aorta is whole"))
            continue
        if which == "lumen":
            centres = np.array([_lumen_centre(walls, c, n) for c, n in zip(centres, sections.normal[ok])])
        findings.append(
            Finding(name, 2.0 * largest_ball(surface, centres), "mm", f"largest sphere within the {which} surface of the aorta")
        )
    return findings


def _lumen_centre(walls: Walls, centre: Array, normal: Array) -> Array:
    contours = cut(walls.lumen, centre, normal)
    return min((c.centroid for c in contours), key=lambda p: float(np.linalg.norm(p - centre)), default=centre)


def largest_ball(surface: Sliceable, starts: Array) -> float:
    """Radius in mm of the largest sphere within a surface, sought from the best of these points (n, 3).

    Distances are to the surface's vertices: with 1 mm between them on a radius of 10 mm, 0.01 mm too much.
    """
    near = cKDTree(surface.surface.points)
    best = starts[np.argmax(near.query(starts)[0])]
    first = np.vstack([best, best + np.eye(3)])  # small steps: beyond the surface distances grow for ever
    options = {"xatol": 0.01, "fatol": 1e-3, "maxiter": 400, "initial_simplex": first}
    found = minimize(lambda p: -float(near.query(p)[0]), best, method="Nelder-Mead", options=options)
    return -float(found.fun)
