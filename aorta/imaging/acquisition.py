"""The only DICOM facts that go on: a closed list of tags that describe the scan and nobody.

Free text (descriptions, protocol and device names, comments), dates, identifiers and private tags
are not on the list (DICOM PS3.15 table E.1-1 has what identifies). Text that is on it must have a form
that is known for it, and a number must be one.
"""

from __future__ import annotations

import re

from pydicom.dataset import Dataset

NUMBERS = {
    "slice_thickness_mm": "SliceThickness",
    "tube_voltage_kV": "KVP",
    "tube_current_mA": "XRayTubeCurrent",
    "reconstruction_diameter_mm": "ReconstructionDiameter",
    "repetition_time_ms": "RepetitionTime",
    "echo_time_ms": "EchoTime",
    "flip_angle_deg": "FlipAngle",
    "field_strength_T": "MagneticFieldStrength",
    "cardiac_phase_percent": "NominalPercentageOfCardiacPhase",
}
CODES = {"kernel": "ConvolutionKernel", "scanning_sequence": "ScanningSequence"}
_FORMS = {
    # kernels as the makers write them: Siemens B30f, Br40d, I26s; Canon FC18; Philips A, YB; GE in words
    "kernel": re.compile(
        r"[A-Z][a-z]?\d\d[a-z]{0,2}|FC\d\d|Y?[A-F]|SOFT|STANDARD|DETAIL|LUNG|BONE(PLUS)?|EDGE|CHST|SMOOTH|SHARP|[0-5]", re.ASCII
    ),
    # DICOM PS3.3 C.8.3.1.1: spin echo, inversion recovery, gradient recalled, echo planar, research mode
    "scanning_sequence": re.compile(r"SE|IR|GR|EP|RM"),
}
KEYWORDS = [*NUMBERS.values(), *CODES.values()]
"""Tags to ask pydicom for."""


def facts(header: Dataset) -> dict[str, str]:
    """Name to text of what the header says about the scan; what is absent or odd is left out."""
    result = {}
    for name, keyword in NUMBERS.items():
        try:
            value = header.get(keyword)
            result[name] = f"{float(value):g}"
        except (TypeError, ValueError, OverflowError):
            continue
    for name, keyword in CODES.items():
        value = header.get(keyword)
        parts = [value] if isinstance(value, str) else list(value or [])
        if parts and all(_FORMS[name].fullmatch(str(part)) for part in parts):
            result[name] = "/".join(str(part) for part in parts)
    return result
