"""Everything known about one case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aorta.records.anatomy import Anatomy
from aorta.records.base import require
from aorta.records.finding import Finding
from aorta.records.image import SecondSeries, Segmentation, Volume
from aorta.records.mechanics import Solution
from aorta.records.mesh import WallMesh
from aorta.records.risk import Risk
from aorta.records.stent import StentFit


@dataclass(frozen=True)
class StageRecord:
    """How one stage went.

    ``status`` is "done", "cached" (an earlier run's result still holds) or "skipped"; ``seconds`` of
    this run; ``reason`` why it was skipped, or why it had to be computed again.
    """

    name: str
    status: str
    seconds: float = 0.0
    reason: str = ""

    def __post_init__(self) -> None:
        require(self.status in ("done", "cached", "skipped"), f"{self.name}: unknown stage status {self.status}")


@dataclass(frozen=True)
class Results:
    """Everything known about one case, for the report. A record is None where its stage was skipped.

    Parameters
    ----------
    case : aorta.settings.Case
        Typed loosely: settings are above records.
    skipped : mapping of stage to reason
    stages : tuple of StageRecord
        In the order of the graph.
    findings : tuple of Finding
        Of all stages, the planner's overrides applied (``measured_value`` beside them).
    cautions : tuple of (stage, sentence)
        What stages say beyond the cautions of single findings.
    provenance : mapping of str to str
        Versions, platform, digests of inputs, the command.
    """

    case: Any
    volume: Volume | None = None
    segmentation: Segmentation | None = None
    anatomy: Anatomy | None = None
    mesh: WallMesh | None = None
    solution: Solution | None = None
    risk: Risk | None = None
    stent: StentFit | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[StageRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    cautions: tuple[tuple[str, str], ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    second: SecondSeries | None = None

    def finding(self, name: str) -> Finding | None:
        """The finding of this name, or None."""
        return next((f for f in self.findings if f.name == name), None)
