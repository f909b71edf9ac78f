"""``mesh: {accuracy: 3 %}``: mesh and solve again, finer where it matters, until the stress is as accurate as asked.

The stages ``mesh`` and ``mechanics`` keep the first mesh and its solution. This one, behind them, has the last: what
follows takes its mesh and solution from here where it ran (``building.last_mesh``). The shape is the first mesh's
(``build_mesh``'s ``finer``), so that the rounds differ in discretisation alone.

An estimate from one solution does not see what its mesh cannot show at all, least of all how a wall of one layer bends
(docs/theory/mesh.md). So rounds take turns: another layer, then shorter edges. What is left of either error is told from how
far its last step moved the percentile, which converges with the square of the element size: a step that leaves the share r of
the error and moves the percentile by d leaves d r / (1 - r). Both, and the estimate, must be below what is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aorta.errors import AortaError
from aorta.pipeline import building
from aorta.pipeline.context import Context, sections
from aorta.records import Finding, FinerMesh, Progress, Refined, Solution, WallMesh
from aorta.settings import MeshSettings

ROUNDS = 4
MOST_NODES = 150_000
"""About 6 GB and two minutes; what is larger is meshed but not solved."""
_MOST_LAYERS = 4
_FAILURES = (AortaError, MemoryError)
"""Of a round: the rounds before it stand."""


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
    """One mesh and what came of it; ``left`` is the error after the last step of each kind, "layer" and "size"."""

    settings: MeshSettings
    finer: FinerMesh | None
    mesh: WallMesh
    solution: Solution
    readings: Any
    left: Mapping[str, float]

    @property
    def error(self) -> float:
        """Share of the percentile, as far as is known."""
        return max(self.readings.error, *self.left.values()) if self.left else self.readings.error

    @property
    def checked(self) -> bool:
        """Whether both steps were made."""
        return len(self.left) == 2 or (len(self.left) == 1 and self.settings.layers >= _MOST_LAYERS and "size" in self.left)

    def told(self) -> str:
        """Size, layers, nodes, stress, error."""
        least = self.settings.size * (1.0 if self.finer is None else float(self.finer.share.min()))
        layers = f"{self.settings.layers} layer{'s' if self.settings.layers > 1 else ''}"
        stress = f"{1e3 * self.readings.reported:.4g} kPa to {100 * self.error:.2g} %"
        return f"{least:.2g} mm where it matters, {layers}, {len(self.mesh.points)} nodes: {stress}"


def refine(context: Context, progress: Progress) -> Refined:
    """Rounds until the error is below ``mesh.accuracy``, at most ``ROUNDS``, at most ``MOST_NODES`` nodes.

    Rounds solve for imaging and systole, the last one over the heart cycle too. Whatever fails in one, in a process of the
    solver's, or for memory, stops it at the round before; that is told as a caution of the finding.
    """
    wanted = context.case.mesh.accuracy / 100.0
    first, solution = context.load("mesh"), context.load("mechanics")
    rounds = [_Round(context.case.mesh, None, first, solution, _read(context, first, solution), {})]
    stopped = ""
    while not stopped and not (rounds[-1].checked and rounds[-1].error <= wanted):
        if len(rounds) > ROUNDS:
            stopped = f"{ROUNDS} rounds were not enough"
            break
        progress(f"round {len(rounds)}, now at {100 * rounds[-1].error:.1f} %", (len(rounds) - 1) / ROUNDS)
        found = _next(context, rounds, progress)
        if isinstance(found, str):
            stopped = found
        else:
            rounds.append(found)
    rounds, failed = _completed(context, rounds, progress)
    stopped = failed or stopped
    return Refined(rounds[-1].mesh, rounds[-1].solution, _findings(context.case.mesh.accuracy, rounds, stopped))


def _completed(context: Context, rounds: list[_Round], progress: Progress) -> tuple[list[_Round], str]:
    """The rounds up to the last that has a whole solution, which the first has; and what failed of those behind it."""
    failed = ""
    while len(rounds) > 1:
        *before, last = rounds
        try:
            whole = building.complete(_on(context, last.mesh), last.solution, progress)
            return [*before, replace(last, solution=whole)], failed
        except _FAILURES as problem:
            rounds, failed = before, f"the last mesh failed over the heart cycle ({_what(problem)})"
    return rounds, failed


def _on(context: Context, mesh: WallMesh) -> Context:
    """The context with this mesh in place of the first."""
    return replace(context, load=lambda name: mesh if name == "mesh" else context.load(name))


def _what(problem: Exception) -> str:
    return problem.what if isinstance(problem, AortaError) else "memory ran out"


def _read(context: Context, mesh: WallMesh, solution: Solution) -> Any:
    from aorta.risk.discretisation import read_percentile
    from aorta.risk.fields import wall_places

    places = wall_places(mesh, context.case.risk.end_exclusion)
    return read_percentile(mesh, solution.state("systole"), places.elements)


def _next(context: Context, rounds: list[_Round], progress: Progress) -> _Round | str:
    """The next round, or why there is none."""
    from aorta.risk.refinement import SHARE, finer

    last = rounds[-1]
    settings, where, step = last.settings, last.finer, "size"
    after_layer = len(rounds) > 1 and rounds[-2].settings.layers < settings.layers
    if settings.layers < _MOST_LAYERS and not after_layer:
        settings, step = replace(settings, layers=settings.layers + 1), "layer"
        leaves = (last.settings.layers / settings.layers) ** 2
    else:
        where, leaves = finer(last.mesh, last.readings, last.finer), SHARE**2
    case = replace(context.case, mesh=settings)
    try:
        mesh = building.mesh(replace(context, case=case), progress, where)
        if len(mesh.points) > MOST_NODES:
            return f"the next mesh would have {len(mesh.points)} nodes, more than {MOST_NODES}"
        solution = building.solve_systole(_on(context, mesh), progress)
        readings = _read(context, mesh, solution)
    except _FAILURES as problem:
        return f"the next mesh failed ({_what(problem)})"
    moved = abs(readings.reported - last.readings.reported) / abs(readings.reported)
    return _Round(settings, where, mesh, solution, readings, {**last.left, step: moved * leaves / (1.0 - leaves)})


def _findings(asked: float, rounds: list[_Round], stopped: str) -> tuple[Finding, ...]:
    history = "; ".join(f"{number}: {entry.told()}" for number, entry in enumerate(rounds))
    caution = f"The accuracy asked for, {asked:g} %, was not reached: {stopped}." if stopped else ""
    return (
        Finding("mesh_refinement_rounds", float(len(rounds) - 1), "1", f"meshes after the first ({history})"),
        Finding(
            "mesh_accuracy_percent",
            100.0 * rounds[-1].error,
            "%",
            "discretisation error of the 99th percentile of wall stress: the largest of its estimate from one solution and of what "
            f"the last step to shorter edges and to another layer leave of it (second order); {asked:g} % was asked for",
            valid=not stopped,
            caution=caution,
        ),
    )
