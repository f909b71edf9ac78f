"""A label map that was cropped or flipped, put back on its image's grid without resampling.

Slicer crops a .seg.nrrd to what is drawn, DICOM segmentations leave out empty slices, and some
programs store the axes in another order. As long as every label voxel coincides with an image
voxel nothing needs to be interpolated.
"""

from __future__ import annotations

import numpy as np

from aorta.imaging.labelmap import check_same_grid
from aorta.records import Grid, Labels, Volume

OFF_GRID = 0.02
"""Share of a voxel by which a label voxel may miss an image voxel."""


def onto_grid(labels: Labels, volume: Volume) -> Labels:
    """The same labels on the image's grid; itself where it already is.

    Raises
    ------
    InputError
        Its voxels do not coincide with the image's.
    """
    if labels.grid.same_as(volume.grid):
        return labels
    axes = _axes(labels.grid, volume.grid)
    if axes is None:
        check_same_grid(labels, volume)  # raises, and says in what they differ
        return labels
    order, signs, first = axes
    turned = labels.voxels.transpose(2, 1, 0).transpose(order)
    turned = np.flip(turned, axis=[q for q in range(3) if signs[q] < 0])
    # an image without these voxels has no room for what is drawn outside it
    low, shape = first, np.array(turned.shape)
    target = np.zeros(volume.grid.shape_kji[::-1], np.uint8)
    inside_low, inside_high = np.maximum(low, 0), np.minimum(low + shape, target.shape)
    if (inside_high <= inside_low).any():
        check_same_grid(labels, volume)
    into = tuple(slice(a, b) for a, b in zip(inside_low, inside_high))
    source = tuple(slice(a, b) for a, b in zip(inside_low - low, inside_high - low))
    target[into] = turned[source]
    if np.count_nonzero(target) < np.count_nonzero(labels.voxels):
        check_same_grid(labels, volume)
    return Labels(volume.grid, np.ascontiguousarray(target.transpose(2, 1, 0)), labels.cautions)


def _axes(mine: Grid, image: Grid) -> tuple[list[int], np.ndarray, np.ndarray] | None:
    """For each image axis: which label axis lies along it and in which sense; and the lowest index (i, j, k).

    None where the grids do not coincide.
    """
    to_image = np.linalg.inv(image.affine_lps) @ mine.affine_lps
    turn = np.rint(to_image[:3, :3])
    if not np.array_equal(np.abs(turn) @ np.ones(3), np.ones(3)) or not np.array_equal(np.ones(3) @ np.abs(turn), np.ones(3)):
        return None
    last = np.array(mine.shape_kji[::-1]) - 1.0
    corners = np.stack(np.meshgrid(*([0.0, 1.0],) * 3), -1).reshape(-1, 3) * last  # all eight: a turn may leave two in place
    exact = corners @ to_image[:3, :3].T + to_image[:3, 3]
    ends = np.rint(corners @ turn.T + np.rint(to_image[:3, 3]))
    if np.abs(exact - ends).max() > OFF_GRID:
        return None
    return [int(n) for n in np.abs(turn).argmax(axis=1)], turn.sum(axis=1), ends.min(axis=0).astype(int)
