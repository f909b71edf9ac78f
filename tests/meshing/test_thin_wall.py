"""Where nothing else keeps the wall from folding it is made thinner, gently, and that is told."""

import numpy as np
import pytest

from aorta.meshing.measures import thickness_cautions
from aorta.meshing.wall import Columns, thinned


def strip(n=12):
    """Columns in a row of triangles, the wall 2 mm thick."""
    x = np.arange(n, dtype=float)
    foot = np.column_stack([x, x % 2, 0 * x])
    triangles = np.column_stack([np.arange(n - 2), np.arange(1, n - 1), np.arange(2, n)])
    up = np.tile([0.0, 0.0, 1.0], (n, 1))
    return Columns(foot, up, np.full(n, 2.0), np.full(n, -1), np.ones(n)), triangles


def test_thinning_tapers_and_stops_at_half():
    columns, triangles = strip()
    bad = np.zeros(len(triangles), bool)
    bad[0] = True
    for _ in range(10):
        columns = thinned(columns, triangles, bad)
    np.testing.assert_allclose(columns.thinning, [0.5, 0.5, 0.5, 0.6, 0.6, 0.7, 0.7, 0.8, 0.8, 0.9, 0.9, 1.0], rtol=1e-12)
    np.testing.assert_allclose(columns.thickness, 2.0 * columns.thinning, rtol=1e-12)


def test_no_bad_triangle_no_change():
    columns, triangles = strip()
    np.testing.assert_array_equal(thinned(columns, triangles, np.zeros(len(triangles), bool)).thickness, columns.thickness)


def test_a_thin_wall_is_told_with_its_place():
    place = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert thickness_cautions(np.array([1.36, 1.5]), np.full(2, 1.5), place) == ()
    (told,) = thickness_cautions(np.array([1.34, 1.5]), np.full(2, 1.5), place)
    assert "50.0 %" in told
    assert "1.34 mm at least near (1.0, 2.0, 3.0)" in told


@pytest.mark.parametrize("share", [0.9])
def test_the_bound_is_where_it_is_said_to_be(share):
    place = np.zeros((1, 3))
    assert thickness_cautions(np.array([share * 1.5 + 1e-9]), np.array([1.5]), place) == ()
    assert thickness_cautions(np.array([share * 1.5 - 1e-9]), np.array([1.5]), place) != ()
