"""The Windkessel against solutions found another way."""

from __future__ import annotations

import numpy as np

from aorta.haemodynamics.windkessel import MMHG_S_PER_ML, Windkessel, fit_to_pressure
from aorta.verify.check import Check

_NAME = "windkessel"
_MODEL = Windkessel(1.3 * MMHG_S_PER_ML, 1.5 / MMHG_S_PER_ML, 0.06 * MMHG_S_PER_ML)
_PERIOD_s = 0.9


def windkessel() -> tuple[Check, ...]:
    """Sinusoidal flow against the complex impedance, decay without flow, and the fit of its own pressure."""
    time = np.linspace(0.0, _PERIOD_s, 4001)
    omega = 2 * np.pi / _PERIOD_s
    r, c, z = _MODEL.resistance, _MODEL.compliance, _MODEL.impedance
    flow = 6e4 + 4e4 * np.cos(omega * time)
    exact = 6e4 * (r + z) + 4e4 * ((r / (1 + 1j * omega * r * c) + z) * np.exp(1j * omega * time)).real
    sine = float(np.abs(_MODEL.pressure(time, flow) / exact - 1).max())

    beat = np.where(time < 0.3, 2e5, 0.0)
    late = time > 0.3 + _PERIOD_s / 4000
    fall = _MODEL.pressure(time, beat)[late]
    decay = float(np.abs(fall / (fall[0] * np.exp(-(time[late] - time[late][0]) / _MODEL.time_constant_s)) - 1).max())

    fitted = fit_to_pressure(time[::40], flow[::40], _MODEL.pressure(time[::40], flow[::40]), 3).model
    found = np.array([fitted.resistance, fitted.compliance, fitted.impedance])
    again = float(np.abs(found / (r, c, z) - 1).max())
    return (
        Check(_NAME, "sinusoidal flow: pressure against the complex impedance", sine, 5e-8, "share", "R/(1+iωRC)+Z"),
        Check(_NAME, "diastole: pressure against the exponential", decay, 1e-11, "share", "exp(-t/RC)"),
        Check(_NAME, "fit: parameters of a known model", again, 1e-8, "share", "the model's own pressure"),
    )
