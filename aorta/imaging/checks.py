"""What every image must satisfy, whatever file it came from."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from aorta.errors import InputError
from aorta.records import Finding, Grid, Volume

METRES_MM = 0.05
"""No clinical scanner has smaller voxels; 0.7 mm told in metres is 0.0007."""

COARSEST_MM = 20.0
THICK_MM = 2.5
"""Slices further apart than this are not advised for planning an endovascular repair (unverified)."""

VERY_THICK_MM = 3.0
SMALL_MM = 60.0
"""An image with no side longer than this does not hold an abdominal aorta, or is in centimetres."""

NO_NEGATIVE_HU = -10.0
"""Every CT has fat or air; one whose lowest value is above this is not in HU."""

MAX_VOXELS = 600_000_000
"""512 × 512 × 2288: a whole body at 0.8 mm."""

MAX_BYTES = 4 * MAX_VOXELS
"""Of voxels as they are stored: 4 bytes for the largest image, 8 for one of half the size. With the copies that reading makes
(the library's, ours, and a rounded one to tell whole values) memory stays below 8 GB."""

DEFLATE_RATIO = 1032
"""The most that deflate can compress (zlib's documentation): a file that claims more does not hold what it says."""


def check_size(shape: tuple[int, ...], what: str, itemsize: int = 1) -> None:
    """Refuse what is not a volume of a size that can be worked on. ``itemsize``: bytes of a voxel as stored."""
    if len(shape) != 3 or min(shape) < 2:
        raise InputError(
            f"the {what} is not a volume",
            where=what,
            why=f"its size is {'×'.join(map(str, shape))}",
            fix="give one three-dimensional file",
        )
    voxels = math.prod(int(n) for n in shape)
    if voxels > MAX_VOXELS:
        raise InputError(
            f"the {what} is too large", where=what, why=f"its size is {'×'.join(map(str, shape))}", fix="crop it to the abdomen"
        )
    check_bytes(voxels, itemsize, what)


def check_bytes(values: int, itemsize: int, what: str) -> None:
    """Refuse more memory than the largest image may take."""
    if values * itemsize > MAX_BYTES:
        raise InputError(
            f"the {what} is too large",
            where=what,
            why=f"it has {values / 1e6:.0f} million values of {itemsize} {'bytes' if itemsize > 1 else 'byte'}",
            fix="crop it to the abdomen, or write it with values of two bytes",
        )


def checked_grid(shape_kji: tuple[int, ...], affine_lps: np.ndarray, what: str) -> Grid:
    """The grid, unless its unit is wrong or its axes are sheared."""
    spacing = np.linalg.norm(affine_lps[:3, :3], axis=0)
    if not np.isfinite(affine_lps).all() or spacing.min() < METRES_MM:
        raise InputError(
            f"the {what}'s voxel size is not in millimetres",
            where=what,
            why=f"voxels of {' × '.join(f'{s:.4g}' for s in spacing)}: metres?",
            fix="write the file with millimetres",
        )
    if spacing.max() > COARSEST_MM:
        raise InputError(
            f"the {what}'s voxels are too large",
            where=what,
            why=f"up to {spacing.max():.4g} mm",
            fix="write the file with millimetres, or use a finer reconstruction",
        )
    cosines = affine_lps[:3, :3] / spacing
    if np.abs(cosines.T @ cosines - np.eye(3)).max() > 2e-3:
        raise InputError(
            f"the {what}'s axes are not perpendicular",
            where=what,
            why="its affine has shear (a tilted gantry, or a registration)",
            fix="resample it onto a rectangular grid, or add 'resample: true' under 'image:' if the scan's gantry was tilted"
            if what == "image"
            else "resample it onto the image",
        )
    return Grid(tuple(int(n) for n in shape_kji), affine_lps)


def volume_of(
    grid: Grid,
    voxels: np.ndarray,
    modality: str,
    facts: Mapping[str, str],
    cautions: tuple[str, ...],
    findings: tuple[Finding, ...] = (),
    series: tuple[str, ...] = (),
) -> Volume:
    """A checked Volume with its findings and cautions. ``voxels`` (nk, nj, ni)."""
    check_size(voxels.shape, "image")
    if voxels.dtype.kind == "f" and not np.isfinite(voxels).all():
        bad = int(np.flatnonzero(~np.isfinite(voxels).all(axis=(1, 2)))[0])
        raise InputError(
            "the image has values that are not numbers",
            where=f"slice {bad + 1} of {len(voxels)}",
            fix="fill them with the value of air",
        )
    low, high = float(voxels.min()), float(voxels.max())
    if low == high:
        raise InputError("the image is empty", where="image", why=f"all voxels are {low:g}", fix="export it again")
    if modality == "CT" and low > NO_NEGATIVE_HU:
        raise InputError(
            "the CT is not in Hounsfield units",
            where="image",
            why=f"its lowest value is {low:g}, while fat and air are negative",
            fix="apply slope and intercept, or state the right modality",
        )
    in_plane, apart = float(max(grid.spacing_ijk[:2])), float(grid.spacing_ijk[2])
    findings = (
        *findings,
        Finding("image_pixel_spacing_mm", in_plane, "mm", "larger side of a pixel in the plane of the slices"),
        Finding("image_slice_spacing_mm", apart, "mm", "distance between the centres of neighbouring slices"),
        Finding("image_slices", float(grid.shape_kji[0]), "1", "number of slices"),
        Finding("image_height_mm", apart * grid.shape_kji[0], "mm", "extent across the slices"),
    )
    coarse = max(in_plane, apart)
    if coarse > VERY_THICK_MM:
        cautions += (f"voxels are up to {coarse:.1f} mm: lengths are uncertain by as much, and small branches may be missed",)
    elif coarse > THICK_MM:
        cautions += (
            f"slices are {coarse:.1f} mm apart (advised: at most {THICK_MM} mm): lengths along the vessel are uncertain by as much",
        )
    if max(grid.spacing_ijk * np.array(grid.shape_kji[::-1])) < SMALL_MM:
        cautions += (f"the whole image is smaller than {SMALL_MM:.0f} mm: is it in centimetres?",)
    return Volume(grid, voxels, modality, dict(facts), findings, cautions, series)
