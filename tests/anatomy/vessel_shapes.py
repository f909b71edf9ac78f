"""Label maps of vessels whose geometry is known in closed form."""

from __future__ import annotations

import numpy as np

from aorta.records import CLASSES, Grid, Labels


def grid(low, high, spacing_ijk, rotation=None) -> Grid:
    """A grid over a box in its own axes; ``rotation`` (3, 3) turns it about the origin."""
    spacing = np.asarray(spacing_ijk, float)
    count = np.ceil((np.asarray(high, float) - low) / spacing).astype(int)
    turn = np.eye(3) if rotation is None else rotation
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(spacing)
    affine[:3, 3] = turn @ (np.asarray(low, float) + spacing / 2)
    return Grid(tuple(int(n) for n in count[::-1]), affine)


def voxel_points(g: Grid) -> np.ndarray:
    """(nk, nj, ni, 3) LPS positions of all voxels."""
    k, j, i = np.indices(g.shape_kji)
    return g.to_lps(np.stack([i, j, k], axis=-1))


def distance_to_segment(points, a, b) -> np.ndarray:
    """Distance of points (..., 3) to the straight piece from a to b."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    share = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(points - a - share[..., None] * (b - a), axis=-1)


def labels_of(g: Grid, **masks) -> Labels:
    """Classes painted in the order given: later ones over earlier ones."""
    voxels = np.zeros(g.shape_kji, np.uint8)
    for name, mask in masks.items():
        voxels[mask] = CLASSES[name]
    return Labels(g, voxels)


def value(anatomy, name: str):
    """A finding's value."""
    return next(f for f in anatomy.findings if f.name == name).value


def finding(anatomy, name: str):
    """A finding."""
    return next(f for f in anatomy.findings if f.name == name)
