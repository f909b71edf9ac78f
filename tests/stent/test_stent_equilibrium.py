"""Ring and wall: closed-form limits, one-sided contact, gaps of an oval neck."""

import numpy as np
import pytest
from pytest import approx
from scipy.optimize import brentq

from aorta.stent.equilibrium import equilibrium
from aorta.stent.ring_law import ZigZagRing

RING = ZigZagRing(28.0, 9.0, 6, 0.4)
ANGLE = np.linspace(0, 2 * np.pi, 180, endpoint=False)
ROUND = np.full(180, 12.0)
HEIGHT, BENDING = 9.8, 28.0


def solve(wall, compliance, *, law=RING.hoop_force_N, bending=BENDING, start=24.0):
    return equilibrium(law, bending, HEIGHT, ANGLE, wall, np.full(180, float(compliance)), start)


def oval(amplitude, radius=12.0, turn=0.0):
    return radius + amplitude * np.cos(2 * (ANGLE - turn))


def test_stiff_round_wall_holds_its_diameter():
    found = solve(ROUND, 1e-6)
    assert found.diameter_mm == approx(24.0, abs=1e-5)
    np.testing.assert_allclose(found.pressure_MPa, RING.hoop_force_N(24.0) / (12.0 * HEIGHT), rtol=1e-4, atol=0)
    assert found.gap_mm.max() == 0.0


@pytest.mark.parametrize("compliance", [5.0, 50.0, 500.0])
def test_round_wall_meets_the_ring_where_both_laws_cross(compliance):
    """T(2 R) = (R - r) h r / C: ring force against the wall's, on the imaged area."""
    radius = brentq(lambda r: RING.hoop_force_N(2 * r) - (r - 12.0) * HEIGHT * 12.0 / compliance, 12.0, 14.0)
    found = solve(ROUND, compliance)
    assert found.diameter_mm == approx(2 * radius, rel=1e-7)
    np.testing.assert_allclose(found.wall_radius_mm, found.ring_radius_mm, rtol=1e-12, atol=0)
    assert found.hoop_force_N == approx(RING.hoop_force_N(2 * radius), rel=1e-7)


def test_linear_ring_has_the_closed_form():
    def law(d):
        return 0.3 * (28.0 - d)

    k = HEIGHT * 12.0 / 50.0
    assert solve(ROUND, 50.0, law=law).diameter_mm == approx(2 * (k * 12.0 + 0.3 * 28.0) / (k + 0.6), rel=1e-9)


def test_soft_ring_leaves_the_neck_as_it_is():
    found = solve(ROUND, 50.0, law=lambda d: 1e-6 * (28.0 - d))
    assert found.diameter_mm == approx(24.0, abs=4e-6)
    assert found.pressure_MPa.max() == approx(1e-6 * 4.0 / (12.0 * HEIGHT), rel=1e-3)


def test_soft_wall_lets_the_ring_open():
    assert solve(ROUND, 1e9).diameter_mm == approx(28.0, abs=1e-4)


def test_ring_too_small_for_the_neck_hangs_free():
    found = solve(np.full(180, 15.0), 50.0, start=28.0)
    np.testing.assert_allclose(found.gap_mm, 1.0, rtol=1e-9, atol=0)
    assert found.pressure_MPa.max() == 0.0 and found.diameter_mm == approx(28.0, rel=1e-9)


def test_forces_balance():
    """The ring's radial force is the sum of contact pressure times area, in a round neck and nearly so in an oval one."""
    for wall, tolerance in ((ROUND, 1e-9), (oval(1.0), 1e-2)):
        found = solve(wall, 50.0)
        contact = (found.pressure_MPa * wall).sum() * HEIGHT * 2 * np.pi / 180
        assert contact == approx(2 * np.pi * found.hoop_force_N, rel=tolerance)
        assert found.residual < 1e-9


def test_stiff_ring_in_an_oval_neck_leaves_gaps_at_the_long_axis():
    turn = np.deg2rad(30)
    found = solve(oval(1.0, turn=turn), 1e-3, bending=1e7)
    # a rigid circle in a rigid oval: as wide as the short axis, the gaps are what the long axis has more;
    # sideways it is held only between two neighbouring angles, so only their sum is sharp
    gaps = found.gap_mm[[15, 105]]
    assert gaps.sum() == approx(4.0, abs=0.01) and gaps == approx([2.0, 2.0], abs=0.1)
    assert np.rad2deg(ANGLE[found.gap_mm.argmax()]) % 180 == approx(30.0, abs=1.0)
    assert found.diameter_mm == approx(22.0, abs=0.02)
    touching = np.rad2deg(ANGLE[found.pressure_MPa > 0])
    assert touching.min() == approx(120.0, abs=6.0) and touching.max() == approx(300.0, abs=6.0)


def test_gap_grows_with_ovality_and_with_stiffness():
    gaps = [[solve(oval(a), 1.0, bending=b).gap_mm.max() for a in (0.25, 0.5, 1.0)] for b in (2e3, 2e4, 2e5)]
    assert (np.diff(gaps, axis=0) > 0.01).all() and (np.diff(gaps, axis=1) > 0.01).all()
    assert solve(ROUND, 1.0, bending=2e5).gap_mm.max() == 0.0


def test_an_oval_pressed_ring_obeys_ring_theory():
    """Small ovality w cos 2 theta, full contact: force per angle q2 = 4 T w / R - 9 B w / R^3."""
    amplitude = 0.01
    found = solve(oval(amplitude), 1e-4)
    second = 2 * np.mean(found.pressure_MPa * HEIGHT * oval(amplitude) * np.cos(2 * ANGLE))
    expected = 4 * found.hoop_force_N * amplitude / 12.0 - 9 * BENDING * amplitude / 12.0**3
    assert second == approx(expected, rel=0.01)


def test_turning_the_neck_turns_the_answer():
    here, there = solve(oval(1.0), 20.0, bending=2e4), solve(oval(1.0, turn=np.pi / 2), 20.0, bending=2e4)
    np.testing.assert_allclose(np.roll(here.gap_mm, 45), there.gap_mm, rtol=0, atol=1e-7)
    assert here.diameter_mm == approx(there.diameter_mm, rel=1e-9)


@pytest.mark.parametrize("share", [0.98, 1.02])
def test_a_two_per_cent_wrong_wall_is_noticed(share):
    """The tolerances above bite: compliance wrong by 2 % moves the answer far outside them."""
    assert abs(solve(ROUND, 50.0 * share).diameter_mm / solve(ROUND, 50.0).diameter_mm - 1) > 1e-5
