"""What guidelines and cohorts say about the maximum diameter alone.

Treatment threshold: 55 mm in men, 50 mm in women (ESVS 2024, abdominal aorto-iliac guidelines;
ACC/AHA 2022). Annual rupture risk: Brown, Zelt, Sobolev 2003 (aneurysms left untreated), by sex,
50 mm and above. Both take the outer diameter perpendicular to the centreline.
A threshold is a rule beside a number, not advice.
"""

from __future__ import annotations

from aorta.records import Finding, withheld
from aorta.settings import Patient

THRESHOLD_MM = {"male": 55.0, "female": 50.0}
THRESHOLD_SOURCE = "ESVS 2024 guidelines on abdominal aorto-iliac aneurysms (55 mm men, 50 mm women)"
RISK_SOURCE = "Brown et al. 2003, J Vasc Surg 37:280 (rupture per year, by sex and diameter)"
ANNUAL_RISK_PERCENT = {
    "male": ((50.0, 60.0, 1.0), (60.0, float("inf"), 14.1)),
    "female": ((50.0, 60.0, 3.9), (60.0, float("inf"), 22.3)),
}
"""(from, below, per cent per year); diameters in mm."""


def threshold_findings(max_diameter_mm: float | None, patient: Patient) -> tuple[Finding, ...]:
    """The diameter rule and the cohort's rupture rate, or why they are withheld."""
    names = ("diameter_to_treatment_threshold_ratio", "annual_rupture_risk_by_diameter_percent")
    units = ("1", "% per year")
    reason = None
    if max_diameter_mm is None:
        reason = "the maximum diameter was not measured"
    elif patient.sex is None:
        reason = "patient.sex is not given, and the rule differs between men and women"
    if reason is not None:
        return tuple(withheld(name, unit, reason) for name, unit in zip(names, units))
    return (_to_threshold(max_diameter_mm, patient.sex), _annual_risk(max_diameter_mm, patient.sex))


def _to_threshold(diameter: float, sex: str) -> Finding:
    limit = THRESHOLD_MM[sex]
    reached = diameter >= limit
    return Finding(
        "diameter_to_treatment_threshold_ratio",
        diameter / limit,
        "1",
        f"maximum diameter {diameter:.1f} mm over the {limit:.0f} mm at which repair is considered ({sex})",
        THRESHOLD_SOURCE,
        caution="The diameter reaches the size at which guidelines consider repair." if reached else "",
    )


def _annual_risk(diameter: float, sex: str) -> Finding:
    name = "annual_rupture_risk_by_diameter_percent"
    for low, high, percent in ANNUAL_RISK_PERCENT[sex]:
        if low <= diameter < high:
            text = f"cohort rate of {sex} patients with {low:.0f} mm or more" + (f", below {high:.0f} mm" if high < 1e3 else "")
            return Finding(name, percent, "% per year", text, RISK_SOURCE, caution="A rate of a cohort, from the diameter alone.")
    return withheld(name, "% per year", "the cohort's rates begin at 50 mm")
