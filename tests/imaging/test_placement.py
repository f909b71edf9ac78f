"""A label map is put back on its image's grid only where every voxel of it is one of the image's."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aorta.errors import InputError
from aorta.imaging.placement import onto_grid
from aorta.records import Grid, Labels, Volume

SHAPE = (60, 50, 40)
IMAGE = Volume(Grid(SHAPE, np.diag([0.8, 0.8, 1.5, 1.0])), np.zeros(SHAPE, np.int16), "CT")


def drawn(grid):
    voxels = np.zeros(grid.shape_kji, np.uint8)
    voxels[20:40, 20:30, 15:25] = 1
    return Labels(grid, voxels)


@pytest.mark.parametrize("degrees", [3.0, 0.2])
def test_turned_about_the_diagonal(degrees):
    """Two opposite corners stay in place; at 3 degrees another is 2.5 mm off, at 0.2 a fifth of a voxel."""
    last = IMAGE.grid.to_lps(np.array(SHAPE[::-1]) - 1.0)
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_rotvec(np.radians(degrees) * last / np.linalg.norm(last)).as_matrix()
    grid = Grid(SHAPE, turn @ IMAGE.grid.affine_lps)
    np.testing.assert_allclose(grid.to_lps(np.array(SHAPE[::-1]) - 1.0), last, atol=1e-9)
    with pytest.raises(InputError):
        onto_grid(drawn(grid), IMAGE)


def test_flipped_turned_and_cropped():
    """Axes in another order, one reversed, fewer voxels: nothing is interpolated."""
    back = np.array([[0, 0, 1, 4], [-1, 0, 0, 44], [0, 1, 0, 3], [0, 0, 0, 1]], float)  # label (i, j, k) -> image (i, j, k)
    grid = Grid((30, 50, 40), IMAGE.grid.affine_lps @ back)
    labels = drawn(grid)
    found = onto_grid(labels, IMAGE)
    at = np.argwhere(labels.voxels)[:, ::-1] @ back[:3, :3].T + back[:3, 3]
    expected = np.zeros(SHAPE, np.uint8)
    expected[tuple(at[:, ::-1].astype(int).T)] = 1
    np.testing.assert_array_equal(found.voxels, expected)
