"""Findings about size and shape: diameters, volumes, thrombus, tortuosity, asymmetry.

Every quantity is defined in docs/theory/anatomy.md.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from scipy.spatial import cKDTree

from aorta.anatomy.curve import Curve
from aorta.anatomy.ends import points_within
from aorta.anatomy.sections import THINNEST_THROMBUS_MM, Walls
from aorta.errors import GeometryError
from aorta.records import Array, End, Finding, Labels, Sections, withheld

ILIAC_SPAN_MM = (20.0, 50.0)
"""Below the bifurcation, where the common iliac artery's diameter is averaged."""

LANDING_MM = 15.0
"""Length above the iliac bifurcation, or above the end in view, taken as the landing zone."""

SVS = "Chaikof et al. 2018, J Vasc Surg 67:2-77 (outer to outer, perpendicular to the centreline)"
DOYLE = "Doyle et al. 2009, J Vasc Surg 49:443-454 (asymmetry)"


def above_flare(sections: Sections, bifurcates: bool) -> Sections:
    """The aorta's sections without those within one radius of its bifurcation.

    There a plane begins to hold both iliac arteries and is wider than the aorta.
    """
    diameter = sections.outer_equivalent_diameter_mm
    ok = np.isfinite(diameter)
    if not bifurcates or not ok.any():
        return sections
    keep = sections.arc_length_mm <= sections.arc_length_mm[-1] - 0.5 * diameter[ok][-1]
    if not (keep & ok).any():
        return sections
    columns = {f.name: getattr(sections, f.name) for f in fields(sections) if f.name != "branch"}
    return replace(sections, **{name: column[keep] for name, column in columns.items() if column is not None})


def widest(sections: Sections) -> int | None:
    """Index of the section with the greatest outer diameter, or None."""
    values = sections.outer_max_diameter_mm
    return int(np.nanargmax(values)) if np.isfinite(values).any() else None


def sac_position(sections: Sections) -> float:
    """Arc length in mm where the aorta has a sac; infinite where it has none.

    An aorta that is widest at its upper end tapers: what is wide there is no sac.
    """
    at = widest(sections)
    if at is None or sections.outer_max_diameter_mm[at] < 1.3 * np.nanmedian(sections.outer_max_diameter_mm):
        return float("inf")
    ok = np.isfinite(sections.outer_max_diameter_mm)
    place = float(sections.arc_length_mm[at])
    return float("inf") if place < sections.arc_length_mm[ok][0] + sections.outer_max_diameter_mm[at] else place


EDGE_MM, WIDENING_MM = 5.0, 0.5
"""A greatest diameter at the first or last section, and this much above the one so far inward, may be exceeded beyond."""


def widening_at_the_edge(sections: Sections, at: int) -> str:
    """A caution where the vessel is widest at the first or last section measured and still widens there; "" elsewhere."""
    ok = np.isfinite(sections.outer_max_diameter_mm)
    arc, diameter = sections.arc_length_mm[ok], sections.outer_max_diameter_mm[ok]
    for edge, inward, which in ((0, EDGE_MM, "uppermost"), (-1, -EDGE_MM, "lowest")):
        inner = float(np.interp(arc[edge] + inward, arc, diameter))
        if sections.arc_length_mm[at] == arc[edge] and diameter[edge] - inner > WIDENING_MM:
            return f"the aorta is widest at the {which} section that is measured and widens towards it: it may be wider beyond"
    return ""


FLATTEST = 0.35
"""Median of shortest over longest caliper diameter below which the region is a sheet, not a vessel."""


def check_round(sections: Sections) -> None:
    """A vessel's sections are round, give or take.

    Raises
    ------
    GeometryError
        They are flat.
    """
    ok = np.isfinite(sections.outer_max_diameter_mm)
    ratio = np.median(sections.outer_min_diameter_mm[ok] / sections.outer_max_diameter_mm[ok]) if ok.any() else 1.0
    if ratio < FLATTEST:
        raise GeometryError(
            "the region is not a vessel",
            where="anatomy, sections",
            why=f"its sections are flat: the shorter diameter is {100 * ratio:.0f} % of the longer",
            fix="check the label map's class values",
        )


def diameter_findings(sections: Sections, wall_labelled: bool) -> list[Finding]:
    """The maximum diameters of the aorta."""
    at = widest(sections)
    names = {"max_diameter_mm": "mm", "max_equivalent_diameter_mm": "mm", "max_lumen_diameter_mm": "mm"}
    names |= {"max_diameter_position_mm": "mm"}
    if at is None:
        return [withheld(name, unit, "no section of the aorta is whole") for name, unit in names.items()]
    no_wall = "" if wall_labelled else "the label map shows no wall: outer means the outer boundary of lumen and thrombus"
    caution = "; ".join(text for text in (no_wall, widening_at_the_edge(sections, at)) if text)
    plane = "in planes perpendicular to the vessel's axis"
    outer, lumen = sections.outer_equivalent_diameter_mm, sections.lumen_max_diameter_mm
    findings = [
        Finding(
            "max_diameter_mm",
            float(sections.outer_max_diameter_mm[at]),
            "mm",
            f"largest caliper (Feret) diameter of the outer contour {plane}, over the aorta to one radius above its bifurcation",
            SVS,
            caution=caution,
        ),
        Finding(
            "max_equivalent_diameter_mm", float(np.nanmax(outer)), "mm", f"largest equal-area diameter of the outer contour {plane}"
        ),
        Finding(
            "max_diameter_position_mm", float(sections.arc_length_mm[at]), "mm", "arc length from the top of the aortic centreline"
        ),
    ]
    if np.isfinite(lumen).any():
        method = f"largest caliper diameter of the lumen contour {plane}, over the aorta"
        findings.append(Finding("max_lumen_diameter_mm", float(np.nanmax(lumen)), "mm", method))
    else:
        findings.append(withheld("max_lumen_diameter_mm", "mm", "no section of the aorta holds a lumen contour"))
    return findings


def volume_findings(labels: Labels, modelled: Array) -> list[Finding]:
    """Volumes of the labels, whole and between the end planes.

    Parameters
    ----------
    modelled : (nk, nj, ni) bool
        The vessel between the end planes.
    """
    counted = "voxels of the class, counted, times the voxel volume; all that the label map shows"
    findings = []
    for name in ("lumen", "thrombus", "calcification"):
        findings.append(Finding(f"{name}_volume_mL", labels.volume_mL(name), "mL", counted))
        inside = float((labels.mask(name) & modelled).sum()) * labels.grid.voxel_volume_mm3 / 1000.0
        findings.append(
            Finding(f"{name}_volume_modelled_mL", inside, "mL", "voxels of the class between the end planes of the model")
        )
    return findings


def thrombus_findings(sections: Sections, walls: Walls, ends: tuple[End, ...]) -> list[Finding]:
    """Thrombus thickness: the greatest over all sections, the mean over the wall that it covers."""
    method = "greatest distance from the thrombus's outer boundary to the lumen within a section"
    if walls.inner is None:
        return [
            Finding("thrombus_max_thickness_mm", 0.0, "mm", "the label map has no thrombus"),
            Finding("thrombus_mean_thickness_mm", 0.0, "mm", "the label map has no thrombus"),
        ]
    findings = []
    thickness = sections.thrombus_max_thickness_mm
    if np.isfinite(thickness).any():
        findings.append(Finding("thrombus_max_thickness_mm", float(np.nanmax(thickness)), "mm", method))
    else:
        findings.append(withheld("thrombus_max_thickness_mm", "mm", "no section holds both contours"))
    gap, _ = cKDTree(walls.lumen.surface.points).query(walls.inner.surface.points[points_within(walls.inner.surface, ends)])
    covered = gap[gap >= THINNEST_THROMBUS_MM]
    value = float(covered.mean()) if len(covered) else 0.0
    over = f"mean distance to the lumen over the thrombus's outer boundary where it is over {THINNEST_THROMBUS_MM} mm"
    return [*findings, Finding("thrombus_mean_thickness_mm", value, "mm", over)]


def tortuosity_finding(name: str, curve: Curve, start: float, stop: float, between: str) -> Finding:
    """Arc over chord of a stretch of centreline; 1 is straight."""
    if stop - start < 10.0:
        return withheld(name, "1", "less than 10 mm of centreline in view")
    chord = float(np.linalg.norm(curve.at(stop) - curve.at(start)))
    return Finding(name, (stop - start) / chord, "1", f"length of the lumen's centreline over the straight distance, {between}")


def asymmetry_findings(sections: Sections, start: float, stop: float) -> list[Finding]:
    """How far the sac stands off the straight line through its ends, and the blood off the sac's centre."""
    arc, centre = sections.arc_length_mm, sections.centre
    ok = np.isfinite(sections.outer_equivalent_diameter_mm) & (arc >= start) & (arc <= stop)
    if ok.sum() < 10:
        return [withheld("sac_asymmetry_mm", "mm", "too few whole sections")]
    points = centre[ok]
    line = (points[-1] - points[0]) / np.linalg.norm(points[-1] - points[0])
    offset = points - points[0]
    off = np.linalg.norm(offset - np.outer(offset @ line, line), axis=1)
    method = "greatest distance of the outer contours' centroids from the straight line through the first and last"
    return [Finding("sac_asymmetry_mm", float(off.max()), "mm", method, DOYLE)]


def iliac_findings(
    side: str, sections: Sections | None, curve: Curve | None, bifurcation: float | None, reason: str
) -> list[Finding]:
    """Diameters and tortuosity of one iliac artery.

    Parameters
    ----------
    side : "left_iliac" or "right_iliac"
    bifurcation : float or None, mm
        Arc length of the iliac bifurcation where it is in view.
    reason : str
        Why there is nothing, where there is nothing.
    """
    kinds = {
        "diameter": "outer_equivalent_diameter_mm",
        "lumen_diameter": "lumen_equivalent_diameter_mm",
        "max_diameter": "outer_max_diameter_mm",
        "landing_diameter": "outer_equivalent_diameter_mm",
        "landing_lumen_diameter": "lumen_equivalent_diameter_mm",
    }
    names = {kind: f"{side}_{kind}_mm" for kind in kinds}
    usable = sections is not None and np.isfinite(sections.outer_max_diameter_mm).sum() >= 3
    if sections is None or curve is None or not usable:
        why = reason or "no whole section of this iliac artery is in view"
        return [withheld(name, "mm", why) for name in names.values()] + [withheld(f"{side}_tortuosity", "1", why)]
    arc = sections.arc_length_mm
    ok = np.isfinite(sections.outer_max_diameter_mm)
    stop = min(bifurcation if bifurcation is not None else np.inf, float(arc[ok][-1]))
    common = ok & (arc <= stop)
    common = common if common.any() else ok
    span = common & (arc >= ILIAC_SPAN_MM[0]) & (arc <= ILIAC_SPAN_MM[1])
    span = span if span.sum() >= 3 else common
    landing = common & (arc >= stop - LANDING_MM)
    landing = landing if landing.any() else common
    where = "the iliac bifurcation" if bifurcation is not None else "the end in view"
    caution = "" if bifurcation is not None else "the iliac bifurcation was not found: the end in view stands for it"
    findings = []
    for kind, attribute in kinds.items():
        which = "lumen" if "lumen" in kind else "outer"
        places = landing if "landing" in kind else common if "max" in kind else span
        values = getattr(sections, attribute)[places]
        if not np.isfinite(values).any():
            findings.append(withheld(names[kind], "mm", f"no {which} contour in view"))
            continue
        if kind == "max_diameter":
            value, method = np.nanmax(values), "largest caliper diameter of the outer contour"
        elif "landing" in kind:
            value, method = np.nanmean(values), f"mean {which} equal-area diameter over the {LANDING_MM:.0f} mm above {where}"
        else:
            low, high = arc[places][0], arc[places][-1]
            value, method = np.nanmean(values), f"mean {which} equal-area diameter {low:.0f} to {high:.0f} mm below the bifurcation"
        findings.append(Finding(names[kind], float(value), "mm", method, caution=caution if "landing" in kind else ""))
    return [*findings, tortuosity_finding(f"{side}_tortuosity", curve, 0.0, stop, f"from the bifurcation to {where}")]
