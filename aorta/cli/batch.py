"""``aorta batch``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aorta.cli.command import Answer, Console, command, table
from aorta.cli.findings import value_text
from aorta.cli.options import out, strict
from aorta.errors import BatchFailed

if TYPE_CHECKING:
    from aorta.cohort.run import CaseOutcome


@command(
    "batch",
    click.argument("cohort_file", type=click.Path(path_type=Path)),
    out,
    click.option("--keep-going/--stop-at-first", default=True, show_default=True, help="Whether a failed case ends the batch."),
    strict,
)
def batch(console: Console, cohort_file: Path, out: Path, keep_going: bool, strict: bool) -> Answer:
    """Plan several patients, one after the other; one table at the end.

    COHORT_FILE is a CSV table whose column 'case' has the path of a case file in each row. A
    column 'case_id' must agree with the case files; other columns are copied into the results.
    Run it again to go on after an interruption: finished stages are kept.

    \b
    Example:
      aorta batch cohort.csv -o results
    """
    from aorta.cohort.run import run_cohort
    from aorta.cohort.tables import KEY_FINDINGS, write_tables
    from aorta.config.cohort import load_cohort

    rows = load_cohort(cohort_file)
    console.folder = out
    options = (*(("--strict",) if strict else ()), *(("--quiet",) if console.verbosity < 0 else ()))
    outcomes = []
    try:
        for outcome in run_cohort(rows, out, options, keep_going, console.note):
            outcomes.append(outcome)
    finally:
        if outcomes:
            write_tables(outcomes, out)
    failed = [outcome for outcome in outcomes if outcome.exit_status != 0]
    failure = None
    if failed:
        failure = BatchFailed(
            f"{len(failed)} of {len(rows)} cases failed",
            details=_lines(failed, cohort_file.name),
            fix="correct them and run the same command again",
        )
    shown = [(o.case_id, o.status, *(value_text(o.findings.get(name)) for name in KEY_FINDINGS[:3])) for o in outcomes]
    text = table(shown, ("case", "status", *KEY_FINDINGS[:3])) + f"\ntables: {out / 'results.csv'}, {out / 'index.html'}"
    return Answer({"results": out / "results.csv", "index": out / "index.html", "cases": outcomes}, text, failure)


def _lines(failed: Sequence[CaseOutcome], table_name: str) -> tuple[str, ...]:
    """One line per failed case, and indented below it what is known of the reason."""
    lines = []
    for outcome in failed:
        lines.append(f"{table_name}:{outcome.line}: {outcome.case_id or 'case'}: exit {outcome.exit_status}, {outcome.problem}")
        lines += [f"  {detail}" for detail in outcome.details]
    return tuple(lines)
