"""``result.json``: the numbers for machines. Its shape is published in ``result.schema.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from aorta import RESEARCH_USE, __version__
from aorta.records import Candidate, Finding, Results, RingFit
from aorta.report.findings import complete, status

SCHEMA_VERSION = 1


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``result.json``."""
    return json.loads(Path(__file__).with_name("result.schema.json").read_text(encoding="utf-8"))


def result(results: Results) -> dict[str, Any]:
    """The content of ``result.json``. No times in it: the same case gives the same bytes."""
    stent = results.stent
    return {
        "schema_version": SCHEMA_VERSION,
        "program": {"name": "aorta", "version": __version__},
        "research_use": RESEARCH_USE,
        "case_id": results.case.case_id,
        "status": status(results),
        "findings": [_finding(f) for f in complete(results)],
        "skipped": [{"stage": stage, "reason": reason} for stage, reason in results.skipped.items()],
        "cautions": [{"stage": stage, "text": text} for stage, text in results.cautions],
        "stent": None
        if stent is None
        else {"candidates": [_candidate(c) for c in stent.candidates], "ring": None if stent.ring is None else _ring(stent.ring)},
    }


def result_text(results: Results) -> str:
    """``result.json`` as text; a NaN or infinity anywhere is a bug and raises ValueError."""
    return json.dumps(result(results), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _number(value: Any) -> Any:
    """A plain Python number; NaN, "not measured" in records, becomes null."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _finding(finding: Finding) -> dict[str, Any]:
    shown = {
        "name": finding.name,
        "value": _number(finding.value),
        "unit": finding.unit,
        "method": finding.method,
        "source": finding.source,
        "valid": bool(finding.valid),
        "caution": finding.caution,
    }
    return shown if finding.measured_value is None else shown | {"measured_value": _number(finding.measured_value)}


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "maker": candidate.maker,
        "device": candidate.device,
        "part": candidate.part,
        "size": candidate.size,
        "oversizing": _number(candidate.oversizing),
        "verdict": candidate.verdict,
        "source": candidate.source,
        "criteria": [
            {
                "criterion": c.criterion,
                "measured": _number(c.measured),
                "limit": c.limit,
                "margin": _number(c.margin),
                "unit": c.unit,
                "verdict": c.verdict,
            }
            for c in candidate.criteria
        ],
    }


def _ring(ring: RingFit) -> dict[str, Any]:
    arrays = ("angle_deg", "wall_radius_mm", "ring_radius_mm", "contact_pressure_kPa", "gap_mm")
    shown = {name: [_number(float(v)) for v in getattr(ring, name)] for name in arrays}
    return {"device": ring.device, "equilibrium_diameter_mm": _number(ring.equilibrium_diameter_mm), **shown}
