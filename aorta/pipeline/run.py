"""Run one case through the graph: reuse what still holds, compute the rest, say why."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aorta.errors import AortaError, SetupError, SolverError
from aorta.pipeline.context import LABELS_FILE, Stage
from aorta.pipeline.exports import export_labels, writing
from aorta.pipeline.finish import finish, holds, note_finished, report_parts
from aorta.pipeline.heart_cycle import heart_cycle
from aorta.pipeline.sources import require_catalogue, require_sources
from aorta.pipeline.stages import GRAPH, STAGES
from aorta.pipeline.store import Finished
from aorta.pipeline.walk import Listener, Nobody, Walk
from aorta.records import Finding, Results, StageRecord
from aorta.settings import Case


class RunResult:
    """What a run leaves behind: cheap facts at once, the full records when asked for."""

    def __init__(self, run: Walk):
        self._run = run
        self.folder: Path = run.out
        self.finished: Mapping[str, Finished] = run.finished
        self.stages: tuple[StageRecord, ...] = tuple(run.records)
        self.findings: tuple[Finding, ...] = run.findings()
        self.cautions: tuple[tuple[str, str], ...] = run.cautions()

    @cached_property
    def results(self) -> Results:
        """Every record of the case (read from disk)."""
        return self._run.results()


@dataclass(frozen=True)
class StageStatus:
    """Whether a stage's earlier result still holds: "finished", "stale", "skipped"."""

    name: str
    status: str
    reason: str


def run_case(
    case: Case,
    case_folder: Path,
    out: Path,
    *,
    until: str | None = None,
    force: tuple[str, ...] = (),
    progress: Listener | None = None,
    graph: tuple[Stage, ...] | None = None,
    subfolder: str = "",
    earlier: RunResult | None = None,
    ranks: int = 1,
) -> RunResult:
    """Take a case from its input to its report under ``out / case.case_id``.

    Parameters
    ----------
    case_folder : Path
        Where relative paths of the case file start.
    until : str, optional
        Last stage to run; later ones are left alone.
    force : tuple of str
        Stages to compute again although nothing changed.
    progress : Listener, optional
    graph : tuple of Stage, optional
        Other stages than ``GRAPH``, by the same names.
    subfolder : str
        Of the case's folder, for results that must not replace those there.
    earlier : RunResult, optional
        Of the same case: its stages are taken as they are.
    ranks : int
        MPI processes of the mechanics.

    Raises
    ------
    AortaError
        From any stage. Finished stages stay; from the mesh on, a report of what is known is
        written before the error goes on its way.
    """
    listener = progress or Nobody()
    folder = out / case.case_id / subfolder
    require_sources(case, case_folder)
    require_catalogue(case, case_folder)
    heart_cycle(case, case_folder)  # a mistake in its file is told now, not after the mesh
    with writing("the output folder"):
        (folder / "stages").mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        run = Walk(case, case_folder, folder, ranks)
        run.store.sweep()
        if earlier is not None:
            run.take(earlier.finished, earlier.stages)
        last = STAGES.index(until) if until else len(STAGES) - 1
        for stage in (graph or GRAPH)[: last + 1]:
            if earlier is not None and any(stage.name == done.name for done in earlier.stages):
                continue
            try:
                run.stage(stage, stage.name in force, listener)
            except AortaError as problem:
                full_disk = isinstance(problem, SetupError)
                if stage.name in ("mesh", "mechanics", "refine", "risk", "stent") and until in (None, "report") and not full_disk:
                    _report_failure(run, stage.name, problem, listener)
                raise
            fresh = run.records[-1].status == "done" or not (folder / LABELS_FILE).is_file()
            if stage.name == "segment" and fresh and run.context.corrected_labels is None:
                export_labels(folder, run.load("segment").labels)
        if until in (None, "report"):
            _report(run, "report" in force, listener)
        return RunResult(run)


def status(case: Case, case_folder: Path, out: Path) -> tuple[StageStatus, ...]:
    """Which finished stages still hold, and why the others do not. Computes nothing."""
    require_sources(case, case_folder)
    run = Walk(case, case_folder, out / case.case_id)
    told: list[StageStatus] = []
    stale = ""
    for stage in GRAPH:
        if reason := stage.skip(run.context):
            told.append(StageStatus(stage.name, "skipped", reason))
            continue
        if any(t.status == "stale" and t.name in stage.needs for t in told):
            told.append(StageStatus(stage.name, "stale", f"waits for {stale}"))
            continue
        finished, why = run.store.find(stage.name, run.parts(stage))
        if finished is None:
            stale = stage.name
            told.append(StageStatus(stage.name, "stale", why))
        else:
            run.finished[stage.name] = finished
            told.append(StageStatus(stage.name, "finished", why))
    if stale:
        told.append(StageStatus("report", "stale", f"waits for {stale}"))
    else:
        finished, why = holds(run.store, run.out, report_parts(run.case, run.finished))
        told.append(StageStatus("report", "finished" if finished else "stale", why))
    return tuple(told)


def _report(run: Walk, force: bool, listener: Listener) -> None:
    parts = report_parts(run.case, run.finished)
    finished, why = holds(run.store, run.out, parts)
    if finished and not force:
        run.records.append(StageRecord("report", "cached", 0.0, why))
        listener.end(run.records[-1])
        return
    why = "forced" if force else why
    listener.begin("report", why)
    start = time.monotonic()
    _write(run, listener)
    note_finished(run.store, run.out, parts)
    run.records.append(StageRecord("report", "done", time.monotonic() - start, why))
    listener.end(run.records[-1])


def _write(run: Walk, listener: Listener) -> None:
    seconds = {name: stage.meta["seconds"] for name, stage in run.finished.items()}
    finish(run.results(), run.out, seconds, lambda message, fraction=None: listener.progress("report", message, fraction))


def _report_failure(run: Walk, name: str, problem: AortaError, listener: Listener) -> None:
    """Write a report of what is known; a second failure must not hide the first."""
    failed = STAGES.index(name)
    run.skip(name, f"failed: {problem.what}", listener)
    for later in STAGES[failed + 1 : -1]:
        run.skip(later, f"needs {name}, which failed", listener)
    with contextlib.suppress(Exception):
        _write(run, listener)
        if isinstance(problem, SolverError) and problem.last_state is not None:
            from aorta.report.fields import write_last_converged

            write_last_converged(run.load("mesh"), problem.last_state, run.out / "fields")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process per case at a time; the kernel frees the lock of a killed one."""
    with (folder / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise SetupError(
                "another process is working on this case",
                where="output folder",
                why="its lock is held",
                fix="wait for it to end, or choose another folder with -o",
            ) from problem
        yield
