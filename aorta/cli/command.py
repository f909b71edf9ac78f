"""What all commands share: --json, -q and -v, one object on stdout, errors, exit status.

A command's body gets a ``Console`` and its parameters, and returns an ``Answer``; it prints
nothing. While it runs, file descriptor 1 points to stderr, so that no library can write into the
answer.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

import click

from aorta.cli.failure import foreseen, print_failure, unexpected, write
from aorta.errors import AortaError, SetupError


@dataclass
class Console:
    """How to talk to the user: ``verbosity`` is -1 (quiet), 0, 1 or 2; ``folder`` where a crash file goes."""

    as_json: bool = False
    verbosity: int = 0
    folder: Path | None = None

    def note(self, message: str) -> None:
        """A line of the story, on stderr."""
        if self.verbosity >= 0:
            write(sys.stderr, message)

    def progress(self, message: str, fraction: float | None = None) -> None:
        """The same as a ``Progress``."""
        self.note(message if fraction is None else f"{message} ({100 * fraction:.0f} %)")


@dataclass(frozen=True)
class Answer:
    """What a command found out.

    Parameters
    ----------
    result : plain values, paths or dataclasses
        The object under "result" of ``--json``.
    text : str
        The same for people.
    failure : AortaError or None
        The command worked, but its answer is bad news that needs an exit status.
    """

    result: Any
    text: str
    failure: AortaError | None = None


def command(name: str, *parameters: Callable[[Callable], Callable]) -> Callable[[Callable[..., Answer]], click.Command]:
    """Makes a command of a body: adds the shared options, and handles every failure."""

    def make(body: Callable[..., Answer]) -> click.Command:
        def callback(as_json: bool, quiet: bool, verbose: int, **values: Any) -> int:
            return run(body, Console(as_json, -1 if quiet else min(verbose, 2)), values)

        callback.__doc__ = body.__doc__
        for decorate in reversed((*parameters, *_SHARED)):
            callback = decorate(callback)
        return click.command(name, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})(callback)

    return make


_SHARED = (
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout."),
    click.option("-q", "--quiet", is_flag=True, help="No progress."),
    click.option("-v", "--verbose", count=True, help="Also what libraries log; twice: tracebacks."),
)


def run(body: Callable[..., Answer], console: Console, values: dict[str, Any]) -> int:
    """Runs a body, prints its answer or failure, and returns the exit status."""
    try:
        with _stdout_to_stderr(), _library_logs(console.verbosity > 0):
            answer = body(console, **values)
        text = _answer_text(answer, console.as_json)
    except click.ClickException:  # usage; told by main
        raise
    except (Exception, KeyboardInterrupt) as problem:
        if console.verbosity > 1:
            traceback.print_exc()
        return print_failure(foreseen(problem) or unexpected(problem, console.folder), console.as_json)
    unwritten = write(sys.stdout, text) if text else None
    if unwritten and unwritten.errno != errno.EPIPE:  # a reader that has had enough is no failure
        why = (unwritten.strerror or "").lower()
        return print_failure(SetupError("the answer cannot be written", where="standard output", why=why), as_json=False)
    if answer.failure is None:
        return 0
    if not console.as_json:
        write(sys.stderr, str(answer.failure))
    return answer.failure.exit_status


def _answer_text(answer: Answer, as_json: bool) -> str:
    if not as_json:
        return answer.text
    if answer.failure is None:
        return to_json({"ok": True, "result": answer.result})
    return to_json({"ok": False, "error": answer.failure.as_dict(), "result": answer.result})


def to_json(value: Any) -> str:
    """JSON of plain values, paths and dataclasses; NaN is refused."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Sends what Python and C code write to stdout to stderr instead."""
    sys.stdout.flush()
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):  # not a real file, as under a test runner
        with contextlib.redirect_stdout(sys.stderr):
            yield
        return
    kept = os.dup(descriptor)
    os.dup2(2, descriptor)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os.dup2(kept, descriptor)
        os.close(kept)


@contextlib.contextmanager
def _library_logs(wanted: bool) -> Iterator[None]:
    """What libraries log and warn goes to stderr if wanted; otherwise only their errors."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO if wanted else logging.ERROR, force=True)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> str:
    """Columns padded to their widest cell, two spaces between."""
    everything = [list(map(str, row)) for row in ([header] if header else []) + list(rows)]
    if not everything:
        return ""
    widths = [max(len(row[column]) for row in everything) for column in range(len(everything[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in everything]
    if header:
        lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
