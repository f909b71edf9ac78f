"""``aorta show``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from aorta import RESEARCH_USE
from aorta.cli.command import Answer, Console, command
from aorta.cli.findings import findings_text
from aorta.errors import InputError, on_os_error


@command("show", click.argument("folder", type=click.Path(path_type=Path)))
def show(console: Console, folder: Path) -> Answer:
    """Print the findings of a finished case; FOLDER is OUT/CASE_ID.

    \b
    Example:
      aorta show out/mycase
    """
    result = read_result(folder)
    return Answer(result, f"{findings_text(result['findings'])}\n{RESEARCH_USE}")


def read_result(folder: Path) -> dict[str, Any]:
    """``result.json`` of a case's folder.

    Raises
    ------
    InputError
        There is none, or it is not one of ours.
    """
    path = folder / "result.json"
    absent = InputError("this folder has no result", where=str(path), fix="give OUT/CASE_ID of a finished `aorta plan`")
    try:
        with on_os_error(absent):
            result = json.loads(path.read_text(encoding="utf-8"))
        findings = [{"caution": "", "valid": True, "unit": "", **finding} for finding in result["findings"]]
    except (ValueError, KeyError, TypeError):
        raise InputError("this is not a result of aorta", where=str(path), fix="run `aorta plan` again") from None
    return {**result, "findings": findings}
