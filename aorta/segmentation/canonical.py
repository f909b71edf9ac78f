"""Axes in a known order: an array viewed so that k runs to the head, j to the back, i to the left.

Only axes are swapped and flipped, nothing is resampled, so the way back is exact. Methods that
know anatomy ("the spine is behind the aorta") work on this view; oblique scans keep their small
obliquity. Inside, points are millimetres (z, y, x) = index (k, j, i) times spacing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from aorta.records import Array, Grid


@dataclass(frozen=True)
class Frame:
    """How the given grid's axes become (superior, posterior, left).

    Parameters
    ----------
    order : (3,) int
        Which axis of the given [k, j, i] array is the new k, j, i.
    flipped : (3,) bool
        Whether the new k, j, i runs against the given one.
    grid : Grid
        Of the new view.
    """

    order: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    grid: Grid

    @property
    def spacing(self) -> Array:
        """(3,) mm of the new k, j, i."""
        return self.grid.spacing_kji

    def view(self, array: Array) -> Array:
        """The given array seen in the new order (a view)."""
        turned = np.transpose(array, self.order)
        return turned[tuple(slice(None, None, -1) if f else slice(None) for f in self.flipped)]

    def restore(self, array: Array) -> Array:
        """A new-order array back in the given order (contiguous)."""
        turned = array[tuple(slice(None, None, -1) if f else slice(None) for f in self.flipped)]
        return np.ascontiguousarray(np.transpose(turned, np.argsort(self.order)))

    def to_mm(self, points_lps: Array) -> Array:
        """LPS points (..., 3) as (z, y, x) mm from the view's first voxel centre."""
        return self.grid.to_ijk(points_lps)[..., ::-1] * self.spacing

    def to_lps(self, zyx_mm: Array) -> Array:
        """Points (..., 3) of this frame, (z, y, x) mm, in LPS."""
        return self.grid.to_lps((np.asarray(zyx_mm, float) / self.spacing)[..., ::-1])

    def original_slice(self, zyx_mm: Array, shape_kji: tuple[int, int, int]) -> Array:
        """The slice number k of the given array at points (n, 3) of this frame, clipped to it."""
        index = np.asarray(zyx_mm, float) / self.spacing
        new_axis = self.order.index(0)
        k = index[:, new_axis]
        k = shape_kji[0] - 1 - k if self.flipped[new_axis] else k
        return np.clip(np.rint(k), 0, shape_kji[0] - 1).astype(int)


def anatomical_frame(grid: Grid) -> Frame:
    """The view of a grid in which k runs to the head, j to the back and i to the left, as far as its axes allow."""
    cosines = grid.affine_lps[:3, :3] / grid.spacing_ijk  # columns: i, j, k
    rows, columns = linear_sum_assignment(-np.abs(cosines))  # rows: left, posterior, superior
    source = {int(r): int(c) for r, c in zip(rows, columns)}
    ijk_order = [source[0], source[1], source[2]]
    signs = [cosines[axis, column] < 0 for axis, column in enumerate(ijk_order)]
    return _frame(grid, [2 - c for c in ijk_order[::-1]], signs[::-1])


def given_frame(grid: Grid) -> Frame:
    """The grid as it is, for methods that need no anatomy."""
    return _frame(grid, [0, 1, 2], [False, False, False])


def _frame(grid: Grid, order_kji: list[int], flipped_kji: list[bool]) -> Frame:
    shape = tuple(grid.shape_kji[a] for a in order_kji)
    affine = np.eye(4)
    origin_kji = np.zeros(3)
    for new, (old, flip) in enumerate(zip(order_kji, flipped_kji)):
        column = grid.affine_lps[:3, 2 - old]
        affine[:3, 2 - new] = -column if flip else column
        origin_kji[old] = grid.shape_kji[old] - 1 if flip else 0
    affine[:3, 3] = grid.to_lps(origin_kji[::-1])
    return Frame(tuple(order_kji), tuple(bool(f) for f in flipped_kji), Grid(shape, affine))  # type: ignore[arg-type]
