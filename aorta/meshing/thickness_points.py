"""Wall thickness measured at points (on MRI, at surgery): a CSV file, and its interpolation over the outer face."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from aorta.errors import InputError
from aorta.frames import flip_ras_lps
from aorta.records import Array, ThicknessPoints

COLUMNS = ("x_mm", "y_mm", "z_mm", "thickness_mm")
THINNEST_MM, THICKEST_MM = 0.2, 10.0
NEIGHBOURS = 8
REACH_MM = 20.0
"""Beyond this distance from every point nothing was measured: the stated thickness stands. A choice of ours, about half the
circumference of a normal aorta."""
OFF_SURFACE_MM = 6.0
"""Farther from the wall's outer face than this, a point is not on this vessel."""
_WHERE = "wall.thickness_points of the case file"
MAX_BYTES = 4 * 1024 * 1024


def read_points(path: Path, frame: Literal["LPS", "RAS"]) -> ThicknessPoints:
    """Points and thickness from a CSV file with the header ``x_mm,y_mm,z_mm,thickness_mm``.

    Raises
    ------
    InputError
        Another header, a row that is not four numbers, an implausible thickness; told with the line.
    """
    if path.stat().st_size > MAX_BYTES:
        raise _wrong("the file is larger than 4 MB")
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError as problem:
        raise _wrong("it is not a text file") from problem
    rows = [(line, [cell.strip() for cell in row]) for line, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    if not rows or tuple(rows[0][1]) != COLUMNS:
        raise _wrong(f"its header is not {','.join(COLUMNS)}")
    values = []
    for line, cells in rows[1:]:
        try:
            numbers = [float(cell) for cell in cells]
        except ValueError:
            raise _wrong(f"line {line} is not four numbers") from None
        if len(numbers) != 4 or not np.isfinite(numbers).all():
            raise _wrong(f"line {line} is not four numbers")
        if not THINNEST_MM <= numbers[3] <= THICKEST_MM:
            raise _wrong(f"line {line}: a wall of {numbers[3]:g} mm is not between {THINNEST_MM:g} and {THICKEST_MM:g} mm")
        values.append(numbers)
    if not values:
        raise _wrong("it has no points")
    table = np.array(values)
    return ThicknessPoints(table[:, :3] if frame == "LPS" else flip_ras_lps(table[:, :3]), table[:, 3])


def _wrong(why: str) -> InputError:
    return InputError(
        "the points of wall thickness cannot be used",
        where=_WHERE,
        why=why,
        fix=f"write a CSV file with the header {','.join(COLUMNS)} and a row per point, in mm",
    )


def interpolated(
    measured: ThicknessPoints, outer_points: Array, otherwise: Callable[[Array], Array]
) -> tuple[Callable[[Array], Array], tuple[str, ...]]:
    """The thickness in mm (n,) as a function of points (n, 3), and cautions.

    Inverse squares of the distances to the nearest eight points, exact at the points and within
    their range everywhere (Shepard 1968); from half of ``REACH_MM`` to ``REACH_MM`` from the nearest
    one it goes over to ``otherwise``.

    Raises
    ------
    InputError
        Points lie off the vessel's outer face: another frame, or another patient.
    """
    off = cKDTree(outer_points).query(measured.points)[0]
    if (off > OFF_SURFACE_MM).any():
        raise InputError(
            "points of wall thickness do not lie on the vessel",
            where=_WHERE,
            why=f"{int((off > OFF_SURFACE_MM).sum())} of {len(off)} are over {OFF_SURFACE_MM:g} mm off its outer face, "
            f"up to {off.max():.0f} mm",
            fix="check wall.thickness_frame (LPS or RAS), and wall.thickness_series where they were measured on the second image",
        )
    tree = cKDTree(measured.points)
    count = min(NEIGHBOURS, len(measured.points))

    def thickness(points: Array) -> Array:
        distance, index = tree.query(points, k=np.arange(1, count + 1))
        weight = 1.0 / np.maximum(distance, 1e-6) ** 2
        near = (weight * measured.thickness_mm[index]).sum(1) / weight.sum(1)
        u = np.clip(2.0 * distance[:, 0] / REACH_MM - 1.0, 0.0, 1.0)
        share = u * u * (3.0 - 2.0 * u)
        return (1.0 - share) * near + share * otherwise(points)

    bare = float((tree.query(outer_points)[0] > REACH_MM).mean())
    cautions = (f"wall thickness was measured at {len(measured.points)} points and interpolated between them",)
    if bare > 0.05:
        cautions += (f"over {bare:.0%} of the vessel no point is within {REACH_MM:g} mm: the stated thickness stands there",)
    return thickness, cautions
