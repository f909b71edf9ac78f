"""The names that stay: findings every result has, whatever was skipped."""

from __future__ import annotations

from aorta.records import Finding, Results, withheld

FIXED: dict[str, tuple[str, str]] = {
    "max_diameter_mm": ("mm", "anatomy"),
    "lumen_volume_mL": ("mL", "anatomy"),
    "thrombus_volume_mL": ("mL", "anatomy"),
    "neck_diameter_mm": ("mm", "anatomy"),
    "neck_length_mm": ("mm", "anatomy"),
    "neck_angulation_deg": ("deg", "anatomy"),
    "wall_stress_max_kPa": ("kPa", "risk"),
    "wall_stress_p99_kPa": ("kPa", "risk"),
    "wall_tension_p99_N_per_mm": ("N/mm", "risk"),
    "peak_wall_rupture_index": ("1", "risk"),
    "rupture_risk_equivalent_diameter_mm": ("mm", "risk"),
}
"""Name -> (unit, the record it comes from). These names are an interface: they stay."""

_BESIDE = {"wall_stress_p99_kPa": "wall_stress_p99_discretisation_error_percent"}
KEY: tuple[str, ...] = tuple(name for fixed in FIXED for name in (fixed, _BESIDE.get(fixed)) if name)
"""What the report shows first: the fixed findings, and beside the stress how far the mesh leaves it uncertain."""


def complete(results: Results) -> tuple[Finding, ...]:
    """All findings, the fixed ones first and in their order; a fixed one that is not there is
    null with the reason of the stage that was skipped."""
    there = {finding.name: finding for finding in reversed(results.findings)}
    fixed = [there.get(name) or withheld(name, unit, _reason(results, record)) for name, (unit, record) in FIXED.items()]
    return (*fixed, *(finding for finding in results.findings if finding.name not in FIXED))


_BEHIND = {"anatomy": ("segment", "anatomy"), "risk": ("segment", "anatomy", "mesh", "mechanics", "risk")}


def _reason(results: Results, record: str) -> str:
    if getattr(results, record) is not None:
        return f"the {record} stage gave no such value"
    # the first stage that was skipped is the cause, those behind it follow
    cause = next((results.skipped[stage] for stage in _BEHIND[record] if stage in results.skipped), "")
    return cause or f"the {record} stage was not run"


def status(results: Results) -> str:
    """ "caution" if a finding or stage asks for attention or something wanted is missing, else "ok"."""
    doubtful = any(f.caution or not f.valid or f.value is None for f in complete(results))
    no_stent = results.stent is None and results.case.stent.enabled
    return "caution" if doubtful or results.cautions or no_stent else "ok"
