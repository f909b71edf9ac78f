"""The ring in the neck that breathes, on hand-made records."""

import numpy as np
import pytest
from pytest import approx
from stent_vessels import COMPLIANCE, HIGH, INNER, LENGTH, LOW, OUTER, breathing, plan, values, vessel, without
from tube_records import solution, tube_mesh

from aorta.records import Anatomy, Landmark
from aorta.settings import StentSettings
from aorta.stent.neck_response import band_factor, neck_response, neck_states


@pytest.fixture(scope="module")
def mesh():
    return tube_mesh(INNER, OUTER - INNER, LENGTH, around=24, along=30)


def test_without_mechanics_sizing_is_done_and_the_ring_is_not(mesh):
    fit = plan()
    assert fit.ring is None and any("needs the mechanics" in c for c in fit.cautions)
    assert values(fit)["ring_equilibrium_diameter_mm"] is None
    assert values(fit)["stent_best_main_body"] is not None


def test_neck_response_recovers_shape_and_compliance(mesh):
    states = neck_states(breathing(mesh, shift=1.5))
    neck = neck_response(vessel(), mesh, states, states[0], 9.0, 1.5)
    np.testing.assert_allclose(neck.radius_mm, INNER, rtol=1e-9, atol=0)
    expected = COMPLIANCE * band_factor(INNER, 1.5, 9.0)
    np.testing.assert_allclose(neck.compliance_mm_per_MPa, expected, rtol=1e-3, atol=0)
    late = neck_response(vessel(), mesh, states, states[1], 9.0, 1.5)
    np.testing.assert_allclose(late.radius_mm, INNER + COMPLIANCE * (HIGH - LOW), rtol=1e-3, atol=0)
    assert neck.clipped_share == 0.0 and neck.nearest_end_mm == approx(34.5, abs=1e-9)


def test_band_factor_is_that_of_the_loaded_tube():
    """The beam on elastic foundation under a band, solved by finite differences."""
    radius, wall, height = 12.0, 1.5, 9.0
    beta = (3 * 0.75) ** 0.25 / np.sqrt(radius * wall)
    x = np.linspace(-45, 45, 901)
    h = x[1] - x[0]
    second = (np.diag(np.ones(len(x) - 1), 1) + np.diag(np.ones(len(x) - 1), -1) - 2 * np.eye(len(x))) / h**2
    load = (np.abs(x) < height / 2 - 1e-9) + 0.5 * (np.abs(np.abs(x) - height / 2) < 1e-9)
    deflection = np.linalg.solve(second @ second / (4 * beta**4) + np.eye(len(x)), load)
    assert band_factor(radius, wall, height) == approx(deflection[len(x) // 2], rel=2e-4)
    assert band_factor(radius, wall, 500.0) == approx(1.0, abs=1e-9)


def test_round_neck_is_sealed_all_around(mesh):
    fit = plan(mesh=mesh, found=breathing(mesh))
    found = values(fit)
    assert found["ring_gap_max_mm"] == 0.0 and found["ring_gap_max_systole_mm"] == 0.0
    assert found["ring_sealed_percent"] == approx(100.0, abs=1e-9)
    ring = fit.ring
    assert found["ring_equilibrium_diameter_mm"] == ring.equilibrium_diameter_mm
    # wall moved out by compliance times contact pressure; the ring's force over the imaged band carries that pressure
    moved = COMPLIANCE * band_factor(INNER, 1.5, 15.0) * ring.contact_pressure_kPa / 1000
    np.testing.assert_allclose(ring.wall_radius_mm, INNER + moved, rtol=1e-5, atol=0)
    force = np.interp(ring.equilibrium_diameter_mm, ring.ring_law["diameter_mm"], ring.ring_law["radial_force_N"])
    assert found["ring_radial_force_N"] == approx(force, rel=2e-3)
    assert found["ring_force_balance_percent"] == approx(0.0, abs=1e-6)
    assert 2 * INNER < ring.equilibrium_diameter_mm < 26.0


def test_ring_findings_are_not_valid_while_its_data_are_unverified(mesh):
    fit = plan(mesh=mesh, found=breathing(mesh))
    rings = [f for f in fit.findings if f.name.startswith("ring_")]
    assert len(rings) == 8 and all(not f.valid and "unverified" in f.caution for f in rings)
    assert "80 mmHg" in rings[0].method


def test_oval_neck_moves_the_pressure_to_its_short_axis():
    def oval(angle):
        return INNER + 0.8 * np.cos(2 * angle)

    mesh = tube_mesh(oval, 1.5, LENGTH, around=48, along=30)
    ring = plan(mesh=mesh, found=breathing(mesh)).ring
    assert ring.wall_radius_mm.max() - ring.wall_radius_mm.min() == approx(1.6, abs=0.1)
    around = ring.contact_pressure_kPa
    assert around[[45, 135]] == approx(2 * [around[45]], rel=1e-3)  # the long axis lies at 0 and 180 degrees, the short across it
    assert (around[[45, 135]] > 1.5 * around[[0, 90]]).all()


def test_landing_zone_next_to_a_cut_is_cautioned(mesh):
    near = Landmark("lowest_renal", np.zeros(3), "found", "aorta", 3.0)
    whole = vessel()
    anatomy = Anatomy(**{**vars(whole), "landmarks": (near, *whole.landmarks[1:])})
    fit = plan(anatomy, mesh, breathing(mesh), StentSettings(makers=("Cook",)))
    assert any("8 mm from a clamped end" in c for c in fit.cautions)


def test_reasons_why_the_ring_cannot_be_simulated(mesh):
    far = Landmark("lowest_renal", np.zeros(3), "found", "aorta", 300.0)
    whole = vessel()
    cases = {
        "ends above": (Anatomy(**{**vars(whole), "landmarks": (far, *whole.landmarks[1:])}), breathing(mesh)),
        "two pressures": (whole, solution(breathing(mesh).states[0])),
        "does not widen": (whole, breathing(mesh, compliance=-5.0)),
    }
    for words, (anatomy, found) in cases.items():
        fit = plan(anatomy, mesh, found, StentSettings(makers=("Cook",)))
        assert fit.ring is None and any(words in c for c in fit.cautions), (words, fit.cautions)


def test_a_single_state_without_prestress_is_compared_with_the_imaged_shape(mesh):
    late = breathing(mesh).states[1]
    low, high = neck_states(solution(late, unloaded=False))
    assert (low.pressure_MPa, high.pressure_MPa) == (0.0, HIGH)
    assert np.abs(low.displacement_mm).max() == 0.0


def test_outside_the_instructions_the_ring_is_still_shown(mesh):
    fit = plan(vessel(without(neck_length_mm=4.0)), mesh, breathing(mesh))
    assert values(fit)["stent_best_main_body"] is None and fit.ring is not None
    assert any("instructions for use exclude this anatomy" in c for c in fit.cautions)
