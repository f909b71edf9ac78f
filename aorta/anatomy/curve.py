"""Curves in space: even spacing, smoothing that leaves the ends where they are, projection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_smoothing_spline
from scipy.spatial import cKDTree

from aorta.anatomy.lattice import Lattice
from aorta.records import Array

SPACING_MM = 0.5
"""Between the points of every curve."""


@dataclass(frozen=True)
class Curve:
    """Evenly spaced points with unit tangents.

    Parameters
    ----------
    points, tangents : (n, 3) float, mm LPS
    arc : (n,) float, mm, from the first point
    """

    points: Array
    tangents: Array
    arc: Array

    @property
    def length(self) -> float:
        """mm."""
        return float(self.arc[-1])

    def at(self, arc: Array) -> Array:
        """Points (..., 3) at these arc lengths."""
        return np.stack([np.interp(arc, self.arc, self.points[:, q]) for q in range(3)], axis=-1)

    def project(self, points: Array) -> Array:
        """Arc lengths (n,) of the nearest curve points to points (n, 3)."""
        points = np.atleast_2d(points)
        _, nearest = cKDTree(self.points).query(points)
        along = np.einsum("ij,ij->i", points - self.points[nearest], self.tangents[nearest])
        return np.clip(self.arc[nearest] + np.clip(along, -SPACING_MM, SPACING_MM), 0, self.length)

    def part(self, start: float, stop: float) -> Curve:
        """The stretch between two arc lengths, its arc length counted from its own start."""
        return resample(np.vstack([self.at(start), self.points[(self.arc > start) & (self.arc < stop)], self.at(stop)]))


def resample(points: Array, spacing: float = SPACING_MM) -> Curve:
    """A polyline (n, 3) as a curve of (nearly) this spacing."""
    keep = np.r_[True, np.linalg.norm(np.diff(points, axis=0), axis=1) > 1e-9]
    points = points[keep]
    arc = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    even = np.linspace(0, arc[-1], max(3, int(round(arc[-1] / spacing)) + 1))
    points = np.stack([np.interp(even, arc, points[:, q]) for q in range(3)], axis=1)
    tangents = np.gradient(points, even, axis=0)
    return Curve(points, tangents / np.linalg.norm(tangents, axis=1, keepdims=True), even)


def smooth(points: Array, width_mm: float) -> Curve:
    """A polyline smoothed by a cubic spline with penalised curvature change.

    Parameters
    ----------
    points : (n, 3) float, mm
    width_mm : float
        Half-width of the equivalent kernel. The penalty on the second derivative with free ends
        pulls neither ends nor straight stretches, and a bend of radius R by only about
        (width/R)⁴ R (Silverman, Ann Stat 1984;12:898-916).
    """
    curve = resample(points)
    if len(curve.arc) < 8:
        return curve
    penalty = width_mm**4 / (curve.arc[1] - curve.arc[0])
    fitted = np.stack([make_smoothing_spline(curve.arc, curve.points[:, q], lam=penalty)(curve.arc) for q in range(3)], axis=1)
    return resample(fitted)


def extend(curve: Curve, lattice: Lattice, at_start: bool, at_end: bool) -> Curve:
    """The curve carried on with its own bend until it leaves the vessel, where asked.

    A traced path ends where the vessel's last inscribed ball sits, one radius short of a flat end,
    and its very end is uncertain: a quarter radius is left out first.
    """
    points = curve.points
    if at_end:
        points = np.vstack(_carried_on(points, lattice))
    if at_start:
        points = np.vstack(_carried_on(points[::-1], lattice))[::-1]
    return resample(points)


def _carried_on(points: Array, lattice: Lattice) -> tuple[Array, Array]:
    """Points up to where they can be trusted, and those that continue them to the end of the vessel."""
    radius = max(float(lattice.depth_at(points[-1])[0]), 2.0)
    drop = min(int(0.25 * radius / SPACING_MM), len(points) // 4)
    kept = points[: len(points) - drop]
    # a parabola through the last three radii, less curved than the vessel can be
    last = kept[-max(6, min(len(kept), int(3 * radius / SPACING_MM))) :]
    t = SPACING_MM * np.arange(1 - len(last), 1)
    design = np.stack([t, t**2], axis=1)
    slope, bend = np.linalg.lstsq(design, last - kept[-1], rcond=None)[0]
    slope = slope / np.linalg.norm(slope)
    bend = bend - (bend @ slope) * slope
    sharpest = 1.0 / (8.0 * radius)  # |bend| is half the curvature
    bend *= min(1.0, sharpest / max(float(np.linalg.norm(bend)), 1e-12))
    ahead = np.arange(SPACING_MM, 4.0 * radius, SPACING_MM)[:, None]
    further = kept[-1] + ahead * slope + ahead**2 * bend
    outside = np.flatnonzero(lattice.depth_at(further) <= 0)
    return kept, further[: outside[0]] if len(outside) else further
