"""The ring's law against beam theory and numerical integration."""

import numpy as np
import pytest
from pytest import approx
from scipy.integrate import quad, solve_ivp

from aorta.errors import StentError
from aorta.stent.ring_law import FABRIC_N, ZigZagRing, law

ELASTIC = ZigZagRing(28.0, 9.0, 6, 0.4, plateau_MPa=1e9)
SUPERELASTIC = ZigZagRing(28.0, 9.0, 6, 0.4)


def test_geometry_of_the_strut():
    assert ELASTIC.strut_length_mm == approx(np.hypot(9.0, np.pi * 28 / 12), rel=1e-12)
    assert ELASTIC.height_at_mm(28.0) == approx(9.0, rel=1e-12)
    assert ELASTIC.height_at_mm(24.0) == approx(np.sqrt(ELASTIC.strut_length_mm**2 - (np.pi * 24 / 12) ** 2), rel=1e-12)
    assert ELASTIC.smallest_diameter_mm == approx(12 * 0.4 / np.pi, rel=1e-12)


@pytest.mark.parametrize("diameter", [20.0, 24.0, 27.0])
def test_elastic_force_is_that_of_clamped_guided_struts(diameter):
    """T = 12 EI (phi0 - phi) / (L^2 cos phi)."""
    length, ei = ELASTIC.strut_length_mm, 50_000 * np.pi * 0.4**4 / 64
    phi0, phi = (np.arcsin(np.pi * d / (12 * length)) for d in (28.0, diameter))
    assert ELASTIC.hoop_force_N(diameter) == approx(12 * ei * (phi0 - phi) / (length**2 * np.cos(phi)), rel=1e-9)
    assert ELASTIC.radial_force_N(diameter) == approx(2 * np.pi * ELASTIC.hoop_force_N(diameter), rel=1e-12)


def test_force_is_the_slope_of_the_stored_energy():
    """Elastic: 2 n struts, each 1/2 (12 EI / L) turn^2; dU = -T d(pi D)."""

    def energy(d):
        return (
            12 * 0.5 * 12 * ELASTIC.bending_stiffness_Nmm2 / ELASTIC.strut_length_mm * (ELASTIC.angle(28) - ELASTIC.angle(d)) ** 2
        )

    slope = (energy(24 + 1e-4) - energy(24 - 1e-4)) / (2e-4 * np.pi)
    assert ELASTIC.hoop_force_N(24.0) == approx(-slope, rel=1e-7)


@pytest.mark.parametrize("curvature", [0.01, 0.02, 0.03, 0.1, 0.3])
def test_moment_is_the_integral_of_the_stress(curvature):
    def stress(strain):
        return min(50_000 * strain, 200 + 2_000 * (strain - 0.004))

    integral = 4 * quad(lambda y: stress(curvature * y) * y * np.sqrt(0.04 - y**2), 0, 0.2, points=[min(0.004 / curvature, 0.2)])[0]
    assert SUPERELASTIC._moment(curvature) == approx(integral, rel=1e-7)


@pytest.mark.parametrize("diameter", [20.0, 24.0, 27.0])
def test_superelastic_strut_is_that_of_the_integrated_beam(diameter):
    """The half strut as an initial value problem: curvature from the moment, deflection from the curvature."""
    half = SUPERELASTIC.strut_length_mm / 2
    apex = SUPERELASTIC.hoop_force_N(diameter) * np.cos(SUPERELASTIC.angle(diameter)) * half

    grid = np.linspace(0, 1, 100_001)
    moments = SUPERELASTIC._moment(grid)

    def bend(x, state):  # from the apex (clamped) to the middle (no moment)
        return [state[1], np.interp(apex * (1 - x / half), moments, grid)]

    tip = solve_ivp(bend, (0, half), [0.0, 0.0], rtol=1e-8, atol=1e-12, max_step=half / 200).y[0, -1]
    turn = SUPERELASTIC.angle(28.0) - SUPERELASTIC.angle(diameter)
    assert tip / half == approx(turn, rel=1e-4)


def test_plateau_softens_the_ring():
    assert SUPERELASTIC.hoop_force_N(27.9) == approx(ELASTIC.hoop_force_N(27.9), rel=1e-12)
    assert SUPERELASTIC.hoop_force_N(24.0) / ELASTIC.hoop_force_N(24.0) == approx(0.6429, abs=5e-4)
    assert SUPERELASTIC.peak_strain(24.0) == approx(0.0245, abs=2e-4)


def test_order_of_published_bench_values():
    """Morris et al. 2016: up to 3 N/cm of radial resistive force for the stiffest endografts (Zenith, Endurant II)."""
    per_cm = 10 * SUPERELASTIC.radial_force_N(24.0) / SUPERELASTIC.height_at_mm(24.0)
    assert per_cm == approx(3.07, abs=0.01)


def test_free_ring_and_fabric():
    assert ELASTIC.radial_force_N(28.0) == 0.0 and ELASTIC.radial_force_N(30.0) == 0.0
    assert ELASTIC.hoop_force_N(28.28) == approx(-0.01 * FABRIC_N, rel=1e-9)


def test_law_is_monotone_down_to_zero():
    table = law(SUPERELASTIC)
    assert table["diameter_mm"][0] == approx(16.8, rel=1e-12) and table["diameter_mm"][-1] == approx(28.0, rel=1e-12)
    assert (np.diff(table["radial_force_N"]) < 0).all() and table["radial_force_N"][-1] == 0.0


def test_ovalisation_stiffness_limits():
    """Struts along the vessel only twist, struts around it only bend."""
    flat = ZigZagRing(28.0, 0.01, 6, 0.4)
    assert flat.ovalisation_stiffness_Nmm2(28.0) == approx(flat.bending_stiffness_Nmm2, rel=1e-4)
    steep = ZigZagRing(28.0, 500.0, 6, 0.4)
    per_length = np.sin(steep.angle(28.0)) / 1.3
    assert steep.ovalisation_stiffness_Nmm2(28.0) == approx(per_length * steep.bending_stiffness_Nmm2, rel=1e-3)


@pytest.mark.parametrize("change", [{"peaks": 2}, {"height_mm": 0.0}, {"wire_diameter_mm": -0.4}, {"plateau_slope": 2.0}])
def test_impossible_rings_are_refused(change):
    with pytest.raises(StentError):
        ZigZagRing(**{"free_diameter_mm": 28.0, "height_mm": 9.0, "peaks": 6, "wire_diameter_mm": 0.4, **change})
