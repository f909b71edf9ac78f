"""Whose branch is whose, and which points can be named: records of branches and landmarks found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.spatial import cKDTree

from aorta.anatomy.body import Body
from aorta.anatomy.curve import Curve
from aorta.anatomy.iliac_forks import ILIACS, IliacFork
from aorta.anatomy.landmarks import on_curve
from aorta.anatomy.naming import name_branches
from aorta.anatomy.shape import sac_position
from aorta.anatomy.side_branches import SideBranch, lower_edge
from aorta.anatomy.thorax import Arch, arch_branch_names
from aorta.records import Branch, Labels, Landmark, Sections, Surface

CHEST_MM = 80.0
"""Below the arch, over which branches are intercostal arteries: the descending aorta is 20 cm long and more."""

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


def branch_names(
    sides: list[SideBranch],
    parents: list[str],
    leaves: list[float],
    aorta: Sections,
    body: Body,
    arch: Arch | None = None,
    forks: Sequence[IliacFork] = (),
) -> list[str]:
    """Names by position for the aorta's branches; those of an iliac artery are named after it, internal or external at its fork."""
    names = [""] * len(sides)
    own = [k for k, parent in enumerate(parents) if parent == "aorta"]
    if arch is not None:
        for n, name in arch_branch_names(arch, [sides[k] for k in own], [leaves[k] for k in own], body).items():
            names[own[n]] = name
        own = [k for k in own if not names[k]]
    # the chest's own branches are none of the abdomen's
    low = [k for k in own if arch is None or leaves[k] > arch.end + CHEST_MM]
    centre = [np.array([np.interp(leaves[k], aorta.arc_length_mm, aorta.centre[:, q]) for q in range(3)]) for k in low]
    offset = [sides[k].ostium.mean(axis=0) - c for k, c in zip(low, centre)]
    around = [v / max(float(np.linalg.norm(v)), 1e-9) for v in offset]
    for k, name in zip(low, name_branches([sides[k] for k in low], [leaves[k] for k in low], sac_position(aorta), body, around)):
        names[k] = name
    high = [k for k in own if not names[k]]
    for number, k in enumerate(sorted(high, key=lambda k: leaves[k]), start=len(low) + 1):
        names[k] = f"branch_{number}"
    for side in ILIACS:
        theirs = sorted((k for k, parent in enumerate(parents) if parent == side), key=lambda k: leaves[k])
        for number, k in enumerate(theirs, start=1):
            names[k] = f"{side}_branch_{number}"
    for fork in forks:
        names[fork.branch] = fork.names[0] if fork.names is not None else names[fork.branch]
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
    names: list[str],
    forks: Sequence[IliacFork],
) -> list[Landmark]:
    """What the program finds: lowest renal, aortic and iliac bifurcations."""
    aorta = curves["aorta"]
    marks = []
    renals = [lower_edge(sides[k], aorta, labels.grid) for k, name in enumerate(names) if name.endswith("_renal")]
    if renals:
        marks.append(on_curve("lowest_renal", aorta, max(renals)))
    if "left_iliac" in curves:
        marks.append(on_curve("aortic_bifurcation", aorta, aorta.length))
    marks += [on_curve(f"{fork.side}_bifurcation", curves[fork.side], fork.at, fork.side) for fork in forks]
    return marks
