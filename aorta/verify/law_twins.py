"""The independent twin of every parameter set, by name. numpy alone."""

from __future__ import annotations

import numpy as np

from aorta.mechanics.materials.registry import material
from aorta.verify import closed_forms as exact
from aorta.verify.fibre_stress import Fibred

DEPTH = 0.7
"""Where in the thrombus the cube of a graded law is."""


def twin(name: str):
    """The independent law with the parameters of a parameter set; a graded law's at ``DEPTH``."""
    law, v = name.partition("/")[0], material(name, {}, 1e4).values
    return {
        "raghavan-vorp-2000": lambda: exact.raghavan_vorp(v["alpha"], v["beta"]),
        "neo-hookean": lambda: exact.neo_hookean(v["mu"]),
        "wang-2001": lambda: exact.wang(v["c1"], v["c2"]),
        "yeoh-1993": lambda: exact.yeoh(v["c1"], v["c2"], v["c3"]),
        "demiray-1972": lambda: exact.demiray(v["a"], v["b"]),
        "ogden-1972": lambda: exact.ogden(*((v[f"mu{p}"], v[f"alpha{p}"]) for p in (1, 2, 3))),
        "gasser-2008": lambda: exact.gasser_thrombus(
            np.interp(DEPTH, (0, 0.5, 1), (v["c_luminal"], v["c_medial"], v["c_abluminal"]))
        ),
        "holzapfel-gasser-ogden-2000": lambda: Fibred(v["c"], v["k1"], v["k2"], v["angle"]),
        "gasser-ogden-holzapfel-2006": lambda: Fibred(v["c"], v["k1"], v["k2"], v["angle"], v["kappa"]),
    }[law]()


def through_thickness(name: str):
    """The twin of an isotropic set, graded from the inside (blood) to the outside where the law is."""
    v = material(name, {}, 1e4).values
    if name.partition("/")[0] != "gasser-2008":
        return twin(name)
    layers = (v["c_luminal"], v["c_medial"], v["c_abluminal"])
    return exact.Graded(lambda share: exact.gasser_thrombus(float(np.interp(share, (0, 0.5, 1), layers))))
