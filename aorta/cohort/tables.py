"""The tables of a cohort: ``results.csv`` for programs, ``index.html`` for people."""

from __future__ import annotations

import csv
import html
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from aorta import RESEARCH_USE, __version__
from aorta.cohort.run import CaseOutcome, make_folder
from aorta.errors import SetupError, on_os_error

KEY_FINDINGS = (
    "max_diameter_mm",
    "wall_stress_p99_kPa",
    "peak_wall_rupture_index",
    "lumen_volume_mL",
    "thrombus_volume_mL",
    "neck_diameter_mm",
    "neck_length_mm",
    "neck_angulation_deg",
    "wall_stress_max_kPa",
    "wall_tension_p99_N_per_mm",
    "rupture_risk_equivalent_diameter_mm",
)
_FACTS = ("case_id", "status", "exit_status", "problem", "cautions")

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Cohort</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1c2430 }}
table {{ border-collapse: collapse }} th, td {{ padding: .35rem .8rem; border-bottom: 1px solid #d5dbe3; text-align: right }}
th:first-child, td:first-child, td.text {{ text-align: left }} 
th {{ vertical-align: bottom; overflow-wrap: break-word; max-width: 9rem }}
.ok {{ color: #1a7f4b }} .caution {{ color: #9a6700 }} .failed, .not-run {{ color: #b42318 }}
</style>
<h1>{title}</h1>
<p>{summary}</p>
<div style="overflow-x: auto"><table><thead><tr>{header}</tr></thead><tbody>
{rows}
</tbody></table></div>
<p>aorta {version}. {statement}</p>
</html>
"""


def write_tables(outcomes: Sequence[CaseOutcome], out: Path) -> None:
    """Writes both tables; each is whole or the old one.

    Raises
    ------
    SetupError
        The folder cannot be written.
    """
    make_folder(out)
    fix = "free disk space or choose another folder with -o"
    with on_os_error(SetupError("the cohort's tables cannot be written", where="output folder", fix=fix)):
        _replace(out / "results.csv", results_csv(outcomes))
        _replace(out / "index.html", index_html(outcomes, out))


def results_csv(outcomes: Sequence[CaseOutcome]) -> str:
    """One row per case: status, key findings (empty where not computed), then the cohort's own columns."""
    extra = list(dict.fromkeys(name for outcome in outcomes for name in outcome.extra))
    names = [f"cohort_{name}" if name in (*_FACTS, *KEY_FINDINGS) else name for name in extra]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_FACTS, *KEY_FINDINGS, *names])
    for outcome in outcomes:
        values = [outcome.findings.get(name) for name in KEY_FINDINGS]
        facts = [getattr(outcome, name) for name in _FACTS]
        writer.writerow(
            [*facts, *("" if value is None else value for value in values), *(outcome.extra.get(name, "") for name in extra)]
        )
    return stream.getvalue()


def index_html(outcomes: Sequence[CaseOutcome], out: Path) -> str:
    """A page with links to the reports that exist."""
    header = _cells(["case", "status", *KEY_FINDINGS, "problem"], "th")
    rows = "\n".join(f"<tr>{_row(outcome, out)}</tr>" for outcome in outcomes)
    counts = {status: sum(o.status == status for o in outcomes) for status in ("ok", "caution", "failed", "not run")}
    summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    title = "1 case" if len(outcomes) == 1 else f"{len(outcomes)} cases"
    return _PAGE.format(title=title, summary=summary, header=header, rows=rows, version=__version__, statement=RESEARCH_USE)


def _row(outcome: CaseOutcome, out: Path) -> str:
    name = html.escape(outcome.case_id or f"line {outcome.line}")
    if outcome.case_id and (out / outcome.case_id / "report.html").is_file():
        name = f'<a href="{html.escape(outcome.case_id)}/report.html">{name}</a>'
    css = outcome.status.replace(" ", "-")
    values = _cells([_short(outcome.findings.get(key)) for key in KEY_FINDINGS], "td")
    return f'<td>{name}</td><td class="{css}">{outcome.status}</td>{values}<td class="text">{html.escape(outcome.problem)}</td>'


def _cells(texts: Iterable[str], tag: str) -> str:
    return "".join(f"<{tag}>{html.escape(text).replace('_', '_<wbr>')}</{tag}>" for text in texts)


def _short(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.tmp")
    with draft.open("w", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
