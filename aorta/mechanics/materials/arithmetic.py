"""The few functions that energies need beyond + - * / **, for numbers, arrays and UFL alike.

UFL is imported only where it is already in use, so that laws can be read without DOLFINx.
"""

from __future__ import annotations

import numpy as np

_NUMBERS = (int, float, np.ndarray, np.generic)


def exp(x):
    """e to the power of x."""
    if isinstance(x, _NUMBERS):
        return np.exp(x)
    import ufl

    return ufl.exp(x)


def positive(x):
    """⟨x⟩: x where it is above zero, else zero."""
    if isinstance(x, _NUMBERS):
        return np.where(np.asarray(x) > 0, x, 0.0)
    import ufl

    return ufl.conditional(ufl.gt(x, 0.0), x, 0.0)
