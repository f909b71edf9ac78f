"""One reported number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records.base import require


@dataclass(frozen=True)
class Finding:
    """One reported number, with all that is needed to trust or distrust it.

    Parameters
    ----------
    name : str
        Carries the unit as suffix (``max_diameter_mm``).
    value : float or str or None
        None: not computed, and ``caution`` says why.
    unit, method, source : str
        Unit of ``value``; one sentence how; the publication or "this program".
    valid : bool
        False outside the method's validity range.
    caution : str
        What the reader must know; "" when there is nothing.
    measured_value : float or None
        What the program measured where ``value`` was given by the planner instead.
    """

    name: str
    value: float | str | None
    unit: str
    method: str
    source: str = "this program"
    valid: bool = True
    caution: str = ""
    measured_value: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.value, (float, np.floating)):
            require(np.isfinite(self.value), f"{self.name}: a value must be finite or None")
            object.__setattr__(self, "value", float(self.value))
        require(self.value is not None or self.caution, f"{self.name}: a missing value must say why")


def withheld(name: str, unit: str, reason: str, method: str = "not computed") -> Finding:
    """A finding that was not computed, with its reason."""
    return Finding(name, None, unit, method, valid=False, caution=reason)
