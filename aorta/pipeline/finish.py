"""The last stage: report, result, methods, provenance, all from the records of one run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from aorta.pipeline.exports import export_provenance
from aorta.pipeline.freeze import plain
from aorta.pipeline.provenance import code_digest, describe, version_of
from aorta.pipeline.store import Finished, Store, file_digest
from aorta.records import Progress, Results
from aorta.settings import Case

_PRODUCTS = ("report.html", "report.pdf", "result.json", "methods.md", "provenance.json", "fields", "surfaces")


def report_parts(case: Case, finished: Mapping[str, Finished]) -> Mapping[str, Any]:
    """What a report is made from: the whole case but its paths, and every stage."""
    tools = ("vtk", "pyvista", "matplotlib", "weasyprint", "Jinja2")
    return {
        "case": without_paths(case),
        "code": code_digest(("report",)),
        "tools": {tool: version_of(tool) for tool in tools},
        "upstream": {name: stage.digest for name, stage in finished.items()},
    }


def without_paths(case: Case) -> Case:
    """The case with every path emptied: a path may name the patient."""
    image = case.image and replace(case.image, path="")
    labels = case.labels and replace(case.labels, path="")
    surfaces = case.surfaces and replace(
        case.surfaces,
        lumen="",
        outer=case.surfaces.outer and "",
        thrombus=case.surfaces.thrombus and "",
    )
    return replace(
        case,
        image=image,
        labels=labels,
        surfaces=surfaces,
        second=case.second and replace(case.second, path="", transform_file=None, labels=None),
        wall=replace(case.wall, thickness_points=None),
        segmentation=replace(case.segmentation, weights=None, python=None),
        stent=replace(case.stent, catalogue=None),
        cycle=replace(case.cycle, waveform=None),
    )


def holds(store: Store, out: Path, parts: Mapping[str, Any]) -> tuple[Finished | None, str]:
    """The finished report made from these parts, if all its files are still as written."""
    finished, why = store.find("report", parts)
    if finished is None:
        return None, why
    for name, digest in finished.meta["outputs"].items():
        path = out / name
        if not path.is_file():
            return None, f"{name} was removed"
        if file_digest(path) != digest:
            return None, f"{name} was altered"
    return finished, why


def provenance_of(finished: Mapping[str, Finished]) -> dict[str, str]:
    """Program, tools, digests of inputs and of every stage's result."""
    inputs = {
        f"input.{name}.{key}": str(value)
        for name, stage in finished.items()
        for key, value in stage.meta["parts"].items()
        if key.startswith("file")
    }
    return {**describe(), **inputs, **{f"result.{name}": stage.digest for name, stage in finished.items()}}


def finish(results: Results, out: Path, seconds: Mapping[str, float], progress: Progress) -> None:
    """Write everything people open, from results without paths (``without_paths``)."""
    from aorta.report.write import write_report

    write_report(results, out, progress)
    export_provenance(
        out,
        {
            **results.provenance,
            "case": plain(results.case),
            "stages": [asdict(record) for record in results.stages],
            "seconds": seconds,
        },
    )


def note_finished(store: Store, out: Path, parts: Mapping[str, Any]) -> None:
    """Remember what a finished report consists of, by digest."""
    outputs = {path.relative_to(out).as_posix(): file_digest(path) for path in _products(out)}
    facts = {"outputs": outputs, "findings": [], "cautions": [], "seconds": 0.0}
    store.publish("report", parts, tuple(sorted(json.dumps(item) for item in outputs.items())), facts)


def _products(out: Path) -> list[Path]:
    found: list[Path] = []
    for name in _PRODUCTS:
        path = out / name
        found += sorted(q for q in path.rglob("*") if q.is_file()) if path.is_dir() else [path]
    return [path for path in found if path.is_file()]
