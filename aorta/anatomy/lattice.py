"""A mask as a depth field on an isotropic lattice along the patient's axes.

Tracing needs equal steps in every direction, whatever the slice thickness or obliquity of the
label map: the mask's signed distance is interpolated (shape-based interpolation: Raya and Udupa,
IEEE Trans Med Imaging 1990;9:32-42), never the mask itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from aorta.errors import GeometryError
from aorta.records import Array, Grid

MAX_VOXELS = 40_000_000
"""Beyond this the lattice would not fit the promised memory (6 GB for a whole case)."""


@dataclass(frozen=True)
class Lattice:
    """Depth below the surface of a mask.

    Parameters
    ----------
    origin : (3,) float, mm, LPS
        Position of the first voxel's centre.
    step : float, mm
        Between neighbours, in every direction.
    depth : (nk, nj, ni) float32, mm
        Distance to the mask's boundary, positive inside.
    """

    origin: Array
    step: float
    depth: Array

    @property
    def inside(self) -> Array:
        """(nk, nj, ni) bool."""
        return self.depth > 0

    def to_lps(self, kji: Array) -> Array:
        """LPS points (n, 3) of indices (n, 3) in the order of the array."""
        return np.asarray(kji, float)[..., ::-1] * self.step + self.origin

    def to_kji(self, points: Array) -> Array:
        """Fractional indices (n, 3) in the order of the array of LPS points (n, 3)."""
        return ((np.asarray(points, float) - self.origin) / self.step)[..., ::-1]

    def depth_at(self, points: Array) -> Array:
        """Depth (n,) in mm at LPS points (n, 3), linear; very negative off the lattice."""
        coordinates = np.atleast_2d(self.to_kji(points)).T
        return ndi.map_coordinates(self.depth, coordinates, order=1, mode="constant", cval=-1e3)


def crop(mask: Array, margin: int) -> tuple[slice, ...]:
    """Slices of the box around a mask (any shape), widened by ``margin`` voxels within the array."""
    boxes = ndi.find_objects(mask.astype(np.uint8))
    return tuple(slice(max(0, s.start - margin), s.stop + margin) for s in boxes[0])


def signed_depth(mask: Array, spacing_kji: Array) -> Array:
    """Distance to the boundary of a mask, (nk, nj, ni) float32 mm, positive inside.

    The array's border counts as outside. Zero falls half-way between neighbouring voxels of the
    mask and of its complement.
    """
    padded = np.pad(mask, 1)
    depth = ndi.distance_transform_edt(padded, sampling=spacing_kji) - ndi.distance_transform_edt(~padded, sampling=spacing_kji)
    return depth[1:-1, 1:-1, 1:-1].astype(np.float32)


def make_lattice(grid: Grid, mask: Array, step: float) -> Lattice:
    """The depth field of a mask on an isotropic lattice with a margin of three steps.

    Parameters
    ----------
    mask : (nk, nj, ni) bool, on `grid`
    step : float, mm

    Raises
    ------
    GeometryError
        The lattice would be too large.
    """
    margin_voxels = int(np.ceil(3 * step / grid.spacing_kji.min())) + 1
    padded = np.pad(mask[crop(mask, 0)], margin_voxels)
    first = np.array([s.start for s in crop(mask, 0)]) - margin_voxels
    depth = signed_depth(padded, grid.spacing_kji)

    corners = np.array(np.meshgrid(*[(0, n - 1) for n in padded.shape], indexing="ij")).reshape(3, -1).T + first
    corners = grid.to_lps(corners[:, ::-1])
    low, high = corners.min(axis=0), corners.max(axis=0)
    shape = np.ceil((high - low) / step).astype(int)[::-1] + 1
    if np.prod(shape, dtype=float) > MAX_VOXELS:
        raise GeometryError(
            "the vessel is too large for its resolution",
            where="anatomy, tracing lattice",
            why=f"{' × '.join(map(str, shape))} voxels of {step:g} mm would be needed",
            fix="crop the label map to the abdominal aorta or give it at a coarser spacing",
        )
    # output index (k, j, i) -> LPS -> input index (k, j, i)
    reverse = np.eye(3)[::-1]
    inverse = np.linalg.inv(grid.affine_lps)
    matrix = reverse @ (inverse[:3, :3] * step) @ reverse
    offset = (inverse[:3, :3] @ low + inverse[:3, 3])[::-1] - first
    outside = float(depth.min())
    resampled = ndi.affine_transform(depth, matrix, offset, output_shape=tuple(shape), order=1, mode="constant", cval=outside)
    return Lattice(low, step, resampled)
