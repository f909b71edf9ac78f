"""What a stage is, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aorta.pipeline.sources import source_of
from aorta.records import Progress
from aorta.settings import Case

LABELS_FILE = "labels.nii.gz"


@dataclass(frozen=True)
class Context:
    """What a stage may look at: the case, where its files are, and the stages before it."""

    case: Case
    case_folder: Path  # paths in the case file are relative to it
    out: Path  # OUT/CASE_ID
    load: Callable[[str], Any]  # the record of an earlier stage, None where it was skipped
    corrected_labels: Path | None  # labels.nii.gz when its owner has edited it
    ranks: int = 1  # MPI processes of the mechanics; no part of any key, as they do not change the result

    def source(self, path: str) -> Path:
        """A path of the case file, made absolute."""
        return source_of(self.case_folder, path)


@dataclass(frozen=True)
class Stage:
    """One stage of the graph.

    Parameters
    ----------
    packages : tuple of str
        Folders of ``aorta/`` whose code makes the result.
    tools : tuple of str
        Distributions whose version can change the result.
    needs : tuple of str
        Stages before it.
    parts : function of Context
        Settings and digests of files that the result depends on; never a path.
    skip : function of Context
        The reason why the stage does not apply, "" when it does.
    run : function of (Context, Progress)
        Returns the stage's record.
    """

    name: str
    packages: tuple[str, ...]
    tools: tuple[str, ...]
    needs: tuple[str, ...]
    parts: Callable[[Context], Mapping[str, Any]]
    skip: Callable[[Context], str]
    run: Callable[[Context, Progress], Any]


def sections(*names: str) -> Callable[[Context], Mapping[str, Any]]:
    """Parts of a stage that are whole sections of the case file."""
    return lambda context: {name: getattr(context.case, name) for name in names}
