"""From slice headers to one regular grid, or the reason why there is none.

Slices are ordered by their position along the normal of their plane, never by file name, instance
number or slice location: those are often wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.errors import InputError
from aorta.imaging.checks import check_size, checked_grid
from aorta.imaging.dicom_headers import SliceFile, number, numbers
from aorta.imaging.dicom_series import Series
from aorta.imaging.straighten import Restack
from aorta.records import Grid

ORIENTATION_TOLERANCE = 1e-3
"""Between the direction cosines of two slices (0.06°)."""

TILT_TOLERANCE_DEG = 0.1
"""Between the stacking direction and the slices' normal; over 300 mm this is 0.5 mm."""

SPACING_TOLERANCE = 0.1
"""Share of the spacing by which a slice may be off its regular place; scanners round positions to 0.01–0.1 mm."""

SAME_PLACE_MM = 0.01
RESAMPLE = "or add 'resample: true' under 'image:' to have it resampled onto a rectangular grid"


@dataclass(frozen=True)
class Stack:
    """Where the slices of a series lie.

    Parameters
    ----------
    grid : Grid
        Of the image.
    slices : tuple of SliceFile
        In the order of the positions along the normal, rising.
    restack : Restack or None
        How to get from the slices to the grid where they are not its planes already.
    """

    grid: Grid
    slices: tuple[SliceFile, ...]
    cautions: tuple[str, ...] = ()
    restack: Restack | None = None


def stack_of(series: Series, resample: bool = False) -> Stack:
    """The grid and the slices in its order, k rising along the normal.

    Parameters
    ----------
    resample : bool
        Whether a tilted or unevenly spaced series may be resampled onto a rectangular grid.

    Raises
    ------
    InputError
        Geometry missing or mixed, duplicate slices; without ``resample`` also missing slices,
        uneven spacing and gantry tilt.
    """
    if len(series.slices) < 2:
        raise InputError(
            "a series needs more than one slice", where=f"series {series.number}", fix="name the folder of the whole series"
        )
    positions = np.array([_numbers(item, "ImagePositionPatient", 3) for item in series.slices])
    cosines = np.array([_numbers(item, "ImageOrientationPatient", 6) for item in series.slices])
    spacing = np.array([_numbers(item, "PixelSpacing", 2) for item in series.slices])
    sizes = np.array([_size(item) for item in series.slices])
    _all_alike(series, cosines, ORIENTATION_TOLERANCE, "orientations")
    _all_alike(series, sizes, 0, "image sizes")
    _all_alike(series, spacing, 1e-3, "pixel spacings")
    row, column = cosines[0, :3], cosines[0, 3:]
    if abs(np.linalg.norm(row) - 1) > 1e-2 or abs(np.linalg.norm(column) - 1) > 1e-2 or abs(row @ column) > 1e-2:
        raise InputError(
            "the slices' orientation is not valid",
            where=series.slices[0].name,
            why="direction cosines are not perpendicular unit vectors",
            fix="export the series again",
        )
    normal = np.cross(row, column)
    normal /= np.linalg.norm(normal)
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    slices, positions, along = tuple(series.slices[n] for n in order), positions[order], along[order]
    _no_duplicates(slices, along)
    check_size((len(slices), *sizes[0]), "image")
    step = (positions[-1] - positions[0]) / (len(slices) - 1)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = row * spacing[0, 1], column * spacing[0, 0]  # PixelSpacing: rows apart, then columns apart
    affine[:3, 2], affine[:3, 3] = normal * (step @ normal), positions[0]
    _not_shifted(slices, positions, normal)
    tilt = _tilt_deg(positions, normal)
    if resample and (tilt > TILT_TOLERANCE_DEG or _uneven(along)):
        offsets = (positions - positions[0]) @ (affine[:3, :2] / spacing[0, ::-1] ** 2)
        restack = Restack.onto_even_planes(along - along[0], offsets, tuple(int(n) for n in sizes[0]))
        check_size(restack.shape_kji, "image")
        grid = restack.grid(affine)
        return Stack(checked_grid(grid.shape_kji, grid.affine_lps, "image"), slices, (restack.caution(tilt),), restack)
    _evenly_spaced(slices, along)
    _not_tilted(slices, tilt)
    grid = checked_grid((len(slices), *(int(n) for n in sizes[0])), affine, "image")
    return Stack(grid, slices, _tilt_told(slices))


def _numbers(item: SliceFile, keyword: str, count: int) -> np.ndarray:
    found = numbers(item.header, keyword)
    if found.shape != (count,) or (keyword == "PixelSpacing" and found.min() <= 0):
        raise InputError(
            "a slice does not say where it is",
            where=item.name,
            why=f"{keyword} is missing or not {count} numbers",
            fix="use the original series; screen captures and reformatted pictures have no geometry",
        )
    return found


def _size(item: SliceFile) -> tuple[int, int]:
    rows, columns = number(item.header, "Rows"), number(item.header, "Columns")
    if not rows or not columns:
        raise InputError(
            "a DICOM file is damaged or cut off", where=item.name, why="it has no image size", fix="export or copy the series again"
        )
    return int(rows), int(columns)


def _all_alike(series: Series, values: np.ndarray, tolerance: float, what: str) -> None:
    off = np.abs(values - np.median(values, axis=0)).max(axis=1) > tolerance
    if off.any():
        raise InputError(
            f"the series has slices of different {what}",
            where=series.slices[int(np.argmax(off))].name,
            why=f"{int(off.sum())} of {len(off)} slices differ from the others",
            fix="leave only the slices of one stack in the folder (localisers and reformats apart)",
        )


def _no_duplicates(slices: tuple[SliceFile, ...], along: np.ndarray) -> None:
    same = np.flatnonzero(np.diff(along) < SAME_PLACE_MM)
    if not len(same):
        return
    places = len(along) - len(same)
    phases = len(along) / places
    if phases == round(phases):
        why, fix = f"every one of {places} positions occurs {phases:.0f} times", "export one phase (or one echo) of the series"
    else:
        why, fix = f"{len(same)} positions occur more than once", "remove the copies"
    first = int(same[0])
    where = f"slice files {slices[first].number} and {slices[first + 1].number} of {slices[first].of} (in name order)"
    raise InputError("the series has duplicate slices", where=where, why=why, fix=fix)


def _uneven(along: np.ndarray) -> bool:
    """Whether a slice is further off its place in an even stack than scanners round."""
    usual = float(np.median(np.diff(along)))
    drift = along - np.linspace(along[0], along[-1], len(along))
    wide = np.abs(np.diff(along) / usual - 1) > SPACING_TOLERANCE
    return bool(wide.any() or np.abs(drift).max() > SPACING_TOLERANCE * usual)


def _evenly_spaced(slices: tuple[SliceFile, ...], along: np.ndarray) -> None:
    if not _uneven(along):
        return
    gaps = np.diff(along)
    usual = float(np.median(gaps))
    n = int(np.argmax(np.abs(gaps - usual)))
    where = f"between {slices[n].name} and {slices[n + 1].name}"
    if slices[n].frame is None:
        where = f"between slice files {slices[n].number} and {slices[n + 1].number} of {slices[n].of} (in name order)"
    ratio = gaps[n] / usual
    wide = np.abs(gaps / usual - 1) > SPACING_TOLERANCE
    if wide.sum() <= max(3, 0.1 * len(gaps)) and ratio > 1.5 and abs(ratio - round(ratio)) <= SPACING_TOLERANCE:
        raise InputError(
            "slices are missing from the series",
            where=where,
            why=f"a gap of {gaps[n]:.2f} mm where the others are {usual:.2f} mm: {round(ratio) - 1} slice(s) short",
            fix=f"export the whole series again, {RESAMPLE}",
        )
    raise InputError(
        "the slices are not evenly spaced",
        where=where,
        why=f"gaps from {gaps.min():.2f} to {gaps.max():.2f} mm",
        fix=f"use a reconstruction with one slice spacing, {RESAMPLE}",
    )


def _tilt_deg(positions: np.ndarray, normal: np.ndarray) -> float:
    """Between the stacking direction and the slices' normal."""
    path = positions[-1] - positions[0]
    sideways = np.linalg.norm(path - (path @ normal) * normal)
    return float(np.degrees(np.arctan2(sideways, path @ normal)))


def _not_tilted(slices: tuple[SliceFile, ...], tilt: float) -> None:
    if tilt > TILT_TOLERANCE_DEG:
        raise InputError(
            "the scan was made with a tilted gantry",
            where=f"series of {len(slices)} slices",
            why=f"slices are stacked {tilt:.1f}° off their normal, so that the volume is sheared",
            fix=f"use a reconstruction without tilt, {RESAMPLE}",
        )


def _not_shifted(slices: tuple[SliceFile, ...], positions: np.ndarray, normal: np.ndarray) -> None:
    """Refuse a slice that lies beside the line of the others: no gantry does that, a wrong header does."""
    along = (positions - positions[0]) @ normal
    line = positions[0] + (along / along[-1])[:, None] * (positions[-1] - positions[0])
    off = np.linalg.norm(positions - line, axis=1)
    if off.max() > 0.2:
        worst = slices[int(off.argmax())]
        raise InputError(
            "a slice is shifted sideways against the others",
            where=worst.name,
            why=f"by {off.max():.2f} mm",
            fix="use the original series",
        )


def _tilt_told(slices: tuple[SliceFile, ...]) -> tuple[str, ...]:
    told = abs(number(slices[0].header, "GantryDetectorTilt") or 0.0)
    if told > 0.5:
        return (
            f"the header tells of a gantry tilt of {told:.1f}° while the slices are stacked straight: taken as already corrected",
        )
    return ()
