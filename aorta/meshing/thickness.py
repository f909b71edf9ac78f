"""The wall's wanted thickness at a point: uniform, or by region with smooth joints."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.spatial import cKDTree

from aorta.records import Anatomy, Array, Branch
from aorta.settings import WallSettings

JOINT_MM = 10.0
"""Half the length over which the thickness goes from one region's to the next's. A choice of ours:
long against the thickness, short against a region."""

_SPREAD_MM = 4.0  # how far the nearest centreline point's neighbours are averaged in; no jumps between branches


def thickness_function(anatomy: Anatomy, wall: WallSettings) -> tuple[Callable[[Array], Array], tuple[str, ...]]:
    """The thickness in mm (n,) as a function of points (n, 3), and cautions on regions that are not in view.

    Neck: above the landmark ``neck_end``; sac: from there to the end of the branch ``aorta``;
    iliacs: beyond, from their own start. Regions not given take ``wall.thickness``.
    """
    regions = {name: t for name, t in wall.thickness_by_region.items()}
    missing = []
    if "neck" in regions and _neck_end(anatomy) is None:
        missing.append("neck")
    missing += [name for name in ("left_iliac", "right_iliac") if name in regions and anatomy.branch(name) is None]
    cautions = tuple(f"wall.thickness_by_region: {name} is not in view; its thickness was not used" for name in missing)
    regions = {name: t for name, t in regions.items() if name not in missing}
    branches = [b for b in anatomy.branches if b.name in ("aorta", "left_iliac", "right_iliac")]
    if not regions or not branches:
        return (lambda points: np.full(len(points), wall.thickness)), cautions
    line = np.vstack([b.points for b in branches])
    along = np.concatenate([_along(b, anatomy, regions, wall.thickness) for b in branches])
    tree = cKDTree(line)

    def thickness(points: Array) -> Array:
        distance, index = tree.query(points, k=min(48, len(line)))
        # squares: points of one branch then weigh by how far along it they are, whatever its radius
        weight = np.exp(-0.5 * (distance**2 - distance[:, :1] ** 2) / _SPREAD_MM**2)
        return (weight * along[index]).sum(axis=1) / weight.sum(axis=1)

    return thickness, cautions


def _neck_end(anatomy: Anatomy) -> float | None:
    mark = anatomy.landmark("neck_end")
    aorta = anatomy.branch("aorta")
    if mark is None or aorta is None:
        return None
    if np.isfinite(mark.arc_length_mm) and mark.branch == "aorta":
        return float(mark.arc_length_mm)
    return float(aorta.arc_length_mm[np.linalg.norm(aorta.points - mark.point, axis=1).argmin()])


def _along(branch: Branch, anatomy: Anatomy, regions: Mapping[str, float], default: float) -> Array:
    """Thickness (n,) at a branch's own points."""
    sac = regions.get("sac", default)
    arc = branch.arc_length_mm
    if branch.name == "aorta":
        end = _neck_end(anatomy)
        if end is None:
            return np.full(len(arc), sac)
        return _step(regions.get("neck", default), sac, (arc - end) / JOINT_MM)
    return _step(sac, regions.get(branch.name, default), (arc - JOINT_MM) / JOINT_MM)


def _step(before: float, after: float, x: Array) -> Array:
    """Cubic step from x = -1 to 1."""
    u = np.clip(0.5 * (x + 1.0), 0.0, 1.0)
    return before + (after - before) * u * u * (3.0 - 2.0 * u)
