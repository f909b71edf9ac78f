"""Discs that may be the contrast-filled aorta, slice by slice.

Threshold, planar distance map, and for each blob its largest inscribed disc with a cost: round,
homogeneous, brighter than its rim, near the midline, not behind it. Figures were set by reasoning
on a phantom (this program), not fitted to patients; the gates in ``gates.py`` guard them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array

LOW_HU, HIGH_HU = 170.0, 650.0
"""Blood with contrast is looked for between them."""
SMALLEST_MM, LARGEST_MM = 3.5, 32.0
"""Radius, from an iliac artery to the blood of a large aneurysm."""
STEP_MM = 2.5
"""Between the slices that are looked at."""


@dataclass(frozen=True)
class Disc:
    """The largest disc in a bright blob of one slice; lengths mm, position in the view's (z, y, x) mm."""

    position: Array
    radius: float
    mean: float
    spread: float
    rim: float  # 70th percentile of the ring around
    cost: float


@dataclass(frozen=True)
class Body:
    """Where the body lies in the axial plane, mm in the view."""

    mid_x: float
    mid_y: float


def find_body(voxels: Array, spacing: Array) -> Body:
    """The centre of the body in the middle slice (largest part above -300 HU)."""
    parts, count = ndi.label(voxels[voxels.shape[0] // 2] > -300)
    if count == 0:
        return Body(voxels.shape[2] * spacing[2] / 2, voxels.shape[1] * spacing[1] / 2)
    y, x = ndi.center_of_mass(parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]))
    return Body(float(x * spacing[2]), float(y * spacing[1]))


def coarse_slices(voxels: Array, spacing: Array) -> tuple[Array, Array, Array]:
    """Every 2.5 mm or so a slice, at about 1.6 mm, smoothed: (slices, their k, spacing (2,))."""
    step = max(1, round(STEP_MM / spacing[0]))
    factor = max(1, round(1.6 / spacing[1]))
    chosen = np.arange(0, voxels.shape[0], step)
    coarse = ndi.gaussian_filter(voxels[::step, ::factor, ::factor].astype(np.float32), (0, 0.8, 0.8))
    return coarse, chosen, np.array([spacing[1] * factor, spacing[2] * factor])


def candidates(plane: Array, z_mm: float, spacing: Array, body: Body, excluded: Array | None = None) -> list[Disc]:
    """All discs of one coarse slice (ny, nx) in HU; ``excluded`` voxels (the spine) hold no disc's centre."""
    bright = (plane > LOW_HU) & (plane < HIGH_HU)
    depth = ndi.distance_transform_edt(bright, sampling=spacing)
    blobs, _ = ndi.label(depth > 2.0)
    found = []
    for number, where in enumerate(ndi.find_objects(blobs), 1):
        blob = blobs[where] == number
        if excluded is not None:
            blob = blob & ~excluded[where]
        if not blob.any():
            continue
        radius = float(depth[where][blob].max())
        if not SMALLEST_MM <= radius <= LARGEST_MM:
            continue
        at = np.unravel_index(np.argmax(np.where(blob, depth[where], 0)), blob.shape)
        row, column = at[0] + where[0].start, at[1] + where[1].start
        found.append(_describe(plane, z_mm, row, column, radius, float(blob.sum() * spacing.prod()), spacing, body))
    return found


def _describe(plane: Array, z_mm: float, row: int, column: int, radius: float, area_mm2: float, spacing: Array, body: Body) -> Disc:
    reach = np.ceil((radius + 5.0) / spacing).astype(int)
    top, left = max(0, row - reach[0]), max(0, column - reach[1])
    patch = plane[top : row + reach[0] + 1, left : column + reach[1] + 1]
    y, x = np.ogrid[: patch.shape[0], : patch.shape[1]]
    away = np.hypot((y + top - row) * spacing[0], (x + left - column) * spacing[1])
    core, ring = patch[away < 0.75 * radius], patch[(away > radius + 1) & (away < radius + 3.5)]
    mean, spread = float(core.mean()), float(core.std())
    rim = float(np.percentile(ring, 70)) if ring.size else 0.0
    y_mm, x_mm = row * spacing[0], column * spacing[1]
    roundness = min(radius**2 / (np.sqrt(area_mm2 / np.pi) + 2.0) ** 2, 1.0)
    cost = (
        2.0 * (1.0 - roundness)
        + max(0.0, spread - 25.0) / 20.0
        + max(0.0, abs(x_mm - body.mid_x) - 45.0) / 15.0
        + max(0.0, y_mm - body.mid_y - 25.0) / 10.0
        + (2.0 if rim > mean else 0.0)
        + max(0.0, 230.0 - mean) / 60.0
        + 0.15 * max(0.0, 7.0 - radius)
    )
    return Disc(np.array([z_mm, y_mm, x_mm]), radius, mean, spread, rim, float(cost))
