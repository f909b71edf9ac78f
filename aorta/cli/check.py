"""``aorta check``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aorta.cli.command import Answer, Console, command, table
from aorta.cli.options import case_file, out
from aorta.errors import SetupError


@command("check", case_file, out)
def check(console: Console, case_file: Path, out: Path) -> Answer:
    """Check a case file and read its input; say what will run, and the memory and time it takes.

    Every mistake of the case file is told at once, with line and column. Nothing is computed or
    written.

    \b
    Example:
      aorta check mycase/case.yaml
    """
    from aorta.config.case_file import load_case
    from aorta.pipeline.estimate import estimate
    from aorta.pipeline.heart_cycle import heart_cycle
    from aorta.pipeline.run import status
    from aorta.pipeline.sources import require_catalogue, require_sources

    case = load_case(case_file)
    folder = case_file.resolve().parent
    require_sources(case, folder)
    require_catalogue(case, folder)
    _require_place(out / case.case_id / "stages")
    beat = heart_cycle(case, folder)
    volume, second, given = _read(case, folder, out, console)
    labels = given.labels if given is not None else None
    stages = status(case, folder, out)
    grid = volume.grid if volume is not None else labels.grid
    voxels = grid.shape_kji[0] * grid.shape_kji[1] * grid.shape_kji[2]
    todo = [stage.name for stage in stages if stage.status == "stale"]
    cost = estimate(case, voxels, labels if labels is not None else _earlier_labels(out / case.case_id), todo)
    cautions = (
        *(text for record in (volume, given, beat) if record is not None for text in record.cautions),
        *(f"second image: {text}" for text in (second.cautions if second is not None else ())),
        *_missing_facts(case),
    )
    result = {
        "case_id": case.case_id,
        "input": _input_facts(volume, grid),
        **({"second": _input_facts(second, second.grid)} if second is not None else {}),
        "stages": list(stages),
        "estimate": {"seconds": cost.seconds, "memory_GB": cost.memory_GB, "tetrahedra": cost.tetrahedra, "basis": cost.basis,
                     "stages": list(cost.stages)},
        "cautions": list(cautions),
    }  # fmt: skip
    return Answer(result, _text(result, stages, cost))


def _require_place(folder: Path) -> None:
    """Refuse an output folder that `aorta plan` could not make or write."""
    nearest = next(parent for parent in (folder, *folder.absolute().parents) if os.path.lexists(parent))
    why = "" if nearest.is_dir() else "a file stands where a folder is needed"
    why = why or ("" if os.access(nearest, os.W_OK) else "it may not be written to")
    if why:
        raise SetupError("the output folder cannot be written", where="output folder", why=why, fix="choose another folder with -o")


def _read(case: Any, folder: Path, out: Path, console: Console) -> tuple[Any, Any, Any]:
    """Volume, second volume and segmentation of the case as `aorta plan` would read them, None where the case has none."""
    from aorta.pipeline.context import Context
    from aorta.pipeline.labelling import read_image, segment_first
    from aorta.pipeline.second import check_second

    read: dict[str, Any] = {}
    context = Context(case, folder, out / case.case_id, read.get, None)
    if case.image:
        read["image"] = read_image(context, console.progress)
    if case.second:
        read["second"] = check_second(context, console.progress)
    if case.labels or case.surfaces:
        if case.labels:
            console.note("reading the label map")
        read["segment"] = segment_first(context, console.progress)
    return read.get("image"), read.get("second"), read.get("segment")


def _earlier_labels(folder: Path) -> Any:
    """Of an earlier run of this case, for a better estimate."""
    from aorta.errors import AortaError
    from aorta.imaging.labelmap import read_labels
    from aorta.settings import LabelInput

    try:
        return read_labels(folder / "labels.nii.gz", LabelInput("labels.nii.gz")) if (folder / "labels.nii.gz").is_file() else None
    except AortaError:
        return None  # `aorta plan` will say what is wrong with it


def _missing_facts(case: Any) -> list[str]:
    facts = []
    if case.pressure is None:
        facts.append("no blood pressure: stresses and indices are left out")
    elif case.pressure.imaging is None:
        facts.append("no pressure for the time of imaging: the diastolic one is taken")
    facts += [
        f"{name.replace('_', ' ')} is not given"
        for name in ("sex", "age", "family_history", "smoking")
        if getattr(case.patient, name) is None
    ]
    return facts


def _input_facts(volume: Any, grid: Any) -> dict[str, Any]:
    facts = {"shape_kji": list(grid.shape_kji), "spacing_kji_mm": [float(step) for step in grid.spacing_kji]}
    if volume is not None:
        facts |= {"modality": volume.modality, "acquisition": dict(volume.acquisition), "series": list(volume.series)}
    return facts


def _input_lines(called: str, facts: dict[str, Any]) -> list[str]:
    shape, spacing = facts["shape_kji"], facts["spacing_kji_mm"]
    return [
        f"{called}: {facts.get('modality', 'label map')} {shape[0]} x {shape[1]} x {shape[2]} voxels (k, j, i), "
        f"{spacing[0]:.4g} x {spacing[1]:.4g} x {spacing[2]:.4g} mm",
        *facts.get("series", ()),
    ]


def _text(result: dict[str, Any], stages: Any, cost: Any) -> str:
    seconds = {stage.name: stage.seconds for stage in cost.stages}
    words = {"stale": "will run", "finished": "is kept", "skipped": "skipped"}
    rows = [
        (
            stage.name,
            words.get(stage.status, stage.status),
            f"{seconds[stage.name]:.0f} s" if stage.name in seconds else "",
            stage.reason,
        )
        for stage in stages
    ]
    return "\n".join(
        [
            *_input_lines("input", result["input"]),
            *(_input_lines("second image", result["second"]) if "second" in result else ()),
            *(f"caution: {caution}" for caution in result["cautions"]),
            table(rows),
            f"estimate: {cost.seconds:.0f} s, {cost.memory_GB:.1f} GB (within a factor of two; "
            f"{cost.tetrahedra} tetrahedra, from {cost.basis})",
            "the case is valid",
        ]
    )
