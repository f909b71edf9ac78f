"""How far two segmentations of one vessel go together.

One that ends early, or misses an iliac artery, has not seen a narrow lumen there: it has seen
nothing. So each lumen's medial paths are followed, and where a point of one has no lumen of the
other over it, the cross-section about that point belongs to one of them only.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from aorta.records import Array
from aorta.segmentation.distance import depth_in, inside
from aorta.segmentation.tree import Medial, Path

_STEP_MM = 1.0
_STRAIGHT_MM = 10.0


def together(first: Array, second: Array, spacing: Array, where: Array) -> Array:
    """The voxels of ``where`` at which both lumens are there, cut across the vessel.

    Parameters
    ----------
    first, second, where : (nk, nj, ni) bool
        Lumens on one grid.

    Returns
    -------
    (nk, nj, ni) bool
    """
    spacing = np.asarray(spacing, float)
    result = np.zeros(where.shape, bool)
    if not (first.any() and second.any()):
        return result
    at = np.argwhere(where)
    both = np.ones(len(at), bool)
    for lumen, other in ((first, second), (second, first)):
        points = _axis(lumen, spacing)
        seen = other[tuple(np.rint(points / spacing).astype(int).T)]
        both &= seen[cKDTree(points).query(at * spacing)[1]]
    result[tuple(at[both].T)] = True
    return result


def _axis(lumen: Array, spacing: Array) -> Array:
    """(n, 3) points (z, y, x mm) in the middle of a lumen, to its ends."""
    depth = depth_in(lumen, spacing)
    root = np.array(np.unravel_index(int(np.argmax(depth)), lumen.shape))
    lines = [_to_the_end(path, lumen, spacing) for path in Medial(lumen, depth, spacing, root).tree()]
    return np.concatenate([root[None] * spacing, *lines])


def _to_the_end(path: Path, lumen: Array, spacing: Array) -> Array:
    """A path's points; its last stretch turns to a corner of the end, and is replaced by a straight one."""
    left = path.length[-1] - path.length
    calibre = float(np.median(path.calibre[left < 2.0 * _STRAIGHT_MM]))
    kept = path.points[left > calibre]
    before = path.points[left > calibre + _STRAIGHT_MM]
    if len(before) == 0:
        return path.points
    along = kept[-1] - before[-1]
    along /= max(float(np.linalg.norm(along)), 1e-9)
    ahead = kept[-1] + np.arange(_STEP_MM, 2.0 * calibre + _STEP_MM, _STEP_MM)[:, None] * along
    index = np.rint(ahead / spacing).astype(int)
    ahead, index = ahead[ok := inside(index, lumen.shape)], index[ok]
    return np.concatenate([kept, ahead[lumen[tuple(index.T)]]])
