"""What a material law is: an energy of isochoric invariants, its parameters and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    """A nearly incompressible hyperelastic law, isotropic or with two families of fibres.

    Parameters
    ----------
    energy : callable (i1, i2, values) -> energy
        Isochoric strain energy in MPa, of the invariants of b̄ = J^(-2/3) F Fᵀ. Written with
        arithmetic and ``arithmetic.py`` alone, so that it takes numbers, arrays and UFL alike.
    shear_modulus : callable (values) -> float
        In the undeformed state, MPa: 2 (∂W/∂Ī1 + ∂W/∂Ī2); with fibres that of the stiffest direction,
        where the law is graded that of the stiffest place.
    sets : mapping of name to ParameterSet
        Further published values; in a case file ``material: <law>/<name>``.
    fibre_energy : callable (i1, i4, values) -> energy, or None
        Energy of one family of fibres in MPa, added for both; i4 is the square of the isochoric
        stretch along it. The families lie in the wall's surface at ± ``values["angle"]`` degrees from
        the circumferential direction.
    aligned_energy : callable (i1, i2, i4, i5, values) -> energy, or None
        Energy of a law about one direction, + ``values["angle"]``, added once; i5 is the squared length of C̄ a0.
    fields : tuple of str
        What the law needs to know of each place beside F: "depth", the share of the thrombus's
        thickness from blood (0) to wall (1), stands in ``values``.
    derive : callable (values) -> numbers, or None
        Computed once from the parameters and added to ``values``: floats and arrays may change
        between cases of one compiled form, whole numbers are part of it.
    refuse : callable (values) -> texts, or None
        What is wrong with the parameters together.
    """

    name: str
    tissue: str
    energy: Callable[[Any, Any, Mapping[str, Any]], Any]
    shear_modulus: Callable[[Mapping[str, float]], float]
    parameters: tuple[Parameter, ...]
    default: ParameterSet
    equation: str
    sets: Mapping[str, ParameterSet] = field(default_factory=dict)
    fibre_energy: Callable[[Any, Any, Mapping[str, Any]], Any] | None = None
    fields: tuple[str, ...] = ()
    derive: Callable[[Mapping[str, float]], Mapping[str, Any]] | None = None
    refuse: Callable[[Mapping[str, float]], tuple[str, ...]] | None = None
    aligned_energy: Callable[[Any, Any, Any, Any, Mapping[str, Any]], Any] | None = None

    @property
    def directed(self) -> bool:
        """Whether the law knows directions."""
        return self.fibre_energy is not None or self.aligned_energy is not None

    def complete(self, values: Mapping[str, float]) -> dict[str, Any]:
        """The parameters with what is derived from them: what ``energy`` takes."""
        return {**values, **(self.derive(values) if self.derive else {})}

    def all_sets(self) -> dict[str, ParameterSet]:
        """Every parameter set by the name that a case file uses for it."""
        return {self.name: self.default, **{f"{self.name}/{name}": chosen for name, chosen in self.sets.items()}}
