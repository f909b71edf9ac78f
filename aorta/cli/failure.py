"""Failures as the command line tells them: text on stderr or an object on stdout, and the status."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import sys
import tempfile
import traceback
import uuid
from pathlib import Path
from typing import TextIO

import click

from aorta import __version__
from aorta.errors import AortaError, SetupError

_ENVIRONMENT = {
    errno.ENOSPC: ("the disk is full", "free some space, or write elsewhere with -o"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, or write elsewhere with -o"),
    errno.EFBIG: ("a file grew beyond what this system allows", "raise the limit (`ulimit -f`), or write elsewhere with -o"),
    errno.EROFS: ("the folder is on a read-only disk", "write elsewhere with -o"),
    errno.EACCES: ("permission denied", "change the permission, or write elsewhere with -o"),
    errno.EPERM: ("permission denied", "change the permission, or write elsewhere with -o"),
    errno.ENOTDIR: ("a file stands where a folder is needed", "write elsewhere with -o"),
    errno.EMFILE: ("too many open files", "raise the limit (`ulimit -n`)"),
}


class Bug(AortaError):
    """A mistake of ours."""

    code, exit_status = "E001", 1


class Usage(AortaError):
    """The command line is not valid."""

    code, exit_status = "E002", 2


class Interrupted(AortaError):
    """Ctrl-C."""

    code, exit_status = "E130", 130


def usage(problem: click.ClickException) -> AortaError:
    """What click says about a wrong command line."""
    context = getattr(problem, "ctx", None)
    command = context.command_path if context else "aorta"
    return Usage(problem.format_message(), fix=f"see `{command} --help`")


def interrupted() -> AortaError:
    """The user stopped the program."""
    return Interrupted("interrupted", fix="run the same command again: finished stages are kept")


def foreseen(problem: BaseException) -> AortaError | None:
    """An exception that is not a bug of ours, as one of our errors; None for a bug."""
    if isinstance(problem, AortaError):
        return problem
    if isinstance(problem, KeyboardInterrupt):
        return interrupted()
    if isinstance(problem, MemoryError):
        return SetupError("not enough memory", fix="choose a larger mesh size, or a machine with more memory")
    if isinstance(problem, ImportError) and (problem.name or "aorta").partition(".")[0] != "aorta":
        return SetupError(f"the package '{problem.name}' is missing or broken", fix="run `aorta doctor`, then `make setup`")
    if isinstance(problem, OSError) and problem.errno in _ENVIRONMENT:
        what, fix = _ENVIRONMENT[problem.errno]
        return SetupError(what, fix=fix)
    return None


def unexpected(problem: BaseException, folder: Path | None) -> AortaError:
    """A bug of ours in one line, with the traceback in a file.

    The file holds where the program was, not what it held: messages of exceptions can quote the
    patient's data, so they are left out.
    """
    crash = _write_crash(problem, folder)
    place = f"; the traceback is in {crash}" if crash else ""
    return Bug(
        f"this is a bug of aorta: {type(problem).__name__}{place}",
        fix="report it with the crash file, which holds no patient data",
    )


def print_failure(error: AortaError, as_json: bool, result: object = None) -> int:
    """Tells the failure and returns its exit status, also where nobody can be told."""
    unwritten = None
    if as_json:
        told = {"ok": False, "error": error.as_dict()} | ({"result": result} if result is not None else {})
        unwritten = write(sys.stdout, json.dumps(told, allow_nan=False, ensure_ascii=False))
    if not as_json or (unwritten and unwritten.errno != errno.EPIPE):
        write(sys.stderr, str(error))
    return error.exit_status


def write(stream: TextIO, text: str) -> OSError | None:
    """A line on a standard stream; what kept it from being written (a full disk behind it), None when it was."""
    try:
        print(text, file=stream, flush=True)  # noqa: T201
    except OSError as problem:
        with contextlib.suppress(OSError):  # what is left in the buffer would fail once more at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return problem
    return None


def _write_crash(problem: BaseException, folder: Path | None) -> Path | None:
    text = crash_text(problem)
    for place in (folder, Path(tempfile.gettempdir())):
        if place is None or not place.is_dir():
            continue
        path = place / f"crash-{uuid.uuid4().hex[:8]}.txt"
        try:
            path.write_text(text, encoding="utf-8")
            return path
        except OSError:
            continue
    return None


def crash_text(problem: BaseException | None) -> str:
    """Versions, types of the chained exceptions, and the lines of code they passed through."""
    lines = [f"aorta {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"]
    while problem is not None:
        lines += ["", f"{type(problem).__module__}.{type(problem).__qualname__} (message withheld)"]
        for frame in traceback.extract_tb(problem.__traceback__):
            lines.append(f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}: {frame.line}")
        problem = problem.__cause__ or problem.__context__
    return "\n".join(lines) + "\n"


def _short(filename: str) -> str:
    """From the package's folder on: a home folder has somebody's name."""
    parts = Path(filename).parts
    for start in ("aorta", "site-packages", "dist-packages"):
        if start in parts:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(start) :])
    return parts[-1]
