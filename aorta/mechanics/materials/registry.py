"""Laws by name. Importable without DOLFINx, so that a case file can be checked anywhere."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from aorta.errors import CaseFileError
from aorta.mechanics.materials import (
    demiray,
    fibres,
    gasser_2006,
    gasser_thrombus,
    holzapfel_2000,
    neo_hookean,
    ogden,
    raghavan_vorp,
    wang_thrombus,
    yeoh,
)
from aorta.mechanics.materials.law import Law, ParameterSet

_MODULES = (
    raghavan_vorp,
    neo_hookean,
    wang_thrombus,
    yeoh,
    demiray,
    ogden,
    gasser_thrombus,
    holzapfel_2000,
    gasser_2006,
)
LAWS: Mapping[str, Law] = {module.LAW.name: module.LAW for module in _MODULES}
NAMES: tuple[str, ...] = tuple(name for law in LAWS.values() for name in law.all_sets())
"""Every law with its first parameter set, and as "law/set" with each of its others."""

_FIELDS_OF = {"wall": fibres.FIELDS, "thrombus": ("depth",)}
"""What is known of each place of a tissue, beside its deformation."""


@dataclass(frozen=True)
class Material:
    """A law with numbers: what one tissue of one case is made of.

    ``values`` are in the parameters' units; ``bulk_modulus`` κ (MPa) belongs to U = κ/2 (J - 1)².
    """

    law: Law
    values: Mapping[str, float]
    bulk_modulus: float
    published: ParameterSet | None = None  # the set that the values started from

    @property
    def shear_modulus(self) -> float:
        """Shear modulus at rest in MPa."""
        return self.law.shear_modulus(self.values)


def _guess(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{close[0]}'? " if close else ""


def find(name: str, where: str = "") -> tuple[Law, ParameterSet]:
    """The law and the parameter set of this name.

    Raises
    ------
    CaseFileError
        No such law; the message lists those there are.
    """
    if name not in NAMES:
        raise CaseFileError(
            f"unknown material '{name}'",
            where=where,
            why="the registry has no such law",
            fix=_guess(name, NAMES) + f"known: {', '.join(NAMES)}",
        )
    law = LAWS[name.partition("/")[0]]
    return law, law.all_sets()[name]


def material(name: str, overrides: Mapping[str, float], bulk_modulus: float, where: str = "") -> Material:
    """A law with its published values, some replaced by the user's.

    Parameters
    ----------
    overrides : mapping of parameter name to value in the parameter's unit
    bulk_modulus : float, MPa
    where : str
        What an error message points to; "wall" and "thrombus" also say which fields a law can have.

    Raises
    ------
    CaseFileError
        Unknown law or parameter, or a value that no material can have.
    """
    law, published = find(name, where)
    known = tuple(p.name for p in law.parameters)
    mistakes = [
        f"'{given}' is not a parameter of {name}; {_guess(given, known)}it has {', '.join(known)}"
        for given in overrides
        if given not in known
    ]
    values = {**published.values, **{k: v for k, v in overrides.items() if k in known}}
    for parameter in law.parameters:
        value = values[parameter.name]
        allowed = math.isfinite(value) and (
            parameter.low < value <= parameter.high or (parameter.zero_allowed and value == parameter.low)
        )
        if not allowed:
            bound = "at least" if parameter.zero_allowed else "above"
            mistakes.append(
                f"{parameter.name} = {value:g} {parameter.unit}: must be {bound} {parameter.low:g} and at most {parameter.high:g}"
            )
    if not mistakes and law.refuse:
        mistakes += law.refuse(values)
    missing = [needed for needed in law.fields if needed not in _FIELDS_OF.get(where, law.fields)]
    if missing:
        mistakes.append(f"{name} is not a law for the {where}: {', '.join(missing)} is not known there ({law.tissue})")
    if not mistakes and not bulk_modulus >= 10.0 * law.shear_modulus(values):
        mistakes.append(
            f"bulk modulus {bulk_modulus:g} MPa is below ten times the shear modulus {law.shear_modulus(values):g} MPa: "
            "tissue is nearly incompressible"
        )
    if mistakes:
        raise CaseFileError(
            f"material '{name}' cannot have these parameters",
            where=where,
            details=tuple(mistakes),
            why="a strain energy with them is undefined or not that of a tissue",
            fix="correct the parameters in the case file (MPa), or leave them out to use the published ones",
        )
    return Material(law, values, bulk_modulus, published)
