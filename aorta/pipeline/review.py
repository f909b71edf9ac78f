"""The labels for the planner to look at before anything is built on them: `aorta segment`."""

from __future__ import annotations

from pathlib import Path

from aorta.errors import AortaError, GeometryError
from aorta.pipeline.run import RunResult, run_case
from aorta.pipeline.walk import Listener
from aorta.settings import Case


def segment_case(
    case: Case, case_folder: Path, out: Path, *, force: tuple[str, ...] = (), progress: Listener
) -> tuple[RunResult, AortaError | None]:
    """Segment, measure, and write ``labels.nii.gz``, ``surfaces/`` and ``segmentation.html``.

    Returns
    -------
    result : RunResult
    failure : GeometryError or None
        The labels could not be measured. The page is written all the same: it is there to find out why.

    Raises
    ------
    AortaError
        There are no labels, or a file cannot be written.
    """
    from aorta.report.overlay_page import write_overlay_page

    result = run_case(case, case_folder, out, until="correct", force=force, progress=progress)
    failure, again = None, tuple(stage for stage in force if stage == "anatomy")
    try:
        result = run_case(case, case_folder, out, until="anatomy", force=again, progress=progress)
    except GeometryError as problem:
        failure = problem
    unmeasured = failure.what if failure else ""
    write_overlay_page(
        result.results, result.folder, unmeasured, lambda text, share=None: progress.progress("segment", text, share)
    )
    return result, failure
