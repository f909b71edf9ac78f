"""Columns of samples from a rough centreline outwards: the coordinates in which the wall is searched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from scipy.interpolate import splev, splprep
from scipy.spatial import cKDTree

from aorta.records import Array


@dataclass(frozen=True)
class Tube:
    """Planes along a smooth line, rays in each plane.

    Parameters
    ----------
    centres, tangents, first, second : (s, 3) float
        Plane centres in (z, y, x) mm; unit vectors: tangent and the plane's two axes, which turn
        as little as possible from plane to plane (rotation-minimising).
    angles : (a,) float
        Of the rays, rad from ``first`` to ``second``.
    spacing : float
        mm between planes.
    """

    centres: Array
    tangents: Array
    first: Array
    second: Array
    angles: Array
    spacing: float

    @property
    def directions(self) -> Array:
        """(s, a, 3) unit vectors of the rays."""
        cos, sin = np.cos(self.angles)[None, :, None], np.sin(self.angles)[None, :, None]
        return cos * self.first[:, None] + sin * self.second[:, None]

    def sample(self, image: Array, voxel: Array, radii: Array) -> Array:
        """(s, a, k) linear samples of an image [k, j, i] with voxel size (3,) at radii (k,)."""
        points = self.centres[:, None, None] + self.directions[:, :, None] * radii[None, None, :, None]
        return ndi.map_coordinates(image, np.moveaxis(points / voxel, -1, 0), output=np.float32, order=1, mode="nearest")

    def surface(self, radii: Array) -> Array:
        """(s, a, 3) points at radii (s, a)."""
        return self.centres[:, None] + self.directions * radii[..., None]

    def locate(self, points: Array) -> tuple[Array, Array, Array, Array]:
        """Plane number and ray number (fractional), distance from the line, and mm beyond the tube's ends."""
        index = cKDTree(self.centres).query(points)[1]
        offset = points - self.centres[index]
        along = np.einsum("ij,ij->i", offset, self.tangents[index])
        plane = index + np.clip(along / self.spacing, -0.5, 0.5)
        across = offset - along[:, None] * self.tangents[index]
        angle = np.arctan2(np.einsum("ij,ij->i", across, self.second[index]), np.einsum("ij,ij->i", across, self.first[index]))
        last = len(self.centres) - 1
        beyond = np.where(index == 0, -along, np.where(index == last, along, 0.0))
        ray = np.mod(angle, 2 * np.pi) / (2 * np.pi) * len(self.angles)
        return np.clip(plane, 0, last), ray, np.linalg.norm(across, axis=1), beyond

    def fill(self, radii: Array, shape: tuple[int, ...], voxel: Array) -> Array:
        """Mask of the voxels whose centres lie within the polar surface ``radii`` (s, a)."""
        reach = float(radii.max()) + 2.0
        low = np.maximum(0, np.floor((self.centres.min(0) - reach) / voxel)).astype(int)
        high = np.minimum(shape, np.ceil((self.centres.max(0) + reach) / voxel).astype(int) + 1)
        mask = np.zeros(shape, bool)
        if (high <= low).any():
            return mask
        axes = [np.arange(a, b) for a, b in zip(low, high)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        near = np.isfinite(cKDTree(self.centres).query(points * voxel, distance_upper_bound=reach)[0])
        points = points[near]
        plane, ray, radius, beyond = self.locate(points * voxel)
        around = np.pad(radii, ((0, 0), (0, 1)), mode="wrap")
        limit = ndi.map_coordinates(around, [plane, ray], order=1, mode="nearest")
        within = points[(radius <= limit) & (beyond <= 0.5 * self.spacing)]
        mask[tuple(within.T)] = True
        return mask


def make_tube(points: Array, spacing: float, rays: int, smooth_mm: float = 0.8, extend_mm: tuple[float, float] = (0, 0)) -> Tube:
    """A tube about a rough line.

    Parameters
    ----------
    points : (n, 3) float, mm
        Rough line, n >= 2; smoothed by a spline that stays within about ``smooth_mm`` (rms).
    extend_mm : (2,) float
        Straight extension beyond start and end.
    """
    step = np.linalg.norm(np.diff(points, axis=0), axis=1)
    points = points[np.concatenate([[True], step > 1e-6])]
    degree = min(3, len(points) - 1)
    spline, u = splprep(points.T, s=len(points) * smooth_mm**2, k=degree)
    fine = np.array(splev(np.linspace(0, 1, 1000), spline)).T
    for end, (a, b) in zip(extend_mm, ((0, 20), (-1, -21))):
        if end > 0:
            out = fine[a] - fine[b]
            more = fine[a] + out / np.linalg.norm(out) * np.linspace(0, end, 12)[1:, None]
            fine = np.concatenate([more[::-1], fine] if a == 0 else [fine, more])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    at = np.linspace(0, length[-1], max(3, round(length[-1] / spacing) + 1))
    centres = np.stack([np.interp(at, length, fine[:, c]) for c in range(3)], axis=1)
    tangents = ndi.gaussian_filter1d(np.gradient(centres, axis=0), 1.0, axis=0, mode="nearest")
    tangents /= np.linalg.norm(tangents, axis=1)[:, None]
    first = _carried(tangents)
    return Tube(
        centres, tangents, first, np.cross(tangents, first), np.linspace(0, 2 * np.pi, rays, endpoint=False), float(at[1] - at[0])
    )


def _carried(tangents: Array) -> Array:
    """(s, 3) unit normals that turn as little as possible along the line (projection of the one before)."""
    start = np.eye(3)[int(np.argmin(np.abs(tangents[0])))]
    normals = np.empty_like(tangents)
    for n, tangent in enumerate(tangents):
        start = start - (start @ tangent) * tangent
        start = start / np.linalg.norm(start)
        normals[n] = start
    return normals
