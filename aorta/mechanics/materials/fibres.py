"""What laws with two families of fibres share: the exponential of one family, and the angle."""

from aorta.mechanics.materials.arithmetic import exp, positive
from aorta.mechanics.materials.law import Parameter

CIRCUMFERENTIAL, AXIAL = "circumferential", "axial"
FIELDS = (CIRCUMFERENTIAL, AXIAL)

ANGLE = Parameter(
    "angle", "deg", "between the fibres and the circumferential direction, both ways, in the image", high=90.0, zero_allowed=True
)
STIFFNESS = Parameter("k1", "MPa", "stiffness of the fibres", high=1e3)
STIFFENING = Parameter("k2", "1", "stiffening of the fibres with stretch", high=1e4)


def fibre_exponential(strain, values):
    """k1/(2 k2) {exp[k2 ⟨E⟩²] - 1}: fibres pull and do not push."""
    pulled = positive(strain)
    return values["k1"] / (2 * values["k2"]) * (exp(values["k2"] * pulled * pulled) - 1)


def shear_modulus(values):
    """c + 8/3 k1 (1 - 3κ)²: a pull along fibres of which both families share the direction (an upper bound)."""
    return values["c"] + 8 / 3 * values["k1"] * (1 - 3 * values.get("kappa", 0.0)) ** 2
