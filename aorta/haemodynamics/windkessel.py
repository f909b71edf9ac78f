"""Two- and three-element Windkessel: arterial pressure from flow, exactly, and fitted to a measured one.

C dx/dt + x/R = Q,  p = p_distal + x + Z Q        (Z = 0: two elements)

x is the pressure over the compliance (Frank 1899; the third element Z, the characteristic impedance:
Westerhof, Lankhaar & Westerhof 2009, Med Biol Eng Comput 47:131). Where Q is linear between samples,
Q = q0 + s t, the solution is exact, with τ = R C:

x(t) = R (Q(t) - s τ) + (x0 - R (q0 - s τ)) exp(-t/τ),

and the periodic x0 follows from one turn, which is an affine map of x0. No time step enters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from aorta.errors import InputError
from aorta.haemodynamics.waveform import mean_over_time
from aorta.records import Array
from aorta.units import MMHG_IN_MPA

MMHG_S_PER_ML = MMHG_IN_MPA / 1e3
"""1 mmHg s/mL in MPa s/mm³."""


@dataclass(frozen=True)
class Windkessel:
    """Resistance and impedance in MPa s/mm³, compliance in mm³/MPa, distal pressure in MPa."""

    resistance: float
    compliance: float
    impedance: float = 0.0
    distal_pressure: float = 0.0

    @property
    def time_constant_s(self) -> float:
        """R C."""
        return self.resistance * self.compliance

    def pressure(self, time_s: Array, flow: Array) -> Array:
        """Periodic pressure (n,) in MPa at the samples of a flow (n,) in mm³/s, linear between them.

        The last sample closes the beat; if the flow differs there from the first, it jumps.
        """
        x = self._periodic_start(time_s, flow)
        out = [x]
        for part in zip(np.diff(time_s), flow[:-1], flow[1:]):
            x = self._advance(x, *part)
            out.append(x)
        return self.distal_pressure + np.array(out) + self.impedance * flow

    def _advance(self, x: float, step: float, start: float, end: float) -> float:
        """x after one interval of linear flow."""
        lag = (end - start) / step * self.time_constant_s
        return self.resistance * (end - lag) + (x - self.resistance * (start - lag)) * float(np.exp(-step / self.time_constant_s))

    def _periodic_start(self, time_s: Array, flow: Array) -> float:
        x = 0.0
        for part in zip(np.diff(time_s), flow[:-1], flow[1:]):
            x = self._advance(x, *part)
        return x / -float(np.expm1(-(time_s[-1] - time_s[0]) / self.time_constant_s))


@dataclass(frozen=True)
class Fit:
    """A fitted model, its pressure (n,) in MPa, and the root mean square of what it misses, in MPa."""

    model: Windkessel
    pressure: Array
    rms: float
    worst: float


def fit_to_pressure(time_s: Array, flow: Array, pressure: Array, elements: int, distal_pressure: float = 0.0) -> Fit:
    """Least squares of two or three parameters to a measured pressure (n,) in MPa.

    Every sample counts by the time it stands for. Parameters are sought as logarithms, so that they stay positive.

    Raises
    ------
    InputError
        Mean flow or mean pressure over the distal one is not positive; the fit did not converge.
    """
    start = _start(time_s, flow, mean_over_time(time_s, pressure) - distal_pressure)
    steps = np.diff(time_s)
    weights = np.sqrt((np.r_[0.0, steps] + np.r_[steps, 0.0]) / (2.0 * steps.sum()))
    typical = float(np.ptp(pressure))

    def misses(logs: Array) -> Array:
        return weights * (_model(logs, distal_pressure).pressure(time_s, flow) - pressure) / typical

    guesses = [np.log([start * (0.95 if elements == 3 else 1.0), tau / start, 0.05 * start][:elements]) for tau in (0.5, 1.5)]
    found = min((least_squares(misses, guess, xtol=1e-12, ftol=1e-12, gtol=1e-12) for guess in guesses), key=lambda f: f.cost)
    model = _model(found.x, distal_pressure)
    fitted = model.pressure(time_s, flow)
    if not found.success or not np.isfinite(fitted).all():
        raise InputError("no Windkessel fits the waveform", where="cycle.waveform of the case file", why=str(found.message),
                         fix="check that pressure and flow are of the same beat, or leave `windkessel` out")  # fmt: skip
    return Fit(model, fitted, float(np.linalg.norm(weights * (fitted - pressure))), float(np.abs(fitted - pressure).max()))


def fit_to_cuff(time_s: Array, flow: Array, systolic: float, diastolic: float) -> Fit:
    """The two-element model whose pressure runs exactly between two cuff pressures in MPa.

    Raises
    ------
    InputError
        No such model for this flow.
    """
    start = _start(time_s, flow, diastolic + (systolic - diastolic) / 3.0)

    def misses(logs: Array) -> Array:
        p = _model(logs, 0.0).pressure(time_s, flow)
        return np.array([p.max() / systolic, p.min() / diastolic]) - 1.0

    found = least_squares(misses, np.log([start, 1.5 / start]), xtol=1e-14, ftol=1e-14, gtol=1e-14)
    model = _model(found.x, 0.0)
    missed = float(np.abs(misses(found.x) * (systolic, diastolic)).max())
    if not missed <= 1e-6 * systolic:
        raise InputError(
            "no two-element Windkessel takes this flow to the blood pressure of the case",
            where="cycle.waveform of the case file",
            why=f"the nearest misses it by {missed / MMHG_IN_MPA:.2g} mmHg",
            fix="check the flow's unit and the blood pressure, or give the pressure in the file",
        )
    return Fit(model, model.pressure(time_s, flow), 0.0, missed)


def _model(logs: Array, distal_pressure: float) -> Windkessel:
    return Windkessel(*(float(v) for v in np.exp(logs)), distal_pressure=distal_pressure)


def _start(time_s: Array, flow: Array, driving_pressure: float) -> float:
    """Total resistance: mean driving pressure over mean flow."""
    mean = mean_over_time(time_s, flow)
    if mean <= 0.0 or driving_pressure <= 0.0:
        raise InputError(
            "a Windkessel needs a positive mean flow and pressure",
            where="cycle.waveform of the case file",
            why=f"mean flow {mean / 1e3:.3g} mL/s",
            fix="give the flow positive away from the heart",
        )
    return driving_pressure / mean
