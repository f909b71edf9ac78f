"""``aorta init``."""

from __future__ import annotations

from pathlib import Path

import click

from aorta.cli.command import Answer, Console, command
from aorta.errors import SetupError


@command("init", click.argument("folder", type=click.Path(path_type=Path)))
def init(console: Console, folder: Path) -> Answer:
    """Write FOLDER/case.yaml, a commented case file to fill in.

    \b
    Example:
      aorta init mycase/
    """
    from aorta.config.rules import safe_name
    from aorta.config.template import template

    name = folder.resolve().name
    path = folder / "case.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(template(name if safe_name(name) else "my-case"))
    except FileExistsError:
        where = path if path.exists() else folder
        raise SetupError(
            "there is something at this place already", where=str(where), fix="choose another folder, or remove it"
        ) from None
    except OSError as problem:
        why = (problem.strerror or "").lower()
        raise SetupError("the case file cannot be written", where=str(path), why=why, fix="choose another folder") from None
    return Answer({"case_file": path}, f"{path}\nFill it in, then: aorta check {path}")
