"""The files that a case names: where they are, and whether all of them are there.

Messages call a file by its key in the case file: its path may name the patient.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from aorta.errors import InputError
from aorta.settings import Case

FIX = "correct the paths; they are relative to the case file"


def source_of(case_folder: Path, path: str) -> Path:
    """A path of the case file, made absolute."""
    try:
        return (case_folder / path).expanduser()
    except RuntimeError:  # ~nobody
        return case_folder / path


def require_sources(case: Case, case_folder: Path) -> None:
    """Refuse a case that names files which are not there; tells all of them at once.

    Raises
    ------
    InputError
    """
    wrong = {key: problem for key, path in named_paths(case).items() if (problem := _problem(source_of(case_folder, path)))}
    if len(wrong) == 1:
        key, problem = next(iter(wrong.items()))
        raise InputError("a file that the case file names cannot be found", where=f"{key} of the case file", why=problem, fix=FIX)
    if wrong:
        raise InputError(
            f"{len(wrong)} files that the case file names cannot be found",
            where="case file",
            details=tuple(f"{key}: {problem}" for key, problem in wrong.items()),
            fix=FIX,
        )


def require_catalogue(case: Case, case_folder: Path) -> None:
    """Read the stent catalogue now: a mistake in it must not be told only after the mechanics.

    Raises
    ------
    StentError
    """
    if case.stent.enabled:
        from aorta.stent.catalogue_files import load_catalogue

        folder = case.stent.catalogue and str(source_of(case_folder, case.stent.catalogue))
        load_catalogue(folder, case.stent.makers)


def named_paths(case: Case) -> Mapping[str, str]:
    """Key to path of every file that the case reads."""
    paths = {
        "image.path": case.image and case.image.path,
        "second.path": case.second and case.second.path,
        "second.transform_file": case.second and case.second.transform_file,
        "second.labels": case.second and case.second.labels,
        "wall.thickness_points": case.wall.thickness_points,
        "labels.path": case.labels and case.labels.path,
        "surfaces.lumen": case.surfaces and case.surfaces.lumen,
        "surfaces.outer": case.surfaces and case.surfaces.outer,
        "surfaces.thrombus": case.surfaces and case.surfaces.thrombus,
        "segmentation.weights": case.segmentation.weights,
        "segmentation.python": case.segmentation.python,
        "cycle.waveform": case.cycle.waveform,
        "stent.catalogue": case.stent.catalogue if case.stent.enabled else None,
    }
    return {key: path for key, path in paths.items() if path}


def _problem(source: Path) -> str:
    """Why there is nothing to read, "" where there is."""
    try:
        source.stat()
    except OSError as problem:  # also a loop of links, a name that is too long, a folder that may not be entered
        return (problem.strerror or "it cannot be read").lower()
    if not (source.is_file() or source.is_dir()):
        return "it is neither a file nor a folder"
    return "" if os.access(source, os.R_OK) else "it may not be read"
