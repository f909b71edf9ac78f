"""The surface of the vertebrae near the vessel."""

import numpy as np
import pytest
from vessel_shapes import grid, labels_of, voxel_points

from aorta.anatomy.spine import NEAR_MM, spine_surface

GRID = grid((-40, -25, 0), (40, 75, 80), (1.0, 1.0, 1.25))
POINTS = voxel_points(GRID)
LUMEN = np.hypot(POINTS[..., 0], POINTS[..., 1]) < 10
DEPTH = np.hypot(POINTS[..., 0], POINTS[..., 1] - 36) - 20  # of a column of 20 mm, 6 mm behind the vessel's face
BODIES = (DEPTH < 0) & (np.abs(POINTS[..., 2] - 40) > 4) & (POINTS[..., 2] > 6) & (POINTS[..., 2] < 74)


def test_front_of_two_bodies_is_where_it_was_drawn():
    surface = spine_surface(labels_of(GRID, lumen=LUMEN, vertebra=BODIES))
    x, y, z = surface.points.T
    front = (y < 26) & (np.abs(x) < 12) & (np.abs(z - 22) < 8)
    radius = np.hypot(x, y - 36)[front]
    assert front.sum() > 100
    np.testing.assert_allclose(radius, 20.0, atol=0.6)
    assert radius.mean() == pytest.approx(20.0, abs=0.12)
    assert not ((np.abs(z - 40) < 2.5) & (y < 30)).any()  # the disc between them is not bone
    assert y.max() == pytest.approx(10 + NEAR_MM, abs=1.5)  # and what is far behind is cut off
    edges = np.sort(surface.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()  # closed
    assert surface.volume_mm3 > 0


def test_no_vertebra_and_specks_give_none():
    assert spine_surface(labels_of(GRID, lumen=LUMEN)) is None
    speck = np.linalg.norm(POINTS - [0, 20, 40], axis=-1) < 4
    assert spine_surface(labels_of(GRID, lumen=LUMEN, vertebra=speck)) is None
    far = POINTS[..., 1] > 10 + NEAR_MM + 5
    assert spine_surface(labels_of(GRID, lumen=LUMEN, vertebra=far)) is None
