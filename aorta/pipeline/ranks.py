"""The mechanics stage on several processes: hand the work to ``mpirun``, relay what it tells, read the answer.

Between the two lies a folder: ``call.json`` with the settings, the frozen mesh and heart cycle, then
``progress.jsonl``, and at the end the frozen solution or one ``error-<rank>.json`` for each process
that failed. What a failing process knew comes back as the same error, as if it had been raised here.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aorta import errors
from aorta.errors import AortaError, SetupError
from aorta.pipeline.freeze import freeze, plain, thaw
from aorta.records import HeartCycle, Progress, Solution, WallMesh

CALL, PROGRESS, MESH, CYCLE, SOLUTION = "call.json", "progress.jsonl", "mesh", "cycle", "solution"
_YIELD = ("--mca", "mpi_yield_when_idle", "1")
"""Open MPI: a waiting process leaves its processor to others instead of asking without end."""
_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 10.0
"""Between asking mpirun to end, so that it ends its processes, and ending it."""


def solve_on(ranks: int, mesh: WallMesh, settings: Mapping[str, Any], cycle: HeartCycle | None, progress: Progress) -> Solution:
    """``mechanics.solve`` by so many MPI processes.

    Parameters
    ----------
    settings : mapping of argument to settings
        ``pressure``, ``settings``, ``wall``, ``thrombus``, ``tissue``.

    Raises
    ------
    SetupError
        There is no ``mpirun``, or a process was killed.
    AortaError
        As from ``mechanics.solve``.
    """
    command = [*_launcher(), "-n", str(ranks), sys.executable, "-m", "aorta.pipeline.ranks_worker"]
    with tempfile.TemporaryDirectory(prefix="aorta-ranks-") as name:
        folder = Path(name)
        for part, record in ((MESH, mesh), (CYCLE, cycle)):
            if record is not None:
                (folder / part).mkdir()
                freeze(record, folder / part)
        call = {"settings": {key: plain(value) for key, value in settings.items()}, "parent": os.getpid()}
        (folder / CALL).write_text(json.dumps(call), encoding="utf-8")
        status, told = _run([*command, str(folder)], folder, ranks, progress)
        if (folder / SOLUTION).is_dir() and status == 0:
            return thaw(folder / SOLUTION)
        raise _failure(folder, status, told)


def _launcher() -> list[str]:
    mpirun = shutil.which("mpirun")
    if mpirun is None:
        raise SetupError(
            "several processes were asked for, but there is no mpirun",
            where="--ranks",
            why="no program of that name is on the PATH",
            fix="apt-get install openmpi-bin, or leave out --ranks",
        )
    version = subprocess.run([mpirun, "--version"], capture_output=True, text=True, check=False).stdout
    ours = "Open MPI" in version or "open-mpi" in version.lower()
    return [mpirun, *(["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", *_YIELD] if ours else [])]


def _environment(ranks: int) -> dict[str, str]:
    """Processors shared out among the processes, and the program where they find it."""
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, len(os.sched_getaffinity(0)) // ranks))
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": threads}


def _run(command: list[str], folder: Path, ranks: int, progress: Progress) -> tuple[int, str]:
    """Exit status and the end of what was written to stderr."""
    with open(folder / "stderr.txt", "w+", encoding="utf-8", errors="replace") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=_environment(ranks),
            start_new_session=True,  # Ctrl-C comes to us alone, and we end it
            preexec_fn=_end_with_parent,  # noqa: PLW1509
        )
        seen = 0
        try:
            while process.poll() is None:
                seen = _relay(folder / PROGRESS, seen, progress)
                try:
                    process.wait(_POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            _end(process)
        _relay(folder / PROGRESS, seen, progress)
        stderr.seek(0)
        return process.returncode, stderr.read()[-2000:]


def _end_with_parent() -> None:
    """Have the kernel end mpirun when this program is killed; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _end(process: subprocess.Popen) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _relay(path: Path, seen: int, progress: Progress) -> int:
    """Tell the complete lines after byte ``seen``; how far it got is returned."""
    if not path.is_file():
        return seen
    with path.open("rb") as stream:
        stream.seek(seen)
        new = stream.read()
    whole = new[: new.rfind(b"\n") + 1]
    for line in whole.splitlines():
        progress(*json.loads(line))
    return seen + len(whole)


def _failure(folder: Path, status: int, told: str) -> Exception:
    """What the first process that failed told; of one that could tell nothing, that it was killed."""
    for path in sorted(folder.glob("error-*.json")):
        try:
            return _rebuilt(json.loads(path.read_text(encoding="utf-8")), folder)
        except (ValueError, KeyError, OSError):  # killed while it was writing
            continue
    signals = [s.name for s in (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM) if f"signal {s.value}" in told]
    why = f"ended by {signals[0]}" if signals else f"mpirun ended with status {status}"
    return SetupError(
        "a process of the solver was killed",
        where="--ranks",
        why=why,
        fix="most often memory ran out: fewer ranks, or a larger mesh size; or run without --ranks",
    )


def _rebuilt(told: Mapping[str, Any], folder: Path) -> Exception:
    if told["type"] == "MemoryError":
        return MemoryError()
    kind = getattr(errors, told["type"], None)
    if not (isinstance(kind, type) and issubclass(kind, AortaError)):
        return RuntimeError(f"{told['type']} in a process of the solver\n{told['traceback']}")
    more = {key: told[key] for key in ("where", "why", "fix")}
    error = kind(told["what"], details=tuple(told["details"]), **more)
    if told.get("load") is not None:
        error.last_state = (told["load"], np.load(folder / told["displacement"], allow_pickle=False))
    if told.get("place") is not None:
        error.place = np.array(told["place"])
    return error
