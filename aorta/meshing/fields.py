"""Signed distances on an isotropic grid: the language in which the vessel's faces are combined.

Distances are exact (to the triangles' tangent planes) in a band about the surface and clamped
outside it; negative inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyvista as pv
from scipy.ndimage import distance_transform_edt, map_coordinates
from scipy.spatial import cKDTree
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkImagingStencil import vtkPolyDataToImageStencil

from aorta.errors import MeshError
from aorta.records import Array, Surface

_MOST_VOXELS = 20_000_000


@dataclass(frozen=True)
class Box:
    """An isotropic grid along the axes of LPS; arrays over it are [k, j, i].

    Parameters
    ----------
    origin : (3,) float, mm
        Centre of the first voxel.
    spacing : float, mm
    shape_kji : (3,) int
    """

    origin: Array
    spacing: float
    shape_kji: tuple[int, int, int]

    def points(self, kji: Array) -> Array:
        """LPS positions (n, 3) in mm of voxels with indices (n, 3) in the order k, j, i."""
        return self.origin + self.spacing * kji[:, ::-1]

    def image(self, values: Array) -> pv.ImageData:
        """The values as a VTK image."""
        image = pv.ImageData(dimensions=self.shape_kji[::-1], spacing=(self.spacing,) * 3, origin=tuple(self.origin))
        image["values"] = values.ravel()
        return image


@dataclass(frozen=True)
class Field:
    """A scalar (mm) on a box."""

    box: Box
    values: Array  # (nk, nj, ni) float32

    def at(self, points: Array) -> Array:
        """Trilinear values (n,) at LPS points (n, 3)."""
        ijk = (np.asarray(points, float) - self.box.origin) / self.box.spacing
        return map_coordinates(self.values, ijk.T[::-1], order=1, mode="nearest").astype(float)

    def gradient_at(self, points: Array) -> Array:
        """Unit gradient (n, 3) by central differences over one voxel each way."""
        steps = self.box.spacing * np.eye(3)
        gradient = np.stack([self.at(points + step) - self.at(points - step) for step in steps], axis=1)
        return gradient / np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), 1e-12)

    def isosurface(self, level: float = 0.0) -> Surface:
        """The level set as triangles with normals towards larger values (flying edges)."""
        contour = self.box.image(self.values).contour([level], scalars="values", method="flying_edges")
        if contour.n_cells == 0:
            raise MeshError("A surface vanished while the wall was made", where="mesh", why=f"no points at {level:g} mm distance")
        return oriented(polydata_to_surface(contour))


def box_around(points: Array, spacing: float, margin: float) -> Box:
    """A box around points (n, 3) with a margin, coarsened when it would hold over 20 million voxels.

    The origin is moved by an odd fraction of the spacing, so that no surface made from voxels of
    round spacing has vertices exactly in its planes.
    """
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    spacing = max(spacing, float(np.prod(high - low) / _MOST_VOXELS) ** (1 / 3))
    low = low - spacing * np.array([0.3137, 0.4271, 0.3719])
    shape = np.ceil((high - low) / spacing).astype(int) + 2
    return Box(low, spacing, tuple(int(n) for n in shape[::-1]))


def surface_to_polydata(surface: Surface) -> pv.PolyData:
    """As VTK polydata."""
    return pv.PolyData.from_regular_faces(np.ascontiguousarray(surface.points, float), surface.triangles)


def polydata_to_surface(polydata: pv.PolyData) -> Surface:
    """From triangulated VTK polydata."""
    return Surface(np.asarray(polydata.points, float), polydata.regular_faces.astype(np.int64))


def oriented(surface: Surface) -> Surface:
    """The closed surface with normals outward (positive volume)."""
    return surface if surface.volume_mm3 > 0 else Surface(surface.points, surface.triangles[:, ::-1])


def signed_distance(surface: Surface, box: Box, band: float) -> Field:
    """Distance to a closed surface, negative inside, exact up to `band` mm and clamped beyond."""
    inside = _inside(surface, box)
    samples, normals, reach = _samples(surface, box.spacing)
    values = np.where(inside, -band, band).astype(np.float32)
    near = np.argwhere(_near(samples, box, band))
    distance = distance_to_samples(box.points(near), samples, normals, reach, band)
    index = tuple(near.T)
    values[index] = np.where(inside[index], -distance, distance)
    return Field(box, values)


def distance_to_samples(points: Array, samples: Array, normals: Array, reach: float, limit: float) -> Array:
    """Distance (n,) of points to a surface sampled with normals, at most `limit`.

    To the tangent plane of the nearest sample, but never less than the distance to that sample
    allows when samples are `reach` apart at most (which matters beyond creases and rims).
    """
    to_sample, nearest = cKDTree(samples).query(points)
    to_plane = np.abs(np.einsum("ij,ij->i", points - samples[nearest], normals[nearest]))
    return np.minimum(np.maximum(to_plane, np.sqrt(np.maximum(to_sample**2 - reach**2, 0.0))), limit)


def _samples(surface: Surface, spacing: float) -> tuple[Array, Array, float]:
    """Points and unit normals on the surface no further apart than about `spacing`, and half of that distance."""
    polydata = surface_to_polydata(surface).compute_normals(
        cell_normals=False, split_vertices=False, consistent_normals=False, auto_orient_normals=False
    )
    corners = surface.points[surface.triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max()
    if longest > 2.0 * spacing:
        polydata = polydata.subdivide_adaptive(max_edge_len=1.5 * spacing)
    normals, points = np.asarray(polydata["Normals"], float), np.asarray(polydata.points, float)
    triangles = polydata.regular_faces
    points = np.vstack([points, points[triangles].mean(axis=1)])
    normals = np.vstack([normals, normals[triangles].mean(axis=1)])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return points, normals, 0.6 * spacing


def _near(samples: Array, box: Box, band: float) -> Array:
    """Mask of the voxels within about `band` of a sample."""
    index = np.rint((samples - box.origin) / box.spacing).astype(int)[:, ::-1]
    index = index[np.all((index >= 0) & (index < box.shape_kji), axis=1)]
    free = np.ones(box.shape_kji, bool)
    free[tuple(index.T)] = False
    return distance_transform_edt(free) * box.spacing < band + box.spacing


def _inside(surface: Surface, box: Box) -> Array:
    """Mask of the voxels whose centre the closed surface encloses."""
    stencil = vtkPolyDataToImageStencil()
    stencil.SetInputData(surface_to_polydata(surface))
    stencil.SetOutputOrigin(*box.origin)
    stencil.SetOutputSpacing(*(box.spacing,) * 3)
    ni, nj, nk = box.shape_kji[::-1]
    stencil.SetOutputWholeExtent(0, ni - 1, 0, nj - 1, 0, nk - 1)
    stencil.SetTolerance(0.0)
    stencil.Update()
    from vtkmodules.vtkImagingStencil import vtkImageStencilToImage

    to_image = vtkImageStencilToImage()
    to_image.SetInputConnection(stencil.GetOutputPort())
    to_image.SetInsideValue(1)
    to_image.SetOutsideValue(0)
    to_image.SetOutputScalarTypeToUnsignedChar()
    to_image.Update()
    return vtk_to_numpy(to_image.GetOutput().GetPointData().GetScalars()).reshape(box.shape_kji).astype(bool)
