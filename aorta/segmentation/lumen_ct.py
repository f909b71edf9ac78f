"""Contrast-filled lumen in CT: curvature flow, connected threshold with an upper bound, leak cut.

Curvature flow (Sethian; SimpleITK) keeps edges while noise goes. The lower bound is half way
between blood and soft tissue (60 HU), where blur leaves the edge of a large vessel in place; the
upper bound keeps calcification out. Tried against level sets, fast marching and graph cuts on a
phantom: as accurate, ten times faster (docs/theory/segmentation.md).
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage as ndi

from aorta.records import Array
from aorta.segmentation.distance import depth_in, distance_to, half_voxel, inside, largest_part, part_with, to_itk

SOFT_TISSUE_HU = 60.0
LEAK_RADIUS_MM = 2.2  # vessels thinner than this are cut off: through them the growth leaks into kidney and bone
THIN_RADIUS_MM = 1.3  # side branches down to this radius are labelled
BRANCH_SHARE = 0.75  # of the blood; renal cortex in the arterial phase stays below
LARGEST_HOLE_MM3 = 60.0


def blood_statistics(voxels: Array, spacing: Array, points_mm: Array, radii_mm: Array) -> tuple[float, float]:
    """Median HU and robust spread within half the radius of points (n, 3) (z, y, x mm) in the lumen."""
    values = []
    for point, radius in zip(points_mm, radii_mm):
        centre = np.rint(point / spacing).astype(int)
        reach = np.maximum(1, (0.5 * radius / spacing[1:])).astype(int)
        values.append(
            voxels[
                centre[0],
                max(0, centre[1] - reach[0]) : centre[1] + reach[0] + 1,
                max(0, centre[2] - reach[1]) : centre[2] + reach[1] + 1,
            ].ravel()
        )
    data = np.concatenate(values).astype(float)
    data = data[data < 600.0] if (data < 600.0).any() else data
    middle = float(np.median(data))
    return middle, max(8.0, float(1.4826 * np.median(np.abs(data - middle))))


def grow_lumen(voxels: Array, spacing: Array, seeds: Array, blood: float, spread: float) -> tuple[Array, Array]:
    """The blood connected to the seeds: leaks cut off, and (for thin side branches) with less cut off.

    Parameters
    ----------
    voxels : (nk, nj, ni) HU
    seeds : (n, 3) int
        Voxels (k, j, i) in the blood.
    blood, spread : float, HU

    Returns
    -------
    two (nk, nj, ni) bool; empty if no seed lies in blood. The second holds the first.
    """
    flow = sitk.CurvatureFlow(to_itk(voxels.astype(np.float32), spacing), 0.1, 3)
    smooth = sitk.GetArrayViewFromImage(flow)
    bright = (smooth > 0.5 * (blood + SOFT_TISSUE_HU)) & (smooth < blood + 6.0 * spread)
    seeds = seeds[inside(seeds, voxels.shape)]
    connected = part_with(bright, seeds)
    lumen = _without_holes(cut_leaks(connected, spacing, seeds), spacing)
    # thin vessels by their bright middle, or the kidney would come with its artery
    core = lumen | cut_leaks(part_with(bright & ((smooth > BRANCH_SHARE * blood) | lumen), seeds), spacing, seeds, THIN_RADIUS_MM)
    return lumen, core | (connected & ndi.binary_dilation(core))


def cut_leaks(mask: Array, spacing: Array, seeds: Array, radius_mm: float = LEAK_RADIUS_MM) -> Array:
    """Opening by distance: what hangs on the seeds' part by less than the radius goes; the rest is grown back."""
    if not mask.any():
        return mask
    core = part_with(depth_in(mask, spacing) > radius_mm, seeds)
    if not core.any():
        return core
    near = distance_to(core, spacing, radius_mm + 1.5) <= radius_mm + half_voxel(spacing)
    return largest_part(mask & near)


def _without_holes(mask: Array, spacing: Array) -> Array:
    """Small holes (noise, flecks of calcification inside the blood) filled."""
    if not mask.any():
        return mask
    holes, count = ndi.label(~mask)
    if count <= 1:
        return mask
    sizes = np.bincount(holes.ravel()) * float(np.prod(spacing))
    return mask | ((sizes <= LARGEST_HOLE_MM3)[holes] & (holes > 0))
