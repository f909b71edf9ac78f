"""Time and memory of every stage on the phantom, and our solver beside CalculiX: ``make bench``.

Each stage runs in a process of its own (the stages before it come from the store), so that its
peak memory is its own. CalculiX gets the very mesh, laws and pressure that ours gets, one thread
each. Prints figures; asserts nothing. ``python tests/bench.py --peer`` for the second part alone.
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


def peer() -> None:
    """An idealised aneurysm without prestress to 120 mmHg by us and by CalculiX: time, and whether they agree."""
    os.environ["OMP_NUM_THREADS"] = "1"  # before any library is loaded
    import resource
    import time

    import numpy as np

    from aorta.units import MMHG_IN_MPA
    from aorta.verify import calculix, reference_meshes, solving

    if not calculix.available():
        print("CalculiX (ccx) is not installed: no comparison (apt-get install calculix-ccx)")
        return
    pressure, mesh = 120 * MMHG_IN_MPA, reference_meshes.aneurysm((1, 24, 20))
    solving.inflate(calculix.clamped(reference_meshes.aneurysm((1, 6, 4))), 0.1 * pressure)  # the forms are compiled once

    def timed(compute, who):
        wall, used = time.monotonic(), resource.getrusage(who)
        found = compute()
        after = resource.getrusage(who)
        cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        return found, time.monotonic() - wall, cpu

    def ours():
        return solving.inflate(calculix.clamped(mesh), pressure)[0]

    materials = calculix.clamped(mesh).materials
    state, our_wall, our_cpu = timed(ours, resource.RUSAGE_SELF)
    (moved, stress), their_wall, their_cpu = timed(lambda: calculix.run(mesh, materials, pressure), resource.RUSAGE_CHILDREN)
    print(f"\nidealised aneurysm, {len(mesh.points)} nodes, {len(mesh.tets)} tetrahedra, no prestress, 120 mmHg, one thread")
    print(f"{'solver':12} {'wall s':>9} {'CPU s':>10}")
    print(f"{'aorta':12} {our_wall:9.1f} {our_cpu:10.1f}")
    print(f"{'CalculiX':12} {their_wall:9.1f} {their_cpu:10.1f}")
    print(f"{'ratio':12} {their_wall / our_wall:9.1f} {their_cpu / our_cpu:10.1f}")
    print(f"largest displacement: {np.linalg.norm(state.displacement_mm, axis=1).max():.4f} mm")
    for check in calculix.checks("aneurysm", mesh, state, moved, stress):
        print(f"difference, {check.quantity}: {check.error:.1e}")


def stages() -> None:
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


if __name__ == "__main__":
    if "--peer" not in sys.argv[1:]:
        stages()
    peer()
