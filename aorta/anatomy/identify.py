"""Whose branch is whose, and which points can be named: records of branches and landmarks found."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import cKDTree

from aorta.anatomy.body import Body
from aorta.anatomy.curve import Curve
from aorta.anatomy.landmarks import on_curve
from aorta.anatomy.shape import widest
from aorta.anatomy.side_branches import SideBranch, lower_edge, name_branches
from aorta.records import Branch, Labels, Landmark, Sections, Surface

ILIACS = ("left_iliac", "right_iliac")
_INTERNAL_ILIAC = 0.35  # a branch of an iliac artery at least this share of its width marks its bifurcation

NARROW_RENAL_MM = 1.6
"""Median inscribed radius below which what was named a renal artery may be an accessory or a lumbar one (2 to 3 mm is usual)."""


def renal_cautions(sides: list[SideBranch], names: list[str]) -> list[str]:
    """Why the lowest renal artery, from which the neck is measured, may be another branch."""
    renals = [k for k, name in enumerate(names) if name.endswith("_renal")]
    cautions = []
    if len(renals) == 1:
        cautions.append("only one renal artery was found: the lowest renal artery may be the other one; give the landmark if it is")
    for k in renals:
        radius = float(np.median(sides[k].radius))
        if radius < NARROW_RENAL_MM:
            cautions.append(
                f"the {names[k].replace('_', ' ')} artery is only {2 * radius:.1f} mm wide: an accessory or lumbar artery may have "
                "been taken for it; give the landmark 'lowest_renal' if it was"
            )
    return cautions


def distance_to(curve: Curve, branch: SideBranch) -> float:
    """From a branch's ostium to a centreline, in mm."""
    return float(cKDTree(curve.points).query(branch.ostium.mean(axis=0))[0])


def branch_names(sides: list[SideBranch], parents: list[str], leaves: list[float], aorta: Sections, body: Body) -> list[str]:
    """Names by position for the aorta's branches; those of an iliac artery are named after it."""
    at = widest(aorta)
    sac = float(aorta.arc_length_mm[at]) if at is not None else float("inf")
    if at is not None and aorta.outer_max_diameter_mm[at] < 1.3 * np.nanmedian(aorta.outer_max_diameter_mm):
        sac = float("inf")  # no sac: nothing to be above of
    own = [k for k, parent in enumerate(parents) if parent == "aorta"]
    names = [""] * len(sides)
    for k, name in zip(own, name_branches([sides[k] for k in own], [leaves[k] for k in own], sac, body)):
        names[k] = name
    for side in ILIACS:
        theirs = sorted((k for k, parent in enumerate(parents) if parent == side), key=lambda k: leaves[k])
        for number, k in enumerate(theirs, start=1):
            names[k] = f"{side}_branch_{number}"
    return names


def branch_records(
    curves: Mapping[str, Curve], lumen: Surface, sides: list[SideBranch], parents: list[str], leaves: list[float], names: list[str]
) -> list[Branch]:
    """Records of all centrelines."""
    near = cKDTree(lumen.points)
    branches = []
    for name, curve in curves.items():
        parent, leaves_at = ("", 0.0) if name == "aorta" else ("aorta", curves["aorta"].length)
        branches.append(Branch(name, curve.points, curve.tangents, curve.arc, near.query(curve.points)[0], parent, leaves_at))
    for k in np.argsort(leaves):
        side = sides[k]
        branches.append(
            Branch(names[k], side.curve.points, side.curve.tangents, side.curve.arc, side.radius, parents[k], leaves[k])
        )
    return branches


def found_landmarks(
    labels: Labels,
    curves: Mapping[str, Curve],
    sides: list[SideBranch],
    parents: list[str],
    leaves: list[float],
    names: list[str],
    branches: list[Branch],
) -> list[Landmark]:
    """What the program finds: lowest renal, aortic and iliac bifurcations."""
    aorta = curves["aorta"]
    marks = []
    renals = [lower_edge(sides[k], aorta, labels.grid) for k, name in enumerate(names) if name.endswith("_renal")]
    if renals:
        marks.append(on_curve("lowest_renal", aorta, max(renals)))
    if "left_iliac" in curves:
        marks.append(on_curve("aortic_bifurcation", aorta, aorta.length))
    for side in ILIACS:
        for k in sorted((k for k, parent in enumerate(parents) if parent == side), key=lambda k: leaves[k]):
            own = next(b for b in branches if b.name == side)
            width = float(np.interp(leaves[k], own.arc_length_mm, own.inscribed_radius_mm))
            if np.median(sides[k].radius) >= _INTERNAL_ILIAC * width:
                marks.append(on_curve(f"{side}_bifurcation", curves[side], leaves[k], side))
                break
    return marks
