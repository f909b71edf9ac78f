"""From slice headers to one regular grid, or the reason why there is none.

Slices are ordered by their position along the normal of their plane, never by file name, instance
number or slice location: those are often wrong.
"""

from __future__ import annotations

import numpy as np

from aorta.errors import InputError
from aorta.imaging.checks import checked_grid
from aorta.imaging.dicom_files import Series, SliceFile, number, numbers
from aorta.records import Grid

ORIENTATION_TOLERANCE = 1e-3
"""Between the direction cosines of two slices (0.06°)."""

TILT_TOLERANCE_DEG = 0.1
"""Between the stacking direction and the slices' normal; over 300 mm this is 0.5 mm."""

SPACING_TOLERANCE = 0.1
"""Share of the spacing by which a slice may be off its regular place; scanners round positions to 0.01–0.1 mm."""

SAME_PLACE_MM = 0.01


def regular_grid(series: Series) -> tuple[Grid, tuple[SliceFile, ...], tuple[str, ...]]:
    """The grid, the slices in its order (k rising along the normal), and cautions.

    Raises
    ------
    InputError
        Geometry missing or mixed, duplicate or missing slice, uneven spacing, gantry tilt.
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
    _evenly_spaced(slices, along)
    cautions = _not_tilted(slices, positions, normal)
    step = (positions[-1] - positions[0]) / (len(slices) - 1)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = row * spacing[0, 1], column * spacing[0, 0]  # PixelSpacing: rows apart, then columns apart
    affine[:3, 2], affine[:3, 3] = normal * (step @ normal), positions[0]
    return checked_grid((len(slices), *sizes[0]), affine, "image"), slices, cautions


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


def _evenly_spaced(slices: tuple[SliceFile, ...], along: np.ndarray) -> None:
    gaps = np.diff(along)
    usual = float(np.median(gaps))
    n = int(np.argmax(np.abs(gaps - usual)))
    where = f"between slice files {slices[n].number} and {slices[n + 1].number} of {slices[n].of} (in name order)"
    ratio = gaps[n] / usual
    wide = np.abs(gaps / usual - 1) > SPACING_TOLERANCE
    if wide.sum() <= max(3, 0.1 * len(gaps)) and ratio > 1.5 and abs(ratio - round(ratio)) <= SPACING_TOLERANCE:
        raise InputError(
            "slices are missing from the series",
            where=where,
            why=f"a gap of {gaps[n]:.2f} mm where the others are {usual:.2f} mm: {round(ratio) - 1} slice(s) short",
            fix="export the whole series again",
        )
    drift = along - np.linspace(along[0], along[-1], len(along))
    if wide.any() or np.abs(drift).max() > SPACING_TOLERANCE * usual:
        raise InputError(
            "the slices are not evenly spaced",
            where=where,
            why=f"gaps from {gaps.min():.2f} to {gaps.max():.2f} mm",
            fix="use a reconstruction with one slice spacing",
        )


def _not_tilted(slices: tuple[SliceFile, ...], positions: np.ndarray, normal: np.ndarray) -> tuple[str, ...]:
    path = positions[-1] - positions[0]
    sideways = np.linalg.norm(path - (path @ normal) * normal)
    tilt = float(np.degrees(np.arctan2(sideways, path @ normal)))
    if tilt > TILT_TOLERANCE_DEG:
        raise InputError(
            "the scan was made with a tilted gantry",
            where=f"series of {len(slices)} slices",
            why=f"slices are stacked {tilt:.1f}° off their normal, so that the volume is sheared",
            fix="use a reconstruction without tilt",
        )
    line = positions[0] + np.linspace(0, 1, len(positions))[:, None] * path
    off = positions - line
    off = np.linalg.norm(off - (off @ normal)[:, None] * normal, axis=1)
    if off.max() > 0.2:
        worst = slices[int(off.argmax())]
        raise InputError(
            "a slice is shifted sideways against the others",
            where=worst.name,
            why=f"by {off.max():.2f} mm",
            fix="use the original series",
        )
    told = abs(number(slices[0].header, "GantryDetectorTilt") or 0.0)
    if told > 0.5:
        return (
            f"the header tells of a gantry tilt of {told:.1f}° while the slices are stacked straight: taken as already corrected",
        )
    return ()
