"""The main branches: their centrelines, and the sections along them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aorta.anatomy.axis import AXIS_WIDTH_MM, stations
from aorta.anatomy.curve import Curve, extend, resample, smooth
from aorta.anatomy.iliac_forks import ILIACS
from aorta.anatomy.lattice import Lattice
from aorta.anatomy.roles import Roles
from aorta.anatomy.sections import Walls, measure_sections
from aorta.errors import GeometryError
from aorta.records import Sections


def centrelines(roles: Roles, lattice: Lattice) -> dict[str, Curve]:
    """Smooth centrelines of aorta and iliac arteries; smoothed across the bifurcation, then parted."""
    if not roles.iliacs:
        return {"aorta": extend(smooth(roles.trunk, AXIS_WIDTH_MM), lattice, True, True)}
    whole = {
        name: extend(smooth(np.vstack([roles.trunk, path[1:]]), AXIS_WIDTH_MM), lattice, True, True)
        for name, path in roles.iliacs.items()
    }
    # above the parting both run together; each alone is drawn towards its own side
    first, second = (whole[name] for name in ILIACS)
    parting = float(first.project(roles.trunk[-1])[0])
    upper = first.points[first.arc <= parting]
    curves = {"aorta": resample(0.5 * (upper + second.at(second.project(upper))))}
    for name, curve in whole.items():
        start = float(curve.project(curves["aorta"].points[-1])[0])
        own = curve.points[curve.arc > start]
        # begin where the aorta ends; the offset fades over two millimetres
        offset = curves["aorta"].points[-1] - curve.at(start)
        fade = np.exp(-(curve.arc[curve.arc > start] - start) / 2.0)[:, None]
        curves[name] = resample(np.vstack([curves["aorta"].points[-1], own + fade * offset]))
    return {name: curves[name] for name in ("aorta", *ILIACS)}


def in_view(curve: Curve, shown: Lattice) -> Curve:
    """The stretch of a centreline that the label map shows.

    Raises
    ------
    GeometryError
        None of it is.
    """
    seen = np.flatnonzero(shown.depth_at(curve.points) > 0)
    if len(seen) < 3:
        raise GeometryError(
            "the centreline lies outside the vessel",
            where="anatomy, centreline",
            why="no stretch of it is inside the label map",
            fix="look at the lumen in the label map: it must be one tube-like region",
        )
    return resample(curve.points[seen[0] : seen[-1] + 1])


def sections_along(
    curves: Mapping[str, Curve], axes: Mapping[str, Curve], lattice: Lattice, shown: Lattice, walls: Walls, spacing: float
) -> dict[str, Sections]:
    """Sections of every main branch; ``shown`` is the vessel that the label map shows, ``lattice`` carried on beyond."""
    paired = len(axes) == 2
    result = {}
    for name, curve in curves.items():
        axis = axes[name] if name in axes else next(iter(axes.values()))
        other = axes[ILIACS[1 - ILIACS.index(name)]] if name in ILIACS else None
        places = stations(curve, axis, lattice, spacing)
        open_ends = (name == "aorta", name != "aorta" or not paired)
        result[name] = measure_sections(name, places, walls, shown, other, open_ends)
    return result
