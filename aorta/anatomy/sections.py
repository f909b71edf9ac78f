"""What is measured in each plane: diameters, thrombus, calcification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aorta.anatomy.axis import Stations
from aorta.anatomy.curve import Curve
from aorta.anatomy.lattice import Lattice
from aorta.anatomy.slicing import Contour, Sliceable, cut, loop_around, plane_axes
from aorta.records import Array, Grid, Sections

RIM_MM = 3.0
"""A section counts only if the vessel goes on for this much beyond it: nearer to where the label
map ends, a plane may cut the flat end instead of the wall."""

THINNEST_THROMBUS_MM = 0.5
"""Less than this between two smoothed surfaces is within their own error."""

THICK_THROMBUS_MM = 2.0
"""A lining this thick counts where the share of the circumference that it covers is told (as in hostile-neck criteria)."""

BESIDE_MM, OBLONG = 30.0, 2.0
"""So near to the bifurcation, a contour this much longer than wide is not of one iliac artery."""

CALCIFIED_WITHIN_MM, _PROBE_MM = 3.0, 0.5
"""How deep below the outer contour calcification is counted, and how finely: the wall and about a voxel more (this program)."""


@dataclass(frozen=True)
class Walls:
    """The surfaces that planes cut.

    ``inner`` is the boundary of lumen and thrombus together; None where there is no thrombus.
    ``calcified`` is (nk, nj, ni) bool on ``grid``.
    """

    outer: Sliceable
    lumen: Sliceable
    inner: Sliceable | None
    grid: Grid
    calcified: Array


def outer_contour(walls: Walls, centre: Array, normal: Array) -> Contour | None:
    """The vessel's outer contour about a point of its axis."""
    return loop_around(cut(walls.outer, centre, normal), np.zeros(2))


def goes_on(contour: Contour, normal: Array, lattice: Lattice, sense: float) -> bool:
    """Whether the vessel continues beyond a section for ``RIM_MM`` along ``sense`` times its normal.

    Points of the contour, a tenth nearer to its centroid, are moved out of the plane and must
    still lie in the vessel.
    """
    centroid = contour.centroid
    ring = centroid + 0.9 * (contour.points - centroid)
    return bool((lattice.depth_at(ring + sense * RIM_MM * normal) > 0).all())


def measure_sections(
    name: str, places: Stations, walls: Walls, lattice: Lattice, other: Curve | None, open_ends: tuple[bool, bool]
) -> Sections:
    """All sections of one branch.

    Parameters
    ----------
    lattice : Lattice
        Of the outer vessel.
    other : Curve or None
        Axis through the opposite iliac artery: a plane whose contour holds both is no section of one.
    open_ends : (bool, bool)
        Whether the branch starts, and ends, where the label map does.
    """
    contours = [outer_contour(walls, centre, normal) for centre, normal in zip(places.centre, places.normal)]
    values = np.full((len(contours), 13), np.nan)
    centres = places.centre.copy()
    for k in _clear_of_ends(contours, places, lattice, open_ends):
        contour, centre, normal = contours[k], places.centre[k], places.normal[k]
        if contour is None or (other is not None and crossings_within(contour, other, centre, normal)):
            continue
        row = _row(walls, contour, centre, normal)
        if other is not None and places.arc[k] < BESIDE_MM and row[0] > OBLONG * row[1]:
            continue  # cut along the other iliac artery, whose axis runs within the plane
        centres[k] = contour.centroid
        values[k] = row
    return Sections(name, places.arc, centres, places.normal, *values.T.copy())


def _clear_of_ends(contours: list[Contour | None], places: Stations, lattice: Lattice, open_ends: tuple[bool, bool]) -> range:
    """Numbers of the sections that the flat ends of the label map do not touch.

    Only an unbroken run from an end is left out: further in, where the vessel bends, a section may
    look over the wall without being near the end.
    """
    first, last = 0, len(contours) - 1
    while open_ends[0] and first <= last and _touches_end(contours[first], places, first, lattice, -1.0):
        first += 1
    while open_ends[1] and last >= first and _touches_end(contours[last], places, last, lattice, 1.0):
        last -= 1
    return range(first, last + 1)


def _touches_end(contour: Contour | None, places: Stations, k: int, lattice: Lattice, sense: float) -> bool:
    if contour is None:
        return True
    to_end = places.arc[k] if sense < 0 else places.arc[-1] - places.arc[k]
    near = to_end < 1.5 * float(np.linalg.norm(contour.flat, axis=1).max())
    return near and not goes_on(contour, places.normal[k], lattice, sense)


def crossings_within(contour: Contour, axis: Curve, origin: Array, normal: Array) -> int:
    """How often an axis passes through a contour of the plane at an origin (3,) with a unit normal (3,)."""
    height = (axis.points - origin) @ normal
    crossings = np.flatnonzero((height[:-1] > 0) != (height[1:] > 0))
    flat = (axis.points[crossings] - origin) @ plane_axes(normal).T
    return sum(contour.contains(point) for point in flat)


def _row(walls: Walls, outer: Contour, centre: Array, normal: Array) -> list[float]:
    """The thirteen measurements of ``Sections`` in its order, from outer_max_diameter_mm on."""
    longest, shortest = outer.feret()
    row = [longest, shortest, _round(outer), outer.perimeter / np.pi]
    lumen = within(cut(walls.lumen, centre, normal), outer)
    if lumen is None:
        return row + [np.nan] * 9
    lumen_longest, lumen_shortest = lumen.feret()
    row += [_round(lumen), lumen_longest, lumen_shortest]
    thickness, share, covered = 0.0, 0.0, 0.0
    inner = within(cut(walls.inner, centre, normal), outer) if walls.inner is not None else None
    if inner is not None:
        gaps = cKDTree(_dense(lumen.flat)).query(inner.flat)[0]
        if gaps.max() >= THINNEST_THROMBUS_MM:
            thickness, share = float(gaps.max()), max(0.0, inner.area - lumen.area) / outer.area
            covered = inner.share(gaps >= THICK_THROMBUS_MM)
    calcified, deepest = _calcification(walls, outer)
    return row + [thickness, share, calcified, lumen.perimeter / np.pi, covered, deepest]


def _round(contour: Contour) -> float:
    """Diameter of the circle of equal area."""
    return 2.0 * float(np.sqrt(contour.area / np.pi))


def within(contours: list[Contour], outer: Contour) -> Contour | None:
    """The largest contour whose centre lies in another."""
    axes = np.linalg.lstsq(outer.points - outer.points[0], outer.flat - outer.flat[0], rcond=None)[0]
    inside = [c for c in contours if outer.contains(outer.flat[0] + (c.centroid - outer.points[0]) @ axes)]
    return max(inside, key=lambda c: c.area, default=None)


def _dense(flat: Array) -> Array:
    """A closed polygon with its edges' quarter points added."""
    following = np.roll(flat, -1, axis=0)
    return np.vstack([flat + share * (following - flat) for share in (0.0, 0.25, 0.5, 0.75)])


def _calcification(walls: Walls, outer: Contour) -> tuple[float, float]:
    """Share of the outer contour's length with calcification within 3 mm inward of it; its greatest thickness in mm."""
    if not walls.calcified.any():
        return 0.0, 0.0
    inward = outer.centroid - outer.points
    inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-9)
    limit = np.array(walls.calcified.shape) - 1
    depths = np.arange(0.5 * _PROBE_MM, CALCIFIED_WITHIN_MM, _PROBE_MM)
    probes = outer.points[:, None] + depths[:, None] * inward[:, None]
    kji = np.round(walls.grid.to_ijk(probes)).astype(int)[..., ::-1]
    hit = walls.calcified[tuple(np.moveaxis(np.clip(kji, 0, limit), -1, 0))]
    return outer.share(hit.any(axis=1)), _PROBE_MM * float(hit.sum(axis=1).max())
