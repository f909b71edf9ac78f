"""Gasser, Ogden and Holzapfel 2006: a matrix and two families of fibres dispersed about their means."""

from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.law import Law, Parameter, ParameterSet


def energy(i1, i2, values):
    """W of the matrix = c/2 (Ī1 - 3)."""
    return 0.5 * values["c"] * (i1 - 3)


def fibre_energy(i1, i4, values):
    """W of one family = k1/(2 k2) {exp[k2 ⟨E⟩²] - 1}, E = κ (Ī1 - 3) + (1 - 3κ)(Ī4 - 1).

    The fibres count where E is above zero, as FEBio does it; the paper's text counts them where Ī4 is above one.
    """
    kappa = values["kappa"]
    return fibres.fibre_exponential(kappa * (i1 - 3) + (1 - 3 * kappa) * (i4 - 1), values)


LAW = Law(
    name="gasser-ogden-holzapfel-2006",
    tissue="arterial wall, one layer",
    energy=energy,
    shear_modulus=fibres.shear_modulus,
    parameters=(
        Parameter("c", "MPa", "shear modulus of the matrix", high=100.0),
        fibres.STIFFNESS,
        fibres.STIFFENING,
        Parameter("kappa", "1", "dispersion: 0 aligned, 1/3 even in all directions", high=1 / 3, zero_allowed=True),
        fibres.ANGLE,
    ),
    default=ParameterSet(
        {"c": 7.64e-3, "k1": 0.9966, "k2": 524.6, "kappa": 0.226, "angle": 49.98},
        population="adventitia of a human iliac artery",
        source="Gasser, Ogden & Holzapfel 2006, J R Soc Interface 3:15 (values from memory; k1, k2 as in svMultiPhysics' tests)",
        verified=False,
    ),
    sets={
        "aligned-rabbit-media": ParameterSet(
            {"c": 3.0e-3, "k1": 2.3632e-3, "k2": 0.8393, "kappa": 0.0, "angle": 29.0},
            population="media of a rabbit's carotid artery; with kappa 0 the law is holzapfel-gasser-ogden-2000",
            source="Holzapfel, Gasser & Ogden 2000, J Elast 61:1 (values from memory)",
            verified=False,
        ),
    },
    equation="W = c/2 (I1 - 3) + k1/(2 k2) sum over families of (exp(k2 <E>^2) - 1), E = kappa (I1 - 3) + (1 - 3 kappa) (I4 - 1)",
    fibre_energy=fibre_energy,
    fields=fibres.FIELDS,
)
