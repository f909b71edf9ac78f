"""The patient's facts that the strength regression needs, or the reason why it is withheld."""

from __future__ import annotations

from dataclasses import dataclass

from aorta.records import Anatomy, Array, Finding
from aorta.risk.local_diameter import local_outer_diameter_mm
from aorta.risk.strength import WallStrength, wall_strength
from aorta.settings import Patient, RiskSettings

ANEURYSMAL_MM = 30.0
"""An infrarenal aorta this wide is an aneurysm (Chaikof et al. 2018, J Vasc Surg 67:2), so it is nobody's normal diameter."""


@dataclass(frozen=True)
class StrengthFacts:
    """All that strength needs beyond the place.

    Parameters
    ----------
    normal_diameter_mm : float
        Denominator of NORD.
    normal_diameter_from : str
        "the measured neck" or "the case file".
    caution : str
        Why that diameter may not be the patient's normal one; "" for none.
    """

    male: bool
    family_history: bool
    normal_diameter_mm: float
    normal_diameter_from: str
    caution: str = ""

    def strength(self, points: Array, thrombus_mm: Array, anatomy: Anatomy) -> WallStrength:
        """Strength at points (n, 3) with thrombus (n,) in mm; the anatomy has sections."""
        nord = local_outer_diameter_mm(points, anatomy) / self.normal_diameter_mm
        return wall_strength(thrombus_mm, nord, male=self.male, family_history=self.family_history)


def number(anatomy: Anatomy, name: str) -> float | None:
    """The value of one of the anatomy's findings, or None."""
    found = _finding(anatomy, name)
    return float(found.value) if found is not None and isinstance(found.value, (int, float)) else None


def _finding(anatomy: Anatomy, name: str) -> Finding | None:
    return next((f for f in anatomy.findings if f.name == name), None)


def strength_facts(anatomy: Anatomy, patient: Patient, settings: RiskSettings) -> StrengthFacts | str:
    """The facts, or one sentence that names every one that is missing."""
    neck = number(anatomy, "neck_diameter_mm")
    normal = neck if neck is not None else settings.normal_diameter
    missing = []
    if patient.sex is None:
        missing.append("patient.sex is not given")
    if patient.family_history is None:
        missing.append("patient.family_history is not given")
    if normal is None:
        missing.append("no normal diameter: no neck was measured and risk.normal_diameter is not given")
    if local_outer_diameter_mm(anatomy.outer.points[:1], anatomy) is None:
        missing.append("no section of the vessel was measured")
    if missing:
        return "wall strength needs facts that are absent: " + "; ".join(missing)
    found = _finding(anatomy, "neck_diameter_mm") if neck is not None else None
    origin = "the measured neck" if found is not None and found.source != "case file" else "the case file"
    return StrengthFacts(patient.sex == "male", patient.family_history, float(normal), origin, _caution(float(normal), found))


def _caution(normal_mm: float, neck: Finding | None) -> str:
    """What speaks against this diameter as the normal one: it makes NORD too small and the strength too high."""
    if normal_mm >= ANEURYSMAL_MM:
        return (
            f"the normal diameter of {normal_mm:.1f} mm is itself aneurysmal ({ANEURYSMAL_MM:.0f} mm and more): "
            "strength is overestimated and the rupture index underestimated."
        )
    return f"normal diameter from the neck: {neck.caution}." if neck is not None and neck.caution else ""
