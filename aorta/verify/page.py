"""The page of verification results: ``aorta verify --page docs/reference/verification.md``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from functools import partial

from aorta.verify.check import Check
from aorta.verify.problems import GROUPS, PROBLEMS

_HEAD = """# Verification

Made by `aorta verify --page docs/reference/verification.md` from a run of every problem; do not edit by hand. A test
compares this page with what runs: the same problems, checks, references, meshes and bounds, and errors within them.

"share" is a relative error. A rate of convergence is shown as observed; its error is what it lacks of the expected one. Run one
problem or one group by name, `aorta verify tube-neo-hookean` or `aorta verify shells`; `--quick` leaves out the slow ones.
"""


def page(checks: Sequence[Check]) -> str:
    """The page of these checks, by group and problem."""
    return "\n".join([_HEAD, *_lines(checks)]).rstrip() + "\n"


def _lines(checks: Sequence[Check]) -> Iterator[str]:
    passed = sum(check.passed for check in checks)
    yield f"{len({check.name for check in checks})} problems, {len(checks)} checks, {passed} within their bounds.\n"
    for group, shows in GROUPS.items():
        names = [name for name, entry in PROBLEMS.items() if entry.group == group and any(c.name == name for c in checks)]
        if names:
            yield f"## {group}\n\n{shows}.\n"
        for name in names:
            yield from _problem(name, [check for check in checks if check.name == name])


def described(name: str) -> str:
    """What a problem is: the first line of its function's docstring."""
    run = PROBLEMS[name].run
    text = inspect.getdoc(run.func if isinstance(run, partial) else run) or ""
    return text.split("\n\n")[0].replace("\n", " ")


def _problem(name: str, checks: Sequence[Check]) -> Iterator[str]:
    yield f"### `{name}`\n\n{described(name)} Mesh: {checks[0].mesh}.\n"
    yield "| problem | quantity | reference | found | expected | error | bound |\n|---|---|---|---|---|---|---|"
    yield from map(row, checks)
    yield ""


def fixed_part(check: Check) -> str:
    """The part of a row that no rounding changes."""
    return f"| {check.problem} | {check.quantity} | {check.source} |"


def row(check: Check) -> str:
    """A check as a row of its problem's table."""
    numbers = " | ".join("" if number is None else f"{number:.6g}" for number in (check.value, check.reference))
    unit = "" if check.unit == "1" else f" {check.unit}"
    return f"{fixed_part(check)} {numbers} | {check.error:.2g}{unit} | {check.bound:.2g}{unit} |"
