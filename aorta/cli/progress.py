"""How a run goes, on stderr: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any

from aorta.cli.command import Console
from aorta.cli.options import STAGE_NAMES

_QUIET_SECONDS = 2.0  # between two plain lines of the same stage


@contextlib.contextmanager
def listening(console: Console) -> Iterator[Any]:
    """A ``pipeline.run.Listener`` for this console."""
    if console.verbosity < 0:
        yield _Silent()
    elif sys.stderr.isatty() and console.verbosity == 0:
        with _live_table() as listener:
            yield listener
    else:
        yield PlainLines(console)


class _Silent:
    def begin(self, stage: str, reason: str) -> None: ...
    def progress(self, stage: str, message: str, fraction: float | None) -> None: ...
    def end(self, record: Any) -> None: ...


class PlainLines:
    """One line per event; lines about work under way are thinned out."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ("", "", 0.0)

    def begin(self, stage: str, reason: str) -> None:
        """The stage starts."""
        self._console.note(f"{stage}: started" + (f" ({reason})" if reason else ""))
        self._last = (stage, "", 0.0)

    def progress(self, stage: str, message: str, fraction: float | None) -> None:
        """The stage is at work."""
        message = plain_message(stage, message)
        told_stage, told, when = self._last
        if (stage, message) != (told_stage, told) and time.monotonic() - when >= _QUIET_SECONDS:
            self._console.note(f"{stage}: {message}" + ("" if fraction is None else f" ({100 * fraction:.0f} %)"))
            self._last = (stage, message, time.monotonic())

    def end(self, record: Any) -> None:
        """The stage is done, cached or skipped."""
        self._console.note(f"{record.name}: {outcome(record)}")


def plain_message(stage: str, message: str) -> str:
    """Without the stage's own name before it, which is shown anyway."""
    return message.removeprefix(f"{stage}: ")


def outcome(record: Any) -> str:
    """ "done in 3.1 s", "kept from an earlier run", "skipped: no pressure"."""
    if record.status == "done":
        return f"done in {record.seconds:.1f} s"
    return "kept from an earlier run" if record.status == "cached" else f"skipped: {record.reason}"


@contextlib.contextmanager
def _live_table() -> Iterator[Any]:
    from rich.console import Console as RichConsole
    from rich.live import Live
    from rich.table import Table

    class LiveRows:
        """A row per stage; the time of the running one counts up."""

        def __init__(self) -> None:
            self.rows = {name: ("", "") for name in STAGE_NAMES}
            self.running, self.since = "", 0.0

        def __rich__(self) -> Table:
            grid = Table.grid(padding=(0, 2))
            for name, (mark, text) in self.rows.items():
                clock = f"[dim]{time.monotonic() - self.since:.0f} s[/dim]" if name == self.running else ""
                grid.add_row(mark, name, text.replace("[", r"\["), clock)
            return grid

        def begin(self, stage: str, reason: str) -> None:
            self.running, self.since = stage, time.monotonic()
            self.rows[stage] = ("[cyan]>[/cyan]", reason)

        def progress(self, stage: str, message: str, fraction: float | None) -> None:
            self.rows[stage] = (
                "[cyan]>[/cyan]",
                plain_message(stage, message) + ("" if fraction is None else f" ({100 * fraction:.0f} %)"),
            )

        def end(self, record: Any) -> None:
            self.running = "" if self.running == record.name else self.running
            mark = {"done": "[green]✓[/green]", "cached": "[green]=[/green]"}.get(record.status, "[yellow]-[/yellow]")
            self.rows[record.name] = (mark, outcome(record))

    rows = LiveRows()
    with Live(rows, console=RichConsole(stderr=True), refresh_per_second=4, redirect_stdout=False, redirect_stderr=False):
        yield rows
