"""Slices that are stacked aslant or unevenly, put onto the planes of a rectangular grid.

A tilted gantry moves each slice sideways within its own plane, so the tilt is undone by a shift in
the plane; nothing is mixed between slices for it. Uneven spacing is evened out by interpolation
between the two neighbouring slices. Both are linear: no value arises that was not there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.errors import InputError
from aorta.records import Grid

WIDEST_GAP_MM = 5.0
"""Between slices 5 mm apart a renal artery's origin can be missed altogether: no interpolation across more (our choice)."""

UNEVEN = 1.1
"""Times the usual distance: where slices lie further apart than that anyway, so much is unevenness and no gap (our choice)."""

PLANE_OFF = 0.02
"""Share of the spacing within which a slice is taken for the grid's plane as it is."""


@dataclass(frozen=True)
class Restack:
    """From slices to the planes of a rectangular grid.

    Parameters
    ----------
    along : (n,) float, mm
        Of the slices along their normal, from 0, rising.
    planes : (m,) float, mm
        Of the grid's planes, evenly spaced.
    shift : (n, 2) float, pixels
        Of the slice's first pixel within the grid's plane: columns, rows; none negative.
    origin : (2,) int, pixels
        Of the grid's first pixel against the first slice's.
    shape_kji : (3,) int
        Of the grid.
    """

    along: np.ndarray
    planes: np.ndarray
    shift: np.ndarray
    origin: np.ndarray
    shape_kji: tuple[int, int, int]

    @staticmethod
    def onto_even_planes(along: np.ndarray, offsets: np.ndarray, size: tuple[int, int]) -> Restack:
        """The smallest grid that holds all slices, at their finest usual spacing.

        Parameters
        ----------
        along : (n,) float, mm
            From 0, rising.
        offsets : (n, 2) float, pixels
            Of each slice's first pixel against the first slice's: columns, rows.
        size : (rows, columns)

        Raises
        ------
        InputError
            A gap too wide to interpolate.
        """
        gaps = np.diff(along)
        widest = max(WIDEST_GAP_MM, UNEVEN * float(np.median(gaps)))
        if gaps.max() > widest:
            raise InputError(
                "the gap between two slices is too wide to interpolate",
                where=f"between slices {int(gaps.argmax()) + 1} and {int(gaps.argmax()) + 2} along the stack",
                why=f"{gaps.max():.2f} mm; at most {widest:.3g} mm are bridged here",
                fix="export the whole series again",
            )
        finest = max(float(np.quantile(gaps, 0.1)), 0.25 * float(np.median(gaps)))
        count = int(round(along[-1] / finest)) + 1
        low, high = np.floor(offsets.min(axis=0) + 1e-6), np.ceil(offsets.max(axis=0) - 1e-6)
        columns, rows = size[1] + int(high[0] - low[0]), size[0] + int(high[1] - low[1])
        planes = np.linspace(0.0, along[-1], count)
        return Restack(along, planes, offsets - low, low.astype(int), (count, rows, columns))

    @staticmethod
    def of_sheared(affine_lps: np.ndarray, shape_kji: tuple[int, ...]) -> tuple[Restack, np.ndarray, float] | None:
        """For a volume whose third axis leans: how to straighten it, its straight affine, and the tilt in degrees.

        None where it does not lean, or where the other two axes are not perpendicular either.
        """
        columns, rows, slices = affine_lps[:3, :3].T
        if not np.isfinite(affine_lps).all() or min(np.linalg.norm(axis) for axis in (columns, rows, slices)) < 1e-6:
            return None
        normal = np.cross(columns, rows)
        normal *= np.sign(normal @ slices) / max(np.linalg.norm(normal), 1e-12)
        step = float(slices @ normal)
        sideways = slices - step * normal
        tilt = float(np.degrees(np.arctan2(np.linalg.norm(sideways), step)))
        askew = abs(columns @ rows) / (np.linalg.norm(columns) * np.linalg.norm(rows))
        if step < 1e-6 or not 0.1 < tilt < 45.0 or askew > 2e-3 or len(shape_kji) != 3:
            return None
        k = np.arange(shape_kji[0])[:, None]
        offsets = k * np.array([columns @ sideways / (columns @ columns), rows @ sideways / (rows @ rows)])
        straight = affine_lps.copy()
        straight[:3, 2] = normal * step
        return Restack.onto_even_planes(k[:, 0] * step, offsets, (shape_kji[1], shape_kji[2])), straight, tilt

    def grid(self, affine_lps: np.ndarray) -> Grid:
        """The grid; ``affine_lps`` has the slices' in-plane axes, their normal and the first slice's place."""
        affine = affine_lps.copy()
        affine[:3, 3] += affine_lps[:3, :2] @ self.origin
        normal = affine[:3, 2] / np.linalg.norm(affine[:3, 2])
        affine[:3, 2] = normal * (self.planes[1] - self.planes[0])
        return Grid(self.shape_kji, affine)

    def caution(self, tilt_deg: float) -> str:
        """What was done, for the report."""
        gaps = np.diff(self.along)
        uneven = "" if np.ptp(gaps) < 0.02 else f"slices {gaps.min():.2f} to {gaps.max():.2f} mm apart were interpolated"
        tilt = f"a tilt of {tilt_deg:.1f}° was undone" if tilt_deg > 0.05 else ""
        done = " and ".join(part for part in (tilt, uneven) if part) or "slices were put onto even planes"
        return f"the image was resampled as the case file says: {done}; slices are now {np.diff(self.planes)[0]:.2f} mm apart"

    def apply(self, voxels: np.ndarray, background: float) -> np.ndarray:
        """(m, rows, columns) values of the grid's planes from those (n, nj, ni) of the slices, in the same type."""
        whole = voxels.dtype.kind in "iu"
        result = np.empty(self.shape_kji, voxels.dtype)
        spacing = self.planes[1] - self.planes[0]
        ready: dict[int, np.ndarray] = {}
        for m, plane in enumerate(self.planes):
            after = int(np.clip(np.searchsorted(self.along, plane), 1, len(self.along) - 1))
            below, above = self.along[after - 1], self.along[after]
            weight = float(np.clip((plane - below) / (above - below), 0.0, 1.0))
            weight = round(weight) if min(weight, 1 - weight) * (above - below) < PLANE_OFF * spacing else weight
            ready = {q: ready[q] if q in ready else self._in_plane(voxels[q], q, background) for q in (after - 1, after)}
            mixed = (1 - weight) * ready[after - 1] + weight * ready[after]
            result[m] = np.rint(mixed) if whole else mixed
        return result

    def _in_plane(self, values: np.ndarray, place: int, background: float) -> np.ndarray:
        """(rows, columns) float32: a slice moved to its place in the grid's plane."""
        first = np.floor(self.shift[place] + 1e-3).astype(int)
        rest = np.clip(self.shift[place] - first, 0.0, 1.0)
        plane = np.full(self.shape_kji[1:], background, np.float32)
        moved = values.astype(np.float32)
        for axis in (0, 1):
            part = float(rest[1 - axis])
            if part > 1e-3:  # a pixel between the last two lies where only one is: it stays background
                low, high = (np.delete(moved, end, axis) for end in (-1, 0))
                moved, first[1 - axis] = part * low + (1 - part) * high, first[1 - axis] + 1
        plane[first[1] : first[1] + moved.shape[0], first[0] : first[0] + moved.shape[1]] = moved
        return plane
