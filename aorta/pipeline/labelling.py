"""The stages from images to labels: what each is made from, and how it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aorta.errors import InputError
from aorta.pipeline import second
from aorta.pipeline.context import LABELS_FILE, Context
from aorta.pipeline.provenance import code_digest
from aorta.pipeline.store import file_digest
from aorta.records import Progress, Segmentation, Surface
from aorta.settings import Case, LabelInput


def image_parts(context: Context) -> Mapping[str, Any]:
    """The image and how it is read."""
    image = context.case.image
    return {"image": replace(image, path=""), "file": file_digest(context.source(image.path))}


def read_image(context: Context, progress: Progress) -> Any:
    """The case's image."""
    from aorta.imaging.read import read_image

    progress("reading the image")
    return read_image(context.source(context.case.image.path), context.case.image)


def segment_parts(context: Context) -> Mapping[str, Any]:
    """Of the first image's labels, and of what a second image gives."""
    return {**_first_parts(context), **second.given_parts(context)}


def _first_parts(context: Context) -> Mapping[str, Any]:
    case = context.case
    if case.labels:
        return {
            "labels": replace(case.labels, path=""),
            "file": file_digest(context.source(case.labels.path)),
            **thickness(case),
        }
    if case.surfaces:
        given = {key: getattr(case.surfaces, key) for key in ("lumen", "outer", "thrombus")}
        digests = {f"file_{key}": file_digest(context.source(path)) for key, path in given.items() if path}
        stated = replace(case.surfaces, lumen="", outer=None, thrombus=None)
        return {"surfaces": stated, **digests, **thickness(case), "reading": code_digest(("meshing",))}
    return {"segmentation": replace(case.segmentation, weights=None, python=None), **_weights(context), **thickness(case)}


def _weights(context: Context) -> Mapping[str, Any]:
    """Digest of a network's weights, and which libraries run it, where a network is to label the image."""
    settings, weights = context.case.segmentation, context.case.segmentation.weights
    if not weights:
        return {}
    from aorta.segmentation.learned.process import library_versions

    python = str(context.source(settings.python).absolute()) if settings.python else None
    return {"file_weights": file_digest(context.source(weights), follow=True), "libraries": library_versions(python)}


def thickness(case: Case) -> Mapping[str, Any]:
    """The stated wall thickness."""
    return {"wall_thickness": case.wall.thickness}


def segment(context: Context, progress: Progress) -> Segmentation:
    """Labels of the first image, with what a second one gives."""
    found, other = segment_first(context, progress), context.case.second
    if other is None or other.gives == "points":
        return found
    from aorta.segmentation.combine import combine

    series = context.load("second")
    theirs = second.segment_second(context, series.volume, found, series.to_first, progress)
    return combine(found, theirs, series.to_first, other.gives, context.case.wall.thickness)


def segment_first(context: Context, progress: Progress) -> Segmentation:
    """Labels of the first image, or of what stands in its place."""
    case = context.case
    if case.labels:
        return _accept(context, context.source(case.labels.path), case.labels, "label map")
    if case.surfaces:
        from aorta.meshing.surfaces_in import read_surface
        from aorta.segmentation.voxelise import voxelise

        def read(key: str) -> Surface | None:
            path, called = getattr(case.surfaces, key), f"surfaces.{key} of the case file"
            return read_surface(context.source(path), case.surfaces.unit, case.surfaces.frame, called) if path else None

        progress("reading the surfaces")
        surfaces = {key: read(key) for key in ("lumen", "outer", "thrombus")}
        progress("turning surfaces into labels")
        made = voxelise(**surfaces, spacing_mm=case.surfaces.voxel, wall_thickness_mm=case.wall.thickness)
        said = tuple(text for surface in surfaces.values() if surface is not None for text in surface.cautions)
        return replace(made, cautions=(*said, *made.cautions))
    from aorta.segmentation.segment import segment

    settings = case.segmentation
    for key in ("weights", "python"):
        if path := getattr(settings, key):
            settings = replace(settings, **{key: str(context.source(path).absolute())})
    return segment(context.load("image"), settings, case.wall.thickness, progress)


def _accept(context: Context, path: Path, settings: LabelInput, method: str) -> Segmentation:
    from aorta.imaging.labelmap import read_labels
    from aorta.imaging.placement import onto_grid
    from aorta.segmentation.accept import accept_labels

    labels, volume = read_labels(path, settings), context.load("image")
    if volume is not None:
        labels = onto_grid(labels, volume)
    accepted = accept_labels(labels, volume, context.case.wall.thickness)
    return replace(accepted, method=method, cautions=(*labels.cautions, *accepted.cautions))


def correct(context: Context, progress: Progress) -> Segmentation:
    """Labels that the planner edited, with how much they changed."""
    from aorta.pipeline.correction import compare

    progress("reading the corrected labels")
    try:
        corrected = _accept(context, context.corrected_labels, LabelInput(LABELS_FILE), "label map, corrected by hand")
    except InputError as problem:
        problem.where = f"{LABELS_FILE} in the output folder"
        problem.fix = f"{problem.fix}; or remove it to go on from the automatic labels"
        raise
    return compare(context.load("segment"), corrected)


def segmentation(context: Context) -> Segmentation:
    """The labels that count: the planner's, else ours."""
    return context.load("correct") or context.load("segment")
