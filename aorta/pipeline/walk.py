"""One pass over the graph: take each stage from the store, or run it and store it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from aorta.pipeline.context import Context, Stage
from aorta.pipeline.exports import corrected_labels
from aorta.pipeline.finish import provenance_of, without_paths
from aorta.pipeline.provenance import code_digest, version_of
from aorta.pipeline.store import Finished, Store
from aorta.records import Finding, Results, StageRecord
from aorta.settings import Case

_RECORDS = {
    "image": "volume",
    "second": "second",
    "anatomy": "anatomy",
    "mesh": "mesh",
    "mechanics": "solution",
    "risk": "risk",
    "stent": "stent",
}


class Listener(Protocol):
    """Who is told how a run goes."""

    def begin(self, stage: str, reason: str) -> None:
        """The stage starts; ``reason`` is why it is not taken from an earlier run."""

    def progress(self, stage: str, message: str, fraction: float | None) -> None:
        """The stage is at work; ``fraction`` 0 to 1 if known."""

    def end(self, record: StageRecord) -> None:
        """The stage is done, cached or skipped."""


class Nobody:
    """A listener that does not listen."""

    def begin(self, stage: str, reason: str) -> None: ...
    def progress(self, stage: str, message: str, fraction: float | None) -> None: ...
    def end(self, record: StageRecord) -> None: ...


class Walk:
    """What one pass has found and made so far."""

    def __init__(self, case: Case, case_folder: Path, out: Path, ranks: int = 1):
        self.case, self.out = case, out
        self.store = Store(out / "stages")
        self.records: list[StageRecord] = []
        self.finished: dict[str, Finished] = {}
        self.skipped: dict[str, str] = {}
        self._loaded: dict[str, Any] = {}
        self.context = Context(case, case_folder, out, self.load, corrected_labels(out), ranks)

    def load(self, name: str) -> Any:
        """The record of a finished stage, None if it was skipped."""
        if name not in self.finished:
            return None
        if name not in self._loaded:
            self._loaded[name] = self.finished[name].load()
        return self._loaded[name]

    def parts(self, stage: Stage) -> Mapping[str, Any]:
        """Everything that can change the stage's result."""
        return {
            **stage.parts(self.context),
            "code": code_digest(stage.packages),
            "tools": {tool: version_of(tool) for tool in stage.tools},
            "upstream": {name: self.finished[name].digest for name in stage.needs if name in self.finished},
        }

    def stage(self, stage: Stage, force: bool, listener: Listener) -> None:
        """Skip, reuse or run one stage."""
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
        """Note a stage that does not apply."""
        self.skipped[name] = reason
        self._tell(StageRecord(name, "skipped", 0.0, reason), listener)

    def take(self, finished: Mapping[str, Finished], records: tuple[StageRecord, ...]) -> None:
        """Stages of an earlier pass, as they are."""
        self.finished.update(finished)
        self.records += records
        self.skipped.update({record.name: record.reason for record in records if record.status == "skipped"})

    def _tell(self, record: StageRecord, listener: Listener) -> None:
        self.records.append(record)
        listener.end(record)

    def labels_stage(self) -> str:
        """Which stage's labels count."""
        return "correct" if "correct" in self.finished else "segment"

    def used(self) -> list[tuple[str, Finished]]:
        """Finished stages whose findings count: corrected labels replace the automatic ones, a refined mesh the first."""
        hidden = {"segment"} if self.labels_stage() == "correct" else set()
        hidden |= {"mesh", "mechanics"} if "refine" in self.finished else set()
        return [(name, finished) for name, finished in self.finished.items() if name not in hidden]

    def findings(self) -> tuple[Finding, ...]:
        """Of every stage, without loading its arrays."""
        return tuple(Finding(**f) for _, finished in self.used() for f in finished.meta["findings"])

    def cautions(self) -> tuple[tuple[str, str], ...]:
        """Of every stage, with its name."""
        return tuple((name, text) for name, finished in self.used() for text in finished.meta["cautions"])

    def results(self) -> Results:
        """Every record, and the case without its paths."""
        records = {field: self.load(name) for name, field in _RECORDS.items()}
        if (refined := self.load("refine")) is not None:
            mesh = replace(refined.mesh, findings=(*refined.mesh.findings, *refined.own))
            records |= {"mesh": mesh, "solution": refined.solution}
        return Results(
            case=without_paths(self.case),
            segmentation=self.load(self.labels_stage()),
            skipped=dict(self.skipped),
            stages=tuple(self.records),
            findings=self.findings(),
            cautions=self.cautions(),
            provenance=provenance_of(self.finished),
            **records,
        )
