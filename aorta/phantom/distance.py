"""Signed distances to chains of balls, on a grid and at single points.

The distance to a union of balls is the smallest distance to one of them: exact outside, and
inside never deeper than the true one. On a grid each ball touches only the box about it, which
makes the whole vessel a matter of a second without compiled code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.phantom.scene import Tube, Vessel

FAR_MM = 4.0
"""Distances are exact up to this value outside the surface and equal to it beyond."""


@dataclass(frozen=True)
class Axes:
    """Voxel centres of an axis-aligned grid: z (nk,), y (nj,), x (ni,) in mm, scene coordinates, float32."""

    z: np.ndarray
    y: np.ndarray
    x: np.ndarray

    @property
    def shape_kji(self) -> tuple[int, int, int]:
        return len(self.z), len(self.y), len(self.x)

    @staticmethod
    def over(corner_kji: tuple[float, ...], extent_kji: tuple[float, ...], shape_kji: tuple[int, ...]) -> Axes:
        """The grid that fills an extent, given its lowest face."""
        spacing = [e / n for e, n in zip(extent_kji, shape_kji)]
        return Axes(*(np.float32(c + s * (np.arange(n) + 0.5)) for c, s, n in zip(corner_kji, spacing, shape_kji)))

    def box(self, centre_xyz: np.ndarray, half_xyz: np.ndarray | float) -> tuple[slice, slice, slice]:
        """The [k, j, i] slices of the voxels within half_xyz of a centre; may be empty."""
        half = np.broadcast_to(half_xyz, 3)
        return tuple(
            slice(*np.searchsorted(line, [c - h, c + h]))
            for line, c, h in zip((self.z, self.y, self.x), centre_xyz[::-1], half[::-1])
        )


def on_grid(axes: Axes, *tubes: Tube) -> np.ndarray:
    """(nk, nj, ni) float32 mm, negative inside, ``FAR_MM`` far outside the union of the tubes."""
    result = np.full(axes.shape_kji, FAR_MM, np.float32)
    for tube in tubes:
        for centre, radius in zip(tube.axis, tube.radius):
            k, j, i = box = axes.box(centre, radius + FAR_MM)
            dz, dy, dx = axes.z[k] - np.float32(centre[2]), axes.y[j] - np.float32(centre[1]), axes.x[i] - np.float32(centre[0])
            ball = np.sqrt((dz * dz)[:, None, None] + (dy * dy)[None, :, None] + (dx * dx)[None, None, :]) - np.float32(radius)
            np.minimum(result[box], ball, out=result[box])
    return result


def at_points(points: np.ndarray, *tubes: Tube) -> np.ndarray:
    """Signed distance in mm at points (..., 3), without the cap of ``on_grid``."""
    flat = np.asarray(points, float).reshape(-1, 3)
    result = np.full(len(flat), np.inf)
    axis, radius = np.concatenate([t.axis for t in tubes]), np.concatenate([t.radius for t in tubes])
    for part in np.array_split(np.arange(len(flat)), max(1, len(flat) // 4096)):
        squared = (flat[part] ** 2).sum(1)[:, None] + (axis**2).sum(1) - 2.0 * flat[part] @ axis.T
        result[part] = (np.sqrt(np.maximum(squared, 0.0)) - radius).min(axis=1)
    return result.reshape(np.shape(points)[:-1])


def outer_tubes(vessel: Vessel) -> tuple[Tube, ...]:
    """The tubes whose union is the outer face of the wall."""
    return (*aortic_tubes(vessel), *vessel.iliacs.values())


def aortic_tubes(vessel: Vessel) -> tuple[Tube, ...]:
    """The same without the iliac arteries."""
    return (vessel.aorta,) if vessel.bulge is None else (vessel.aorta, vessel.bulge)


def channel_tubes(vessel: Vessel) -> tuple[Tube, ...]:
    """The tubes whose union, cut by the wall's inner face, is the lumen (iliacs: no thrombus, so their outer tube)."""
    return (vessel.channel, *vessel.iliacs.values())


def lumen_from(outer: np.ndarray, channel: np.ndarray, wall_thickness_mm: float) -> np.ndarray:
    """Distance to the lumen: the flow channel where it lies within the wall's inner face."""
    return np.maximum(channel, outer + np.float32(wall_thickness_mm))
