"""Images, label maps and what was segmented in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from aorta.records.base import Array, require
from aorta.records.finding import Finding


@dataclass(frozen=True)
class Grid:
    """A voxel grid in space, without voxels.

    Parameters
    ----------
    shape_kji : (3,) int
        Slices, rows, columns.
    affine_lps : (4, 4) float, mm
        Takes the index (i, j, k) of a voxel's centre to its LPS position.
    """

    shape_kji: tuple[int, int, int]
    affine_lps: Array

    def __post_init__(self) -> None:
        require(len(self.shape_kji) == 3 and min(self.shape_kji) > 0, "shape_kji must have three positive entries")
        require(self.affine_lps.shape == (4, 4), "affine_lps must be (4, 4)")
        require(abs(np.linalg.det(self.affine_lps[:3, :3])) > 1e-9, "affine_lps must be invertible")

    @property
    def spacing_ijk(self) -> Array:
        """(3,) mm between columns, rows and slices."""
        return np.linalg.norm(self.affine_lps[:3, :3], axis=0)

    @property
    def spacing_kji(self) -> Array:
        """(3,) mm in the order of the arrays."""
        return self.spacing_ijk[::-1]

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel in mm³."""
        return float(abs(np.linalg.det(self.affine_lps[:3, :3])))

    def to_lps(self, ijk: Array) -> Array:
        """LPS points (..., 3) in mm of fractional indices (i, j, k)."""
        return np.asarray(ijk, float) @ self.affine_lps[:3, :3].T + self.affine_lps[:3, 3]

    def to_ijk(self, points_lps: Array) -> Array:
        """Fractional indices (..., 3) in the order (i, j, k) of LPS points in mm."""
        inverse = np.linalg.inv(self.affine_lps)
        return np.asarray(points_lps, float) @ inverse[:3, :3].T + inverse[:3, 3]

    def same_as(self, other: Grid, tolerance_mm: float = 0.01) -> bool:
        """Whether the corners of both grids coincide within the tolerance."""
        last = np.array(self.shape_kji[::-1]) - 1
        corners = np.array([[0, 0, 0], [last[0], 0, 0], [0, last[1], 0], [0, 0, last[2]]])
        return self.shape_kji == other.shape_kji and bool(
            np.abs(self.to_lps(corners) - other.to_lps(corners)).max() <= tolerance_mm
        )


@dataclass(frozen=True)
class Volume:
    """An image: voxels on a grid, de-identified.

    Parameters
    ----------
    voxels : (nk, nj, ni) int16 or float32
        HU for CT (rescale applied), arbitrary for MR.
    modality : "CT" or "MR"
    acquisition : mapping of str to str
        Whitelisted facts only (kernel, phase, slice thickness ...).
    series : tuple of str
        The numbered table of the DICOM series that the image was chosen from, a line each.
    """

    grid: Grid
    voxels: Array
    modality: str
    acquisition: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
    series: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(self.voxels.shape == self.grid.shape_kji, "voxels must have the grid's shape")
        require(self.modality in ("CT", "MR"), "modality must be CT or MR")


@dataclass(frozen=True)
class SecondSeries:
    """Another image of the patient, and where it lies.

    Parameters
    ----------
    to_first : (4, 4) float
        Takes LPS points of this image, mm, to LPS points of the first.
    """

    volume: Volume
    to_first: Array
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()


CLASSES: Mapping[str, int] = {"lumen": 1, "thrombus": 2, "wall": 3, "calcification": 4, "branch": 5, "vertebra": 6}
"""Names and values of the classes in every label map of ours. ``lumen`` is the blood of the aorta
and iliac arteries; ``branch`` the blood of side branches beyond their ostium; ``wall`` a wall that
the image shows. The vessel without branches is lumen + thrombus + wall + calcification."""


VESSEL = ("lumen", "thrombus", "wall", "calcification")

NO_THROMBUS_CLASS = (
    "TotalSegmentator has no class for thrombus: its aorta is taken as lumen throughout, so thrombus volume is 0, the wall lies "
    "outside its surface, and where it includes thrombus or wall, lumen and outer diameters are too large"
)
"""The caution about its labels, by whichever way they came."""


@dataclass(frozen=True)
class Labels:
    """A label map: one of ``CLASSES`` or 0 in each voxel."""

    grid: Grid
    voxels: Array  # (nk, nj, ni) uint8
    cautions: tuple[str, ...] = ()  # about how the file was read

    def __post_init__(self) -> None:
        require(self.voxels.shape == self.grid.shape_kji, "voxels must have the grid's shape")
        require(self.voxels.dtype == np.uint8, "label voxels must be uint8")

    def mask(self, *names: str) -> Array:
        """(nk, nj, ni) bool: the voxels of these classes."""
        return np.isin(self.voxels, [CLASSES[name] for name in names])

    def volume_mL(self, *names: str) -> float:
        """Volume of these classes by counting voxels."""
        return float(self.mask(*names).sum() * self.grid.voxel_volume_mm3 / 1000.0)


@dataclass(frozen=True)
class Segmentation:
    """Labels and how far to trust them.

    Parameters
    ----------
    method : str
        "ct-contrast", "mr-angiography", "label map", "surfaces".
    confidence : (nk,) float or None
        Per slice, 0 (do not trust) to 1; None where the labels were given.
    doubtful_slices : tuple of int
        Slices to look at.
    doubts : tuple of str
        Why, in words, one for each doubtful slice; empty where the method does not say.
    false_lumen : (nk, nj, ni) bool or None
        The part of ``lumen`` that is the false lumen of a dissection; None where one lumen was found.
    """

    labels: Labels
    method: str
    confidence: Array | None = None
    doubtful_slices: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    false_lumen: Array | None = None
