"""Gasser et al. 2008: intraluminal thrombus, of Ogden's type, softer from the blood towards the wall."""

from aorta.mechanics.materials.arithmetic import positive
from aorta.mechanics.materials.law import Law, Parameter, ParameterSet


def stiffness(values):
    """c in MPa at the relative depth s: c_luminal at 0, c_medial at 1/2, c_abluminal at 1, linear between."""
    s, lumen, middle, wall = (values[name] for name in ("depth", "c_luminal", "c_medial", "c_abluminal"))
    return lumen + 2 * (middle - lumen) * s + 2 * (lumen - 2 * middle + wall) * positive(s - 0.5)


def energy(i1, i2, values):
    """W = c(s) Σ (λ̄i⁴ - 1) = c(s) (Ī1² - 2 Ī2 - 3)."""
    return stiffness(values) * (i1**2 - 2 * i2 - 3)


_MEANING = "stiffness {}; Young's modulus at rest is 24 times it"
LAW = Law(
    name="gasser-2008",
    tissue="intraluminal thrombus",
    energy=energy,
    shear_modulus=lambda values: 8.0 * max(values["c_luminal"], values["c_medial"], values["c_abluminal"]),
    parameters=(
        Parameter("c_luminal", "MPa", _MEANING.format("next to the blood"), high=1.0),
        Parameter("c_medial", "MPa", _MEANING.format("in the middle of the thickness"), high=1.0),
        Parameter("c_abluminal", "MPa", _MEANING.format("next to the wall"), high=1.0),
    ),
    default=ParameterSet(
        {"c_luminal": 2.62e-3, "c_medial": 2.13e-3, "c_abluminal": 1.98e-3},
        population="thrombus of abdominal aortic aneurysms, mean",
        source="Gasser et al. 2008, J Vasc Surg 48:179; values as in the header aaagasser of BACI, which gives others elsewhere",
        verified=False,
    ),
    sets={
        "softer-layers": ParameterSet(
            {"c_luminal": 2.62e-3, "c_medial": 1.98e-3, "c_abluminal": 1.73e-3},
            population="thrombus of abdominal aortic aneurysms, mean",
            source="Gasser et al. 2008, J Vasc Surg 48:179; values as in the header elast_isovolaaagasser of BACI",
            verified=False,
        ),
    },
    equation="W = c(s) (I1^2 - 2 I2 - 3), c linear between c_luminal (s = 0), c_medial (1/2) and c_abluminal (1)",
    fields=("depth",),
)
