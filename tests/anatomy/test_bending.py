"""Curvature and torsion of a helix and a circle, in closed form."""

import numpy as np
import pytest

from aorta.anatomy.bending import bending_findings, curvature, torsion
from aorta.anatomy.curve import resample
from aorta.records import Finding


def helix(radius, rise, turns, noise=0.0):
    """A right-handed screw about z; ``rise`` is the pitch over 2π."""
    t = np.linspace(0, 2 * np.pi * turns, 4000)
    points = np.stack([radius * np.cos(t), radius * np.sin(t), rise * t], axis=1)
    points = resample(points).points
    if noise:
        # as smooth as a traced centreline is: waves of 20 to 60 mm
        arc = 0.5 * np.arange(len(points))
        rng = np.random.default_rng(3)
        for length in (20.0, 33.0, 60.0):
            points = points + noise * np.cos(2 * np.pi * arc[:, None] / length + rng.uniform(0, 6.28, 3)) / np.sqrt(3)
    return resample(points)


def test_helix_has_its_curvature_and_torsion():
    radius, rise = 30.0, 20.0
    curve = helix(radius, rise, 1.5)
    total = radius**2 + rise**2
    np.testing.assert_allclose(curvature(curve)[1], radius / total, rtol=2e-3, atol=0)
    np.testing.assert_allclose(torsion(curve)[1], rise / total, rtol=5e-3, atol=0)


def test_a_left_handed_helix_has_negative_torsion():
    curve = helix(30.0, -20.0, 1.5)
    np.testing.assert_allclose(torsion(curve)[1], -20.0 / 1300.0, rtol=5e-3, atol=0)


def test_helix_with_the_noise_of_a_label_map():
    found = {f.name: f.value for f in bending_findings("aorta", helix(30.0, 20.0, 1.5, noise=0.1), 0.0, 1e3)}
    assert found["aorta_mean_curvature_per_cm"] == pytest.approx(10 * 30 / 1300, rel=0.03)
    assert found["aorta_torsion_per_cm"] == pytest.approx(10 * 20 / 1300, rel=0.10)


def test_circle_has_no_torsion():
    t = np.linspace(0, np.pi, 2000)
    curve = resample(np.stack([60 * np.cos(t), 60 * np.sin(t), 0 * t], axis=1))
    np.testing.assert_allclose(curvature(curve)[1], 1 / 60.0, rtol=1e-3)
    np.testing.assert_allclose(torsion(curve)[1], 0.0, atol=1e-9)


def test_a_straight_or_short_curve_says_so():
    straight = resample(np.array([[0.0, 0, 0], [0, 0, -100.0]]))
    mean, high, twist = bending_findings("neck", straight, 20.0, 50.0)
    assert mean.value == pytest.approx(0.0, abs=1e-9) and high.value == pytest.approx(0.0, abs=1e-9)
    assert twist.value is None and "straight" in twist.caution
    short: list[Finding] = bending_findings("neck", resample(np.array([[0.0, 0, 0], [0, 0, -20.0]])), 0.0, 20.0)
    assert all(f.value is None and "does not fit" in f.caution for f in short)
