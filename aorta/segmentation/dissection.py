"""Two lumens: the true one, bright, and the false one, with less contrast or later, parted by a flap.

Within the outer wall what has at least four fifths of the true lumen's brightness is true lumen;
the rest, contrast-filled or thrombosed, is false lumen where a wide part of it is brighter than
any thrombus. Not to be trusted: both lumens equally bright (late phase), turbulence of unmixed
contrast, an endoleak beside a stent graft (a second bright space, too).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array, Finding
from aorta.segmentation.distance import depth_in, distance_to, half_voxel

TRUE_SHARE = 0.8  # of the true lumen's brightness
PATENT_HU = 130.0  # thrombus has 20 to 100 (unverified)
WIDE_MM, LEAST_MM3 = 2.5, 3000.0  # a second lumen holds balls of this radius, and this much of them
TRUE_MM = 1.5
HOW = f"within the outer wall, parted at {TRUE_SHARE:.0%} of the true lumen's brightness"
CAUTION = (
    "a second lumen with contrast lies within the aorta's outer wall (dissection, or an endoleak beside a stent graft): wall "
    "stress, rupture risk and stent-graft sizing of an aneurysm do not apply"
)


@dataclass(frozen=True)
class Lumens:
    """Masks (nk, nj, ni); ``patent`` is the part of the false lumen that has contrast; ``how`` they were parted."""

    true: Array
    false: Array
    patent: Array
    how: str = HOW


@dataclass(frozen=True)
class Second:
    """What ``judge`` is told: both lumens in a box of the frame's array, and the image there."""

    lumens: Lumens
    box: tuple[slice, ...]
    voxels: Array


def find_lumens(voxels: Array, spacing: Array, outer: Array, wall_mm: float, blood: float) -> Lumens | None:
    """True and false lumen within the outer boundary, or None where there is one lumen only.

    Parameters
    ----------
    voxels : (nk, nj, ni) HU
    outer : (nk, nj, ni) bool
        All within the aorta's outer wall.
    blood : float, HU
        Of the true lumen.
    """
    smooth = ndi.gaussian_filter(voxels.astype(np.float32), 0.4)
    inner = outer & (depth_in(outer, spacing) > wall_mm)
    true = _opened(inner & (smooth > TRUE_SHARE * blood), spacing, TRUE_MM)
    patent = _opened(inner & ~true & (smooth > PATENT_HU), spacing, WIDE_MM)
    if patent.sum() * float(np.prod(spacing)) < LEAST_MM3:
        return None
    # the flap and the blur between go to the nearer lumen
    rest = inner & ~true
    false = _opened(rest, spacing, WIDE_MM)
    true |= rest & ~false & (distance_to(true, spacing, 4.0) <= distance_to(false, spacing, 4.0))
    false |= rest & ~true
    return Lumens(true, false, patent)


def lumen_findings(lumens: Lumens, voxels: Array, spacing: Array) -> list[Finding]:
    """Volumes and brightness of both."""
    mL = float(np.prod(spacing)) / 1000.0
    found = [
        Finding("true_lumen_volume_mL", float(lumens.true.sum()) * mL, "mL", lumens.how),
        Finding("false_lumen_volume_mL", float(lumens.false.sum()) * mL, "mL", lumens.how, caution=CAUTION),
        Finding("false_lumen_patent_volume_mL", float(lumens.patent.sum()) * mL, "mL", f"its wide part above {PATENT_HU:.0f} HU"),
    ]
    for name, mask in (("true", lumens.true), ("false", lumens.patent)):
        found.append(Finding(f"{name}_lumen_intensity_median", float(np.median(voxels[mask])), "HU", "over its (patent) voxels"))
    return found


def _opened(mask: Array, spacing: Array, radius_mm: float) -> Array:
    core = depth_in(mask, spacing) > radius_mm
    return mask & (distance_to(core, spacing, radius_mm + 2.0) <= radius_mm + half_voxel(spacing))
