"""Names that a case file may use: findings, landmarks, materials. Kept light: no numerics.

A name that no stage knows would be ignored in silence, so it is refused here; tests compare these
lists with what the stages use.
"""

from __future__ import annotations

_ILIAC = ("diameter", "lumen_diameter", "max_diameter", "landing_diameter", "landing_lumen_diameter")

OVERRIDABLE: tuple[str, ...] = (
    "max_diameter_mm",
    "max_lumen_diameter_mm",
    "lumen_volume_mL",
    "thrombus_volume_mL",
    "neck_diameter_mm",
    "neck_lumen_diameter_mm",
    "neck_length_mm",
    "neck_angulation_deg",
    "suprarenal_angulation_deg",
    *(f"{side}_iliac_{kind}_mm" for side in ("left", "right") for kind in _ILIAC),
    "thrombus_max_thickness_mm",
)
"""Findings that are measured on the images, which a planner may measure better by hand."""

LANDMARKS: tuple[str, ...] = (
    "lowest_renal",
    "neck_end",
    "aortic_bifurcation",
    "left_iliac_bifurcation",
    "right_iliac_bifurcation",
    "brachiocephalic",
    "left_common_carotid",
    "left_subclavian",
    "sinuses",
    "sinotubular_junction",
    "diaphragm",
)
"""Points that the anatomy looks for, or takes from the case file; the last three are only taken."""


def classes() -> tuple[str, ...]:
    """Names of the classes of a label map."""
    from aorta.records import CLASSES

    return tuple(CLASSES)


def materials() -> tuple[str, ...]:
    """Names of the laws for wall and thrombus."""
    from aorta.mechanics.materials.registry import NAMES

    return NAMES
