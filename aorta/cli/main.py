"""The ``aorta`` command: a group that imports a command only when it is called."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from aorta import RESEARCH_USE, __version__
from aorta.cli.failure import interrupted, print_failure, unexpected, usage
from aorta.cli.interrupt import interruptible

COMMANDS: dict[str, str] = {
    "init": "Write a case file to fill in.",
    "check": "Check a case and its input; say what will run and what it costs.",
    "segment": "Label the vessel; show the labels over the image.",
    "plan": "Take one patient from the image to the report.",
    "batch": "Plan several patients, one after the other.",
    "status": "Say which stages hold and why the others do not.",
    "show": "Print the findings of a finished case.",
    "phantom": "Make a phantom CT (DICOM) with known measures.",
    "convert": "Turn surfaces and solids into surfaces or a label map, and label maps into others.",
    "schema": "Print the case file's JSON Schema.",
    "doctor": "Check the installation by doing a small piece of each part.",
    "verify": "Run the verification problems; print errors and bounds.",
    "completion": "Print shell completion.",
}
"""Name and short help; the command itself is ``<name>`` in the module ``aorta.cli.<name>``."""


class LazyGroup(click.Group):
    """Lists commands from the table and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return getattr(import_module(f"aorta.cli.{cmd_name}"), cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"No such command '{args[0]}'." + (f" Did you mean '{near[0]}'?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message=f"aorta %(version)s\n{RESEARCH_USE}")
def group() -> None:
    """From one patient's scan of the abdominal aorta to a report.

    Rupture-risk indices and stent-graft fit from a CT, an MR image, a label map or surfaces.

    \b
    Start:
      aorta init mycase/
      aorta check mycase/case.yaml
      aorta plan mycase/case.yaml

    Every command takes --json: one object on stdout, progress on stderr. Exit statuses are
    listed in docs/reference/exit-status.md. Research use only; not a medical device.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line and returns its exit status."""
    _open_closed_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    try:
        with interruptible():
            return group.main(args=arguments or ["--help"], prog_name="aorta", standalone_mode=False) or 0
    except click.ClickException as problem:
        return print_failure(usage(problem), as_json)
    except (click.Abort, KeyboardInterrupt):
        return print_failure(interrupted(), as_json)
    except Exception as problem:  # of the command line itself; commands handle their own
        return print_failure(unexpected(problem, None), as_json)


def _open_closed_streams() -> None:
    """A stream closed by the caller (``>&-``) goes to nowhere; else the next file opened would take its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
