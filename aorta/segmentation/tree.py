"""The tree of vessels in a mask: medial paths from a root to every far end, longest first.

Repeatedly the voxel farthest (within the mask) from the tree so far is joined to it by the path
that stays in the middle: the idea of TEASAR (Sato et al. 2000, doi:10.1109/PCCGA.2000.883951).
Worked out at about 1.6 mm: good enough for making columns and for telling trunk from branch, not
for measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from skimage.graph import MCP_Geometric

from aorta.records import Array
from aorta.segmentation.distance import box_around

COARSE_MM = 1.6


@dataclass(frozen=True)
class Path:
    """From the root to an end.

    Parameters
    ----------
    voxels : (n, 3) int
        (k, j, i) on the coarse grid, the same for all paths of one tree.
    points : (n, 3) float
        (z, y, x) mm.
    calibre : (n,) float
        Distance to the vessel's boundary in mm, smoothed over about 6 mm.
    leaves_at : int
        Index of the first voxel that no earlier path has (0 for the first path).
    """

    voxels: Array
    points: Array
    calibre: Array
    leaves_at: int = 0

    @property
    def length(self) -> Array:
        """(n,) mm from the root."""
        return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(self.points, axis=0), axis=1))])

    @property
    def bottleneck(self) -> Array:
        """(n,) mm: the narrowest calibre between the root and here."""
        return np.minimum.accumulate(self.calibre)

    def worth(self, start: int = 0) -> float:
        """Length times bottleneck calibre from an index on, mm²: long and wide vessels first."""
        if start >= len(self.points) - 1:
            return 0.0
        step = np.diff(self.length)[start:]
        return float((step * self.bottleneck[start + 1 :]).sum())


class Medial:
    """Shortest medial paths from one root in one mask.

    Parameters
    ----------
    mask : (nk, nj, ni) bool
    depth : (nk, nj, ni) float, mm
        Distance to the boundary inside.
    root : (3,) int
    """

    def __init__(self, mask: Array, depth: Array, spacing: Array, root: Array):
        spacing = np.asarray(spacing, float)
        self._step = np.maximum(1, np.rint(COARSE_MM / spacing)).astype(int)
        box = box_around(mask, float(spacing.max()), spacing)
        self._corner = np.array([b.start for b in box])
        thin = tuple(slice(b.start, b.stop, int(s)) for b, s in zip(box, self._step))
        mask, self._depth = mask[thin], depth[thin]
        self._spacing, self._from = spacing * self._step, self._corner * spacing
        self.root = self.nearest(np.asarray(root) * spacing, mask)
        cost = np.where(mask, 1.0 / (self._depth / float(depth.max()) + 0.02) ** 2, -1.0)
        self._medial = MCP_Geometric(cost, sampling=tuple(self._spacing))
        self._mask = mask & np.isfinite(self._medial.find_costs([tuple(self.root)])[0])

    def nearest(self, point_mm: Array, mask: Array | None = None) -> Array:
        """The coarse voxel of the mask next to a point (z, y, x mm)."""
        voxels = np.argwhere(self._mask if mask is None else mask)
        return voxels[np.argmin(np.linalg.norm(voxels * self._spacing + self._from - point_mm, axis=1))]

    def path_to(self, point_mm: Array) -> Path:
        """The medial path to the voxel next to a point (z, y, x mm)."""
        return self._path(self.nearest(point_mm))

    def tree(self, most: int = 14, shortest_mm: float = 15.0) -> list[Path]:
        """Paths to all far ends; each must leave the tree by more than its own calibre and ``shortest_mm``."""
        metric = np.where(self._mask, 1.0, -1.0)
        taken, paths = [tuple(self.root)], []
        for _ in range(most):
            away = MCP_Geometric(metric, sampling=tuple(self._spacing)).find_costs(taken)[0]
            away[~np.isfinite(away)] = -1.0
            end = np.unravel_index(int(np.argmax(away)), away.shape)
            if away[end] < shortest_mm:
                break
            path = self._path(np.array(end))
            known = set(taken)
            fresh = [n for n, v in enumerate(map(tuple, path.voxels)) if v not in known]
            start = fresh[0] if fresh else len(path.voxels) - 1
            taken += [tuple(v) for v in path.voxels[start:]]
            root_radius = float(path.calibre[start])
            if paths and away[end] < shortest_mm + root_radius:
                continue
            paths.append(Path(path.voxels, path.points, path.calibre, start if paths else 0))
        return paths

    def _path(self, voxel: Array) -> Path:
        voxels = np.array(self._medial.traceback(tuple(int(v) for v in voxel)))
        points = voxels * self._spacing + self._from
        step = max(float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean()), 1e-6) if len(points) > 1 else 1.0
        size = max(1, round(6.0 / step))
        calibre = ndi.median_filter(self._depth[tuple(voxels.T)], size, mode="nearest")
        return Path(voxels, points, ndi.uniform_filter1d(calibre, size, mode="nearest"))


def divergence(first: Path, second: Path) -> int:
    """Index on the second path of the first voxel that lies off the first path, counted from the root."""
    shared = {tuple(v) for v in first.voxels}
    on = np.array([tuple(v) in shared for v in second.voxels])
    return int(np.argmax(~on)) if not on.all() else len(on)


def choose_ends(paths: Sequence[Path], least_calibre_mm: float = 2.5, least_share: float = 0.3) -> list[Path]:
    """The one or two paths of the trunk: to each iliac, or to the aorta's lower end.

    The first is the longest and widest; the second the one worth most beyond the point where it
    leaves the first, if it is wide enough and no mere side branch (a share of the first's own worth
    beyond that point).
    """
    if not paths:
        return []
    first = max(paths, key=lambda p: p.worth())
    options = []
    for path in paths:
        at = divergence(first, path)
        if path is first or at >= len(path.points) - 1 or path.calibre[at:].mean() < least_calibre_mm:
            continue
        rest_first = first.worth(min(at, len(first.points) - 1))
        worth = path.worth(at)
        if worth > least_share * rest_first and path.length[-1] - path.length[at] > 15.0:
            options.append((worth, path))
    return [first] + ([max(options, key=lambda o: o[0])[1]] if options else [])
