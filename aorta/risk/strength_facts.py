"""The patient's facts that the strength regression needs, or the reason why it is withheld."""

from __future__ import annotations

from dataclasses import dataclass

from aorta.records import Anatomy, Array
from aorta.risk.local_diameter import local_outer_diameter_mm
from aorta.risk.strength import WallStrength, wall_strength
from aorta.settings import Patient, RiskSettings


@dataclass(frozen=True)
class StrengthFacts:
    """All that strength needs beyond the place.

    Parameters
    ----------
    normal_diameter_mm : float
        Denominator of NORD.
    normal_diameter_from : str
        "the measured neck" or "the case file".
    """

    male: bool
    family_history: bool
    normal_diameter_mm: float
    normal_diameter_from: str

    def strength(self, points: Array, thrombus_mm: Array, anatomy: Anatomy) -> WallStrength:
        """Strength at points (n, 3) with thrombus (n,) in mm; the anatomy has sections."""
        nord = local_outer_diameter_mm(points, anatomy) / self.normal_diameter_mm
        return wall_strength(thrombus_mm, nord, male=self.male, family_history=self.family_history)


def number(anatomy: Anatomy, name: str) -> float | None:
    """The value of one of the anatomy's findings, or None."""
    value = next((f.value for f in anatomy.findings if f.name == name), None)
    return float(value) if isinstance(value, (int, float)) else None


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
    origin = "the measured neck" if neck is not None else "the case file"
    return StrengthFacts(patient.sex == "male", patient.family_history, float(normal), origin)
