"""``aorta verify``."""

from __future__ import annotations

from pathlib import Path

import click

from aorta.cli.command import Answer, Console, command, table
from aorta.errors import VerificationFailed


@command(
    "verify",
    click.argument("problems", nargs=-1),
    click.option("--quick", is_flag=True, help="Leave out what takes more than some seconds."),
    click.option("--page", type=click.Path(path_type=Path), help="Also write the results as a page (Markdown)."),
)
def verify(console: Console, problems: tuple[str, ...], quick: bool, page: Path | None) -> Answer:
    """Run the verification problems; print each one's error and its bound.

    PROBLEMS are names of problems or of groups of them. Without names, all of them run.

    \b
    Examples:
      aorta verify --quick
      aorta verify shells calculix
    """
    from aorta.verify.run import left_out, run_all

    checks = run_all(problems or None, console.progress, quick)
    if page is not None:
        from aorta.verify.page import page as written

        page.write_text(written(checks), encoding="utf-8")
    rows = [
        (
            "pass" if check.passed else "FAIL",
            check.problem,
            check.quantity,
            f"{check.error:.3g}",
            f"{check.bound:.3g}",
            check.unit,
            check.source,
        )
        for check in checks
    ]
    absent = dict(left_out(problems or None, quick))
    rows += [("left out", name, reason, "", "", "", "") for name, reason in absent.items()]
    missed = [
        f"{check.problem}, {check.quantity}: error {check.error:.3g} {check.unit}, bound {check.bound:.3g}"
        for check in checks
        if not check.passed
    ]
    failure = None
    if missed or not checks:
        what = (
            f"{len(missed)} of {len(checks)} verification checks missed their bound" if checks else "no verification check was run"
        )
        failure = VerificationFailed(what, details=tuple(missed), fix="do not use results of this installation; report this table")
    fields = ("problem", "quantity", "error", "bound", "unit", "passed", "source")
    told = [{name: getattr(check, name) for name in fields} for check in checks]
    return Answer(
        {"checks": told, "left_out": absent}, table(rows, ("", "problem", "quantity", "error", "bound", "unit", "source")), failure
    )
