"""One measurement of our solver in a process of its own: ``python -m tests.bench.ours GEOMETRY SIZE WAY FOLDER``.

Ways: ``forward``, without prestress to 16 kPa; ``prestressed``, the inverse problem at 80 mmHg and
the forward one to 120 mmHg. Time is taken from the mesh in memory to the stress, equations compiled
before. Writes a JSON with counts and times, and the state.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

PRESSURE = 16e-3
"""MPa, without prestress."""
MMHG = 133.322387415e-6


class Clock:
    """Seconds and calls of methods, by part of the work."""

    def __init__(self):
        self.seconds, self.calls = defaultdict(float), defaultdict(int)

    def watch(self, owner: type, name: str, part: str) -> None:
        """Count a method's time under a part."""
        method = getattr(owner, name)

        def timed(*arguments, **named):
            start = time.perf_counter()
            try:
                return method(*arguments, **named)
            finally:
                self.seconds[part] += time.perf_counter() - start
                self.calls[part] += 1

        setattr(owner, name, timed)


def measure(geometry: str, size: int, way: str, folder: Path) -> dict:
    """Solve and say what it took."""
    from petsc4py import PETSc

    from aorta.mechanics.constrained import ConstrainedMatrix
    from aorta.mechanics.newton import Newton
    from aorta.mechanics.tangent import TangentAction
    from aorta.verify import calculix
    from tests.bench.geometries import mesh_of, small

    solve = forward if way == "forward" else prestressed
    solve(calculix.clamped(small(geometry)), 0.1)
    mesh = mesh_of(geometry, size, folder)
    clock = Clock()
    clock.watch(ConstrainedMatrix, "assemble", "tangent")
    clock.watch(TangentAction, "mult", "tangent's action")
    clock.watch(Newton, "assemble_residual", "residual")
    PETSc.Log.begin()
    events = {"analysis": "MatCholFctrSym", "factorisation": "MatCholFctrNum", "triangular solves": "MatSolve"}
    before = {part: PETSc.Log.Event(name).getPerfInfo() for part, name in events.items()}
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    state, paths = solve(calculix.clamped(mesh), 1.0)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    for part, name in events.items():
        after = PETSc.Log.Event(name).getPerfInfo()
        clock.seconds[part] = after["time"] - before[part]["time"]
        clock.calls[part] = after["count"] - before[part]["count"]
    parts = {part: clock.seconds[part] for part in (*events, "tangent", "tangent's action", "residual")}
    parts["rest"] = wall - sum(parts.values())
    newton = sum(path.iterations for path in paths)
    made = sum(path.factorisations for path in paths)
    floor = (
        parts["analysis"] / max(clock.calls["analysis"], 1)
        + 2 * parts["factorisation"] / max(clock.calls["factorisation"], 1)
        + newton * parts["tangent"] / max(clock.calls["tangent"], 1)
    )
    np.savez(
        folder / f"{geometry}-{size}-{way}.npz",
        displacement=state.displacement_mm,
        stress=state.cauchy_quadrature_MPa,
        volume=state.quadrature_volume_mm3,
    )
    return {
        "nodes": len(mesh.points),
        "tetrahedra": len(mesh.tets),
        "seconds": wall,
        "cpu": cpu,
        "threads": int(os.environ["OMP_NUM_THREADS"]),
        "GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "GB_before": resident / 1e6,
        "newton": newton,
        "factorisations": made,
        "krylov": sum(path.krylov for path in paths),
        "parts": parts,
        "floor": floor,
        "largest_mm": float(np.linalg.norm(state.displacement_mm, axis=1).max()),
        "p99_MPa": calculix.percentile99(mesh, state.cauchy_quadrature_MPa, state.quadrature_volume_mm3),
    }


def forward(body, share: float):
    """From the mesh taken as unstressed to a share of 16 kPa."""
    from aorta.verify import solving

    state, newton = solving.inflate(body, share * PRESSURE, first_step=1.0)
    newton.release()
    return state, (newton.path,)


def prestressed(body, share: float):
    """Unloaded shape at 80 mmHg, then on to a share of 120 mmHg."""
    from aorta.mechanics import stress
    from aorta.mechanics.equilibrium import Equilibrium
    from aorta.mechanics.newton import Newton

    equilibrium = Equilibrium(body, prestressed=True)
    inverse = Newton(equilibrium, "inverse")
    inverse.run(0.0, share * 80 * MMHG)
    inverse.release()
    equilibrium.take_over()
    newton = Newton(equilibrium, "forward")
    newton.set_load(share * 80 * MMHG, 1.0)
    newton.run(share * 80 * MMHG, share * 120 * MMHG)
    newton.release()
    return stress.state(equilibrium, "systole")[0], (inverse.path, newton.path)


if __name__ == "__main__":
    geometry, size, way, folder = sys.argv[1:]
    print(json.dumps(measure(geometry, int(size), way, Path(folder))))
