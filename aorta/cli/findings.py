"""Findings as text: value, unit and caution, one a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aorta.cli.command import table


def findings_text(findings: Iterable[Mapping[str, Any]]) -> str:
    """A table of findings given as mappings, as in ``result.json``."""
    rows = []
    for finding in findings:
        note = finding["caution"] if finding["value"] is None or not finding["valid"] or finding["caution"] else ""
        given = finding.get("measured_value")
        if given is not None:
            note = f"given by the planner; measured {given:.4g}" + (f"; {note}" if note else "")
        rows.append((finding["name"], value_text(finding["value"]), finding["unit"], note))
    return table(rows)


def value_text(value: Any) -> str:
    """Four significant digits, "-" for a value that was not computed."""
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
