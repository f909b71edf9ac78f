"""Yeoh: a cubic in Ī1; with c3 = 0 it is the law of Raghavan and Vorp."""

from aorta.mechanics.materials.law import Law, Parameter, ParameterSet


def energy(i1, i2, values):
    """W = c1 (Ī1 - 3) + c2 (Ī1 - 3)² + c3 (Ī1 - 3)³."""
    x = i1 - 3
    return values["c1"] * x + values["c2"] * x**2 + values["c3"] * x**3


LAW = Law(
    name="yeoh-1993",
    tissue="wall of an abdominal aortic aneurysm",
    energy=energy,
    shear_modulus=lambda values: 2.0 * values["c1"],
    parameters=(
        Parameter("c1", "MPa", "stiffness at rest; Young's modulus is 6 c1", high=100.0),
        Parameter("c2", "MPa", "stiffening with stretch", high=1000.0, zero_allowed=True),
        Parameter("c3", "MPa", "stiffening at large stretch", high=1e4, zero_allowed=True),
    ),
    default=ParameterSet(
        {"c1": 0.177, "c2": 1.881, "c3": 0.0},
        population="abdominal aortic aneurysm, as used in rupture-risk studies of the A4 software",
        source="Gasser et al. 2010, Eur J Vasc Endovasc Surg 40:176 (values from memory)",
        verified=False,
    ),
    sets={
        "raghavan-vorp": ParameterSet(
            {"c1": 0.174, "c2": 1.881, "c3": 0.0},
            population="abdominal aortic aneurysm, 69 specimens, mean",
            source="Raghavan & Vorp 2000, J Biomech 33:475; the same law",
            verified=True,
        ),
    },
    equation="W = c1 (I1 - 3) + c2 (I1 - 3)^2 + c3 (I1 - 3)^3",
)
