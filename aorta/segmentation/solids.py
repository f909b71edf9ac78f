"""Closed surfaces: are they solids, and which voxel centres lie inside?"""

from __future__ import annotations

import numpy as np
import vtk
from scipy.spatial import cKDTree
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

from aorta.errors import InputError
from aorta.records import Array, Grid, Surface

SMALLEST_MM, LARGEST_MM = 5.0, 1000.0
NARROWEST_MM, WIDEST_MM = 3.0, 120.0
"""Of a cylinder with the vessel's volume and extent: a compressed lumen has 5, the largest aneurysms
80 (unverified); what is off by ten has another unit."""

LEAST_CROSSING_MM = 1e-3  # both ends of a crossing edge stick out by more


def merged(surface: Surface) -> Surface:
    """The surface with coinciding points (STL repeats them) made one and collapsed triangles dropped."""
    size = float(np.ptp(surface.points, axis=0).max()) or 1.0
    keys = np.rint(surface.points / (size * 1e-7)).astype(np.int64)
    _, first, back = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    triangles = back.ravel()[surface.triangles]
    a, b, c = triangles.T
    return Surface(surface.points[first], triangles[(a != b) & (b != c) & (c != a)])


def check_solid(surface: Surface, name: str) -> None:
    """Raise ``InputError`` unless a merged surface is a closed solid of plausible size.

    Checks unit, open and non-manifold edges, and triangles that pass through each other.
    """
    extent = np.ptp(surface.points, axis=0)
    if extent.max() < SMALLEST_MM or extent.max() > LARGEST_MM:
        small = extent.max() < SMALLEST_MM
        raise InputError(
            f"the {name} surface is {'far too small' if small else 'far too large'} for an aorta",
            where=name,
            why=f"its largest extent is {extent.max():.4g} mm as read",
            fix=f"correct surfaces.unit in the case file; the file is probably in {'m or cm' if small else 'um or mm'}",
        )
    edges = np.sort(
        np.concatenate([surface.triangles[:, [0, 1]], surface.triangles[:, [1, 2]], surface.triangles[:, [2, 0]]]), axis=1
    )
    unique, uses = np.unique(edges, axis=0, return_counts=True)
    if (uses == 1).any():
        at = surface.points[unique[np.argmax(uses == 1)]].mean(axis=0)
        raise InputError(
            f"the {name} surface is open",
            where=f"{name}, at {np.round(at, 1).tolist()} mm (LPS)",
            why=f"{int((uses == 1).sum())} edges have a triangle on one side only",
            fix="close it (cap the vessel's ends and fill holes) before giving it to the program",
        )
    if (uses % 2).any():
        raise InputError(
            f"the {name} surface does not enclose a solid",
            where=name,
            why=f"{int((uses > 2).sum())} edges belong to more than two triangles",
            fix="repair the surface: every edge must belong to exactly two triangles",
        )
    width = float(np.sqrt(4.0 * abs(surface.volume_mm3) / (np.pi * extent.max())))
    if name != "thrombus" and not NARROWEST_MM <= width <= WIDEST_MM:
        raise InputError(
            f"the {name} surface is far too {'narrow' if width < NARROWEST_MM else 'wide'} for an aorta",
            where=name,
            why=f"{extent.max():.4g} mm long, it has the volume of a tube {width:.3g} mm wide, as read",
            fix="correct surfaces.unit in the case file",
        )
    crossing = crossings(surface)
    if len(crossing):
        at = surface.points[surface.triangles[crossing[0, 0]]].mean(axis=0)
        raise InputError(
            f"the {name} surface passes through itself",
            where=f"{name}, at {np.round(at, 1).tolist()} mm (LPS)",
            why=f"{len(crossing)} pairs of triangles cross",
            fix="repair the surface (e.g. union of its parts, or re-mesh it) before giving it to the program",
        )


def crossings(surface: Surface) -> Array:
    """(n, 2) int: pairs of triangles without a common corner that cross.

    An edge of the first passes through the second: Moeller & Trumbore 1997
    (doi:10.1080/10867651.1997.10487468). Candidates come from bounding spheres, by classes of size.
    """
    corners = surface.points[surface.triangles]
    centre = corners.mean(axis=1)
    radius = np.linalg.norm(corners - centre[:, None], axis=2).max(axis=1)
    low, high = corners.min(axis=1), corners.max(axis=1)
    classes = np.floor(np.log2(np.maximum(radius, 1e-9))).astype(int)
    groups = [np.flatnonzero(classes == c) for c in np.unique(classes)]
    trees = [cKDTree(centre[g]) for g in groups]
    found = [np.empty((0, 2), int)]
    for a, group_a in enumerate(groups):
        for group_b, tree_b in zip(groups[a:], trees[a:]):
            reach = float(radius[group_a].max() + radius[group_b].max())
            # in portions, so that memory stays small where a few huge triangles meet many small ones
            for start in range(0, len(group_a), 20000):
                some = group_a[start : start + 20000]
                near = cKDTree(centre[some]).sparse_distance_matrix(tree_b, reach, output_type="ndarray")
                one, two = some[near["i"]], group_b[near["j"]]
                keep = (one != two) & (near["v"] <= radius[one] + radius[two])
                one, two = one[keep], two[keep]
                overlap = (low[one] <= high[two]).all(axis=1) & (low[two] <= high[one]).all(axis=1)
                one, two = one[overlap], two[overlap]
                apart = (surface.triangles[one][:, :, None] != surface.triangles[two][:, None, :]).all(axis=(1, 2))
                one, two = one[apart], two[apart]
                hit = _edges_pierce(corners[one], corners[two]) | _edges_pierce(corners[two], corners[one])
                found.append(np.stack([one[hit], two[hit]], axis=1))
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def _edges_pierce(edges_of: Array, triangle: Array) -> Array:
    """(n,) bool: an edge of the one passes through the interior of the other, both (n, 3, 3)."""
    u, v = triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0]
    normal = np.cross(u, v)
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    hit = np.zeros(len(triangle), bool)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        along = edges_of[:, b] - edges_of[:, a]
        p = np.cross(along, v)
        scale = np.einsum("ij,ij->i", u, p)
        with np.errstate(divide="ignore", invalid="ignore"):
            s = edges_of[:, a] - triangle[:, 0]
            first = np.einsum("ij,ij->i", s, p) / scale
            q = np.cross(s, u)
            second = np.einsum("ij,ij->i", along, q) / scale
            at = np.einsum("ij,ij->i", v, q) / scale
            # touching is not crossing, nor is rounding in coplanar triangles; parallel edges give NaN, which is False
            low, high = 1e-6, 1.0 - 1e-6
            through = np.abs(np.einsum("ij,ij->i", along, normal)) * np.minimum(at, 1.0 - at) > LEAST_CROSSING_MM
            hit |= (first > low) & (second > low) & (first + second < high) & through
    return hit


def fill(surface: Surface, grid: Grid) -> Array:
    """Mask (nk, nj, ni) of the voxel centres inside a closed surface (even-odd), on an axis-aligned LPS grid."""
    points = grid.to_ijk(surface.points)
    poly = vtk.vtkPolyData()
    vertices = vtk.vtkPoints()
    vertices.SetData(numpy_to_vtk(np.ascontiguousarray(points, float), deep=True))
    poly.SetPoints(vertices)
    cells = vtk.vtkCellArray()
    offsets = numpy_to_vtkIdTypeArray(np.arange(0, 3 * len(surface.triangles) + 1, 3, dtype=np.int64), deep=True)
    corners = numpy_to_vtkIdTypeArray(np.ascontiguousarray(surface.triangles, np.int64).ravel(), deep=True)
    cells.SetData(offsets, corners)
    poly.SetPolys(cells)
    nk, nj, ni = grid.shape_kji
    stencil = vtk.vtkPolyDataToImageStencil()
    stencil.SetInputData(poly)
    stencil.SetOutputWholeExtent(0, ni - 1, 0, nj - 1, 0, nk - 1)
    stencil.SetTolerance(0.0)
    image = vtk.vtkImageData()
    image.SetDimensions(ni, nj, nk)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.GetPointData().GetScalars().Fill(1)
    cut = vtk.vtkImageStencil()
    cut.SetInputData(image)
    cut.SetStencilConnection(stencil.GetOutputPort())
    cut.ReverseStencilOff()
    cut.SetBackgroundValue(0)
    cut.Update()
    return vtk_to_numpy(cut.GetOutput().GetPointData().GetScalars()).reshape(grid.shape_kji).astype(bool)
