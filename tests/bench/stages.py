"""Time and memory of every stage on the phantom.

Each stage runs in a process of its own (the stages before it come from the store), so that its
peak memory is its own. Prints figures; asserts nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

AORTA = [sys.executable, "-m", "aorta"]


def run(arguments: list[str]) -> tuple[dict, float, float]:
    """The JSON answer of a command, its wall seconds and its peak memory in GB."""
    import time

    start = time.monotonic()
    process = subprocess.Popen([*AORTA, *arguments, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    answer = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"aorta {' '.join(arguments)} ended with {process.returncode}: {answer.decode()}")
    return json.loads(answer)["result"], time.monotonic() - start, usage.ru_maxrss / 1e6


def bench() -> None:
    """Bench the phantom stage by stage, then the whole of it from nothing."""
    from aorta.pipeline.stages import STAGES

    with tempfile.TemporaryDirectory() as folder:
        case = str(Path(folder) / "phantom" / "case.yaml")
        _, seconds, memory = run(["phantom", str(Path(folder) / "phantom")])
        print(f"{'stage':12} {'stage s':>9} {'process s':>10} {'peak GB':>8}")
        print(f"{'phantom':12} {'':9} {seconds:10.1f} {memory:8.2f}")
        for stage in STAGES:
            answer, seconds, memory = run(["plan", case, "--output", f"{folder}/staged", "--until", stage])
            own = next((s["seconds"] for s in answer["stages"] if s["name"] == stage and s["status"] == "done"), None)
            if own is not None:
                print(f"{stage:12} {own:9.1f} {seconds:10.1f} {memory:8.2f}", flush=True)
        _, seconds, memory = run(["plan", case, "--output", f"{folder}/whole"])
        print(f"{'whole':12} {'':9} {seconds:10.1f} {memory:8.2f}")
        _, seconds, memory = run(["plan", case, "--output", f"{folder}/whole"])
        print(f"{'again':12} {'':9} {seconds:10.1f} {memory:8.2f}")
