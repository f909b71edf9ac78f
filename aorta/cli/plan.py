"""``aorta plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aorta.cli.command import Answer, Console, command
from aorta.cli.options import STAGE_NAMES, case_file, out, strict
from aorta.errors import CautionRaised


@command(
    "plan",
    case_file,
    out,
    click.option("--until", type=click.Choice(STAGE_NAMES), help="Last stage to run."),
    click.option("--force", type=click.Choice(STAGE_NAMES), multiple=True, help="Stage to compute again; may be repeated."),
    click.option("--triage", is_flag=True, help="Only estimate the stress: one linear solve on a coarse mesh."),
    click.option(
        "--ranks", type=click.IntRange(1, 1024), default=1, show_default=True, help="MPI processes that share the mechanics."
    ),
    strict,
)
def plan(
    console: Console, case_file: Path, out: Path, until: str | None, force: tuple[str, ...], triage: bool, ranks: int, strict: bool
) -> Answer:
    """Take one patient from the image to the report.

    Finished stages are kept: run it again after a change, and only what depends on the change is
    computed. To look at the segmentation first and correct it: `aorta segment`.

    \b
    Examples:
      aorta plan mycase/case.yaml
      aorta plan mycase/case.yaml --until segment
      aorta plan mycase/case.yaml --force mesh -o results
      aorta plan mycase/case.yaml --triage
      aorta plan mycase/case.yaml --ranks 4
    """
    from aorta.cli.progress import listening
    from aorta.config.case_file import load_case
    from aorta.pipeline.run import run_case

    if triage and (until or force):
        raise click.UsageError("--triage goes from the labels to its own report; leave out --until and --force")
    if triage and ranks > 1:
        raise click.UsageError("--triage is one linear solve, by one process; leave out --ranks")
    case = load_case(case_file)
    console.folder = out / case.case_id
    with listening(console) as listener:
        if triage:
            from aorta.pipeline.triage import triage_case

            result = triage_case(case, case_file.resolve().parent, out, listener)
        else:
            result = run_case(case, case_file.resolve().parent, out, until=until, force=force, progress=listener, ranks=ranks)
    told = {
        "case_id": case.case_id,
        "folder": result.folder,
        "stages": list(result.stages),
        "findings": list(result.findings),
        "cautions": [{"stage": stage, "caution": text} for stage, text in result.cautions],
    }
    cautions = cautions_of(result)
    failure = None
    if strict and cautions:
        failure = CautionRaised(
            f"{len(cautions)} cautions under --strict" if len(cautions) > 1 else "a caution under --strict",
            details=tuple(cautions),
            fix="read them in the report; leave out --strict to accept them",
        )
    return Answer(told, _text(result, until), failure)


def cautions_of(result: Any) -> list[str]:
    """Every caution of a run: of stages, and of findings."""
    lines = [f"{stage}: {text}" for stage, text in result.cautions]
    return lines + [f"{finding.name}: {finding.caution}" for finding in result.findings if finding.caution]


def _text(result: Any, until: str | None) -> str:
    from dataclasses import asdict

    from aorta.cli.findings import findings_text

    parts = [findings_text(asdict(finding) for finding in result.findings)]
    parts += [f"caution ({stage}): {text}" for stage, text in result.cautions]
    asked_for = [stage for stage in result.stages if stage.name not in ("second", "correct", "refine")]  # most cases have none
    parts += [f"skipped {stage.name}: {stage.reason}" for stage in asked_for if stage.status == "skipped"]
    report = result.folder / "report.html"
    if until in (None, "report"):
        parts.append(f"report: {report}")
    else:
        parts.append(f"stopped after {until}; results so far are in {result.folder}")
    return "\n".join(part for part in parts if part)
