"""Rupture-risk-equivalent diameter (RRED): the diameter of the average patient with the same PWRI.

``RRED = 55 mm + ln(PWRI / 0.48) / k``, with ``k = 0.020 / mm``.

Known: PWRI grows exponentially with diameter, and 0.48 belongs to 55 mm (Roy et al. 2012, about
200 patients; the idea: Gasser et al. 2014, Eur J Vasc Endovasc Surg 47:288). The published fit
was not found, so k is an estimate from published group means (0.02 to 0.03 / mm is plausible):
**uncalibrated**, always reported with ``valid`` False.
"""

from __future__ import annotations

import math

SOURCE = "anchor: Roy et al. 2012 (PWRI 0.48 at 55 mm); slope: estimate of this program, uncalibrated"
ANCHOR_INDEX = 0.48
ANCHOR_DIAMETER_MM = 55.0
SLOPE_PER_MM = 0.020
CAUTION = (
    "Uncalibrated: the published fit was not found; the slope 0.020/mm is estimated from group means "
    "(0.02 to 0.03/mm is plausible). Not for decisions."
)


def rupture_risk_equivalent_diameter_mm(peak_index: float, slope_per_mm: float = SLOPE_PER_MM) -> float:
    """RRED in mm of a peak wall rupture index > 0; may be negative for very small indices."""
    return ANCHOR_DIAMETER_MM + math.log(peak_index / ANCHOR_INDEX) / slope_per_mm
