"""Holzapfel, Gasser and Ogden 2000: a matrix and two families of aligned fibres."""

from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.law import Law, Parameter, ParameterSet


def energy(i1, i2, values):
    """W of the matrix = c/2 (Ī1 - 3)."""
    return 0.5 * values["c"] * (i1 - 3)


def fibre_energy(i1, i4, values):
    """W of one family = k1/(2 k2) {exp[k2 ⟨Ī4 - 1⟩²] - 1}."""
    return fibres.fibre_exponential(i4 - 1, values)


_SOURCE = "Holzapfel, Gasser & Ogden 2000, J Elast 61:1, table of the rabbit carotid of Fung et al. (values from memory)"
LAW = Law(
    name="holzapfel-gasser-ogden-2000",
    tissue="arterial wall, one layer",
    energy=energy,
    shear_modulus=fibres.shear_modulus,
    parameters=(
        Parameter("c", "MPa", "shear modulus of the matrix", high=100.0),
        fibres.STIFFNESS,
        fibres.STIFFENING,
        fibres.ANGLE,
    ),
    default=ParameterSet(
        {"c": 3.0e-3, "k1": 2.3632e-3, "k2": 0.8393, "angle": 29.0},
        population="media of a rabbit's carotid artery",
        source=_SOURCE,
        verified=False,
    ),
    sets={
        "rabbit-carotid-adventitia": ParameterSet(
            {"c": 0.3e-3, "k1": 0.5620e-3, "k2": 0.7112, "angle": 62.0},
            population="adventitia of a rabbit's carotid artery",
            source=_SOURCE,
            verified=False,
        ),
    },
    equation="W = c/2 (I1 - 3) + k1/(2 k2) sum over families of (exp(k2 <I4 - 1>^2) - 1)",
    fibre_energy=fibre_energy,
    fields=fibres.FIELDS,
)
