"""Cutting at ends, splitting prisms, cutting tetrahedra."""

import itertools

import numpy as np
import pytest
import pyvista as pv
from analytic_vessels import surface_of

from aorta.meshing.clip import clip_at_ends
from aorta.meshing.cut import cut_outside
from aorta.meshing.dense import averaging
from aorta.meshing.fairing import bad_spots, faired
from aorta.meshing.fields import Box, Field, box_around, signed_distance
from aorta.meshing.prisms import prisms_to_tets, pyramids_to_tets, roundness, volumes
from aorta.records import End


def test_only_the_end_s_own_leg_is_cut():
    """An arch over two legs: the left end's plane crosses the right leg too."""

    def arch(p):
        x, y, z = p.T
        bow = np.sqrt((np.hypot(x, z) - 20.0) ** 2 + y**2) - 5.0
        legs = np.maximum(np.hypot(np.abs(x) - 20.0, y) - 5.0, -30.0 - z)
        return np.where(z > 0, bow, legs)

    surface = surface_of(arch, [-28, -8, -34], [28, 8, 28], 1.0)
    left = End("left", np.array([20.0, 0, -5.0]), np.array([0, 0, -1.0]), 8.0)
    right = End("right", np.array([-20.0, 0, -25.0]), np.array([0, 0, -1.0]), 8.0)
    clipped, loops = clip_at_ends(surface, (left, right))
    p = clipped.points
    assert p[p[:, 0] > 0, 2].min() == pytest.approx(-5.0, abs=1e-9)
    assert p[p[:, 0] < 0, 2].min() == pytest.approx(-25.0, abs=1e-9)
    for end, x in ((left, 20.0), (right, -20.0)):
        rim = p[loops[end.name]]
        np.testing.assert_allclose((rim - end.point) @ end.normal, 0.0, atol=1e-9)
        np.testing.assert_allclose(np.hypot(rim[:, 0] - x, rim[:, 1]), 5.0, atol=0.1)


@pytest.mark.parametrize("order", list(itertools.permutations(range(6)))[::37])
def test_a_prism_s_tets_fill_it_whatever_the_numbering(order):
    prism = np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 1], [2, 0, 1.2], [0, 2, 0.9]], float)
    points = np.empty_like(prism)
    points[list(order)] = prism
    volume = volumes(points, prisms_to_tets(np.array([order])))
    assert volume.min() > 0
    ruled = 2.0 * (1.0 + 1.2 + 0.9) / 3.0  # top and bottom are plane, so every split has this volume
    assert volume.sum() == pytest.approx(ruled, rel=1e-12)


def test_a_pyramid_s_tets_fill_it():
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]], float)
    for base in ([0, 1, 2, 3], [2, 3, 0, 1], [3, 2, 1, 0]):
        assert np.abs(volumes(points, pyramids_to_tets(np.array([base]), np.array([4])))).sum() == pytest.approx(1 / 3, rel=1e-12)


def test_roundness_of_known_tetrahedra():
    regular = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], float)
    assert abs(roundness(regular, np.array([[0, 1, 2, 3]]))[0]) == pytest.approx(1.0, rel=1e-12)
    corner = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], float)
    assert roundness(corner, np.array([[0, 1, 2, 3]]))[0] == pytest.approx(12 * 0.5 ** (2 / 3) / 9, rel=1e-12)


def test_cut_leaves_what_is_outside_a_ball_and_conforms():
    n, h = 13, 2.0
    grid = np.stack(np.meshgrid(*(h * (np.arange(n) - 6.0) + 0.13,) * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    tets = pv.PolyData(grid).delaunay_3d(alpha=0).cells.reshape(-1, 5)[:, 1:].astype(np.int64)
    tets = tets[np.abs(volumes(grid, tets)) > 1e-6]
    box = box_around(grid, 0.5, 3.0)
    kji = np.argwhere(np.ones(box.shape_kji, bool))
    ball = Field(box, (np.linalg.norm(box.points(kji), axis=1) - 7.0).reshape(box.shape_kji).astype(np.float32))
    hull = (np.abs(grid - 0.13) > 11.9).any(axis=1)
    points, kept, on = cut_outside(grid, tets, ball.at(grid), hull, np.full(len(grid), -1), (), ball)
    volume = volumes(points, kept)
    assert volume.min() > 0
    assert volume.sum() == pytest.approx(24.0**3 - 4 / 3 * np.pi * 7.0**3, rel=6e-3)
    np.testing.assert_allclose(np.linalg.norm(points[on], axis=1), 7.0, atol=0.02)
    faces = np.sort(kept[:, [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]].reshape(-1, 3), axis=1)
    unique, count = np.unique(faces, axis=0, return_counts=True)
    assert count.max() == 2
    rim = unique[count == 1]
    outside = (np.abs(points[rim] - 0.13) > 11.9).any(axis=2).all(axis=1)
    assert on[rim[~outside]].all()  # nothing but the ball's face and the cube's


def test_signed_distance_of_a_tube():
    def shape(p):
        return np.maximum(np.hypot(p[:, 0], p[:, 1]) - 9.0, np.abs(p[:, 2]) - 20.0)

    surface = surface_of(shape, [-12, -12, -23], [12, 12, 23], 0.8)
    box = box_around(surface.points, 0.7, 5.0)
    field = signed_distance(surface, box, 4.0)
    probe = np.random.default_rng(3).uniform([-13, -13, -14], [13, 13, 14], (4000, 3))
    exact = np.hypot(probe[:, 0], probe[:, 1]) - 9.0
    near = np.abs(exact) < 3.0
    np.testing.assert_allclose(field.at(probe)[near], exact[near], atol=0.035, rtol=0)
    assert (np.sign(field.at(probe)) == np.sign(exact))[np.abs(exact) > 0.05].all()
    assert isinstance(field.box, Box)


def test_fairing_makes_room_for_the_wall_and_leaves_the_rest():
    """Two legs at an acute angle: the crease between them is too sharp for a wall of 1.2 mm."""

    def legs(p):
        best = np.full(len(p), np.inf)
        for side in (-1.0, 1.0):
            along = np.array([side * 0.8, 0.0, -1.0]) / np.hypot(0.8, 1.0)
            t = np.clip(p @ along, 0.0, 34.0)
            best = np.minimum(best, np.linalg.norm(p - t[:, None] * along, axis=1) - 6.0)
        return best

    surface = surface_of(legs, [-36, -8, -36], [36, 8, 8], 0.7)
    average, edge = averaging(surface)
    t = surface.triangles
    edges = np.vstack([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])

    def spoilt(points):
        return bad_spots(points, t, edges, np.full(len(points), 1.2), average, edge)

    assert spoilt(surface.points).any()
    result = faired(surface, lambda points: np.full(len(points), 1.2), ())
    assert not spoilt(result.points).any()
    moved = np.linalg.norm(result.points - surface.points, axis=1)
    assert moved.max() > 0.3
    assert np.median(moved) == 0 and moved[surface.points[:, 2] < -20.0].max() < 0.05
    assert result.volume_mm3 == pytest.approx(surface.volume_mm3, rel=0.01)
