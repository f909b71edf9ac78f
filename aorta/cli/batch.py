"""``aorta batch``."""

from __future__ import annotations

from pathlib import Path

import click

from aorta.cli.command import Answer, Console, command, table
from aorta.cli.findings import value_text
from aorta.cli.options import out, strict
from aorta.errors import BatchFailed


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
        lines = tuple(f"{cohort_file.name}:{o.line}: {o.case_id or 'case'}: exit {o.exit_status}, {o.problem}" for o in failed)
        failure = BatchFailed(
            f"{len(failed)} of {len(rows)} cases failed", details=lines, fix="correct them and run the same command again"
        )
    shown = [(o.case_id, o.status, *(value_text(o.findings.get(name)) for name in KEY_FINDINGS[:3])) for o in outcomes]
    text = table(shown, ("case", "status", *KEY_FINDINGS[:3])) + f"\ntables: {out / 'results.csv'}, {out / 'index.html'}"
    return Answer({"results": out / "results.csv", "index": out / "index.html", "cases": outcomes}, text, failure)
