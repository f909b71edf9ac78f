"""From the case's ``cycle`` section to the pressures that the mechanics solves for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aorta.errors import InputError
from aorta.haemodynamics.waveform import mean_over_time
from aorta.haemodynamics.windkessel import MMHG_S_PER_ML, Fit, fit_to_cuff, fit_to_pressure
from aorta.records import Array, Finding, HeartCycle, PressureWave
from aorta.settings import BloodPressure, CycleSettings
from aorta.units import mmhg

_CUFF_GAP = 0.05
"""Share of the systolic pressure by which a waveform's extremes may differ from the cuff's without a word."""
_FILE = "cycle.waveform of the case file"
_WINDKESSEL = "Westerhof, Lankhaar & Westerhof 2009, Med Biol Eng Comput 47:131"


def plan_cycle(settings: CycleSettings, pressure: BloodPressure, given: PressureWave | None) -> HeartCycle | None:
    """The states to solve for beyond those at imaging and systole; None where none is wanted.

    Parameters
    ----------
    given : PressureWave or None
        What ``settings.waveform`` holds.

    Raises
    ------
    InputError
        The waveform has not what the settings ask of it.
    """
    wave = _resolve(settings, pressure, given) if given is not None else None
    named = {name: p for name, p in _named(pressure, wave).items() if name in settings.states}
    if not named and wave is None:
        return None
    findings = (*(wave.findings if wave else ()), *_mean_finding(named, wave))
    if wave is None:
        return HeartCycle(named, np.empty(0), np.empty(0), findings)
    times = sample_times(wave.time_s, wave.pressure_MPa, settings.samples)
    sampled = np.interp(times, wave.time_s, wave.pressure_MPa)
    period = float(wave.time_s[-1] - wave.time_s[0])
    return HeartCycle(named, times, sampled, findings, (*wave.cautions, *_against_cuff(wave, pressure)), period)


def sample_times(time_s: Array, pressure: Array, count: int) -> Array:
    """``count`` instants over the beat, evenly spaced but for two: those nearest to its highest and lowest pressure
    stand exactly there. First and last instant of the beat are the same phase; the last is left out."""
    times, taken = np.linspace(time_s[0], time_s[-1], count, endpoint=False), np.zeros(count, bool)
    for extreme in (int(np.argmax(pressure)), int(np.argmin(pressure))):
        at = float(time_s[extreme]) if extreme < len(time_s) - 1 else float(time_s[0])
        if at not in times[taken] and not taken.all():
            nearest = np.argmin(np.where(taken, np.inf, np.abs(times - at)))
            times[nearest], taken[nearest] = at, True
    return np.unique(times)


def _named(pressure: BloodPressure, wave: PressureWave | None) -> dict[str, float]:
    """Pressures of the named states; the mean is the waveform's, else a third of the way up (the usual rule)."""
    third = pressure.diastolic + (pressure.systolic - pressure.diastolic) / 3.0
    mean = mean_over_time(wave.time_s, wave.pressure_MPa) if wave is not None else third
    return {"diastole": pressure.diastolic, "mean": mean}


def _mean_finding(named: dict[str, float], wave: PressureWave | None) -> tuple[Finding, ...]:
    if "mean" not in named:
        return ()
    method = "mean over time of the waveform" if wave else "diastolic plus a third of the pulse pressure"
    return (Finding("mean_pressure_mmHg", mmhg(named["mean"]), "mmHg", method),)


def _resolve(settings: CycleSettings, pressure: BloodPressure, given: PressureWave) -> PressureWave:
    """The wave with a pressure: as given, or of the Windkessel that fits."""
    if settings.windkessel == "none":
        if given.pressure_MPa is None:
            raise InputError(
                "the waveform has no pressure", where=_FILE, fix="add a column of pressure, or `windkessel: two-element`"
            )
        return given
    if given.flow_mm3_per_s is None:
        raise InputError("a Windkessel needs the flow", where=_FILE, fix="add a column such as 'flow_mL_per_s'")
    elements = 3 if settings.windkessel == "three-element" else 2
    if given.pressure_MPa is not None:
        fit = fit_to_pressure(given.time_s, given.flow_mm3_per_s, given.pressure_MPa, elements)
    elif elements == 2:
        fit = fit_to_cuff(given.time_s, given.flow_mm3_per_s, pressure.systolic, pressure.diastolic)
    else:
        raise InputError(
            "a three-element Windkessel cannot be fitted without the pressure over time",
            where=_FILE,
            why="systolic and diastolic pressure are two facts for three unknowns",
            fix="add a column of pressure, or write `windkessel: two-element`",
        )
    return replace(given, pressure_MPa=fit.pressure, source=f"{settings.windkessel} Windkessel", findings=fit_findings(fit, given))


def fit_findings(fit: Fit, given: PressureWave) -> tuple[Finding, ...]:
    """Parameters of a fitted model and how well it fits."""
    model = fit.model
    against = "the waveform's pressure" if given.pressure_MPa is not None else "systolic and diastolic pressure"
    how = f"least squares to {against}, given its flow; distal pressure 0"

    def parameter(name: str, value: float, unit: str) -> Finding:
        return Finding(f"windkessel_{name}", value, unit, how, _WINDKESSEL)

    found = [
        parameter("resistance_mmHg_s_per_mL", model.resistance / MMHG_S_PER_ML, "mmHg s/mL"),
        parameter("compliance_mL_per_mmHg", model.compliance * MMHG_S_PER_ML, "mL/mmHg"),
    ]
    if model.impedance:
        found.append(parameter("impedance_mmHg_s_per_mL", model.impedance / MMHG_S_PER_ML, "mmHg s/mL"))
    if given.pressure_MPa is not None:
        of = "fitted less measured pressure over the beat"
        found.append(Finding("windkessel_error_rms_mmHg", mmhg(fit.rms), "mmHg", f"root mean square of {of}"))
        found.append(Finding("windkessel_error_max_mmHg", mmhg(fit.worst), "mmHg", f"largest {of}"))
    return tuple(found)


def _against_cuff(wave: PressureWave, pressure: BloodPressure) -> tuple[str, ...]:
    high, low = float(wave.pressure_MPa.max()), float(wave.pressure_MPa.min())
    if max(abs(high - pressure.systolic), abs(low - pressure.diastolic)) <= _CUFF_GAP * pressure.systolic:
        return ()
    return (
        f"the waveform runs from {mmhg(low):.0f} to {mmhg(high):.0f} mmHg, the case's blood pressure from "
        f"{mmhg(pressure.diastolic):.0f} to {mmhg(pressure.systolic):.0f} mmHg; indices are at the latter",
    )
