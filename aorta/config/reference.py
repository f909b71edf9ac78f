"""``reference_page``: every key of the case file, as a Markdown page made from the settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, is_dataclass

from aorta.config.comments import comments_of, purpose_of
from aorta.config.names import LANDMARKS, OVERRIDABLE, materials
from aorta.config.shape import Kind, kind_of, members
from aorta.config.written import with_unit, written
from aorta.settings import Case

_HEAD = """\
# Case file

Made from the program's settings by `aorta schema --text`; do not edit by hand.

YAML 1.2 in UTF-8. Lengths, pressures, ages and moduli are written with their unit (`1.5 mm`,
`120 mmHg`); a number without one is refused. Points are `[left, posterior, superior]` in mm (LPS).
Paths are relative to the case file. Unknown and repeated keys, aliases and tags are refused; every
mistake is told at once, with line and column. A fact that is left out stays unknown: what needs it
is left out of the report, with the reason.
"""
_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def reference_page() -> str:
    """The page, in the file's order."""
    return "\n".join([_HEAD, *_body()]) + "\n"


def _body() -> Iterator[str]:
    yield "## Top\n"
    yield "| key | value | default | meaning |\n|---|---|---|---|"
    yield "| `schema_version` | 1 | required | of this format |"
    yield "| `case_id` | text | required | names the output folder: letters, digits, `-`, `_`, `.`; not the patient's name |"
    yield f"| `landmarks` | points by name | `{{}}` | {', '.join(f'`{name}`' for name in LANDMARKS)} |"
    measured = ", ".join(f"`{name}`" for name in OVERRIDABLE)
    yield f"| `overrides` | numbers by name | `{{}}` | the planner's own value of {measured} |\n"
    yield f"{purpose_of(Case)}\n"
    for name, kind, _ in members(Case):
        if is_dataclass(kind.type):
            yield from _section(name, kind.type)
    yield "## Materials\n"
    yield ", ".join(f"`{name}`" for name in materials()) + ".\n"
    yield "Equations, curves, parameters and their sources: [materials](../theory/materials.md).\n"


def _section(name: str, section: type) -> Iterator[str]:
    yield f"## `{name}`\n\n{purpose_of(section)}\n"
    yield "| key | value | default | meaning |\n|---|---|---|---|"
    comments = comments_of(section)
    for key, kind, default in members(section):
        shown = "required" if default is MISSING else "-" if default is None else f"`{written(default, kind)}`"
        yield f"| `{key}` | {_value(kind)} | {shown} | {comments[key].replace('|', '/')} |"
    yield ""


def _value(kind: Kind) -> str:
    if kind.choices:
        return ", ".join(f"`{choice}`" for choice in kind.choices)
    if kind.quantity:
        return f"{with_unit(kind.quantity.low, kind.quantity)} to {with_unit(kind.quantity.high, kind.quantity)}"
    if kind.range:
        return f"{_KINDS[kind.type]}, {kind.range.low:g} to {kind.range.high:g}"
    if kind.type is tuple and (choices := kind_of(kind.arguments[0]).choices):
        return "list of " + ", ".join(f"`{choice}`" for choice in choices)
    if kind.type is tuple:
        return "list of points" if kind.arguments[0] is not str else "list of texts"
    return "values by name" if kind.type is dict else _KINDS[kind.type]
