"""Distances in millimetres on a voxel grid, the connected part that holds given voxels, and crops."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage as ndi
from scipy.spatial import cKDTree
from skimage import measure

from aorta.records import Array

BLUR_VOXELS = 0.75
"""Standard deviation of the blur that takes the steps out of a mask; ``signed_distance`` says how exact that is."""
Box = tuple[slice, slice, slice]


def to_itk(array: Array, spacing: Array) -> sitk.Image:
    """An ITK image of an array [k, j, i] with spacing (3,) in the same order."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing([float(s) for s in spacing[::-1]])
    return image


def box_around(mask: Array, margin_mm: float, spacing: Array) -> Box:
    """The smallest box that holds the mask and a margin, cut at the array's border."""
    slices = ndi.find_objects(mask.astype(np.uint8))[0]
    pad = np.ceil(margin_mm / np.asarray(spacing)).astype(int)
    return tuple(slice(max(0, s.start - p), min(n, s.stop + p)) for s, p, n in zip(slices, pad, mask.shape))  # type: ignore[return-value]


def distance_to(mask: Array, spacing: Array, reach_mm: float | None = None) -> Array:
    """Distance of each voxel's centre to the nearest centre inside the mask (0 inside), float32 mm.

    With ``reach_mm`` only the neighbourhood of the mask is computed; farther away it is inf.
    An empty mask is infinitely far.
    """
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    if reach_mm is None:
        return ndi.distance_transform_edt(~mask, sampling=spacing).astype(np.float32)
    box = box_around(mask, reach_mm, spacing)
    result = np.full(mask.shape, np.inf, np.float32)
    result[box] = ndi.distance_transform_edt(~mask[box], sampling=spacing)
    return result


def depth_in(mask: Array, spacing: Array) -> Array:
    """Distance of each voxel's centre inside the mask to the nearest centre outside, float32 mm (0 outside).

    The image's border is not an outside: a vessel that leaves the image is as deep there as
    elsewhere.
    """
    depth = np.zeros(mask.shape, np.float32)
    if mask.any():
        box = box_around(mask, 3 * float(max(spacing)), spacing)
        depth[box] = ndi.distance_transform_edt(mask[box], sampling=spacing)
    return depth


def signed_distance(mask: Array, spacing: Array, reach_mm: float) -> Array:
    """Signed distance (negative inside) to the smoothed boundary of a mask, float32 mm, within ``reach_mm``.

    Distances between voxel centres are steps of a voxel and biased by the boundary's orientation;
    this one goes to the plane of the nearest point of the half-level surface of the blurred mask
    (a tenth of a voxel rms on spheres; it shrinks a sphere by about 0.3 voxel^2 over its radius).
    Beyond the reach only the sign is meant. The boundary runs on through the image's border.
    """
    spacing = np.asarray(spacing, float)
    far = np.where(mask, -np.inf, np.inf).astype(np.float32)
    if not mask.any() or mask.all():
        return far
    box = box_around(mask, reach_mm + 3.0 * float(spacing.max()), spacing)
    pad = 4
    padded = np.pad(mask[box].astype(np.float32), pad, mode="edge")
    blurred = ndi.gaussian_filter(padded, BLUR_VOXELS)
    if blurred.max() <= 0.5:
        return far
    vertices, _, normals, _ = measure.marching_cubes(blurred, 0.5, spacing=tuple(spacing), gradient_direction="descent")
    vertices = vertices - pad * spacing
    part = mask[box]
    band = np.zeros(part.shape, bool)
    rough = ndi.distance_transform_edt(part, sampling=spacing) + ndi.distance_transform_edt(~part, sampling=spacing)
    band[rough <= reach_mm + 1.5 * spacing.max()] = True
    points = np.argwhere(band) * spacing
    nearest = cKDTree(vertices).query(points)[1]
    result = far[box]
    result[band] = np.einsum("ij,ij->i", points - vertices[nearest], _unit(normals[nearest]))
    far[box] = result
    return far


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)[:, None]


def half_voxel(spacing: Array) -> float:
    """How far a boundary lies from the voxel centres next to it, on average, in mm."""
    return 0.5 * float(np.prod(spacing) ** (1.0 / 3.0))


def part_with(mask: Array, indices: Array, touching: int = 1) -> Array:
    """The connected parts of a mask that hold any of the voxels (n, 3); all False if none does."""
    parts, _ = ndi.label(mask, ndi.generate_binary_structure(3, touching))
    wanted = np.unique(parts[tuple(np.asarray(indices, int).T)])
    wanted = wanted[wanted > 0]
    return np.isin(parts, wanted) if len(wanted) else np.zeros(mask.shape, bool)


def largest_part(mask: Array, touching: int = 1) -> Array:
    """The largest connected part of a mask."""
    parts, count = ndi.label(mask, ndi.generate_binary_structure(3, touching))
    if count <= 1:
        return mask
    return parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))


def inside(indices: Array, shape: tuple[int, ...]) -> Array:
    """(n,) bool: which voxel indices (n, 3) lie in an array of this shape."""
    indices = np.asarray(indices)
    return ((indices >= 0) & (indices < np.array(shape))).all(axis=-1)
