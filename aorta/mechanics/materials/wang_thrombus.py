"""Wang, Makaroun, Webster and Vorp 2001: intraluminal thrombus, isotropic, two parameters, in I2."""

from aorta.mechanics.materials.law import Law, Parameter, ParameterSet


def energy(i1, i2, values):
    """W = c1 (Ī2 - 3) + c2 (Ī2 - 3)²."""
    return values["c1"] * (i2 - 3) + values["c2"] * (i2 - 3) ** 2


LAW = Law(
    name="wang-2001",
    tissue="intraluminal thrombus",
    energy=energy,
    shear_modulus=lambda values: 2.0 * values["c1"],
    parameters=(
        Parameter("c1", "MPa", "stiffness at rest; Young's modulus is 6 c1", high=10.0),
        Parameter("c2", "MPa", "stiffening with stretch", high=100.0, zero_allowed=True),
    ),
    default=ParameterSet(
        {"c1": 0.026, "c2": 0.026},
        population="thrombus of abdominal aortic aneurysms, population mean (2.6 and 2.6 N/cm²)",
        source="Wang et al. 2001, J Biomech Eng 123:536; Di Martino & Vorp 2003, Ann Biomed Eng 31:804 (values unverified)",
        verified=False,
    ),
    sets={
        "luminal-layer": ParameterSet(
            {"c1": 0.0280, "c2": 0.0286},
            population="thrombus of abdominal aortic aneurysms, layer next to the blood, mean (2.80 and 2.86 N/cm²)",
            source="Wang et al. 2001, J Biomech Eng 123:536 (values from memory)",
            verified=False,
        ),
    },
    equation="W = c1 (I2 - 3) + c2 (I2 - 3)^2",
)
