"""``aorta plan --triage``: from labels to an estimate of wall stress by one linear solve on a coarse mesh.

Image, labels and anatomy are those of the case and stay in its folder. What is made coarser goes to
``triage/`` below it, so that nothing of a full run is replaced and nobody takes the one for the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from aorta.pipeline.context import Context, Stage
from aorta.pipeline.run import RunResult, run_case
from aorta.pipeline.stages import GRAPH
from aorta.pipeline.walk import Listener
from aorta.records import Finding, Progress
from aorta.settings import Case, CycleSettings

FOLDER = "triage"
SIZE_MM, THROMBUS_SIZE_MM = 6.0, 10.0
"""Edge lengths at least; the error they bring is in docs/how-to/triage.md."""
CAUTION = (
    "triage estimate: linear stress on a coarse mesh, without a stress-free shape; to rank or to check, not to decide. "
    "`aorta plan` without --triage gives the value"
)
_NOT_STRESS = ("diameter", "growth", "annual_rupture_risk", "wall_excluded", "wall_strength", "laplace")
"""Beginnings of the names of findings of the risk stage that no stress enters."""


def triage_case(case: Case, case_folder: Path, out: Path, progress: Listener | None = None) -> RunResult:
    """Run a case to its triage report in ``out / case.case_id / "triage"``.

    Raises
    ------
    AortaError
        As ``run_case``.
    """
    anatomy = run_case(case, case_folder, out, until="anatomy", progress=progress)
    return run_case(quick(case), case_folder, out, graph=TRIAGE_GRAPH, subfolder=FOLDER, earlier=anatomy, progress=progress)


def quick(case: Case) -> Case:
    """The case with the settings of a triage: coarse, linear, one state, no devices."""
    mesh = replace(
        case.mesh,
        size=max(case.mesh.size, SIZE_MM),
        thrombus_size=max(case.mesh.thrombus_size, THROMBUS_SIZE_MM),
        layers=1,
        accuracy=None,
    )
    return replace(
        case,
        mesh=mesh,
        mechanics=replace(case.mechanics, prestress="linear"),
        cycle=CycleSettings(),
        stent=replace(case.stent, enabled=False),
    )


def doubted(finding: Finding) -> Finding:
    """The finding marked as an estimate, where stress enters it."""
    if finding.name.startswith(_NOT_STRESS) or finding.value is None:
        return finding
    return replace(finding, valid=False, caution="; ".join(text for text in (CAUTION, finding.caution) if text))


def _as_triage(stage: Stage) -> Stage:
    """A stage that says of its result that it is an estimate, and is stored as such."""
    run: Callable[[Context, Progress], Any] = stage.run

    def marked(context: Context, progress: Progress) -> Any:
        record = run(context, progress)
        if stage.name == "mechanics":
            return replace(record, cautions=(CAUTION, *record.cautions))
        return replace(record, findings=tuple(map(doubted, record.findings)))

    return replace(stage, run=marked, parts=lambda context: {**stage.parts(context), "triage": True})


TRIAGE_GRAPH = tuple(_as_triage(stage) if stage.name in ("mechanics", "risk") else stage for stage in GRAPH)
