"""Units: mm, MPa, N, s inside; a quantity in a file always carries its unit.

``Quantity("mm", 0.2, 10)`` is put in an ``Annotated`` type (see ``settings.py``); the case-file
reader then takes ``1.5 mm`` or ``0.15 cm``, and refuses ``1.5`` and ``1.5 kPa`` with the fix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MMHG_IN_MPA = 133.322387415e-6
"""1 mmHg in MPa (BIPM, conventional millimetre of mercury)."""

# unit -> (dimension, factor to the internal unit of that dimension)
_UNITS: dict[str, tuple[str, float]] = {
    "mm": ("length", 1.0),
    "cm": ("length", 10.0),
    "m": ("length", 1000.0),
    "um": ("length", 1e-3),
    "MPa": ("pressure", 1.0),
    "kPa": ("pressure", 1e-3),
    "Pa": ("pressure", 1e-6),
    "mmHg": ("pressure", MMHG_IN_MPA),
    "N/cm2": ("pressure", 1e-2),
    "N": ("force", 1.0),
    "mN": ("force", 1e-3),
    "s": ("time", 1.0),
    "ms": ("time", 1e-3),
    "deg": ("angle", 1.0),
    "years": ("age", 1.0),
    "HU": ("attenuation", 1.0),
    "%": ("share", 0.01),
    "N/mm": ("line force", 1.0),
    "MPa/mm": ("foundation", 1.0),
    "kPa/mm": ("foundation", 1e-3),
    "MPa s/mm": ("damping", 1.0),
    "kPa s/mm": ("damping", 1e-3),
}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TEXT = re.compile(rf"^\s*({_NUMBER})\s*([^\d\s.+-].*?)\s*$")


@dataclass(frozen=True)
class Quantity:
    """A number with a unit in a file, and its plausible range.

    Parameters
    ----------
    unit : str
        The internal unit, which also names the dimension.
    low, high : float, in `unit`
        Inclusive bounds; outside them the value is refused as implausible.
    example : str
        What the error message suggests.
    """

    unit: str
    low: float = float("-inf")
    high: float = float("inf")
    example: str = ""

    def parse(self, value: Any) -> float:
        """The value in the internal unit.

        Raises
        ------
        ValueError
            No unit, an unknown unit, another dimension, or out of range; the message has the fix.
        """
        dimension = _UNITS[self.unit][0]
        example = self.example or f"1 {self.unit}"
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError(f"expected a {dimension} with its unit, e.g. '{example}'")
        if isinstance(value, (int, float)):
            raise ValueError(f"{value:g} has no unit; write e.g. '{value:g} {example.split(maxsplit=1)[1]}'")
        match = _TEXT.match(value)
        if match is None:
            raise ValueError(f"'{value}' is not a {dimension} with its unit; write e.g. '{example}'")
        number, unit = float(match[1]), match[2]
        known = [name for name, (dim, _) in _UNITS.items() if dim == dimension]
        if unit not in _UNITS:
            raise ValueError(f"unknown unit '{unit}'; a {dimension} is given in {', '.join(known)}")
        if _UNITS[unit][0] != dimension:
            raise ValueError(f"'{value}' is a {_UNITS[unit][0]}; expected a {dimension} in {', '.join(known)}")
        result = number * _UNITS[unit][1] / _UNITS[self.unit][1]
        if not self.low <= result <= self.high:
            factor = _UNITS[self.unit][1] / _UNITS[unit][1]
            meant = [u for u in known if self.low <= number * _UNITS[u][1] / _UNITS[self.unit][1] <= self.high]
            hint = f"; is it {match[1]} {' or '.join(meant)}?" if meant else ""
            raise ValueError(
                f"{value} is outside the plausible range {self.low * factor:.4g} to {self.high * factor:.4g} {unit}{hint}"
            )
        return result

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        units = [name for name, (dim, _) in _UNITS.items() if dim == _UNITS[self.unit][0]]
        units_pattern = "|".join(re.escape(name) for name in units)
        return {
            "type": "string",
            "pattern": rf"^\s*{_NUMBER}\s*({units_pattern})\s*$",
            "examples": [self.example or f"1 {self.unit}"],
        }


@dataclass(frozen=True)
class Range:
    """The plausible range, inclusive, of a number that has no unit (a count, a share)."""

    low: float
    high: float

    def check(self, value: float) -> float:
        """The value itself.

        Raises
        ------
        ValueError
            Out of range.
        """
        if not self.low <= value <= self.high:
            raise ValueError(f"{value:g} is outside the plausible range {self.low:g} to {self.high:g}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "minimum": self.low, "maximum": self.high}


def mmhg(pressure_MPa: float) -> float:
    """Pressure in mmHg from MPa."""
    return pressure_MPa / MMHG_IN_MPA


def kpa(stress_MPa: Any) -> Any:
    """Stress in kPa from MPa; a number or an array of any shape."""
    return stress_MPa * 1000.0
