"""From a label map to the masks of one vessel: checked, in one piece, side branches apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from scipy.spatial import cKDTree

from aorta.anatomy.body import Body, body_of
from aorta.anatomy.lattice import Lattice, crop, make_lattice
from aorta.anatomy.roles import Roles, assign
from aorta.anatomy.stubs import stub_of
from aorta.anatomy.surfaces import largest_piece, without_holes
from aorta.anatomy.tree import trace_tree
from aorta.errors import GeometryError
from aorta.records import VESSEL, Array, Grid, Labels

SMALLEST_LUMEN_ML = 0.5
_WALL_MM = 2.0  # how much wider a stub is with its wall, where the wall is labelled
_FACE_SHARE = 0.5


@dataclass(frozen=True)
class Masks:
    """One vessel on the label map's grid; all (nk, nj, ni) bool.

    ``lumen`` and ``outer`` are without side branches, ``inner`` is lumen and thrombus, ``branches``
    the side branches' blood.
    """

    lumen: Array
    inner: Array
    outer: Array
    branches: Array


def tracing_step(labels: Labels) -> float:
    """Lattice spacing in mm that resolves an iliac artery without wasting time on thin slices."""
    return float(np.clip(labels.grid.spacing_kji.min(), 0.7, 1.0))


def cropped(labels: Labels) -> Labels:
    """The label map cut down to the vessel and its branches, with two voxels around where there are any.

    Raises
    ------
    GeometryError
        There is no lumen, or it fills the grid.
    """
    lumen = labels.mask("lumen")
    if not lumen.any():
        raise GeometryError(
            "the label map has no lumen",
            where="anatomy",
            why=f"values present: {', '.join(map(str, np.unique(labels.voxels)))}; the lumen is 1",
            fix="map your class values under `labels: classes:` in the case file",
        )
    faces = [float(face.mean()) for axis in range(3) for face in (lumen.take(0, axis), lumen.take(-1, axis))]
    if min(faces) > _FACE_SHARE:
        raise GeometryError(
            "the lumen fills the label map",
            where="anatomy",
            why=f"it covers at least {100 * min(faces):.0f} % of every face of the grid",
            fix="check the label map's class values: background must be 0",
        )
    box = crop(labels.mask(*VESSEL, "branch"), 2)
    affine = labels.grid.affine_lps.copy()
    affine[:3, 3] = labels.grid.to_lps(np.array([s.start for s in box])[::-1])
    voxels = labels.voxels[box]
    return Labels(Grid(voxels.shape, affine), np.ascontiguousarray(voxels))


def lumen_of(labels: Labels) -> Array:
    """The lumen's largest piece, holes filled.

    Raises
    ------
    GeometryError
        There is hardly any lumen.
    """
    lumen = largest_piece(labels.mask("lumen"))
    volume = float(lumen.sum()) * labels.grid.voxel_volume_mm3 / 1000.0
    if volume < SMALLEST_LUMEN_ML:
        raise GeometryError(
            "the lumen is too small to be an aorta",
            where="anatomy",
            why=f"its largest piece is {volume:.3g} mL in {int(lumen.sum())} voxels",
            fix="check the unit of the voxel spacing (mm) and the label map's class values",
        )
    return lumen


def separate(labels: Labels) -> tuple[Masks, Roles, Lattice, Body]:
    """The masks of trunk and side branches, which limb is what, the lumen's lattice, and the body's directions.

    Raises
    ------
    GeometryError
        The lumen is no vessel.
    """
    grid = labels.grid
    lumen = lumen_of(labels)
    lattice = make_lattice(grid, lumen, tracing_step(labels))
    body = body_of(lattice)
    roles = assign(trace_tree(lattice, body), body)

    outer = _piece_with(labels.mask(*VESSEL) | lumen, lumen)
    blood = labels.mask("branch")
    trunk = lumen
    for limb in roles.sides:
        stub = _not_on_iliacs(grid, stub_of(grid, lumen, limb), roles, lattice)
        trunk = trunk & ~stub
        blood = blood | stub
        if stub.any():
            walled = (outer & ~lumen).any()
            with_wall = _not_on_iliacs(grid, stub_of(grid, outer, limb, _WALL_MM), roles, lattice, _WALL_MM) if walled else stub
            outer = outer & ~with_wall | trunk
    trunk = largest_piece(trunk)
    trunk = trunk & ~_not_on_iliacs(grid, _ostial_lips(labels, trunk, blood, 0.0), roles, lattice)
    trunk = largest_piece(trunk)
    lips = _not_on_iliacs(grid, _ostial_lips(labels, outer, blood, _WALL_MM), roles, lattice, _WALL_MM)
    outer = _piece_with((outer & ~lips) | trunk, trunk)
    inner = _piece_with((labels.mask("thrombus") & outer) | trunk, trunk) & outer
    return Masks(trunk, inner, outer, blood & ~trunk), roles, lattice, body


def _not_on_iliacs(grid: Grid, stub: Array, roles: Roles, lattice: Lattice, thickness_mm: float = 0.0) -> Array:
    """A side branch without what lies in the inscribed balls of the iliac arteries.

    Where an iliac artery forks, the branch may be as wide as the way on or wider, and the opening
    that finds the branch then takes the way on, too.
    """
    places = np.argwhere(stub)
    if not len(places) or not roles.iliacs:
        return stub
    path = np.vstack(list(roles.iliacs.values()))
    distance, nearest = cKDTree(path).query(grid.to_lps(places[:, ::-1]))
    held = distance <= lattice.depth_at(path)[nearest] + thickness_mm
    result = stub.copy()
    result[tuple(places[held].T)] = False
    return result


def _piece_with(mask: Array, seed: Array) -> Array:
    """The pieces of a mask that hold voxels of a seed, holes filled."""
    pieces, count = ndi.label(mask, structure=ndi.generate_binary_structure(3, 2))
    keep = np.zeros(count + 1, bool)
    keep[np.unique(pieces[seed & mask])] = True
    keep[0] = False
    return without_holes(keep[pieces])


def _ostial_lips(labels: Labels, vessel: Array, blood: Array, thickness_mm: float) -> Array:
    """Voxels of lumen or vessel that reach along a side branch, (nk, nj, ni) bool.

    Label maps draw the lumen up to the branch through the wall's thickness, and the wall a little
    up the branch; on the surfaces these are bumps. Within a branch's width of its ostium the mask
    is opened by a ball wider than the branch and its wall (``thickness_mm``; 0 for the lumen).
    """
    lips = np.zeros(vessel.shape, bool)
    if not blood.any():
        return lips
    spacing = labels.grid.spacing_kji
    pieces, count = ndi.label(blood, structure=np.ones((3, 3, 3)))
    around = ndi.generate_binary_structure(3, 2)
    for number, place in enumerate(ndi.find_objects(pieces, count), start=1):
        margin = np.ceil(25.0 / spacing).astype(int)
        box = tuple(slice(max(0, s.start - m), s.stop + m) for s, m in zip(place, margin))
        piece, part = pieces[box] == number, vessel[box]
        contact = ndi.binary_dilation(part, around) & piece
        if not contact.any():
            continue
        small = crop(contact, 0)
        near = tuple(slice(max(0, s.start - m), s.stop + m) for s, m in zip(small, margin))
        piece, part, contact = piece[near], part[near], contact[near]
        from_contact = ndi.distance_transform_edt(~contact, sampling=spacing)
        width = float(ndi.distance_transform_edt(piece, sampling=spacing)[from_contact < 8.0].max(initial=1.0)) + thickness_mm
        depth = ndi.distance_transform_edt(part, sampling=spacing)
        radius = min(1.5 * width + 1.0, 0.7 * float(depth.max()))
        core = depth > radius
        if not core.any():
            continue
        opened = ndi.distance_transform_edt(~core, sampling=spacing) <= radius
        sub = lips[box][near]
        sub |= part & ~opened & (from_contact <= width + 3.0)
    return lips
