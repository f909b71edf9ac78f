"""One of the processes that ``ranks.py`` starts: ``mpirun -n N python -m aorta.pipeline.ranks_worker FOLDER``."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from aorta.errors import AortaError
from aorta.pipeline.freeze import freeze, thaw
from aorta.pipeline.ranks import CALL, CYCLE, MESH, PROGRESS, SOLUTION
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, TissueSettings, WallSettings

_SETTINGS = {
    "pressure": BloodPressure,
    "settings": MechanicsSettings,
    "wall": WallSettings,
    "thrombus": ThrombusSettings,
    "tissue": TissueSettings,
}


def work(folder: Path, comm: MPI.Comm) -> None:
    """Solve together with the other processes; the first writes the solution.

    Raises
    ------
    AortaError
        As from ``mechanics.solve``.
    """
    from aorta.mechanics.solve import solve

    call = json.loads((folder / CALL).read_text(encoding="utf-8"))
    settings = {key: _SETTINGS[key](**values) for key, values in call["settings"].items()}
    cycle = thaw(folder / CYCLE) if (folder / CYCLE).is_dir() else None
    first = comm.rank == 0

    def progress(message: str, fraction: float | None = None) -> None:
        if first:
            with (folder / PROGRESS).open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([message, fraction]) + "\n")

    solution = solve(thaw(folder / MESH), **settings, cycle=cycle, progress=progress, comm=comm)
    if first:
        draft = folder / f".{SOLUTION}"
        draft.mkdir()
        freeze(solution, draft)
        draft.rename(folder / SOLUTION)


def leave_word(folder: Path, rank: int, problem: BaseException) -> None:
    """Write down a failure: an error of ours with all it says, of a bug where it was."""
    told: dict[str, Any] = {"type": type(problem).__name__}
    if isinstance(problem, AortaError):
        told |= problem.as_dict()
        state, place = getattr(problem, "last_state", None), getattr(problem, "place", None)
        if state is not None:
            told |= {"load": float(state[0]), "displacement": f"displacement-{rank}.npy"}
            np.save(folder / f"displacement-{rank}.npy", state[1], allow_pickle=False)
        if place is not None:
            told["place"] = [float(x) for x in np.ravel(place)]
    else:  # messages can quote the patient's data: only where it was
        told["traceback"] = "".join(f"{f.filename}:{f.lineno} in {f.name}\n" for f in traceback.extract_tb(problem.__traceback__))
    draft = folder / f".error-{rank}"
    draft.write_text(json.dumps(told), encoding="utf-8")
    draft.rename(folder / f"error-{rank}.json")


def main(folder: Path) -> None:
    """Work; where that fails, tell why and end the other processes, which may be waiting for this one."""
    comm = MPI.COMM_WORLD
    try:
        work(folder, comm)
    except BaseException as problem:  # noqa: BLE001
        leave_word(folder, comm.rank, problem)
        comm.Abort(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
