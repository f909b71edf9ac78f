"""The Windkessel against its exact solutions, and its fit."""

import json

import numpy as np
import pytest
from published import published
from scipy.integrate import solve_ivp

from aorta.errors import InputError
from aorta.haemodynamics.windkessel import MMHG_S_PER_ML, Windkessel, fit_to_cuff, fit_to_pressure
from aorta.units import MMHG_IN_MPA, mmhg

R, C, Z = 1.3 * MMHG_S_PER_ML, 1.5 / MMHG_S_PER_ML, 0.06 * MMHG_S_PER_ML
TIME = np.linspace(0.0, 0.9, 91)
FLOW = 1e3 * (60.0 + 130.0 * np.exp(-(((TIME - 0.15) / 0.07) ** 2)))


def test_constant_flow_gives_ohms_law():
    np.testing.assert_allclose(Windkessel(R, C, Z, 1e-4).pressure(TIME, 0 * TIME + 5e4), 1e-4 + (R + Z) * 5e4, rtol=1e-12)


def test_diastole_is_the_exponential():
    """Without inflow the pressure falls by exp(-t/RC), whatever went before."""
    flow = np.where(TIME < 0.3, 1e5, 0.0)
    p = Windkessel(R, C).pressure(TIME, flow)
    late = TIME >= 0.31
    np.testing.assert_allclose(p[late], p[late][0] * np.exp(-(TIME[late] - TIME[late][0]) / (R * C)), rtol=1e-12)


def test_sinusoidal_flow_has_the_known_impedance():
    """p = |Zw| Q, Zw = R / (1 + iωRC) + Z; the error is that of drawing a sine by lines."""
    time = np.linspace(0.0, 0.9, 2001)
    omega = 2 * np.pi / 0.9
    wave = (R / (1 + 1j * omega * R * C) + Z) * np.exp(1j * omega * time)
    p = Windkessel(R, C, Z).pressure(time, 1e5 + 4e4 * np.cos(omega * time))
    np.testing.assert_allclose(p, 1e5 * (R + Z) + 4e4 * wave.real, rtol=3e-6)


def test_periodic_start_is_what_many_beats_reach():
    def slope(t, x):
        return (np.interp(t, TIME, FLOW) - x / R) / C

    x = [0.1e-3]
    for _ in range(30):
        x = solve_ivp(slope, (0, 0.9), x, rtol=1e-10, atol=1e-16, max_step=0.01).y[:, -1]
    p = Windkessel(R, C).pressure(TIME, FLOW)
    assert p[0] == pytest.approx(x[0], rel=1e-6)
    assert p[-1] == pytest.approx(p[0], rel=1e-12)  # the flow closes to within exp(-115)


@pytest.mark.parametrize("elements", [2, 3])
def test_fit_finds_the_model_again(elements):
    model = Windkessel(R, C, Z if elements == 3 else 0.0)
    fit = fit_to_pressure(TIME, FLOW, model.pressure(TIME, FLOW), elements)
    found = (fit.model.resistance, fit.model.compliance, *([fit.model.impedance] if elements == 3 else []))
    np.testing.assert_allclose(found, (R, C, Z)[:elements], rtol=1e-6)
    assert mmhg(fit.rms) == pytest.approx(0.0, abs=1e-6)


def test_fit_to_cuff_runs_between_its_pressures():
    fit = fit_to_cuff(TIME, FLOW, 130 * MMHG_IN_MPA, 80 * MMHG_IN_MPA)
    assert mmhg(fit.pressure.max()) == pytest.approx(130, rel=1e-6)
    assert mmhg(fit.pressure.min()) == pytest.approx(80, rel=1e-6)


def test_flow_towards_the_heart_is_refused():
    with pytest.raises(InputError, match="positive mean flow"):
        fit_to_pressure(TIME, -FLOW, 0 * TIME + 0.012, 2)


@pytest.mark.real
def test_fit_of_a_measured_aneurysm():
    """Errors of both models against the pressure of a patient's 0-D model (CGS units in the file)."""
    data = json.loads(published("aaa-haemodynamics/0140_2001_calibrate_from_0d.json").read_text())
    time = np.array(data["boundary_conditions"][0]["bc_values"]["t"])
    flow = 1e3 * np.array(data["y"]["flow:INFLOW:branch0_seg0"])
    pressure = 1e-7 * np.array(data["y"]["pressure:INFLOW:branch0_seg0"])
    two, three = (fit_to_pressure(time, flow, pressure, n) for n in (2, 3))
    assert mmhg(two.rms) == pytest.approx(13.05, abs=0.1)
    assert mmhg(three.rms) == pytest.approx(1.55, abs=0.02)
    assert mmhg(three.pressure.max()) == pytest.approx(129.09, abs=0.1)  # measured: 129.25
    assert mmhg(three.pressure.min()) == pytest.approx(83.14, abs=0.1)  # measured: 81.70
