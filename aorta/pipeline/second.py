"""The second image: where it lies, its labels, and errors that name its keys of the case file and not the first's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from aorta.errors import InputError, NeedsClicks
from aorta.pipeline.context import Context
from aorta.pipeline.store import file_digest
from aorta.records import Array, Progress, Segmentation, Volume
from aorta.settings import ImageInput, LabelInput, SegmentationSettings

_HOW_TO_CLICK = (
    "give at least 2 clicks in its lumen under second.seeds, [[x, y, z], ...], LPS mm of the second image, the aorta's upper end "
    "first; or its label map under second.labels"
)
_CARRIED = "alone it was not sure of its aorta ({}); it was segmented from where the first image's lumen begins and ends"
_HOW_TO_LABEL = (
    "give second.labels a map on the second image's grid with this program's values (lumen 1, thrombus 2, wall 3), or a .seg.nrrd "
    "with segments of these names; no other key applies to it"
)


def second_parts(context: Context) -> Mapping[str, Any]:
    """The second image and how it is laid over the first."""
    second = context.case.second
    given = {key: path for key in ("path", "transform_file") if (path := getattr(second, key))}
    # what it gives, and how its labels are made, is the next stage's matter
    stated = replace(second, path="", transform_file=None, labels=None, seeds=(), contrast="auto", gives="points")
    return {"second": stated, **{f"file_{key}": file_digest(context.source(path)) for key, path in given.items()}}


def given_parts(context: Context) -> Mapping[str, Any]:
    """Of the labels, what a second image gives to them."""
    second = context.case.second
    if second is None or second.gives == "points":
        return {}
    parts = {"gives": second.gives, "second_seeds": second.seeds, "second_contrast": second.contrast}
    return parts | ({"file_second_labels": file_digest(context.source(second.labels))} if second.labels else {})


def read_second(context: Context, progress: Progress) -> Volume:
    """The second image.

    Raises
    ------
    InputError
    """
    from aorta.imaging.read import read_image

    second = context.case.second
    progress("reading the second image")
    kept = {key: getattr(second, key) for key in ("modality", "series", "resample", "orientation")}
    with _of_the_image():
        return read_image(context.source(second.path), ImageInput("", **kept))


def check_second(context: Context, progress: Progress) -> Volume:
    """The second image, with the cautions of every file that goes with it; nothing is searched for or labelled.

    Raises
    ------
    InputError
    """
    from aorta.registration.register import given

    second, volume = context.case.second, read_second(context, progress)
    if second.transform_file:
        given(context.load("image"), volume, context.source(second.transform_file))
    if second.labels and second.gives != "points":
        volume = replace(volume, cautions=(*volume.cautions, *read_second_labels(context, volume).cautions))
    return volume


def lay_over(context: Context, progress: Progress) -> Any:
    """The second image, and where it lies."""
    from aorta.registration.register import given, register

    second, first = context.case.second, context.load("image")
    volume = read_second(context, progress)
    if second.transform_file:
        return given(first, volume, context.source(second.transform_file))
    return register(first, volume, second.transform, progress)


def read_second_labels(context: Context, volume: Volume) -> Segmentation:
    """The label map of the second image, checked.

    Raises
    ------
    InputError
        Also where the wall is to be taken from a map of the lumen alone.
    """
    from aorta.imaging.labelmap import read_labels
    from aorta.imaging.placement import onto_grid
    from aorta.segmentation.accept import accept_labels
    from aorta.segmentation.combine import without_wall

    second = context.case.second
    with _of_the_labels():
        labels = onto_grid(read_labels(context.source(second.labels), LabelInput("")), volume)
        wall = second.gives == "wall"
        # to take the lumen, or to compare it, no wall is needed
        found = accept_labels(labels, volume, context.case.wall.thickness if wall else None)
    if wall and not labels.mask("thrombus", "wall", "calcification").any():
        raise without_wall("the map under second.labels holds the lumen only; any thrombus would be lost")
    return replace(found, cautions=(*labels.cautions, *found.cautions))


def segment_second(context: Context, volume: Volume, first: Segmentation, to_first: Array, progress: Progress) -> Segmentation:
    """Labels of the second image on its own grid; where it alone is not sure, from where the first's lumen begins and ends.

    Raises
    ------
    InputError
    """
    from aorta.segmentation.carried_clicks import carried_clicks
    from aorta.segmentation.segment import segment

    second = context.case.second
    if second.labels:
        return read_second_labels(context, volume)
    progress("segmenting the second image")
    settings = SegmentationSettings(seeds=second.seeds, contrast=second.contrast)
    with _of_the_segmentation():
        try:
            return segment(volume, settings, context.case.wall.thickness, progress)
        except NeedsClicks as unsure:
            clicks = carried_clicks(first.labels, np.linalg.inv(to_first), volume.grid)
            if second.seeds or len(clicks) < 2:
                raise
            progress("segmenting the second image from the first's lumen")
            try:
                found = segment(volume, replace(settings, seeds=clicks), context.case.wall.thickness, progress)
            except NeedsClicks:
                raise unsure from None
            others = (text for text in found.cautions if "clicks in the case file" not in text)
            return replace(found, cautions=(_CARRIED.format(unsure.why), *others))


@contextmanager
def _of_the_image() -> Iterator[None]:
    try:
        yield
    except InputError as problem:
        problem.where, problem.fix = _placed(_renamed(problem.where)), _renamed(problem.fix)
        raise


@contextmanager
def _of_the_labels() -> Iterator[None]:
    try:
        yield
    except InputError as problem:
        problem.where, problem.fix = "second.labels of the case file", _HOW_TO_LABEL
        raise


@contextmanager
def _of_the_segmentation() -> Iterator[None]:
    try:
        yield
    except InputError as problem:
        problem.where = _placed(re.sub(r"case file: segmentation\.(seeds|contrast)", r"second.\1 of the case file", problem.where))
        if "seeds" in problem.fix:
            problem.fix = _HOW_TO_CLICK
        elif "clicks" in problem.fix:
            problem.fix = "use an image that shows the whole vessel, or give its label map under second.labels"
        problem.fix = _renamed(problem.fix)
        raise


def _placed(where: str) -> str:
    return where if where.startswith("second.") else "second image" if where in ("", "image") else f"second image, {where}"


def _renamed(text: str) -> str:
    """With the second's keys of the case file."""
    return re.sub(r"\bimage(?=\.(path|modality|series|resample|orientation)\b)|(?<=under ')image(?=:')", "second", text)
