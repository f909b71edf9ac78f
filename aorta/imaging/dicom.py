"""One CT or MR series of a folder as a Volume."""

from __future__ import annotations

from pathlib import Path

from aorta.errors import InputError
from aorta.imaging import acquisition
from aorta.imaging.checks import volume_of
from aorta.imaging.dicom_files import Series, find_series, number
from aorta.imaging.dicom_geometry import regular_grid
from aorta.imaging.dicom_pixels import read_pixels
from aorta.records import Progress, Volume, silent
from aorta.settings import ImageInput

_MULTI_FRAME = (
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.2.2",
    "1.2.840.10008.5.1.4.1.1.4.1",
    "1.2.840.10008.5.1.4.1.1.4.4",
)
"""Enhanced CT, legacy converted enhanced CT, enhanced MR, legacy converted enhanced MR (DICOM PS3.4 table B.5-1)."""

CLEARLY_LARGER = 2.0
"""The largest series is taken without asking only if it has this many times the slices of the next."""


def read_series(folder: Path, settings: ImageInput, progress: Progress = silent) -> Volume:
    """The series of a folder that the settings name, or the only one that can be meant."""
    found, others = find_series(folder)
    series, cautions = choose(found, settings)
    if len(series.patients) > 1:
        raise InputError(
            "the series has slices of different patients",
            where=f"series {series.number}",
            why=f"{len(series.patients)} different patient numbers",
            fix="export the series again, of one patient",
        )
    for item in series.slices:
        if str(item.header.get("SOPClassUID", "")) in _MULTI_FRAME or (number(item.header, "NumberOfFrames") or 1) > 1:
            raise InputError(
                "multi-frame (enhanced) DICOM is not read yet",
                where=item.name,
                why="all slices are in one file",
                fix="export the series as one file per slice, or convert it to NIfTI",
            )
    grid, slices, more = regular_grid(series)
    voxels = read_pixels(slices, series.modality, progress)
    if others:
        cautions += (f"{others} file(s) of the image folder are not DICOM and were passed over",)
    return volume_of(grid, voxels, series.modality, acquisition.facts(slices[0].header), cautions + more)


def choose(found: list[Series], settings: ImageInput) -> tuple[Series, tuple[str, ...]]:
    """The series to read, and a caution where the program chose it.

    Raises
    ------
    InputError
        Not CT or MR, not what the case file says, or several that could be meant.
    """
    listing = tuple(series.summary for series in found)
    where = "image.series of the case file"
    patients = frozenset().union(*(series.patients for series in found))
    if settings.series is None and len(patients) > 1:
        raise InputError(
            "the image folder holds series of different patients",
            where="image.path of the case file",
            why=f"{len(patients)} different patient numbers",
            fix="name a folder with one patient's images",
            details=listing,
        )
    if settings.series is not None:
        if not 1 <= settings.series <= len(found):
            raise InputError(
                f"there is no series {settings.series}", where=where, fix="name one of these by its number", details=listing
            )
        chosen = found[settings.series - 1]
        _fits(chosen, settings, listing)
        return chosen, ()
    if len(found) == 1:
        _fits(found[0], settings, listing)
        return found[0], ()
    wanted = (settings.modality,) if settings.modality else ("CT", "MR")
    fitting = sorted((s for s in found if s.modality in wanted and s.axial), key=lambda s: -len(s.slices))
    if not fitting:
        raise InputError(
            "no axial CT or MR series among several", where=where, fix="name one by its number (image.series)", details=listing
        )
    if len(fitting) > 1 and len(fitting[0].slices) < CLEARLY_LARGER * len(fitting[1].slices):
        raise InputError(
            "several series could be meant",
            where=where,
            why=f"{len(fitting)} axial series of similar size (phases? kernels?)",
            fix="name one by its number, e.g. 'series: 1'",
            details=listing,
        )
    chosen = fitting[0]
    return chosen, (f"of {len(found)} series the largest axial one was taken, {chosen.summary}",)


def _fits(series: Series, settings: ImageInput, listing: tuple[str, ...]) -> None:
    if series.modality not in ("CT", "MR"):
        raise InputError(
            "the series is neither CT nor MR", where="image", why=series.summary, fix="name a CT or MR series", details=listing
        )
    if settings.modality and series.modality != settings.modality:
        raise InputError(
            "the image is not of the modality that the case file says",
            where="image.modality of the case file",
            why=f"case file: {settings.modality}; image: {series.modality}",
            fix="correct the case file or name another series",
            details=listing,
        )
