"""Side branches that were labelled as lumen, cut off at their ostium.

What is left of the mask after an opening with a ball wider than the branch but narrower than the
aorta is the trunk; the piece of the remainder along the branch's path is the branch.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi
from scipy.spatial import cKDTree

from aorta.anatomy.tree import Limb
from aorta.records import Array, Grid

_WIDER = 1.35  # opening radius over the branch's own
_NARROWER = 0.75  # ... and at most this share of the parent's


def stub_of(grid: Grid, mask: Array, limb: Limb, thickness_mm: float = 0.0) -> Array:
    """The voxels of one side branch in a mask, (nk, nj, ni) bool.

    Parameters
    ----------
    mask : (nk, nj, ni) bool
        Lumen, or the whole vessel.
    limb : Limb
        Path through the lumen.
    thickness_mm : float
        How much wider than the lumen the branch is in this mask (its wall).
    """
    own = limb.path[limb.free_from :]
    widest = float(limb.depth[limb.free_from :].max()) + thickness_mm
    parent = float(limb.depth[: limb.free_from].max(initial=widest)) + thickness_mm
    radius = max(_WIDER * (limb.free_radius_mm + thickness_mm), 1.5 * float(grid.spacing_kji.max()))
    radius = min(radius, max(_NARROWER * parent, 1.05 * widest))

    near = np.vstack([own, limb.path[max(0, limb.free_from - 1)]])
    indices = grid.to_ijk(near)[:, ::-1]
    margin = np.ceil((3 * radius + 2 * widest) / grid.spacing_kji).astype(int)
    low = np.maximum(np.floor(indices.min(axis=0)).astype(int) - margin, 0)
    high = np.minimum(np.ceil(indices.max(axis=0)).astype(int) + margin + 1, mask.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high))

    part = mask[box]
    core = ndi.distance_transform_edt(part, sampling=grid.spacing_kji) > radius
    opened = ndi.distance_transform_edt(~core, sampling=grid.spacing_kji) <= radius if core.any() else np.zeros_like(part)
    rest = part & ~opened
    # of the remainder only what lies along the branch, not the trunk's own edges
    places = np.argwhere(rest)
    distance, _ = cKDTree(own).query(grid.to_lps((places + low)[:, ::-1])) if len(places) else (np.zeros(0), None)
    keep = np.zeros_like(part)
    keep[tuple(places[distance <= 2.0 * widest].T)] = True
    pieces, _ = ndi.label(keep, structure=np.ones((3, 3, 3)))
    on_path = np.clip(np.round(indices[:-1]).astype(int) - low, 0, np.array(part.shape) - 1)
    numbers = np.unique(pieces[tuple(on_path.T)])
    result = np.zeros(mask.shape, bool)
    result[box] = np.isin(pieces, numbers[numbers > 0])
    return result
