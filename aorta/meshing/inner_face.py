"""The wall's inner face as a level set, from the faces of lumen and vessel.

The wall is `t` thick. Where the image shows room for it, it is [outer - t, outer]; where it does
not, it starts at the lumen. So its inner face is the zero of min(phi_lumen, phi_outer + t).

Concave creases (the crotch of the iliacs) are then rounded by a morphological closing with a ball
of radius greater than t: a surface that is closed so can be thickened outward by t without
touching itself (its reach on that side exceeds t; Federer 1959).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aorta.errors import MeshError
from aorta.meshing.fields import Box, Field, box_around, oriented, polydata_to_surface, signed_distance, surface_to_polydata
from aorta.records import Anatomy, Array, Surface

CLOSING = 1.5
"""Radius of the closing in wall thicknesses. Above 1 by what a grid of finite spacing needs."""

_BLOOD_DEPTH_MM = 5.0  # how deep the closing of the wall's face is handed on to the lumen


@dataclass(frozen=True)
class Faces:
    """The level sets the mesh is made from.

    Parameters
    ----------
    inner : Field
        Negative inside the wall's inner face.
    blood : Field
        Negative inside the lumen, which follows the closing of the inner face.
    smooth : Surface
        The zero of ``inner``, closed, finely triangulated and smoothed.
    lumen, outer : Field
        As imaged.
    closing_volume_mm3 : float
        Added by the closing.
    """

    inner: Field
    blood: Field
    smooth: Surface
    lumen: Field
    outer: Field
    closing_volume_mm3: float


def faces(anatomy: Anatomy, thickness: Callable[[Array], Array], spacing: float, size: float) -> Faces:
    """Both level sets, with the smooth inner face.

    Parameters
    ----------
    thickness : callable
        Wanted thickness (n,) in mm at points (n, 3).
    spacing : float, mm
        Of the grid.
    size : float, mm
        Edge length of the mesh to come; ripples that it cannot follow are smoothed away.
    """
    line = np.concatenate([anatomy.outer.points, anatomy.lumen.points])
    thickest = float(thickness(_every(anatomy.outer.points)).max())
    radius = CLOSING * thickest
    band = max(thickest + 2.0, radius + 2.0 * spacing, 4.0)
    box = box_around(line, spacing, band + 1.0)
    lumen = signed_distance(anatomy.lumen, box, band)
    outer = signed_distance(anatomy.outer, box, band)
    wanted = _on_box(thickness, box)
    opened = np.minimum(lumen.values, outer.values + wanted)
    closed = _closing(Field(box, opened), radius)
    added = float((_share(opened, box.spacing) - _share(closed, box.spacing)).sum() * -(box.spacing**3))
    depth = np.clip(1.0 + closed / _BLOOD_DEPTH_MM, 0.0, 1.0)
    blood = lumen.values + (closed - opened) * depth
    inner = Field(box, closed)
    return Faces(inner, Field(box, blood), _smoothed(inner, size), lumen, outer, added)


def _every(points: Array, most: int = 20_000) -> Array:
    return points[:: max(1, len(points) // most)]


def _on_box(function: Callable[[Array], Array], box: Box) -> Array:
    """A slowly varying function on all voxels, from every eighth."""
    coarse_shape = tuple((n + 7) // 8 + 1 for n in box.shape_kji)
    kji = np.stack(np.meshgrid(*(8.0 * np.arange(n) for n in coarse_shape), indexing="ij"), axis=-1).reshape(-1, 3)
    values = function(box.points(kji)).reshape(coarse_shape)
    if np.ptp(values) == 0.0:
        return np.float32(values.flat[0])
    coarse = Field(Box(box.origin, 8.0 * box.spacing, coarse_shape), values)
    kji = np.stack(np.meshgrid(*(np.arange(n) for n in box.shape_kji), indexing="ij"), axis=-1).reshape(-1, 3)
    return coarse.at(box.points(kji)).reshape(box.shape_kji).astype(np.float32)


def _closing(field: Field, radius: float) -> Array:
    """Signed distance of the closed body: {dilate by radius, then erode}. Changed only where that adds."""
    rim = field.isosurface(radius)
    tree = cKDTree(np.vstack([rim.points, rim.points[rim.triangles].mean(axis=1)]))
    spacing = field.box.spacing
    kji = np.argwhere((field.values > -3.0 * spacing) & (field.values < radius))
    distance, _ = tree.query(field.box.points(kji))
    half = 0.35 * spacing  # samples of the rim are about that far from the true nearest point
    distance = np.sqrt(np.maximum(distance**2 - half**2, 0.0))
    # a plane is its own closing: leave a margin for what sampling makes of it, so that only creases change
    candidate = radius - distance + 0.1 * spacing
    closed = field.values.copy()
    index = tuple(kji.T)
    closed[index] = np.minimum(closed[index], candidate)
    return closed


def _share(values: Array, spacing: float) -> Array:
    """Share (0 to 1) of each voxel inside a level set, for volumes."""
    return np.clip(0.5 - values / spacing, 0.0, 1.0)


def _smoothed(field: Field, size: float) -> Surface:
    """The zero level, its largest part, without ripples shorter than about 2.5 elements.

    Windowed-sinc smoothing (Taubin 1996) does not shrink: the pass band is the umbrella operator's
    eigenvalue (q l)²/4 of the shortest wave kept, on triangles with edges l.
    """
    surface = field.isosurface()
    polydata = surface_to_polydata(surface).connectivity("largest").extract_surface(algorithm=None).triangulate()
    if polydata.n_open_edges:
        raise MeshError("The wall's inner face is not closed", where="mesh", why=f"{polydata.n_open_edges} open edges")
    edge = np.linalg.norm(np.diff(surface.points[surface.triangles[:, :2]], axis=1), axis=2).mean()
    pass_band = float(np.clip((2 * np.pi / (2.5 * size) * edge) ** 2 / 4.0, 0.005, 0.3))
    smooth = polydata.smooth_taubin(
        n_iter=int(np.clip(4.0 / np.sqrt(pass_band), 20, 60)), pass_band=pass_band, normalize_coordinates=True
    )
    return oriented(polydata_to_surface(smooth))
