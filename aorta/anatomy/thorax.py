"""The thoracic aorta: ascending, arch, descending; standard levels; landing zones.

Parts follow the arch branches where they are found or given. Without them the arch is the stretch
about its top that runs within 45° of horizontal, with a caution, and landing zones are withheld.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.anatomy.body import Body
from aorta.anatomy.curve import Curve
from aorta.anatomy.landmarks import pick
from aorta.anatomy.side_branches import SideBranch
from aorta.records import Array, Finding, Landmark, Sections, withheld

ARCH_BRANCHES = ("brachiocephalic", "left_common_carotid", "left_subclavian")
ISHIMARU = "Ishimaru 2004, J Endovasc Ther 11 Suppl 2:II62-71 (landing zones; unverified: from memory)"
LEVELS = "levels after Hiratzka et al. 2010, Circulation 121:e266-e369 (unverified: from memory)"
RISE_MM = 20.0
"""The top of an arch lies at least this far above both ends of the centreline."""

PROXIMAL_DESCENDING_MM = 20.0  # below the left subclavian artery: zone 3 ends and the proximal descending level is
KINDS = {"max": "longest caliper", "min": "shortest caliper", "equal_area": "equal-area"}
NOT_SOUGHT = {
    "sinuses": "the sinuses of Valsalva are not looked for in a label map",
    "sinotubular_junction": "the sinotubular junction is not looked for in a label map",
    "diaphragm": "a label map does not show the diaphragm",
}
"""Levels that are measured where the planner gives their landmark, and why not otherwise."""

GEOMETRIC = "the arch branches were not found: the arch is the stretch about its top that runs within 45° of horizontal"


@dataclass(frozen=True)
class Arch:
    """Arc lengths on the aorta in mm. ``ostia`` are the arch branches' distal edges by name."""

    start: float
    top: float
    end: float
    ostia: dict[str, float]


def find_arch(aorta: Curve, body: Body) -> Arch | None:
    """The arch by its shape alone, or None where the vessel has none."""
    height = aorta.points @ body.superior
    top = int(height.argmax())
    if height[top] - max(height[0], height[-1]) < RISE_MM:
        return None
    steep = np.abs(aorta.tangents @ body.superior) > np.sqrt(0.5)
    before, after = np.flatnonzero(steep[:top]), np.flatnonzero(steep[top:])
    if not len(before) or not len(after):
        return None
    return Arch(float(aorta.arc[before[-1]]), float(aorta.arc[top]), float(aorta.arc[top + after[0]]), {})


def arch_branch_names(arch: Arch, sides: list[SideBranch], leaves: list[float], body: Body) -> dict[int, str]:
    """Names of branches that leave the arch upward: all three, or none."""
    margin = 15.0
    own = [
        k for k, b in enumerate(sides) if arch.start - margin <= leaves[k] <= arch.end + margin and b.take_off @ body.superior > 0.3
    ]
    own.sort(key=lambda k: leaves[k])
    return dict(zip(own, ARCH_BRANCHES)) if len(own) == len(ARCH_BRANCHES) else {}


def with_branches(arch: Arch, aorta: Curve, sides: dict[str, SideBranch], marks: list[Landmark]) -> Arch:
    """Ostia from the planner's landmarks, else from the branches found; they bound the arch where all three are known."""
    ostia, first = {}, None
    for name in ARCH_BRANCHES:
        given = pick(marks, name)
        if given is not None:
            ostia[name] = given.arc_length_mm
            edge = given.arc_length_mm
        elif name in sides:
            arcs = aorta.project(sides[name].ostium)
            ostia[name], edge = float(arcs.max()), float(arcs.min())
        else:
            continue
        first = edge if first is None else first
    values = list(ostia.values())
    if len(ostia) < len(ARCH_BRANCHES) or values != sorted(values) or first is None:
        return Arch(arch.start, arch.top, arch.end, {} if values != sorted(values) else ostia)
    return Arch(first, arch.top, values[-1], ostia)


def thoracic_findings(
    arch: Arch | None, aorta: Curve, sections: Sections, lower: float | None, marks: list[Landmark]
) -> list[Finding]:
    """Parts, levels and landing zones; nothing for a vessel without an arch.

    Parameters
    ----------
    lower : float or None, mm
        Arc length of the coeliac artery, where the thoracic aorta ends; None: not in view.
    """
    if arch is None:
        return []
    known = len(arch.ostia) == len(ARCH_BRANCHES)
    caution = "" if known else GEOMETRIC
    bottom = lower if lower is not None else aorta.length
    lower_caution = "" if lower is not None else "the coeliac artery is not in view: the end in view stands for it"
    parts = {
        "ascending": (0.0, arch.start, caution),
        "arch": (arch.start, arch.end, caution),
        "descending": (arch.end, bottom, "; ".join(t for t in (caution, lower_caution) if t)),
    }
    findings = []
    for name, (start, stop, told) in parts.items():
        findings.append(Finding(f"{name}_length_mm", stop - start, "mm", f"centreline length of the {name} aorta", caution=told))
        findings.append(_greatest(name, sections, start, stop, told))
    levels = {
        "mid_ascending": (0.5 * arch.start, caution),
        "distal_ascending": (arch.start, caution),
        "mid_arch": (0.5 * (arch.start + arch.end), caution),
        "proximal_descending": (arch.end + PROXIMAL_DESCENDING_MM, caution),
        "mid_descending": (0.5 * (arch.end + PROXIMAL_DESCENDING_MM + bottom), parts["descending"][2]),
    }
    for name, (at, told) in levels.items():
        findings += _level(name, sections, at, told)
    for name, why in NOT_SOUGHT.items():
        given = pick(marks, name)
        if given is not None:
            findings += _level(name, sections, given.arc_length_mm, "")
        else:
            findings += [withheld(f"{name}_{kind}_diameter_mm", "mm", f"{why}; give the landmark '{name}'") for kind in KINDS]
    return findings + _zones(arch, sections, known)


def _between(sections: Sections, start: float, stop: float) -> Array:
    arc = sections.arc_length_mm
    return np.isfinite(sections.outer_max_diameter_mm) & (arc >= start) & (arc <= stop)


def _greatest(name: str, sections: Sections, start: float, stop: float, caution: str) -> Finding:
    own = _between(sections, start, stop)
    full = f"{name}_max_diameter_mm"
    if not own.any():
        return withheld(full, "mm", f"no whole section of the {name} aorta")
    method = f"largest caliper diameter of the outer contour perpendicular to the axis, over the {name} aorta"
    return Finding(full, float(sections.outer_max_diameter_mm[own].max()), "mm", method, LEVELS, caution=caution)


def _level(name: str, sections: Sections, at: float, caution: str) -> list[Finding]:
    ok = np.isfinite(sections.outer_max_diameter_mm)
    arc = sections.arc_length_mm[ok]
    columns = {
        "max": sections.outer_max_diameter_mm,
        "min": sections.outer_min_diameter_mm,
        "equal_area": sections.outer_equivalent_diameter_mm,
    }
    names = {kind: f"{name}_{kind}_diameter_mm" for kind in columns}
    if not len(arc) or not arc[0] <= at <= arc[-1]:
        return [withheld(full, "mm", "not in view") for full in names.values()]
    where = name.replace("_", " ")
    return [
        Finding(
            names[kind],
            float(np.interp(at, arc, column[ok])),
            "mm",
            f"outer {KINDS[kind]} diameter, {where}",
            LEVELS,
            caution=caution,
        )
        for kind, column in columns.items()
    ]


def _zones(arch: Arch, sections: Sections, known: bool) -> list[Finding]:
    """Length and diameter of landing zones 0 to 3, and the diameter at the top of zone 4."""
    names = [(f"zone_{k}_length_mm", f"zone_{k}_diameter_mm") for k in range(4)]
    if not known:
        missing = [n for n in ARCH_BRANCHES if n not in arch.ostia]
        why = f"not found and not given as landmark: {', '.join(missing)}"
        return [withheld(name, "mm", why) for pair in names for name in pair] + [withheld("zone_4_diameter_mm", "mm", why)]
    edges = [0.0, *arch.ostia.values(), arch.end + PROXIMAL_DESCENDING_MM]
    findings = []
    for (length, diameter), start, stop in zip(names, edges, edges[1:]):
        told = "from the heart's end of the label map" if start == 0.0 else ""
        findings.append(Finding(length, stop - start, "mm", "centreline length of the zone", ISHIMARU, caution=told))
        own = _between(sections, start, stop)
        if own.any():
            value = float(sections.outer_equivalent_diameter_mm[own].mean())
            findings.append(Finding(diameter, value, "mm", "mean outer equal-area diameter over the zone", ISHIMARU))
        else:
            findings.append(withheld(diameter, "mm", "no whole section of the zone"))
    own = _between(sections, edges[-1], edges[-1] + 20.0)
    if not own.any():
        return [*findings, withheld("zone_4_diameter_mm", "mm", "not in view")]
    method = "mean outer equal-area diameter over the uppermost 20 mm of the zone"
    return [
        *findings,
        Finding("zone_4_diameter_mm", float(sections.outer_equivalent_diameter_mm[own].mean()), "mm", method, ISHIMARU),
    ]
