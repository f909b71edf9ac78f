"""Which series of a folder is read: the one named, the one that suits, or none where several do."""

from __future__ import annotations

import re

from aorta.errors import InputError
from aorta.imaging import acquisition
from aorta.imaging.dicom_series import Series, listing
from aorta.records import Finding
from aorta.settings import ImageInput

CLEARLY_LARGER = 2.0
"""Times the slices of another series."""

CLEARLY_FINER = 0.67
"""Times the slice spacing of another series."""

COVERS = 0.8
"""Share of another series' height that a finer one must have to stand for it."""

_SHARP = re.compile(r"[A-Z][a-z]?[6-9]\d[a-z]{0,2}|FC[358]\d|LUNG|BONE(PLUS)?|EDGE|YB|[DEF]", re.ASCII)
"""Kernels for lung and bone, whose noise hides soft tissue: Siemens by number, Canon, GE, Philips (unverified)."""

_WHERE = "image.series of the case file"


def choose(found: list[Series], settings: ImageInput) -> tuple[Series, tuple[Finding, ...], tuple[str, ...]]:
    """The series to read, a finding that says why, and a caution where the program chose among several.

    Raises
    ------
    InputError
        Not CT or MR, not what the case file says, different patients, or several that could be meant.
    """
    table = listing(found)
    patients = frozenset().union(*(series.patients for series in found))
    if settings.series is None and len(patients) > 1:
        raise InputError(
            "the image folder holds series of different patients",
            where="image.path of the case file",
            why=f"{len(patients)} different patient numbers",
            fix="name a folder with one patient's images",
            details=table,
        )
    if settings.series is not None:
        if not 1 <= settings.series <= len(found):
            raise InputError(
                f"there is no series {settings.series}", where=_WHERE, fix="name one of these by its number", details=table
            )
        chosen, reason = found[settings.series - 1], "named in the case file"
    elif len(found) == 1:
        chosen, reason = found[0], "the only one"
    else:
        chosen, reason = _the_one_that_suits(found, settings, table)
    _fits(chosen, settings, table)
    if len(found) == 1:
        return chosen, (), ()
    finding = Finding("image_series", float(chosen.number), "1", f"which of {len(found)} series of the folder was read: {reason}")
    if settings.series is not None:
        return chosen, (finding,), ()
    return chosen, (finding,), (f"of {len(found)} series the program took series {chosen.number} ({chosen.summary}): {reason}",)


def _the_one_that_suits(found: list[Series], settings: ImageInput, table: tuple[str, ...]) -> tuple[Series, str]:
    unsuited = {series.number: _unsuited(series, settings) for series in found}
    fitting = [series for series in found if not unsuited[series.number]]
    if any(series.axial for series in fitting):  # MR is often acquired in other planes as well
        unsuited |= {series.number: "not axial" for series in fitting if not series.axial}
        fitting = [series for series in fitting if series.axial]
    if not fitting:
        raise InputError(
            "no axial CT or MR series among several", where=_WHERE, fix="name one by its number (image.series)", details=table
        )
    reasons = {a.number: {b.number: _better(a, b) for b in fitting if b is not a} for a in fitting}
    best = [series for series in fitting if all(reasons[series.number].values())]
    if not best:
        planes = "axial " if fitting[0].axial else ""
        raise InputError(
            "several series could be meant",
            where=_WHERE,
            why=f"{len(fitting)} {planes}series of similar size and spacing (phases? kernels?)",
            fix=f"name one by its number, e.g. 'series: {fitting[0].number}'",
            details=table,
        )
    chosen = best[0]
    against = {**{n: f"is {why}" for n, why in unsuited.items() if why}, **{n: why for n, why in reasons[chosen.number].items()}}
    return chosen, "; ".join(f"series {number} {why}" for number, why in sorted(against.items()))


def _unsuited(series: Series, settings: ImageInput) -> str:
    """Why a series is no image of a vessel, or ""."""
    if series.modality not in ((settings.modality,) if settings.modality else ("CT", "MR")):
        return f"of modality {series.modality}"
    if series.localiser:
        return "a localiser"
    if series.normal is None or len(series.slices) < 2:
        return "no stack of slices"
    return "" if series.modality == "MR" or series.axial else "not axial"


def _better(mine: Series, other: Series) -> str:
    """How ``other`` falls behind ``mine``, or "" where it does not clearly."""
    if mine.modality != other.modality:
        return ""
    if mine.height_mm >= COVERS * other.height_mm:
        if mine.spacing_mm <= CLEARLY_FINER * other.spacing_mm:
            return f"has slices further apart ({other.spacing_mm:.2f} mm against {mine.spacing_mm:.2f} mm)"
        if _sharp(other) and not _sharp(mine) and mine.spacing_mm <= 1.1 * other.spacing_mm:
            return "is of a sharp kernel"
    if len(mine.slices) >= CLEARLY_LARGER * len(other.slices):
        return f"has fewer slices ({len(other.slices)} against {len(mine.slices)})"
    return ""


def _sharp(series: Series) -> bool:
    kernel = acquisition.facts(series.slices[0].header).get("kernel", "")
    return bool(_SHARP.fullmatch(kernel.split("/")[0]))


def _fits(series: Series, settings: ImageInput, table: tuple[str, ...]) -> None:
    if series.modality not in ("CT", "MR"):
        raise InputError(
            "the series is neither CT nor MR", where="image", why=series.summary, fix="name a CT or MR series", details=table
        )
    if settings.modality and series.modality != settings.modality:
        raise InputError(
            "the image is not of the modality that the case file says",
            where="image.modality of the case file",
            why=f"case file: {settings.modality}; image: {series.modality}",
            fix="correct the case file or name another series",
            details=table,
        )
    if len(series.patients) > 1:
        raise InputError(
            "the series has slices of different patients",
            where=f"series {series.number}",
            why=f"{len(series.patients)} different patient numbers",
            fix="export the series again, of one patient",
        )
