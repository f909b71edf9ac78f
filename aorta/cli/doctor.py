"""``aorta doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aorta import __version__
from aorta.cli.command import Answer, Console, command, table
from aorta.errors import SetupError

_FIXES = {
    "images": "reinstall: make setup",
    "gmsh": "reinstall: make setup (gmsh needs libGLU: apt install libglu1-mesa)",
    "mechanics": "install DOLFINx: apt install python3-dolfinx, and a virtual environment with --system-site-packages",
    "blas": "apt install libopenblas0-pthread",
    "cache": "make ~/.cache writable, or set XDG_CACHE_HOME",
    "rendering": "apt install libegl1 libgl1 libosmesa6",
    "pdf": "apt install libpango-1.0-0 libpangoft2-1.0-0",
    "exchange": "pip install 'meshio>=5.3,<6' 'numpy<2'",
}
_NEEDED_DISK_GB = 2.0
_NEEDED_MEMORY_GB = 6.0
_PROBE_SECONDS = 300


@dataclass(frozen=True)
class Line:
    """One thing looked at: ``status`` is "ok", "warn" or "fail"."""

    part: str
    status: str
    fact: str
    fix: str = ""


@command("doctor")
def doctor(console: Console) -> Answer:
    """Check the installation by doing a small piece of each part.

    The first time, compiling the equations takes a minute. Paste the output into a bug report.

    \b
    Example:
      aorta doctor
    """
    lines = []
    for line in examine():
        console.note(f"{line.part}: {line.status}")
        lines.append(line)
    failed = [line for line in lines if line.status == "fail"]
    failure = None
    if failed:
        details = tuple(f"{line.part}: {line.fact}" for line in failed)
        fixes = "; ".join(dict.fromkeys(line.fix for line in failed if line.fix))
        failure = SetupError("part of the installation does not work", details=details, fix=fixes)
    text = table([(line.status, line.part, line.fact + (f" -> {line.fix}" if line.fix else "")) for line in lines])
    return Answer({"lines": lines}, text, failure)


def examine() -> Iterator[Line]:
    """All lines, quick ones first."""
    yield Line(
        "program", "ok", f"aorta {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )
    yield _threads()
    yield _memory()
    yield _disk(Path.cwd())
    for name in _FIXES:
        yield run_probe(name)


def run_probe(name: str, start: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run) -> Line:
    """One probe of ``cli.probes`` in a process of its own."""
    command = [sys.executable, "-m", "aorta.cli.probes", name]
    try:
        finished = start(command, capture_output=True, text=True, timeout=_PROBE_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return Line(name, "fail", f"no answer within {_PROBE_SECONDS} s", _FIXES[name])
    if finished.returncode < 0:
        return Line(name, "fail", f"crashed ({signal.Signals(-finished.returncode).name})", _FIXES[name])
    status, _, sentence = (finished.stdout.strip().splitlines() or [""])[-1].partition("\t")
    if status not in ("ok", "warn", "fail"):
        return Line(name, "fail", f"ended without an answer, exit status {finished.returncode}", _FIXES[name])
    return Line(name, status, sentence, "" if status == "ok" else _FIXES[name])


def _threads() -> Line:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Line("threads", "ok", f"{count} of {os.cpu_count()} processors may be used")


def _memory() -> Line:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if total < _NEEDED_MEMORY_GB:
        return Line("memory", "warn", f"{total:.1f} GB", f"a case needs up to {_NEEDED_MEMORY_GB:g} GB; choose a larger mesh size")
    return Line("memory", "ok", f"{total:.1f} GB")


def _disk(folder: Path) -> Line:
    free = shutil.disk_usage(folder).free / 1e9
    if free < _NEEDED_DISK_GB:
        return Line("disk", "warn", f"{free:.1f} GB free here", f"a case needs up to {_NEEDED_DISK_GB:g} GB; work on another disk")
    return Line("disk", "ok", f"{free:.1f} GB free here")
