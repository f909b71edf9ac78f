"""States over the heart beat, one after the other: each starts from the last, with its factorisation."""

from __future__ import annotations

from collections.abc import Iterator

from aorta.mechanics import stress
from aorta.mechanics.newton import Newton
from aorta.records import HeartCycle, Progress, State
from aorta.settings import MechanicsSettings

Range = tuple[float, float]
_LARGEST_STEP_MPa = 5.3e-3
"""40 mmHg, the usual pulse: steps of that size converge at once from a prestressed equilibrium."""


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
) -> Iterator[tuple[State, Range]]:
    """States and the range of their volume ratio J, from the equilibrium in which ``forward`` stands.

    Raises
    ------
    SolverError
        No equilibrium at one of the pressures.
    """
    wanted = tuple(pressures_of(cycle))
    for done, (name, pressure, time) in enumerate(wanted):
        progress(f"heart beat: {name}", done / len(wanted))
        now = float(forward.equilibrium.pressure.value)
        if pressure != now:
            step = min(1.0, _LARGEST_STEP_MPa / abs(pressure - now))
            forward.run(now, pressure, first_step=step, minimum_step=settings.minimum_step)
        yield stress.state(forward.equilibrium, name, time)
