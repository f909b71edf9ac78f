"""Demiray: an exponential of Ī1, the simplest law with the stiffening of collagen."""

from aorta.mechanics.materials.arithmetic import exp
from aorta.mechanics.materials.law import Law, Parameter, ParameterSet


def energy(i1, i2, values):
    """W = a/b {exp[b/2 (Ī1 - 3)] - 1} (Demiray 1972, in the notation of Delfino et al. 1997)."""
    a, b = values["a"], values["b"]
    return a / b * (exp(0.5 * b * (i1 - 3)) - 1)


LAW = Law(
    name="demiray-1972",
    tissue="arterial wall",
    energy=energy,
    shear_modulus=lambda values: values["a"],
    parameters=(
        Parameter("a", "MPa", "shear modulus at rest", high=100.0),
        Parameter("b", "1", "stiffening with stretch", high=500.0),
    ),
    default=ParameterSet(
        {"a": 0.0442, "b": 16.7},
        population="human carotid artery, in vitro inflation",
        source="Delfino et al. 1997, J Biomech 30:777 (values from memory)",
        verified=False,
    ),
    equation="W = a/b (exp(b/2 (I1 - 3)) - 1)",
)
