"""States over the heart beat, one after the other: each starts from the last, with its factorisation.

Where surrounding tissue has damping, the states along a waveform depend on those before: backward
Euler from instant to instant, beat after beat until a beat ends as it began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from aorta.mechanics import stress
from aorta.mechanics.newton import Newton
from aorta.records import Finding, HeartCycle, Progress, State
from aorta.settings import MechanicsSettings

Range = tuple[float, float]
_LARGEST_STEP_MPa = 5.3e-3
"""40 mmHg, the usual pulse: steps of that size converge at once from a prestressed equilibrium."""

_SETTLED, _MOST_BEATS = 1e-3, 6
"""Change from beat to beat, over the motion within one, that counts as none; and beats at most."""


def pressures_of(cycle: HeartCycle | None) -> Iterator[tuple[str, float, float | None]]:
    """Name, pressure in MPa and time in s of each further state, in the order in which they are solved: down from
    systole to the mean and diastole, then along the waveform."""
    if cycle is None:
        return
    for name, pressure in sorted(cycle.named.items(), key=lambda item: -item[1]):
        yield name, pressure, None
    for index, (time, pressure) in enumerate(zip(cycle.time_s, cycle.pressure_MPa)):
        yield f"wave_{index:02d}", float(pressure), float(time)


def states_along(
    forward: Newton, cycle: HeartCycle | None, settings: MechanicsSettings, progress: Progress
) -> tuple[list[tuple[State, Range]], tuple[Finding, ...]]:
    """States and the range of their volume ratio J, from the equilibrium in which ``forward`` stands; and findings.

    Raises
    ------
    SolverError
        No equilibrium at one of the pressures.
    """
    wanted, found = tuple(pressures_of(cycle)), []
    around = forward.equilibrium.around
    damped = around is not None and around.what.damped and len(cycle.time_s if cycle is not None else ()) > 0
    for done, (name, pressure, time) in enumerate(wanted):
        if damped and time is not None:
            break
        progress(f"heart beat: {name}", done / len(wanted))
        _go(forward, pressure, settings)
        found.append(stress.state(forward.equilibrium, name, time, forward.reactions()))
    if not damped:
        return found, ()
    beat, rhythm = _steady_beat(forward, cycle, settings, progress)
    return found + beat, rhythm


def _go(forward: Newton, pressure: float, settings: MechanicsSettings, always: bool = False) -> None:
    now = float(forward.equilibrium.pressure.value)
    if pressure != now or always:
        step = min(1.0, _LARGEST_STEP_MPa / max(abs(pressure - now), 1e-12))
        forward.run(now, pressure, first_step=step, minimum_step=settings.minimum_step)


def _steady_beat(
    forward: Newton, cycle: HeartCycle, settings: MechanicsSettings, progress: Progress
) -> tuple[list[tuple[State, Range]], tuple[Finding, ...]]:
    """The last of as many beats as it takes until one ends where it began; it starts from rest at the last instant."""
    equilibrium = forward.equilibrium
    read = lambda: equilibrium.body.domain.read(equilibrium.u.x.array)  # noqa: E731
    instants = [(name, pressure, time) for name, pressure, time in pressures_of(cycle) if time is not None]
    times = np.array([time for _, _, time in instants])
    period = cycle.period_s or float(times[-1] - times[0]) * len(times) / max(len(times) - 1, 1)
    durations = np.diff(times, prepend=times[-1] - period)
    _go(forward, instants[-1][1], settings)
    before = read()
    for number in range(1, _MOST_BEATS + 1):
        start, found, excursion = before, [], 0.0
        for (name, pressure, time), duration in zip(instants, durations):
            progress(f"heart beat {number}: {name}", None)
            equilibrium.around.set_time_step(float(duration), before)
            _go(forward, pressure, settings, always=True)
            now = read()
            state, volumes = stress.state(equilibrium, name, time, forward.reactions())
            found.append((replace(state, velocity_mm_per_s=(now - before) / duration), volumes))
            before, excursion = now, max(excursion, float(np.abs(now - start).max()))
        change = float(np.abs(before - start).max())
        if change <= _SETTLED * excursion:
            break
    equilibrium.around.set_time_step(None, None)
    settled = change <= _SETTLED * excursion
    caution = "" if settled else "the beat has not become periodic: damping is large against stiffness"
    method = "largest component by which the last beat ends apart from where it began"
    return found, (
        Finding("beats_until_periodic", float(number), "1", "beats that were run, the last is reported"),
        Finding("beat_to_beat_change_mm", change, "mm", method, valid=settled, caution=caution),
    )
