"""The phantom's known values, computed from its tubes and never from its voxels.

Diameters come from sections perpendicular to the aortic axis, volumes from counting on a grid of
its own (finer than the image, hence the same for an image of any resolution).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.phantom.distance import Axes, aortic_tubes, at_points, channel_tubes, lumen_from, on_grid, outer_tubes
from aorta.phantom.scene import WHOLE_FIELD, Field, Tube, Vessel

NECK_GROWTH = 0.10
"""The neck ends where the outer diameter exceeds the neck's by this share (as ``AnatomySettings.neck_growth``)."""

NECK_REFERENCE_MM = 10.0
"""The neck's diameter, for finding its end, is the mean over this length below the lowest renal artery."""

ILIAC_SPAN_MM = (20.0, 50.0)
"""Arc lengths below the bifurcation over which iliac diameters are averaged."""

TRUTH_VOXEL_MM = 0.6
"""Of the grid on which volumes are counted."""
RAYS = 180
"""Radii of a section: two degrees apart."""


@dataclass(frozen=True)
class Profile:
    """Sections perpendicular to a tube's axis. All arrays (n,), mm."""

    arc_length: np.ndarray
    equivalent_diameter: np.ndarray  # of the circle of equal area
    max_diameter: np.ndarray  # longest chord through the contour, over all directions (Feret)


def tangents(axis: np.ndarray) -> np.ndarray:
    """(n, 3) unit tangents of a polyline."""
    direction = np.gradient(axis, axis=0)
    return direction / np.linalg.norm(direction, axis=1, keepdims=True)


def frame(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors (..., 3) perpendicular to unit directions (..., 3) and to each other."""
    helper = np.where(np.abs(direction[..., 1:2]) < 0.9, np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    first = np.cross(direction, helper)
    first /= np.linalg.norm(first, axis=-1, keepdims=True)
    return first, np.cross(direction, first)


def profile(tube: Tube, *also: Tube, stride: int = 2) -> Profile:
    """Sections of the envelope of a tube (and of what bulges from it), by bisection along rays from its axis.

    The contour need not be a circle of the ball's radius: where the radius grows along the axis the
    envelope is wider than the ball at that place, and where the axis bends it is skewed.
    """
    index = np.arange(0, len(tube.axis), stride)
    first, second = frame(tangents(tube.axis)[index])
    angle = np.arange(RAYS) * 2 * np.pi / RAYS
    rays = np.cos(angle)[None, :, None] * first[:, None] + np.sin(angle)[None, :, None] * second[:, None]
    farther = 0.5 if also else 0.0
    low, high = np.zeros((len(index), RAYS)), np.repeat((1.5 + farther) * tube.radius[index, None] + 2.0, RAYS, axis=1)
    for _ in range(18):  # 60 mm / 2^18 < 0.3 µm
        middle = (low + high) / 2
        inside = at_points(tube.axis[index, None] + middle[..., None] * rays, tube, *also) < 0
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    reach = (low + high) / 2
    area = 0.5 * np.sin(2 * np.pi / RAYS) * (reach * np.roll(reach, -1, axis=1)).sum(axis=1)
    contour = reach[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)  # in the plane
    extent = contour @ np.stack([np.cos(angle), np.sin(angle)])  # along each direction
    feret = (extent.max(axis=1) - extent.min(axis=1)).max(axis=1)
    return Profile(tube.arc_length[index], 2 * np.sqrt(area / np.pi), feret)


def ostium(vessel: Vessel, branch: Tube) -> np.ndarray:
    """(n, 3) points where the branch's blood leaves the lumen: its rim on the lumen's surface."""
    first, second = frame(tangents(branch.axis))
    angle = np.arange(72) * 2 * np.pi / 72
    around = np.cos(angle)[:, None, None] * first + np.sin(angle)[:, None, None] * second  # (angle, along, xyz)
    points = branch.axis + branch.radius[:, None] * around
    outer, channel = at_points(points, *outer_tubes(vessel)), at_points(points, *channel_tubes(vessel))
    value = lumen_from(outer, channel, vessel.shape.wall_thickness)
    crosses = (value[:, :-1] < 0) & (value[:, 1:] >= 0)
    row, column = np.nonzero(crosses)
    share = value[row, column] / (value[row, column] - value[row, column + 1])
    return points[row, column] + share[:, None] * (points[row, column + 1] - points[row, column])


def _project(axis: Tube, points: np.ndarray) -> np.ndarray:
    """(n,) arc length on the axis, in mm, of the nearest point of its polyline."""
    a, b = axis.axis[:-1], axis.axis[1:]
    share = np.einsum("nmi,mi->nm", points[:, None] - a, b - a) / ((b - a) ** 2).sum(1)
    share = np.clip(share, 0.0, 1.0)
    distance = np.linalg.norm(points[:, None] - (a + share[..., None] * (b - a)), axis=2)
    nearest = distance.argmin(axis=1)
    return axis.arc_length[nearest] + share[np.arange(len(points)), nearest] * np.linalg.norm((b - a)[nearest], axis=1)


def _point(tube: Tube, arc_length: float) -> np.ndarray:
    return np.array([np.interp(arc_length, tube.arc_length, tube.axis[:, q]) for q in range(3)])


def _neck_end(sections: Profile, start: float) -> float:
    """Arc length in mm where the equivalent diameter first exceeds the neck's by ``NECK_GROWTH``."""
    s, d = sections.arc_length, sections.equivalent_diameter
    limit = (1 + NECK_GROWTH) * d[(s >= start) & (s <= start + NECK_REFERENCE_MM)].mean()
    first = int(np.argmax((s > start) & (d > limit)))
    share = (limit - d[first - 1]) / (d[first] - d[first - 1])
    return float(s[first - 1] + share * (s[first] - s[first - 1]))


def volumes_mL(vessel: Vessel, field: Field = WHOLE_FIELD) -> dict[str, float]:
    """Lumen (iliacs included, side branches not), thrombus and whole vessel, within the image's extent."""
    everything = np.concatenate([t.axis + s * t.radius[:, None] for t in outer_tubes(vessel) for s in (-1, 1)])
    low = np.maximum(everything.min(axis=0)[::-1] - 1, field.corner_kji)
    high = np.minimum(everything.max(axis=0)[::-1] + 1, np.add(field.corner_kji, field.extent_kji))
    shape = tuple(int(n) for n in np.ceil((high - low) / TRUTH_VOXEL_MM))
    axes = Axes.over(tuple(low), tuple(high - low), shape)
    voxel = float(np.prod((high - low) / shape)) / 1000.0
    outer, wall = on_grid(axes, *outer_tubes(vessel)), vessel.shape.wall_thickness
    lumen = lumen_from(outer, on_grid(axes, *channel_tubes(vessel)), wall) < 0
    inner = outer < -wall
    return {
        "lumen_volume_mL": float(lumen.sum()) * voxel,
        "thrombus_volume_mL": float((inner & ~lumen).sum()) * voxel,
        "vessel_volume_mL": float((outer < 0).sum()) * voxel,
    }


def known_values(vessel: Vessel, field: Field = WHOLE_FIELD) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """The figures, named as in the results, and the landmarks (3,) in scene coordinates."""
    aorta = vessel.aorta
    sections = profile(*aortic_tubes(vessel))
    renals = {name: float(_project(aorta, ostium(vessel, vessel.branches[name])).max()) for name in ("left_renal", "right_renal")}
    start = max(renals.values())
    end = _neck_end(sections, start)
    points = {"lowest_renal": _point(aorta, start), "neck_end": _point(aorta, end), "aortic_bifurcation": aorta.axis[-1]}
    neck_axis, sac_axis = points["neck_end"] - points["lowest_renal"], points["aortic_bifurcation"] - points["neck_end"]
    cosine = neck_axis @ sac_axis / np.linalg.norm(neck_axis) / np.linalg.norm(sac_axis)
    within = (sections.arc_length >= start) & (sections.arc_length <= end)
    values = {
        "max_diameter_mm": float(sections.max_diameter.max()),
        "max_equivalent_diameter_mm": float(sections.equivalent_diameter.max()),
        "neck_diameter_mm": float(sections.equivalent_diameter[within].mean()),
        "neck_length_mm": end - start,
        "neck_angulation_deg": float(np.degrees(np.arccos(cosine))),  # van Keulen 2010: neck axis against sac axis
        **volumes_mL(vessel, field),
    }
    for name, tube in vessel.iliacs.items():
        along = profile(tube)
        span = (along.arc_length >= ILIAC_SPAN_MM[0]) & (along.arc_length <= ILIAC_SPAN_MM[1])
        values[f"{name}_diameter_mm"] = float(along.equivalent_diameter[span].mean())
    return values, points
