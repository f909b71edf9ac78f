"""``segmentation.html``: the labels over the image, slice by slice, for the planner to accept or correct."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from markupsafe import Markup

from aorta import RESEARCH_USE, __version__
from aorta.records import CLASSES, Progress, Results, silent
from aorta.report import tables
from aorta.report.fields import write_surfaces
from aorta.report.figures import slices
from aorta.report.figures.slice_stack import OUTLINES, slice_stack
from aorta.report.files import write_file
from aorta.report.page import TEMPLATES, environment, inside_script, ranges

NAME = "segmentation.html"
_STAGES = ("image", "second", "segment", "correct", "anatomy")


def write_overlay_page(results: Results, folder: Path, unmeasured: str = "", progress: Progress = silent) -> Path:
    """Write ``segmentation.html`` and, where the anatomy was measured, ``surfaces/``.

    Parameters
    ----------
    unmeasured : str
        Why the anatomy could not be measured from these labels; "" where it was.

    Raises
    ------
    SetupError
        The folder cannot be written.
    """
    if results.anatomy is not None:
        write_surfaces(results.anatomy, folder)
    progress("drawing the slices", 0.2)
    html = environment().get_template("segmentation.html").render(**_content(results, unmeasured))
    return write_file(folder, NAME, html)


def _content(results: Results, unmeasured: str) -> dict[str, Any]:
    segmentation = results.segmentation
    labels, doubtful = segmentation.labels, segmentation.doubtful_slices
    stack = slice_stack(labels, results.volume)
    confidence = None if segmentation.confidence is None else [round(float(c), 3) for c in segmentation.confidence]
    shown = {key for outlines in (stack.outlines if stack else ()) for key in outlines}
    scene = {**asdict(stack), "confidence": confidence, "doubtful": list(doubtful)} if stack else {}
    return {
        "version": __version__,
        "research_use": RESEARCH_USE,
        "case_id": results.case.case_id,
        "method": segmentation.method,
        "unmeasured": unmeasured,
        "cautions": [text for stage, text in results.cautions if stage in _STAGES],
        "volumes": [(name, labels.volume_mL(name), "mL") for name in CLASSES if labels.mask(name).any()],
        "doubtful": ranges(doubtful),
        "first_doubtful": doubtful[0] if doubtful else None,
        "outlines": [(key, words, colour) for key, words, _, colour in OUTLINES if key in shown],
        "stack": stack,
        "bars": _bars(stack.first, confidence, doubtful, len(stack.pictures)) if stack and confidence else [],
        "stack_json": Markup(inside_script(json.dumps(scene, separators=(",", ":")))),
        "overview": [p for p in (slices.across(results), slices.along(results)) if p],
        "rows": tables.of_the_labels(results),
        "style": Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        "script": Markup((TEMPLATES / "slices.js").read_text(encoding="utf-8")),
    }


def _bars(first: int, confidence: list[float], doubtful: tuple[int, ...], count: int) -> list[tuple[int, float, bool]]:
    """Slice number, confidence and doubt of each slice shown."""
    return [(k, confidence[k], k in set(doubtful)) for k in range(first, first + count)]
