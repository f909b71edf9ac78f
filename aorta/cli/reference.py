"""``command_page``: the help of every command as one Markdown page."""

from __future__ import annotations

import click

from aorta.cli.main import COMMANDS, group

_HEAD = """\
# Commands

Made from `--help`; do not edit by hand.

All commands: `--json` prints one object on stdout, `{"ok": true, "result": ...}` or `{"ok": false, "error": ...}`
(with `result` beside it where there is one); progress goes to stderr. Exit statuses: [exit-status.md](exit-status.md).
"""


def command_page() -> str:
    """The page, in the order of ``aorta --help``."""
    parts = [_HEAD, _section("aorta", group)]
    with click.Context(group, info_name="aorta") as parent:
        for name in COMMANDS:
            command = group.get_command(parent, name)
            assert command is not None  # COMMANDS lists what there is
            parts.append(_section(f"aorta {name}", command))
    return "\n".join(parts)


def _section(path: str, command: click.Command) -> str:
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    with click.Context(command, info_name=path, **settings) as context:
        return f"## {path}\n\n```\n{command.get_help(context)}\n```\n"
