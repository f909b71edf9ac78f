"""Values as they are written in a case file: with units, short, and exact when read back."""

from __future__ import annotations

from typing import Any

from aorta.config.shape import Kind, kind_of
from aorta.units import Quantity


def written(value: Any, kind: Kind) -> str:
    """One value (a scalar, a point, a list or a small mapping) in YAML flow style."""
    if value is None:
        return "null"
    if kind.quantity is not None:
        return with_unit(value, kind.quantity)
    if kind.type is dict:
        child = kind_of(kind.arguments[1])
        return "{" + ", ".join(f"{key}: {written(item, child)}" for key, item in value.items()) + "}"
    if kind.type is tuple:
        repeated = kind.arguments[-1] is Ellipsis
        kinds = [kind_of(kind.arguments[0 if repeated else index]) for index in range(len(value))]
        return "[" + ", ".join(written(item, child) for item, child in zip(value, kinds)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    return _text(value) if isinstance(value, str) else str(value)


def with_unit(value: float, quantity: Quantity) -> str:
    """In the unit of the quantity's example (``120 mmHg``) where that reads back exactly, else in ours."""
    unit = quantity.example.split(maxsplit=1)[1] if quantity.example else quantity.unit
    short = f"{_number(value / Quantity(quantity.unit).parse(f'1 {unit}'))} {unit}"
    return short if Quantity(quantity.unit).parse(short) == value else f"{value!r} {quantity.unit}"


def _number(value: float) -> str:
    short = f"{value:.12g}"
    return short if float(short) == value else repr(value)


def _text(value: str) -> str:
    """Bare where YAML reads it back as the same text, else in double quotes."""
    plain = value.replace("-", "").replace("_", "").replace("/", "").replace(".", "").replace(" ", "")
    if (
        plain.isascii()
        and plain.isalnum()
        and value[0].isalpha()
        and value == value.strip()
        and value not in ("true", "false", "null")
    ):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
