"""Guccione et al. 1995: heart muscle, transversely isotropic. For verification alone; no case file can ask for it."""

from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.arithmetic import exp
from aorta.mechanics.materials.law import Law, Parameter, ParameterSet


def energy(i1, i2, values):
    """Nothing: the whole energy knows the fibre."""
    return 0 * i1


def aligned_energy(i1, i2, i4, i5, values):
    """W = C/2 (e^Q - 1), Q = bf Eff² + bt (Ess² + Enn² + 2 Esn²) + 2 bfs (Efs² + Efn²), E = (C̄ - I)/2, f along the fibre.

    In invariants: Eff = (Ī4 - 1)/2, Efs² + Efn² = f·E²f - Eff² with f·E²f = (Ī5 - 2Ī4 + 1)/4, and the
    three cross terms are tr E² less Eff² and twice that.
    """
    along = (i4 - 1) / 2
    shear = (i5 - 2 * i4 + 1) / 4 - along**2
    square = (i1**2 - 2 * i2 - 2 * i1 + 3) / 4
    q = values["bf"] * along**2 + values["bt"] * (square - along**2 - 2 * shear) + 2 * values["bfs"] * shear
    return values["C"] / 2 * (exp(q) - 1)


LAW = Law(
    name="guccione-1995",
    tissue="heart muscle; verification",
    energy=energy,
    shear_modulus=lambda v: v["C"] / 2 * max(v["bfs"], v["bt"], (2 * v["bf"] + v["bt"]) / 3),
    parameters=(
        Parameter("C", "MPa", "stiffness", high=10.0),
        Parameter("bf", "1", "stiffening along the fibre", high=500.0),
        Parameter("bt", "1", "stiffening across", high=500.0),
        Parameter("bfs", "1", "stiffening in shear along the fibre", high=500.0),
        Parameter("angle", "deg", "of the fibre from the circumferential direction", high=90.0, zero_allowed=True),
    ),
    default=ParameterSet(
        {"C": 2e-3, "bf": 8.0, "bt": 2.0, "bfs": 4.0, "angle": 0.0},
        population="problem 1 of the cardiac mechanics benchmark",
        source="Land et al. 2015, Proc R Soc A 471:20150641",
        verified=True,
    ),
    sets={
        "isotropic": ParameterSet(
            {"C": 10e-3, "bf": 1.0, "bt": 1.0, "bfs": 1.0, "angle": 0.0},
            population="problem 2 of the cardiac mechanics benchmark",
            source="Land et al. 2015, Proc R Soc A 471:20150641",
            verified=True,
        )
    },
    equation="W = C/2 (exp(Q) - 1), Q = bf Eff^2 + bt (Ess^2 + Enn^2 + 2 Esn^2) + 2 bfs (Efs^2 + Efn^2)",
    aligned_energy=aligned_energy,
    fields=fibres.FIELDS,
)
