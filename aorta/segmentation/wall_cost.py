"""What it costs the outer wall to lie at each sample of a column, and how sure one may be of it.

Edge: the drop from soft tissue to fat, and with less weight the rise to a vein or bone. Region:
inside there is thrombus, wall, blood or a thin calcification, so fat and bright tissue are dear.
Weights were set by reasoning on a phantom (this program).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array

FAT_HU, VEIN_HU = -60.0, 130.0  # profiles are clipped here, so that gas and bone do not drown the rest
THROMBUS_HU = 60.0  # drops are measured from here: what blood leaves above it, blurred, is the lumen's edge and not the wall's
RISE_SHARE = 0.35
FULL_EDGE_HU_PER_MM = 80.0
SOFT_HU = (10.0, 100.0)  # thrombus and wall
LEAST_EDGE_HU_PER_MM = 15.0  # less is noise, not to be refined on
CALCIFIED_HU, THICKEST_CALCIFICATION_MM = 450.0, 3.5
REGION, OUTSIDE = 0.35, 0.02


def column_cost(profiles: Array, step: float, lumen_end: Array) -> Array:
    """Cost (s, a, k) of the wall's outer face at each sample.

    Parameters
    ----------
    profiles : (s, a, k) float
        HU along the columns.
    step : float
        mm between samples.
    lumen_end : (s, a) int
        Index at which the blood ends.
    """
    number = np.arange(profiles.shape[-1])
    drop = -_slope(profiles, step, FAT_HU, THROMBUS_HU)
    rise = _slope(profiles, step, FAT_HU, VEIN_HU)
    edge = np.maximum(drop, 0.0) + RISE_SHARE * np.maximum(rise, 0.0)
    edge = np.minimum(edge / FULL_EDGE_HU_PER_MM, 1.0)
    edge = np.where(number <= lumen_end[..., None] + int(1.0 / step), 0.0, edge)  # not the lumen's own edge
    smooth = ndi.gaussian_filter1d(profiles, 0.8 / step, axis=-1)
    low, high = SOFT_HU
    not_vessel = np.clip((low - smooth) / 40.0, 0, 1) + 0.6 * np.clip((smooth - high) / 40.0, 0, 1)
    not_vessel = np.where(number <= lumen_end[..., None] + 1, 0.0, not_vessel)
    calcified = profiles > CALCIFIED_HU
    thin = calcified & (np.cumsum(calcified, axis=-1) * step < THICKEST_CALCIFICATION_MM)
    not_vessel = np.where(ndi.binary_dilation(thin, np.ones((1, 1, 3), bool)), 0.0, not_vessel)
    soft = np.clip((smooth - low) / 40.0, 0, 1) * np.clip((high - smooth) / 30.0, 0, 1)
    within = np.cumsum(not_vessel, axis=-1) * step
    left_out = (np.cumsum(soft[..., ::-1], axis=-1)[..., ::-1] - soft) * step
    return (1.0 - edge) + REGION * within + OUTSIDE * left_out


def _slope(profiles: Array, step: float, low: float, high: float) -> Array:
    """HU per mm along the columns, of what lies between two levels."""
    return ndi.gaussian_filter1d(np.clip(profiles, low, high), 0.6 / step, axis=-1, order=1) / step


def edge_confidence(profiles: Array, step: float, at: Array) -> Array:
    """Confidence (s, a), 0 to 1, in a surface at samples ``at`` (s, a): how far the intensity drops to fat there."""
    smooth = ndi.gaussian_filter1d(np.clip(profiles, -100.0, THROMBUS_HU), 0.72 / step, axis=-1)
    inner, outer = max(1, round(1.0 / step)), max(1, round(2.0 / step))
    at = np.clip(at, inner, profiles.shape[-1] - 1 - outer)
    before = np.take_along_axis(smooth, (at - inner)[..., None], axis=-1)[..., 0]
    after = np.take_along_axis(smooth, (at + outer)[..., None], axis=-1)[..., 0]
    return np.clip((before - after - 25.0) / 50.0, 0.0, 1.0)


def edge_offset(profiles: Array, step: float, at: Array, within_mm: float = 1.0) -> Array:
    """Samples (s, a) from ``at`` to where the drop is steepest within a millimetre: vertex of a parabola.

    The price of smoothness and the region terms pull the discrete surface off the edge a little;
    0 where there is no drop.
    """
    slope = -_slope(profiles, step, -100.0, THROMBUS_HU)
    reach = max(1, round(within_mm / step))
    at = np.clip(at, reach + 1, profiles.shape[-1] - 2 - reach)
    near = np.stack([np.take_along_axis(slope, (at + d)[..., None], axis=-1)[..., 0] for d in range(-reach, reach + 1)], axis=-1)
    best = np.argmax(near, axis=-1)
    inner = np.clip(best, 1, 2 * reach - 1)
    before, here, after = (np.take_along_axis(near, (inner + d)[..., None], axis=-1)[..., 0] for d in (-1, 0, 1))
    bend = before - 2.0 * here + after
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = np.clip(np.nan_to_num(0.5 * (before - after) / bend), -0.5, 0.5)
    offset = inner - reach + np.where(bend < 0, vertex, 0.0)
    return np.where((here > LEAST_EDGE_HU_PER_MM) & (best == inner), offset, 0.0)
