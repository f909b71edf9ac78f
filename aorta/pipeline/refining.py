"""``mesh: {accuracy: 3 %}``: mesh, solve and estimate again, finer where it matters, until the estimate is as small as asked.

The stages ``mesh`` and ``mechanics`` keep the first mesh and its solution. This one, behind them, has the last: what
follows takes its mesh and solution from here where it ran (``building.last_mesh``). The shape is the first mesh's
(``build_mesh``'s ``finer``), so that the rounds differ in discretisation alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aorta.errors import MeshError, SolverError
from aorta.pipeline import building
from aorta.pipeline.context import Context, sections
from aorta.records import Finding, FinerMesh, Progress, Refined, Solution, WallMesh
from aorta.settings import MeshSettings

ROUNDS = 4
MOST_NODES = 150_000
"""About 10 GB and some minutes; what is larger is meshed but not solved."""
_SLOW = 0.75
"""A finer mesh that leaves more of the error than this calls for another layer instead."""
_MOST_LAYERS = 4


def skip(context: Context) -> str:
    """Why nothing is refined."""
    if context.case.mesh.accuracy is None:
        return "no mesh.accuracy in the case file"
    return building.no_pressure(context)


def parts(context: Context) -> Mapping[str, Any]:
    """Everything that makes mesh, solution and estimate."""
    exclusion = {"end_exclusion": context.case.risk.end_exclusion}
    return {**building.mechanics_parts(context), **building.mesh_parts(context), **sections("mesh")(context), **exclusion}


@dataclass(frozen=True)
class _Round:
    """One mesh and what came of it."""

    settings: MeshSettings
    finer: FinerMesh | None
    mesh: WallMesh
    solution: Solution
    readings: Any

    @property
    def error(self) -> float:
        return self.readings.error

    def told(self) -> str:
        """Size, layers, nodes, estimate."""
        least = self.settings.size * (1.0 if self.finer is None else float(self.finer.share.min()))
        layers = f"{self.settings.layers} layer{'s' if self.settings.layers > 1 else ''}"
        return f"{least:.2g} mm where it matters, {layers}, {len(self.mesh.points)} nodes: {100 * self.error:.2g} %"


def refine(context: Context, progress: Progress) -> Refined:
    """Rounds until the estimate is below ``mesh.accuracy``, at most ``ROUNDS``, at most ``MOST_NODES`` nodes.

    What stops it short is told as a caution of the finding, with the best round's mesh and solution; it raises nothing.
    """
    wanted = context.case.mesh.accuracy / 100.0
    rounds = [_round(context, context.case.mesh, None, context.load("mesh"), context.load("mechanics"))]
    stopped = ""
    while rounds[-1].error > wanted and not stopped:
        if len(rounds) > ROUNDS:
            stopped = f"{ROUNDS} rounds were not enough"
            break
        progress(f"round {len(rounds)}: the estimate is {100 * rounds[-1].error:.1f} %", (len(rounds) - 1) / ROUNDS)
        found = _next(context, rounds, progress)
        if isinstance(found, str):
            stopped = found
        else:
            rounds.append(found)
    best = rounds[-1] if rounds[-1].error <= wanted else min(rounds, key=lambda r: r.error)
    return Refined(best.mesh, best.solution, _findings(context, rounds, best, stopped))


def _round(context: Context, settings: MeshSettings, finer: FinerMesh | None, mesh: WallMesh, solution: Solution) -> _Round:
    from aorta.risk.discretisation import read_percentile
    from aorta.risk.fields import wall_places

    places = wall_places(mesh, context.case.risk.end_exclusion)
    return _Round(settings, finer, mesh, solution, read_percentile(mesh, solution.state("systole"), places.elements))


def _next(context: Context, rounds: list[_Round], progress: Progress) -> _Round | str:
    """The next round, or why there is none."""
    from aorta.risk.refinement import finer

    last = rounds[-1]
    settings, where = last.settings, last.finer
    if _wants_layer(rounds) and settings.layers < _MOST_LAYERS:
        settings = replace(settings, layers=settings.layers + 1)
    else:
        where = finer(last.mesh, last.readings, last.finer)
    case = replace(context.case, mesh=settings)
    try:
        mesh = building.mesh(replace(context, case=case), progress, where)
        if len(mesh.points) > MOST_NODES:
            return f"the next mesh would have {len(mesh.points)} nodes, more than {MOST_NODES}"
        solution = building.solve(replace(context, load=lambda name: mesh if name == "mesh" else context.load(name)), progress)
    except (MeshError, SolverError) as problem:
        return f"the next mesh failed ({problem.what})"
    return _round(context, settings, where, mesh, solution)


def _wants_layer(rounds: list[_Round]) -> bool:
    """Whether stress is too steep through the wall for its layers, or shorter edges have just helped little."""
    last = rounds[-1]
    readings = last.readings
    if abs(readings.extrapolated - readings.reported) > abs(readings.recovered - readings.reported):
        return True
    if len(rounds) < 2:
        return False
    return last.settings.layers == rounds[-2].settings.layers and last.error > _SLOW * rounds[-2].error


def _findings(context: Context, rounds: list[_Round], best: _Round, stopped: str) -> tuple[Finding, ...]:
    asked = context.case.mesh.accuracy
    history = "; ".join(f"{number}: {entry.told()}" for number, entry in enumerate(rounds))
    used = f"; number {rounds.index(best)} is used" if best is not rounds[-1] else ""
    caution = f"The accuracy asked for, {asked:g} %, was not reached: {stopped}." if stopped else ""
    return (
        Finding(
            "mesh_refinement_rounds", float(len(rounds) - 1), "1", f"meshes after the first, with their estimates ({history}{used})"
        ),
        Finding(
            "mesh_accuracy_percent",
            100.0 * best.error,
            "%",
            f"estimated discretisation error of the 99th percentile of wall stress; {asked:g} % was asked for",
            valid=not stopped,
            caution=caution,
        ),
    )
