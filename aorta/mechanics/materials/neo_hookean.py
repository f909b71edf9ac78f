"""Neo-Hookean solid: the simplest law, used for verification and for stiff inclusions."""

from aorta.mechanics.materials.law import Law, Parameter, ParameterSet


def energy(i1, i2, values):
    """W = μ/2 (Ī1 - 3)."""
    return 0.5 * values["mu"] * (i1 - 3)


LAW = Law(
    name="neo-hookean",
    tissue="any; verification",
    energy=energy,
    shear_modulus=lambda values: values["mu"],
    parameters=(Parameter("mu", "MPa", "shear modulus", high=1e5),),
    default=ParameterSet(
        {"mu": 0.348},
        population="none: the shear modulus at rest of raghavan-vorp-2000 (2 alpha)",
        source="derived from Raghavan & Vorp 2000, J Biomech 33:475",
        verified=True,
    ),
    equation="W = mu/2 (I1 - 3)",
)
