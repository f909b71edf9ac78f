"""Local wall strength of an abdominal aortic aneurysm (Vande Geest 2006).

``S [N/cm2] = 71.9 - 37.9 (sqrt(ILT) - 0.81) - 15.6 (NORD - 2.46) - 21.3 HIST + 19.3 SEX``

ILT: local thickness of thrombus in **cm**; NORD: local diameter over the patient's normal
infrarenal diameter; HIST: +1/2 with, -1/2 without family history of aneurysm; SEX: +1/2 male,
-1/2 female.

Validity range: ILT 0 to 3.6 cm, NORD 1.0 to 3.9; a value outside is replaced by the bound, and it
is the replaced value that enters the formula. Even inside its bounds the regression falls to
-12 N/cm2, which no tissue has: strength below 20 N/cm2 is set to 20 N/cm2 (a floor chosen by this
program) and reported as such.

Source: Vande Geest, Wang, Wisniewski, Makaroun, Vorp, Ann Biomed Eng 34:1098-1106, 2006; the
coefficients agree with two independent programs (BioPARR, BACI).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records import Array

SOURCE = "Vande Geest et al. 2006, Ann Biomed Eng 34:1098"
THROMBUS_BOUNDS_CM = (0.0, 3.6)
NORD_BOUNDS = (1.0, 3.9)
FLOOR_N_PER_CM2 = 20.0
MPA_PER_N_PER_CM2 = 0.01


@dataclass(frozen=True)
class WallStrength:
    """Strength at n places and where the regression left its validity range.

    Parameters
    ----------
    strength_MPa : (n,) float
    thrombus_clamped, nord_clamped, floored : (n,) bool
        Where a bound replaced the value.
    """

    strength_MPa: Array
    thrombus_clamped: Array
    nord_clamped: Array
    floored: Array


def regression_N_per_cm2(thrombus_cm: Array, nord: Array, *, male: bool, family_history: bool) -> Array:
    """The published regression, without bounds: (n,) in N/cm2 (may be negative)."""
    sex = 0.5 if male else -0.5
    history = 0.5 if family_history else -0.5
    return 71.9 - 37.9 * (np.sqrt(thrombus_cm) - 0.81) - 15.6 * (np.asarray(nord) - 2.46) - 21.3 * history + 19.3 * sex


def wall_strength(thrombus_mm: Array, nord: Array, *, male: bool, family_history: bool) -> WallStrength:
    """Strength with the validity range applied.

    Parameters
    ----------
    thrombus_mm : (n,) float, mm
        Converted to the formula's cm here, and nowhere else.
    nord : (n,) float
        Local outer diameter over the normal infrarenal diameter.
    """
    thrombus_cm = np.asarray(thrombus_mm, float) / 10.0
    nord = np.asarray(nord, float)
    bounded_thrombus, bounded_nord = np.clip(thrombus_cm, *THROMBUS_BOUNDS_CM), np.clip(nord, *NORD_BOUNDS)
    raw = regression_N_per_cm2(bounded_thrombus, bounded_nord, male=male, family_history=family_history)
    return WallStrength(
        strength_MPa=np.maximum(raw, FLOOR_N_PER_CM2) * MPA_PER_N_PER_CM2,
        thrombus_clamped=bounded_thrombus != thrombus_cm,
        nord_clamped=bounded_nord != nord,
        floored=raw < FLOOR_N_PER_CM2,
    )
