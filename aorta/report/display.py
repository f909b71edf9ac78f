"""How numbers look on paper: three significant digits, as the sources deserve."""

from __future__ import annotations

import math
from collections.abc import Iterable

DASH = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def show(value: object, unit: str = "") -> str:
    """A number with three significant digits; whole pure numbers (counts) and texts as they are; "–" for None and NaN.

    >>> show(43.2176), show(0.061249), show(1234.5), show(3.14e-9), show(8064), show(7.0, "1"), show(7.0, "mm")
    ('43.2', '0.0612', '1230', '3.14 × 10⁻⁹', '8\xa0064', '7', '7.00')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return DASH
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) or (unit == "1" and value.is_integer() and abs(value) < 1e15):
        return f"{int(value):,}".replace(",", "\N{NO-BREAK SPACE}")
    rounded = float(f"{value:.2e}")
    if rounded == 0 or 1e-3 <= abs(rounded) < 1e6:
        decimals = max(0, 2 - math.floor(math.log10(abs(rounded)))) if rounded else 0
        return f"{rounded:.{decimals}f}".replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.replace('-', '−')} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def unit(text: str) -> str:
    """A unit as printed; a pure number has none."""
    return {"1": "", "share": "", "deg": "°", "mm2": "mm²", "mm3": "mm³", "N/cm2": "N/cm²"}.get(text, text)


_SUFFIXES = ("_N_per_mm", "_mm3", "_mm2", "_mm", "_mL", "_kPa", "_MPa", "_deg", "_HU", "_mmHg", "_percent")
_WORDS = ((" p99", ", 99th percentile"), (" max", ", maximum"), (" min", ", minimum"))


def label(name: str) -> str:
    """A finding's name as words, without its unit.

    >>> label("wall_stress_p99_kPa"), label("neck_angulation_deg"), label("max_diameter_mm")
    ('Wall stress, 99th percentile', 'Neck angulation', 'Maximum diameter')
    """
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            name = name.removesuffix(suffix)
            break
    words = name.replace("_", " ")
    for short, long in _WORDS:
        words = words.removesuffix(short) + long if words.endswith(short) else words
    words = "maximum " + words.removeprefix("max ") if words.startswith("max ") else words
    return words[:1].upper() + words[1:]


def sentence_list(items: Iterable[str]) -> str:
    """ "a, b and c"."""
    items = list(items)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""
