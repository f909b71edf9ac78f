"""What the segmentation is made of, each against what is known exactly."""

from itertools import product

import numpy as np
import pytest

from aorta.records import CLASSES, Grid
from aorta.segmentation.calcification import calcification_threshold, find_calcification
from aorta.segmentation.canonical import anatomical_frame
from aorta.segmentation.chain import best_chain
from aorta.segmentation.columns import make_tube
from aorta.segmentation.compose import compose
from aorta.segmentation.discs import Disc
from aorta.segmentation.distance import signed_distance
from aorta.segmentation.outer_wall import first_end, last_end
from aorta.segmentation.prior import smooth_radius, without_crease
from aorta.segmentation.surface_graph import least_cost_surface
from aorta.segmentation.tree import Medial, choose_ends
from aorta.segmentation.trunk import split
from aorta.segmentation.wall_cost import edge_confidence, edge_offset


def radius_from(shape, spacing, centre):
    axes = [np.arange(n) * s - c for n, s, c in zip(shape, spacing, centre)]
    return np.sqrt(axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2)


def test_least_cost_surface_is_the_best_of_all():
    rng = np.random.default_rng(4)
    cost = rng.uniform(0, 1, (2, 3, 4))
    jump, price = (1, 2), (0.15, 0.1)
    at_least = np.zeros((2, 3), int)

    def total(k):
        k = np.array(k).reshape(2, 3)
        along, around = np.abs(np.diff(k, axis=0)), np.abs(k - np.roll(k, 1, axis=1))
        if along.max() > jump[0] or around.max() > jump[1] or (k <= at_least).any():
            return np.inf
        picked = np.take_along_axis(cost, k[..., None], axis=2).sum()
        return picked + price[0] * along.sum() + price[1] * around.sum()

    best = min(product(range(4), repeat=6), key=total)
    np.testing.assert_array_equal(least_cost_surface(cost, jump, price, at_least), np.array(best).reshape(2, 3))


def test_chain_follows_the_cheap_discs_over_a_gap():
    def disc(z, x, cost):
        return Disc(np.array([z, 50.0, x]), 10.0, 300.0, 20.0, 60.0, cost)

    slices = [[disc(z, 100.0 + z, 0.2), disc(z, 40.0, 1.5)] for z in range(6)]
    slices[3] = [disc(3, 40.0, 1.5)]  # the vessel is not seen here
    assert [d.position[2] for d in best_chain(slices)] == [100.0, 101.0, 102.0, 104.0, 105.0]


def test_signed_distance_of_a_ball():
    spacing = np.array([1.25, 0.8, 0.8])
    r = radius_from((36, 56, 56), spacing, (22.0, 22.0, 22.3))
    error = (signed_distance(r < 12.0, spacing, 3.0) - (r - 12.0))[np.abs(r - 12.0) < 2.5]
    assert error.mean() == pytest.approx(0.03, abs=0.02)  # the blur shrinks it a little
    assert error.std() == pytest.approx(0.12, abs=0.02)


def test_compose_puts_the_wall_inside_where_there_is_room_and_outside_where_not():
    spacing = np.array([1.0, 0.7, 0.7])
    j, i = (np.mgrid[:90, :90] - 45.0) * 0.7
    r = np.hypot(j, i)[None] * np.ones((40, 1, 1))
    half = np.arange(40)[:, None, None] < 20
    lumen, outer = r < 10.0, r < np.where(half, 18.0, 10.0)
    labels = compose(lumen, outer, np.zeros_like(lumen), spacing, 1.5)
    area = 0.49
    thick, bare = labels[4:14], labels[26:36]
    assert (thick == CLASSES["thrombus"]).sum() * area == pytest.approx(10 * np.pi * (16.5**2 - 100), rel=0.01)
    assert (thick == CLASSES["wall"]).sum() * area == pytest.approx(10 * np.pi * (18**2 - 16.5**2), rel=0.03)
    assert (bare == CLASSES["wall"]).sum() * area == pytest.approx(10 * np.pi * (11.5**2 - 100), rel=0.03)
    assert not (bare == CLASSES["thrombus"]).any()


def test_compose_makes_a_thin_layer_wall():
    j, i = (np.mgrid[:80, :80] - 40.0) * 0.8
    r = np.hypot(j, i)[None] * np.ones((20, 1, 1))
    labels = compose(r < 12.0, r < 12.0 + 1.5 + 0.5, np.zeros(r.shape, bool), np.array([1.0, 0.8, 0.8]), 1.5)
    assert set(np.unique(labels)) == {0, CLASSES["lumen"], CLASSES["wall"]}


def test_smooth_prior_bridges_what_is_not_sure():
    plane, ray = np.mgrid[:40, :60]
    true = 20.0 + 0.1 * plane + 3.0 * np.cos(2 * np.pi * ray / 60)
    sure = np.where((ray > 10) & (ray < 22), 0.0, 1.0)
    given = np.where(sure > 0, true, 40.0)
    np.testing.assert_allclose(smooth_radius(given, sure)[0], true, rtol=0, atol=0.05)


def test_muscle_on_half_of_the_vessel_does_not_pull_the_smooth_surface_out():
    plane, ray = np.mgrid[:40, :60]
    true = 20.0 + 0.1 * plane + 3.0 * np.cos(2 * np.pi * ray / 60)
    muscle = (ray > 20) & (ray < 45)
    given = true + np.where(muscle, 10.0, 0.0)
    fitted, agreement = smooth_radius(given, np.ones_like(true))
    np.testing.assert_allclose(fitted, true, rtol=0, atol=0.05)
    np.testing.assert_allclose(agreement[~muscle], 1.0, rtol=0, atol=1e-3)
    np.testing.assert_allclose(agreement[muscle], 0.0, rtol=0, atol=0.02)
    clicked = np.zeros(true.shape, bool)
    clicked[20, 32] = True
    bound, held = smooth_radius(given, np.where(clicked, 20.0, 1.0), clicked)
    assert held[20, 32] == 1.0 and bound[20, 32] > fitted[20, 32]


def test_a_bulge_belongs_to_the_vessel_and_muscle_beyond_a_crease_does_not():
    plane, ray = np.mgrid[:40, :60]
    bulge = 9.0 * np.clip(1.0 - ((ray - 15) / 10.0) ** 2, 0, 1) * np.clip(1.0 - ((plane - 20) / 12.0) ** 2, 0, 1)
    muscle = 9.0 * ((ray > 35) & (ray < 50) & (plane > 5) & (plane < 35))
    off, agreement = bulge + muscle, np.where(bulge + muscle > 2.0, 0.0, 1.0)
    own = without_crease(off, 30.0 + off, np.ones(off.shape), agreement, 2.0)
    np.testing.assert_array_equal(own, muscle == 0)
    cut_off = np.where((np.abs(ray - 15) == 5) | (np.abs(plane - 20) == 6), 0.0, 1.0)  # nothing is seen all round its middle
    assert not without_crease(off, 30.0 + off, cut_off, agreement, 2.0)[20, 15]


def test_a_boundary_seen_from_far_off_its_middle_is_followed():
    """A circle of 30 mm, 22 mm off: with 3 nodes of half a millimetre from ray to ray as the most, it would be cut."""
    angle = np.arange(60) * 2 * np.pi / 60
    true = 22.0 * np.cos(angle) + np.sqrt(30.0**2 - (22.0 * np.sin(angle)) ** 2)
    cost = 1.0 - np.exp(-(((np.arange(120) * 0.5 - true[:, None]) / 0.8) ** 2))
    found = least_cost_surface(np.repeat(cost[None], 3, axis=0), (4, 3), (0.1, 0.1), np.zeros((3, 60), int))
    np.testing.assert_allclose(found * 0.5, np.repeat(true[None], 3, axis=0), rtol=0, atol=1.1)


def test_the_lumens_own_edge_is_no_evidence_of_the_wall():
    r = np.arange(0, 30, 0.5)
    blood = (55.0 + 330.0 / (1 + np.exp((r - 12.0) / 0.4)))[None, None].astype(np.float32)
    for at in range(20, 30):
        np.testing.assert_array_equal(edge_confidence(blood, 0.5, np.array([[at]])), 0.0)


def test_edge_between_samples_and_its_confidence():
    r = np.arange(0, 30, 0.5)
    edges = np.array([14.7, 15.0, 15.2])
    profiles = (-90 + 150 / (1 + np.exp((r[None] - edges[:, None]) / 0.4)))[None].astype(np.float32)
    at = np.full((1, 3), 29)
    np.testing.assert_allclose((at + edge_offset(profiles, 0.5, at))[0] * 0.5, edges, rtol=0, atol=0.06)
    np.testing.assert_allclose(edge_confidence(profiles, 0.5, at), 1.0, rtol=0, atol=0.1)
    flat = np.full_like(profiles, 55.0)
    np.testing.assert_array_equal(edge_offset(flat, 0.5, at), 0.0)
    np.testing.assert_array_equal(edge_confidence(flat, 0.5, at), 0.0)


def test_ends_of_blood_along_columns():
    blood = np.zeros((7, 9, 20), bool)
    blood[..., 2:6] = True
    np.testing.assert_array_equal(last_end(blood), 6)
    np.testing.assert_array_equal(first_end(blood), 0)
    blood[..., :2] = True
    np.testing.assert_array_equal(first_end(blood), 6)


def test_a_filled_tube_along_a_bend_has_the_volume_of_pappus():
    angle = np.linspace(0, np.pi / 2, 60)
    line = np.stack([60 * np.sin(angle) + 20, 60 * np.cos(angle) + 20, np.full(60, 30.0)], axis=1)
    tube = make_tube(line, 2.0, 60)
    mask = tube.fill(np.full((len(tube.centres), 60), 12.0), (100, 100, 60), np.ones(3))
    assert mask.sum() == pytest.approx(np.pi * 144 * 60 * np.pi / 2, rel=0.03)  # a disc swept along its centre's path


def test_frame_turns_any_orientation_and_back():
    affine = np.eye(4)  # i runs to the feet, j to the right, k to the back
    affine[:3, :3] = np.array([[0, -2.0, 0], [0, 0, 3.0], [-1.0, 0, 0]])
    affine[:3, 3] = [10, 20, 30]
    grid = Grid((3, 4, 5), affine)
    voxels = np.arange(60).reshape(3, 4, 5)
    frame = anatomical_frame(grid)
    seen = frame.view(voxels)
    assert seen.shape == (5, 3, 4)
    np.testing.assert_allclose(frame.spacing, [1.0, 3.0, 2.0])
    assert np.all(np.diag(frame.grid.affine_lps)[:3] > 0)  # left, posterior, superior
    np.testing.assert_array_equal(frame.restore(seen), voxels)
    k, j, i = 2, 1, 3
    at = np.rint(frame.to_mm(grid.to_lps(np.array([i, j, k]))) / frame.spacing).astype(int)
    assert seen[tuple(at)] == voxels[k, j, i]
    assert frame.original_slice((at * frame.spacing)[None], grid.shape_kji)[0] == k


@pytest.fixture(scope="module")
def forked():
    """An aorta of 9 mm radius that forks into 5 mm iliacs, with a 3 mm branch; 1 mm voxels."""
    k, j, i = np.mgrid[:110, :40, :100].astype(float)
    vessel = (np.hypot(j - 20, i - 50) < 9) & (k >= 50)
    for sign in (-1, 1):
        vessel |= (np.hypot(j - 20, (i - 50 - sign * (60 - k) * 0.5) * 0.894) < 5) & (k < 60)
    branch = (np.hypot(j - 20, k - 85) < 3) & (i > 50) & (i < 80)
    return vessel, branch


def test_paths_to_both_iliacs_and_the_branch_cut_at_its_ostium(forked):
    vessel, branch = forked
    mask, spacing = vessel | branch, np.ones(3)
    from aorta.segmentation.distance import depth_in

    paths = choose_ends(Medial(mask, depth_in(mask, spacing), spacing, np.array([108, 20, 50])).tree())
    assert sorted(round(p.points[-1][2]) < 50 for p in paths) == [False, True]
    assert all(p.points[-1][0] < 4 for p in paths)
    pieces = split(mask, spacing, paths)
    assert len(pieces.ostia) == 1
    np.testing.assert_allclose(pieces.ostia[0], [85, 20, 61.5], rtol=0, atol=1.5)
    assert (pieces.trunk & ~vessel).sum() == pytest.approx(np.pi * 9 * 2, abs=30)  # a stump of about the rim's 2 mm
    assert not (vessel & ~pieces.trunk).any()


def test_calcification_is_bright_and_near_the_wall():
    r = radius_from((40, 60, 60), np.ones(3), (20, 30, 30))
    voxels = np.full(r.shape, 60.0)
    voxels[18:21, 30, 41:43] = 800  # in the wall: 6 voxels
    voxels[20, 30, 22:24] = 800  # deep inside
    voxels[10, 30, 30 + 12] = 800  # far outside the ball there
    found = find_calcification(voxels, r < 14.0, np.ones(3), calcification_threshold(300.0, 25.0))
    assert found.sum() == 6 and found[19, 30, 41]
    assert calcification_threshold(300.0, 25.0) == 500.0 and calcification_threshold(400.0, 30.0) == 550.0
