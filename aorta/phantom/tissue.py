"""How bright everything is: attenuation in CT by phase of contrast, signal in MR by sequence, before blur and noise.

The default is an arterial CT at 120 kVp chosen so that bone marrow and blood overlap. Ranges of the others: venous and
portal-venous blood, muscle and thrombus overlap as they do in patients (figures unverified: they make a phantom hard or
easy, and no result depends on them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

Contrast = Literal["arterial", "weak", "portal-venous", "mr-angiography", "bright-blood"]

HU = MappingProxyType({
    "air": -1000.0, "fat": -95.0, "muscle": 55.0, "wall": 60.0, "thrombus": 55.0, "blood": 300.0, "vein": 115.0,
    "renal_vein": 150.0, "kidney": 200.0, "bowel": 40.0, "fluid": 20.0, "gas": -700.0, "oral": 280.0, "liver": 80.0, "disc": 85.0,
    "marrow": 280.0, "cortex": 650.0, "canal": 20.0, "calcification": 1000.0,
})  # fmt: skip

ANGIOGRAPHY = {
    "air": 5.0, "fat": 90.0, "muscle": 150.0, "wall": 150.0, "thrombus": 130.0, "blood": 1000.0, "vein": 220.0,
    "renal_vein": 420.0, "kidney": 650.0, "bowel": 170.0, "fluid": 110.0, "gas": 5.0, "oral": 110.0, "liver": 250.0, "disc": 110.0,
    "marrow": 150.0, "cortex": 30.0, "canal": 90.0, "calcification": 30.0,
}  # fmt: skip
"""Signal after gadolinium, first pass, background suppressed."""

BRIGHT_BLOOD = {
    "air": 5.0, "fat": 700.0, "muscle": 180.0, "wall": 150.0, "thrombus": 260.0, "blood": 1000.0, "vein": 850.0,
    "renal_vein": 850.0, "kidney": 500.0, "bowel": 350.0, "fluid": 600.0, "gas": 5.0, "oral": 600.0, "liver": 300.0, "disc": 350.0,
    "marrow": 400.0, "cortex": 40.0, "canal": 900.0, "calcification": 30.0,
}  # fmt: skip
"""Signal of a balanced steady-state sequence: fluid and fat bright, muscle and wall dark."""


@dataclass(frozen=True)
class Look:
    """Brightness of each tissue, and how uneven it is (standard deviation of a texture correlated over 12 mm; blood: 40 mm)."""

    modality: Literal["CT", "MR"] = "CT"
    values: Mapping[str, float] = field(default_factory=lambda: HU)
    marrow_texture: float = 40.0
    vein_texture: float = 12.0
    blood_texture: float = 20.0
    thrombus_texture: float = 8.0
    thrombus_depth: tuple[float, float] = (-8.0, 16.0)  # at the wall's inner face; added over the first 10 mm below it


DEFAULT_LOOK = Look()


def draw_look(contrast: Contrast, isodense: bool, rng: np.random.Generator) -> Look:
    """A patient's and a protocol's brightness.

    Parameters
    ----------
    isodense : bool
        Thrombus, wall, muscle, bowel wall and (in the arterial phase) caval blood are equally bright.
    """
    if contrast in ("mr-angiography", "bright-blood"):
        table = ANGIOGRAPHY if contrast == "mr-angiography" else BRIGHT_BLOOD
        scale = rng.uniform(0.6, 1.6)  # arbitrary units
        values = {name: round(scale * v, 1) for name, v in table.items()}
        return Look("MR", values, 30 * scale, 30 * scale, 40 * scale, 20 * scale, (-20.0 * scale, 40.0 * scale))
    blood = {"arterial": rng.uniform(260, 380), "weak": rng.uniform(212, 240), "portal-venous": rng.uniform(142, 180)}[contrast]
    soft = rng.uniform(48, 62)
    late = contrast == "portal-venous"
    values = {
        **HU,
        "blood": blood,
        "muscle": soft,
        "thrombus": soft if isodense else rng.uniform(32, 55),
        "wall": soft if isodense else 60.0,
        "bowel": soft if isodense else rng.uniform(35, 70),
        "vein": rng.uniform(0.72, 0.9) * blood if late else soft if isodense else rng.uniform(60, 115),
        "renal_vein": 0.95 * blood if late else rng.uniform(130, 190),
        "kidney": rng.uniform(170, 200),
        "liver": rng.uniform(100, 115) if late else rng.uniform(65, 85),
        "marrow": rng.uniform(120, 220),
        "cortex": rng.uniform(450, 700),
        "oral": rng.uniform(180, 400),
        "calcification": rng.uniform(700, 1200),
    }
    depth = (-3.0, 6.0) if isodense else (-8.0, 16.0)
    return replace(
        DEFAULT_LOOK,
        values={name: round(float(v), 1) for name, v in values.items()},
        blood_texture=0.06 * blood,
        thrombus_texture=5.0 if isodense else 8.0,
        thrombus_depth=depth,
    )
