"""``aorta phantom``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aorta.cli.command import Answer, Console, command
from aorta.errors import SetupError, on_os_error

_FACTS = ("sex: male", "age: 72 years", "family_history: false", "smoking: former", "systolic: 120 mmHg", "diastolic: 80 mmHg")
"""Lines of the template that are facts about this made-up patient."""


@command(
    "phantom",
    click.argument("folder", type=click.Path(path_type=Path)),
    click.option(
        "--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Of noise, texture and calcifications."
    ),
    click.option("--coarse", is_flag=True, help="Half the resolution, for a quick look."),
    click.option(
        "--member",
        type=click.IntRange(1, 30),
        help="One of the family of 30 instead: other anatomies, contrasts (CT and MR) and slices; 21 to 30 are hard.",
    ),
)
def phantom(console: Console, folder: Path, seed: int, coarse: bool, member: int | None) -> Answer:
    """Make a phantom CT or MR (DICOM) with known measures, and a case file for it.

    Writes FOLDER/dicom/ (the series), FOLDER/truth/ (labels and values as they are) and
    FOLDER/case.yaml, ready to plan.

    \b
    Example:
      aorta phantom demo && aorta plan demo/case.yaml
    """
    from aorta.imaging.labelmap import write_labels
    from aorta.phantom.dicom_series import write_dicom_series
    from aorta.phantom.family import make_member
    from aorta.phantom.make import COARSE_SHAPE_KJI, FULL_SHAPE_KJI, make_phantom

    if member is not None and coarse:
        raise SetupError("a member of the family has its own resolution", fix="leave out --coarse")
    if (folder / "case.yaml").exists():
        raise SetupError(
            "there is a case at this place already", where=str(folder / "case.yaml"), fix="choose another folder, or remove it"
        )
    unwritable = SetupError("the phantom cannot be written", where=str(folder), fix="choose another folder, or free disk space")
    with on_os_error(unwritable):
        (folder / "truth").mkdir(parents=True, exist_ok=True)
        if member is None:
            made = make_phantom(seed, COARSE_SHAPE_KJI if coarse else FULL_SHAPE_KJI, progress=console.progress)
        else:
            made = make_member(member, progress=console.progress)
        console.note("writing DICOM files")
        write_dicom_series(made, folder / "dicom")
        write_labels(made.labels, folder / "truth" / "labels.nii.gz")
        truth = {
            "values": made.truth,
            "landmarks_lps_mm": {name: list(map(float, point)) for name, point in made.landmarks.items()},
        }
        (folder / "truth" / "values.json").write_text(json.dumps(truth, indent=1, allow_nan=False), encoding="utf-8")
        (folder / "case.yaml").write_text(phantom_case(), encoding="utf-8")  # last: it says that the rest is whole
    slices, rows, columns = made.volume.grid.shape_kji
    result = {"case_file": folder / "case.yaml", "shape_kji": [slices, rows, columns], "truth": made.truth}
    return Answer(result, f"{slices} slices of {rows}x{columns} in {folder / 'dicom'}\nNext: aorta plan {folder / 'case.yaml'}")


def phantom_case() -> str:
    """The template, filled in for the phantom."""
    from aorta.config.template import template

    text = template("phantom").replace("path:  # FILL IN", "path: dicom")
    for fact in _FACTS:
        text = text.replace(f"  # {fact}", f"  {fact}", 1)
    return text
