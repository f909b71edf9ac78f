"""One measurement of CalculiX on our mesh: ``python -m tests.bench.peer GEOMETRY SIZE FOLDER``."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np

from tests.bench.ours import PRESSURE


def measure(geometry: str, size: int, folder: Path) -> dict:
    """Solve without prestress to 16 kPa and say what it took; our own state of the same mesh must be in the folder."""
    from aorta.verify import calculix
    from aorta.verify.calculix_input import FASTEST
    from tests.bench.geometries import mesh_of

    mesh = mesh_of(geometry, size, folder)
    run = calculix.timed_run(mesh, calculix.clamped(mesh).materials, PRESSURE, way=FASTEST)
    ours = np.load(folder / f"{geometry}-{size}-forward.npz")
    apart = np.linalg.norm(run.displacement_mm - ours["displacement"], axis=1).max()
    largest = float(np.linalg.norm(run.displacement_mm, axis=1).max())
    return {
        "nodes": len(mesh.points),
        "seconds": run.seconds,
        "cpu": run.cpu_seconds,
        "GB": run.memory_GB,
        "newton": run.iterations,
        "increments": run.increments,
        "way": str(run.way),
        "largest_mm": largest,
        "p99_MPa": calculix.percentile99(mesh, run.stress_MPa, ours["volume"]),
        "apart": float(apart) / largest,
    }


def absent() -> list[str]:
    """What cannot be compared with, and why."""
    missing = []
    if shutil.which("ccx") is None:
        missing.append("CalculiX (ccx) is not installed: not compared (apt-get install calculix-ccx)")
    if not any(shutil.which(name) for name in ("febio4", "febio3", "febio")):
        missing.append("FEBio (febio4, febio3, febio) is not on the path: not compared")
    return missing


if __name__ == "__main__":
    geometry, size, folder = sys.argv[1:]
    print(json.dumps(measure(geometry, int(size), Path(folder))))
