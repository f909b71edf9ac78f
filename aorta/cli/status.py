"""``aorta status``."""

from __future__ import annotations

from pathlib import Path

from aorta.cli.command import Answer, Console, command, table
from aorta.cli.options import case_file, out


@command("status", case_file, out)
def status(console: Console, case_file: Path, out: Path) -> Answer:
    """Say which finished stages still hold and why the others do not. Computes nothing.

    \b
    Example:
      aorta status mycase/case.yaml
    """
    from aorta.config.case_file import load_case
    from aorta.pipeline.run import status as status_of

    case = load_case(case_file)
    stages = status_of(case, case_file.resolve().parent, out)
    text = table([(stage.name, stage.status, stage.reason) for stage in stages])
    return Answer({"case_id": case.case_id, "folder": out / case.case_id, "stages": list(stages)}, text)
