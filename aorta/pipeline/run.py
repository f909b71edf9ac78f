"""Run one case through the graph: reuse what still holds, compute the rest, say why."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from aorta.errors import AortaError, SetupError, SolverError
from aorta.pipeline.exports import corrected_labels, export_labels, writing
from aorta.pipeline.finish import finish, holds, report_parts
from aorta.pipeline.provenance import code_digest, version_of
from aorta.pipeline.sources import require_sources
from aorta.pipeline.stages import GRAPH, LABELS_FILE, STAGES, Context, Stage
from aorta.pipeline.store import Finished, Store
from aorta.records import Finding, Results, StageRecord
from aorta.settings import Case

_RECORDS = {"image": "volume", "anatomy": "anatomy", "mesh": "mesh", "mechanics": "solution", "risk": "risk", "stent": "stent"}


class Listener(Protocol):
    """Who is told how a run goes."""

    def begin(self, stage: str, reason: str) -> None:
        """The stage starts; ``reason`` is why it is not taken from an earlier run."""

    def progress(self, stage: str, message: str, fraction: float | None) -> None:
        """The stage is at work; ``fraction`` 0 to 1 if known."""

    def end(self, record: StageRecord) -> None:
        """The stage is done, cached or skipped."""


class _Nobody:
    def begin(self, stage: str, reason: str) -> None: ...
    def progress(self, stage: str, message: str, fraction: float | None) -> None: ...
    def end(self, record: StageRecord) -> None: ...


class RunResult:
    """What a run leaves behind: cheap facts at once, the full records when asked for."""

    def __init__(self, run: _Run):
        self._run = run
        self.folder: Path = run.out
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


class _Run:
    """One pass over the graph."""

    def __init__(self, case: Case, case_folder: Path, out: Path):
        self.case, self.out = case, out
        self.store = Store(out / "stages")
        self.records: list[StageRecord] = []
        self.finished: dict[str, Finished] = {}
        self.skipped: dict[str, str] = {}
        self._loaded: dict[str, Any] = {}
        self.context = Context(case, case_folder, out, self.load, corrected_labels(out))

    def load(self, name: str) -> Any:
        """The record of a finished stage, None if it was skipped."""
        if name not in self.finished:
            return None
        if name not in self._loaded:
            self._loaded[name] = self.finished[name].load()
        return self._loaded[name]

    def parts(self, stage: Stage) -> Mapping[str, Any]:
        return {
            **stage.parts(self.context),
            "code": code_digest(stage.packages),
            "tools": {tool: version_of(tool) for tool in stage.tools},
            "upstream": {name: self.finished[name].digest for name in stage.needs if name in self.finished},
        }

    def stage(self, stage: Stage, force: bool, listener: Listener) -> None:
        if reason := stage.skip(self.context):
            self.skip(stage.name, reason, listener)
            return
        parts = self.parts(stage)
        finished, why = self.store.find(stage.name, parts)
        if finished is not None and not force:
            self.finished[stage.name] = finished
            self._tell(StageRecord(stage.name, "cached", 0.0, why), listener)
            return
        why = "forced" if force else why
        listener.begin(stage.name, why)
        start = time.monotonic()
        record = stage.run(self.context, lambda message, fraction=None: listener.progress(stage.name, message, fraction))
        seconds = time.monotonic() - start
        facts = {"seconds": seconds, "findings": [asdict(f) for f in record.findings], "cautions": list(record.cautions)}
        self.finished[stage.name] = self.store.publish(stage.name, parts, record, facts)
        self._loaded[stage.name] = record
        self._tell(StageRecord(stage.name, "done", seconds, why), listener)

    def skip(self, name: str, reason: str, listener: Listener) -> None:
        self.skipped[name] = reason
        self._tell(StageRecord(name, "skipped", 0.0, reason), listener)

    def _tell(self, record: StageRecord, listener: Listener) -> None:
        self.records.append(record)
        listener.end(record)

    def labels_stage(self) -> str:
        return "correct" if "correct" in self.finished else "segment"

    def used(self) -> list[tuple[str, Finished]]:
        """Finished stages whose findings count: corrected labels replace the automatic ones."""
        hidden = "segment" if self.labels_stage() == "correct" else ""
        return [(name, finished) for name, finished in self.finished.items() if name != hidden]

    def findings(self) -> tuple[Finding, ...]:
        return tuple(Finding(**f) for _, finished in self.used() for f in finished.meta["findings"])

    def cautions(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, text) for name, finished in self.used() for text in finished.meta["cautions"])

    def results(self, provenance: Mapping[str, str] | None = None) -> Results:
        records = {field: self.load(name) for name, field in _RECORDS.items()}
        return Results(
            case=self.case,
            segmentation=self.load(self.labels_stage()),
            skipped=dict(self.skipped),
            stages=tuple(self.records),
            findings=self.findings(),
            cautions=self.cautions(),
            provenance=provenance or {},
            **records,
        )


def run_case(
    case: Case,
    case_folder: Path,
    out: Path,
    *,
    until: str | None = None,
    force: tuple[str, ...] = (),
    progress: Listener | None = None,
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

    Raises
    ------
    AortaError
        From any stage. Finished stages stay; from the mesh on, a report of what is known is
        written before the error goes on its way.
    """
    listener = progress or _Nobody()
    folder = out / case.case_id
    require_sources(case, case_folder)
    with writing("the output folder"):
        (folder / "stages").mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        run = _Run(case, case_folder, folder)
        run.store.sweep()
        last = STAGES.index(until) if until else len(STAGES) - 1
        for stage in GRAPH[: last + 1]:
            try:
                run.stage(stage, stage.name in force, listener)
            except AortaError as problem:
                if stage.name in ("mesh", "mechanics", "risk", "stent") and until is None:
                    _report_failure(run, stage.name, problem, listener)
                raise
            if stage.name == "correct" and run.labels_stage() == "segment" and not (folder / LABELS_FILE).is_file():
                export_labels(folder, run.load("segment").labels)
            elif stage.name == "segment" and run.records[-1].status == "done" and run.context.corrected_labels is None:
                export_labels(folder, run.load("segment").labels)
        if until is None or until == "report":
            _report(run, "report" in force, listener)
        return RunResult(run)


def status(case: Case, case_folder: Path, out: Path) -> tuple[StageStatus, ...]:
    """Which finished stages still hold, and why the others do not. Computes nothing."""
    require_sources(case, case_folder)
    run = _Run(case, case_folder, out / case.case_id)
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


def _report(run: _Run, force: bool, listener: Listener) -> None:
    parts = report_parts(run.case, run.finished)
    finished, why = holds(run.store, run.out, parts)
    if finished and not force:
        run.records.append(StageRecord("report", "cached", 0.0, why))
        listener.end(run.records[-1])
        return
    why = "forced" if force else why
    listener.begin("report", why)
    start = time.monotonic()
    finish(run, parts, lambda message, fraction=None: listener.progress("report", message, fraction))
    run.records.append(StageRecord("report", "done", time.monotonic() - start, why))
    listener.end(run.records[-1])


def _report_failure(run: _Run, name: str, problem: AortaError, listener: Listener) -> None:
    """Write a report of what is known; a second failure must not hide the first."""
    failed = STAGES.index(name)
    run.skip(name, f"failed: {problem.what}", listener)
    for later in STAGES[failed + 1 : -1]:
        run.skip(later, f"needs {name}, which failed", listener)
    with contextlib.suppress(AortaError):
        finish(run, None, lambda message, fraction=None: listener.progress("report", message, fraction))
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
