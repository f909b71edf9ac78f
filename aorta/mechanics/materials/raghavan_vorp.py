"""Raghavan and Vorp 2000: aneurysmal aortic wall, isotropic, from uniaxial tests."""

from aorta.mechanics.materials.law import Law, Parameter, ParameterSet


def energy(i1, i2, values):
    """W = α (Ī1 - 3) + β (Ī1 - 3)²."""
    return values["alpha"] * (i1 - 3) + values["beta"] * (i1 - 3) ** 2


LAW = Law(
    name="raghavan-vorp-2000",
    tissue="wall of an abdominal aortic aneurysm",
    energy=energy,
    shear_modulus=lambda values: 2.0 * values["alpha"],
    parameters=(
        Parameter("alpha", "MPa", "stiffness at rest; Young's modulus is 6 alpha", high=100.0),
        Parameter("beta", "MPa", "stiffening with stretch", high=1000.0, zero_allowed=True),
    ),
    default=ParameterSet(
        {"alpha": 0.174, "beta": 1.881},
        population="abdominal aortic aneurysm, 69 specimens, mean",
        source="Raghavan & Vorp 2000, J Biomech 33:475; values as in BACI's material library (17.4 and 188.1 N/cm²)",
        verified=True,
    ),
    sets={
        "soft": ParameterSet(
            {"alpha": 0.159, "beta": 1.509},
            population="abdominal aortic aneurysm, 69 specimens, mean less one standard deviation of each parameter",
            source="Raghavan & Vorp 2000, J Biomech 33:475 (standard deviations 1.5 and 37.2 N/cm² from memory)",
            verified=False,
        ),
        "stiff": ParameterSet(
            {"alpha": 0.189, "beta": 2.253},
            population="abdominal aortic aneurysm, 69 specimens, mean plus one standard deviation of each parameter",
            source="Raghavan & Vorp 2000, J Biomech 33:475 (standard deviations 1.5 and 37.2 N/cm² from memory)",
            verified=False,
        ),
    },
    equation="W = alpha (I1 - 3) + beta (I1 - 3)^2",
)
