"""Everything that people and programs open, from the records of one case."""

from __future__ import annotations

from pathlib import Path

from aorta.records import Progress, Results, silent
from aorta.report.fields import write_fields, write_surfaces
from aorta.report.files import write_file
from aorta.report.methods import methods_text
from aorta.report.page import page
from aorta.report.pdf import pdf
from aorta.report.result import result_text


def write_report(results: Results, folder: Path, progress: Progress = silent) -> None:
    """Write ``result.json``, ``methods.md``, ``fields/``, ``surfaces/``, ``report.html`` and ``report.pdf``.

    Each file appears whole or not at all. ``labels.nii.gz`` and ``provenance.json`` are the
    pipeline's.

    Raises
    ------
    SetupError
        The folder cannot be written, the disk is full, or WeasyPrint is missing.
    """
    progress("writing numbers and fields", 0.0)
    write_file(folder, "result.json", result_text(results))
    write_file(folder, "methods.md", methods_text(results))
    write_fields(results, folder)
    write_surfaces(results.anatomy, folder)
    whole = page(results, progress)
    progress("writing report.html", 0.6)
    write_file(folder, "report.html", whole.html())
    progress("writing report.pdf", 0.7)
    write_file(folder, "report.pdf", pdf(whole.html(static=True)))
    progress("report written", 1.0)
