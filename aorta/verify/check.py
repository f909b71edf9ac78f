"""One result of a verification problem: an error and its bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """An error against its bound.

    Parameters
    ----------
    problem, quantity : str
    error, bound : float, in `unit`
        Passed where ``error <= bound``. For a rate of convergence the error is what it lacks of the expected rate.
    source : str
        The exact solution or the other program.
    value, reference : float or None
        What was compared, where it is one number.
    name, mesh : str
        The problem's name in ``aorta verify`` and the sizes of its meshes; filled in where it is run.
    """

    problem: str
    quantity: str
    error: float
    bound: float
    unit: str
    source: str
    value: float | None = None
    reference: float | None = None
    name: str = ""
    mesh: str = ""

    @property
    def passed(self) -> bool:
        """Whether the error is within its bound (an error that is not a number is not)."""
        return bool(self.error <= self.bound)

    def as_dict(self) -> dict[str, object]:
        """For ``--json``."""
        return {**self.__dict__, "passed": self.passed}


def relative(problem: str, quantity: str, value: float, reference: float, bound: float, source: str) -> Check:
    """A number against its reference, relative error."""
    return Check(problem, quantity, abs(value / reference - 1), bound, "share", source, float(value), float(reference))


def rate(problem: str, quantity: str, observed: float, expected: float, source: str, slack: float = 0.35) -> Check:
    """An observed rate of convergence against the expected one."""
    return Check(problem, quantity, expected - observed, slack, "1", source, float(observed), float(expected))


Problem = Callable[[], tuple[Check, ...]]
