"""``aorta segment``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from aorta.cli.command import Answer, Console, command
from aorta.cli.options import case_file, out

_STAGES = ("image", "segment", "anatomy")


@command(
    "segment",
    case_file,
    out,
    click.option("--force", type=click.Choice(_STAGES), multiple=True, help="Stage to compute again; may be repeated."),
)
def segment(console: Console, case_file: Path, out: Path, force: tuple[str, ...]) -> Answer:
    """Label the vessel and show the labels over the image, to accept or correct.

    Writes OUT/CASE_ID/labels.nii.gz, surfaces/ and segmentation.html. Correct labels.nii.gz in
    3D Slicer or ITK-SNAP; `aorta plan` goes on from there and says by how much it was changed.
    Run this command again to see the corrected labels.

    \b
    Examples:
      aorta segment mycase/case.yaml
      aorta segment mycase/case.yaml --force segment
    """
    from aorta.cli.progress import listening
    from aorta.config.case_file import load_case
    from aorta.pipeline.review import segment_case

    case = load_case(case_file)
    console.folder = out / case.case_id
    with listening(console) as listener:
        result, failure = segment_case(case, case_file.resolve().parent, out, force=force, progress=listener)
    labels = result.results.segmentation
    told = {
        "case_id": case.case_id,
        "folder": result.folder,
        "stages": list(result.stages),
        "doubtful_slices": list(labels.doubtful_slices),
        "findings": list(result.findings),
        "cautions": [{"stage": stage, "caution": text} for stage, text in result.cautions],
    }
    return Answer(told, _text(result, labels), failure)


def _text(result: Any, segmentation: Any) -> str:
    from dataclasses import asdict

    from aorta.cli.findings import findings_text

    doubtful = segmentation.doubtful_slices
    parts = [findings_text(asdict(finding) for finding in segmentation.findings)]
    parts += [f"caution ({stage}): {text}" for stage, text in result.cautions]
    parts += [f"doubtful slices: {', '.join(map(str, doubtful))}"] if doubtful else []
    parts += [f"look at: {result.folder / 'segmentation.html'}", f"labels:  {result.folder / 'labels.nii.gz'}"]
    return "\n".join(part for part in parts if part)
