"""What a material law is: an energy of isochoric invariants, its parameters and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """One parameter of a law.

    ``low`` and ``high`` bound what is physically possible, in ``unit``; ``low`` itself is allowed
    only where ``zero_allowed``.
    """

    name: str
    unit: str
    meaning: str
    low: float = 0.0
    high: float = float("inf")
    zero_allowed: bool = False


@dataclass(frozen=True)
class ParameterSet:
    """Published values of a law's parameters.

    ``verified`` is False for values not checked against the publication itself.
    """

    values: Mapping[str, float]
    population: str
    source: str
    verified: bool


@dataclass(frozen=True)
class Law:
    """An isotropic, nearly incompressible hyperelastic law.

    Parameters
    ----------
    energy : callable (i1, i2, values) -> energy
        Isochoric strain energy in MPa, of the invariants of b̄ = J^(-2/3) F Fᵀ. Written with
        arithmetic alone, so that it takes numbers, arrays and UFL alike.
    shear_modulus : callable (values) -> float
        In the undeformed state, MPa: 2 (∂W/∂Ī1 + ∂W/∂Ī2).
    """

    name: str
    tissue: str
    energy: Callable[[Any, Any, Mapping[str, Any]], Any]
    shear_modulus: Callable[[Mapping[str, float]], float]
    parameters: tuple[Parameter, ...]
    default: ParameterSet
    equation: str
