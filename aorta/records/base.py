"""What every record is made of: the array type, how a stage tells where it is, and the check of constructors."""

from __future__ import annotations

from typing import Protocol

import numpy as np

Array = np.ndarray


class Progress(Protocol):
    """What a stage tells while it works: one short sentence and, if known, how far it is (0 to 1)."""

    def __call__(self, message: str, fraction: float | None = None) -> None: ...


def silent(message: str, fraction: float | None = None) -> None:
    """A ``Progress`` that tells nobody."""


def require(condition: object, message: str) -> None:
    """Refuse a record that would not be valid (``ValueError``)."""
    if not condition:
        raise ValueError(message)
