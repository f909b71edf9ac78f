"""A pressure waveform of one heart beat from a CSV file whose header carries the units.

    time_s,pressure_mmHg
    0.00,81.7
    ...

Columns: ``time`` and ``pressure`` or ``flow`` or both, in any order, each with its unit behind an
underscore. The beat runs from the first row to the last; the last row closes it.
"""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import numpy as np

from aorta.errors import InputError, on_os_error
from aorta.records import Array, PressureWave
from aorta.units import MMHG_IN_MPA, mmhg

UNITS: dict[str, dict[str, float]] = {
    "time": {"s": 1.0, "ms": 1e-3},
    "pressure": {"mmHg": MMHG_IN_MPA, "kPa": 1e-3, "Pa": 1e-6, "MPa": 1.0, "dyn_per_cm2": 1e-7},
    "flow": {"mL_per_s": 1e3, "cm3_per_s": 1e3, "L_per_min": 1e6 / 60.0, "mm3_per_s": 1.0},
}
"""Column -> unit -> factor to s, MPa, mm³/s."""

PRESSURE_mmHg = (20.0, 300.0)
PERIOD_s = (0.25, 3.0)
"""20 to 240 beats a minute."""
FLOW_mL_per_s = (-500.0, 1500.0)
"""Of the aorta; peak flow at its root at exercise stays below 1000."""
LEAST_ROWS = 8
MAX_BYTES = 4 * 1024 * 1024
_OPEN_CAUTION, _OPEN_ERROR = 0.05, 0.25
"""Share of the range by which the last row may differ from the first."""
_FIX = "write a header such as 'time_s,pressure_mmHg' and one row per instant, first to last row one heart beat"


def read_waveform(path: Path, called: str = "cycle.waveform of the case file") -> PressureWave:
    """Read a waveform.

    Parameters
    ----------
    called : str
        Stands for the path in messages.

    Raises
    ------
    InputError
        No or unknown unit, a row that is not numbers, time that does not increase, implausible values, a beat
        that does not close. Told with the line.
    """
    rows = _rows(path, called)
    columns = _columns(rows[0][1], called)
    values = np.array([_numbers(cells, len(rows[0][1]), f"{called}, line {line}") for line, cells in rows[1:]])
    if len(values) < LEAST_ROWS:
        raise InputError(
            "the waveform has too few rows",
            where=called,
            why=f"{len(values)} of at least {LEAST_ROWS}",
            fix="sample it more finely",
        )
    data = {name: values[:, column] * factor for name, (column, factor) in columns.items()}
    lines = np.array([line for line, _ in rows[1:]])
    _check_time(data["time"], lines, called)
    if "pressure" in data:
        _check_range(mmhg(data["pressure"]), PRESSURE_mmHg, "pressure", "mmHg", lines, called)
    if "flow" in data:
        _check_range(data["flow"] / 1e3, FLOW_mL_per_s, "flow", "mL/s", lines, called)
    cautions = tuple(c for name in ("pressure", "flow") if name in data for c in _closed(data[name], name, called))
    return PressureWave(data["time"] - data["time"][0], data.get("pressure"), data.get("flow"), "the file", (), cautions)


def mean_over_time(time_s: Array, values: Array) -> float:
    """Mean of a piecewise linear curve over its whole time."""
    return float(np.sum((values[1:] + values[:-1]) / 2.0 * np.diff(time_s)) / (time_s[-1] - time_s[0]))


def _rows(path: Path, called: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of every row that is neither empty nor a comment, the header first."""
    try:
        with (
            on_os_error(InputError("the waveform cannot be read", where=called, fix="correct the path")),
            path.open("rb") as stream,
        ):
            content = stream.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("the waveform is not text in UTF-8", where=called, fix="save it as CSV in UTF-8") from None
    if len(content) > MAX_BYTES:
        raise InputError("the waveform is too large to be one heart beat", where=called, fix=_FIX)
    try:
        read = list(csv.reader(text.splitlines(), strict=True))
    except csv.Error as problem:
        raise InputError("the waveform is not a CSV file", where=called, why=str(problem), fix=_FIX) from None
    rows = [(line, [cell.strip() for cell in cells]) for line, cells in enumerate(read, 1)]
    rows = [(line, cells) for line, cells in rows if any(cells) and not cells[0].startswith("#")]
    if not rows:
        raise InputError("the waveform is empty", where=called, fix=_FIX)
    return rows


def _columns(header: list[str], called: str) -> dict[str, tuple[int, float]]:
    """Name -> (column, factor to the internal unit)."""
    found: dict[str, tuple[int, float]] = {}
    for column, title in enumerate(header):
        name, _, unit = title.partition("_")
        if name not in UNITS:
            continue
        known = ", ".join(f"{name}_{u}" for u in UNITS[name])
        if not unit:
            raise InputError(f"column '{name}' of the waveform has no unit", where=f"{called}, header", fix=f"write one of {known}")
        if unit not in UNITS[name]:
            raise InputError(
                f"column '{name}' of the waveform has an unknown unit",
                where=f"{called}, header",
                why=f"'{re.sub('[^ -~]', '?', unit)[:20]}'",
                fix=f"write one of {known}",
            )
        if name in found:
            raise InputError(f"the waveform has two columns '{name}'", where=f"{called}, header", fix="keep one of them")
        found[name] = (column, UNITS[name][unit])
    if "time" not in found or not {"pressure", "flow"} & set(found):
        missing = "time" if "time" not in found else "pressure or flow"
        raise InputError(f"the waveform has no column of {missing}", where=f"{called}, header", fix=_FIX)
    return found


def _numbers(cells: list[str], count: int, where: str) -> list[float]:
    if len(cells) != count:
        raise InputError(
            "a row of the waveform has not as many cells as the header", where=where, why=f"{len(cells)}, not {count}", fix=_FIX
        )
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        raise InputError("a row of the waveform is not numbers", where=where, fix="write numbers with a decimal point") from None
    if not all(map(math.isfinite, numbers)):
        raise InputError("a number of the waveform is not finite", where=where, fix="leave out rows without a value")
    return numbers


def _check_time(time: Array, lines: Array, called: str) -> None:
    back = np.flatnonzero(np.diff(time) <= 0)
    if len(back):
        at = int(back[0]) + 1
        raise InputError(
            "the time of the waveform does not increase",
            where=f"{called}, line {lines[at]}",
            why=f"{time[at]:g} s after {time[at - 1]:g} s",
            fix="sort the rows and remove repeated ones",
        )
    period = float(time[-1] - time[0])
    if not PERIOD_s[0] <= period <= PERIOD_s[1]:
        raise InputError(
            "the waveform is not one heart beat long",
            where=called,
            why=f"{period:.4g} s from first to last row; plausible are {PERIOD_s[0]:g} to {PERIOD_s[1]:g} s",
            fix="check the unit of time in the header; keep one beat",
        )


def _check_range(values: Array, limits: tuple[float, float], name: str, unit: str, lines: Array, called: str) -> None:
    wrong = np.flatnonzero((values < limits[0]) | (values > limits[1]))
    if len(wrong):
        raise InputError(
            f"the {name} of the waveform is implausible",
            where=f"{called}, line {lines[wrong[0]]}",
            why=f"{values[wrong[0]]:.4g} {unit}; plausible are {limits[0]:g} to {limits[1]:g} {unit}",
            fix="check the unit in the header",
        )


def _closed(values: Array, name: str, called: str) -> tuple[str, ...]:
    """A caution where the last row does not return to the first."""
    span = float(np.ptp(values))
    if span == 0.0:
        raise InputError(f"the {name} of the waveform is constant", where=called, fix="give the curve over one heart beat")
    gap = abs(float(values[-1] - values[0])) / span
    if gap > _OPEN_ERROR:
        raise InputError(
            f"the {name} of the waveform is not one closed heart beat",
            where=called,
            why=f"its last value differs from its first by {gap:.0%} of its range",
            fix="cut it from one foot of the curve to the next",
        )
    return (
        (f"waveform: the {name} of the last row differs from the first by {gap:.0%} of its range",) if gap > _OPEN_CAUTION else ()
    )
