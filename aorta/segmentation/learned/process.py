"""The network's own Python: started without a network where the system can, asked one thing, and what it says when it fails."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from aorta.errors import AortaError, SetupError, on_os_error
from aorta.records import Progress, silent

_WORKER = Path(__file__).with_name("worker.py")
_TOLD_EVERY_S = 10.0
LONGEST = 200
_NOWHERE = "http://127.0.0.1:9"
"""The discard port, where nothing listens."""

_ALONE = (("unshare", "--net", "--"), ("unshare", "--user", "--map-current-user", "--net", "--"))
"""util-linux: a program, and all that it starts, in a network of its own that leads nowhere; the first is for the administrator,
who would lose the right to read other users' files in the second."""

_QUOTED = re.compile(r"(['\"])(?:[A-Za-z]:\\|/).*?\1")
_PATH = re.compile(r"(?<![\w.])(?:[A-Za-z]:\\|/)[^\s'\"`:;,()<>\[\]]*")


@cache
def isolation() -> tuple[str, ...]:
    """What to put before a command to run it without a network; () where this system does not let us."""
    for before in _ALONE:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if subprocess.run([*before, "true"], capture_output=True, timeout=10).returncode == 0:
                return before
    return ()


@cache
def library_versions(python: str | None) -> dict[str, str]:
    """Versions of the network libraries of an interpreter; {} where it cannot be started, which labelling will refuse."""
    with tempfile.TemporaryDirectory(prefix="aorta-network-") as folder:
        try:
            return ask(python, {"method": "versions", "arguments": {}}, Path(folder), Path(folder))
        except AortaError:
            return {}


def ask(python: str | None, request: dict[str, Any], here: Path, weights: Path, progress: Progress = silent) -> dict[str, Any]:
    """The worker's answer.

    Parameters
    ----------
    here : Path
        A private folder, to work in.

    Raises
    ------
    SetupError
        The interpreter does not start, its library is missing, or the network failed.
    """
    python, answer = python or sys.executable, here / "answer.json"
    with (here / "said.txt").open("wb") as said:
        process = _started(python, here, weights, said)
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:  # it ended without a look at the request
                pipe.write(json.dumps({**request, "answer": str(answer)}).encode())
            _wait(process, progress)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    told = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else {}
    if "missing" in told:
        raise SetupError(
            "the network cannot run",
            where="segmentation",
            why=told["missing"],
            fix="install the library into the environment of segmentation.python and bring all its weights "
            "(docs/how-to/networks.md); nothing is downloaded",
        )
    if "ok" not in told:
        lines = (here / "said.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = last_words(lines[-1], (here, weights, Path(python).parent)) if lines else "it said nothing"
        why = f"exit status {process.returncode}; its last line: {last}"
        raise SetupError("the network failed", where="segmentation", why=why, fix="run it by hand on the same image")
    return told["ok"]


def last_words(text: str, known: Iterable[Path] = ()) -> str:
    """A line with "…" for every path (the known ones, the user's own folder, what looks like one), and cut only then."""
    names = {str(form) for path in (*known, Path.home()) for form in (path, path.resolve())} - {"/", "."}
    for name in sorted(names, key=len, reverse=True):  # a path that lies in another one first
        text = text.replace(name, "/…")
    return _PATH.sub("…", _QUOTED.sub("'…'", text))[:LONGEST]


def _started(python: str, here: Path, weights: Path, said: Any) -> subprocess.Popen:
    home = here / "home"
    home.mkdir()
    (home / "config.json").write_text(json.dumps({"totalseg_id": "none", "send_usage_stats": False, "prediction_counter": 0}))
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "nnUNet_", "TOTALSEG"))},
        **{f"nnUNet_{name}": str(here) for name in ("raw", "preprocessed", "results")},
        **{"TOTALSEG_WEIGHTS_PATH": str(weights), "TOTALSEG_HOME_DIR": str(home), "HF_HUB_OFFLINE": "1"},
        **{name: _NOWHERE for proxy in ("http_proxy", "https_proxy", "all_proxy") for name in (proxy, proxy.upper())},
        **{name: "" for name in ("no_proxy", "NO_PROXY")},
    }
    no_start = SetupError(
        "the network's Python cannot be started",
        where="segmentation.python of the case file",
        fix="give the interpreter of an environment with the network's library",
    )
    with on_os_error(no_start):
        if shutil.which(python) is None:
            raise OSError(errno.ENOENT, "no such program, or it may not be run")
        return subprocess.Popen(
            [*isolation(), python, "-I", str(_WORKER)], stdin=subprocess.PIPE, stdout=said, stderr=said, env=environment, cwd=here,
            start_new_session=True,
        )  # fmt: skip


def _wait(process: subprocess.Popen, progress: Progress) -> None:
    start = time.monotonic()
    while process.poll() is None:
        try:
            process.wait(_TOLD_EVERY_S)
        except subprocess.TimeoutExpired:
            progress(f"the network is at work, {time.monotonic() - start:.0f} s")
