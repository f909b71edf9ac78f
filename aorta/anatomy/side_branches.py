"""Side branches: their ostium and centreline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from aorta.anatomy.curve import Curve, smooth
from aorta.anatomy.lattice import crop, make_lattice
from aorta.anatomy.marching import arrival, descend
from aorta.anatomy.tips import core_near
from aorta.records import Array, Grid

_GAP_MM = 4.0  # an image may show wall between the lumen's label and the branch's
_SMALLEST_MM3 = 20.0
_SHORTEST_MM = 4.0


@dataclass(frozen=True)
class SideBranch:
    """A branch beyond its ostium.

    Parameters
    ----------
    curve : Curve
        From the ostium outward.
    radius : (n,) float, mm
        Inscribed radius along it.
    ostium : (m, 3) float, mm, LPS
        Voxels of the branch that face the lumen, moved back onto its surface against the take-off.
    take_off : (3,) float
        Unit direction of the first centimetre.
    """

    curve: Curve
    radius: Array
    ostium: Array
    take_off: Array


def find_side_branches(grid: Grid, lumen: Array, branches: Array) -> list[SideBranch]:
    """All pieces of branch blood that leave the lumen.

    Parameters
    ----------
    lumen, branches : (nk, nj, ni) bool
    """
    if not branches.any():
        return []
    box = crop(branches | lumen, 2)
    first = np.array([s.start for s in box])
    distance = ndi.distance_transform_edt(~lumen[box], sampling=grid.spacing_kji)
    pieces, count = ndi.label(branches[box], structure=np.ones((3, 3, 3)))
    found = []
    for number, place in enumerate(ndi.find_objects(pieces, count), start=1):
        piece = pieces[place] == number
        gap = float(distance[place][piece].min())
        if piece.sum() * grid.voxel_volume_mm3 < _SMALLEST_MM3 or gap > _GAP_MM + grid.spacing_kji.max():
            continue
        facing = piece & (distance[place] <= gap + 0.75 * grid.spacing_kji.max())
        start = first + [s.start for s in place]
        ostium = grid.to_lps((np.argwhere(facing) + start)[:, ::-1])
        whole = np.zeros(grid.shape_kji, bool)
        whole[tuple(slice(a, a + n) for a, n in zip(start, piece.shape))] = piece
        branch = _trace(grid, whole, ostium, distance[place][facing] - 0.5 * float(grid.spacing_kji.mean()))
        if branch is not None:
            found.append(branch)
    return found


def _trace(grid: Grid, piece: Array, ostium: Array, from_lumen: Array) -> SideBranch | None:
    """The longest path through one piece, from its ostium; ``from_lumen`` (m,) mm is the ostium voxels' distance to it."""
    lattice = make_lattice(grid, piece, float(np.clip(grid.spacing_kji.min(), 0.4, 1.0)))
    inside = np.argwhere(lattice.inside)
    seed = inside[np.argmin(np.linalg.norm(lattice.to_lps(inside) - ostium.mean(axis=0), axis=1))]
    distances = arrival(lattice, seed, centred=False)
    tip = np.array(np.unravel_index(np.nanargmax(distances), distances.shape))
    if distances[tuple(tip)] < _SHORTEST_MM:
        return None
    end = core_near(lattice, tip)
    if np.linalg.norm(end - seed) * lattice.step < _SHORTEST_MM / 2:
        end = tip
    path = descend(lattice, arrival(lattice, seed, centred=True), lattice.to_lps(end)[None])[0]
    curve = smooth(path, 3.0)
    ahead = curve.at(min(10.0, curve.length)) - curve.points[0]
    take_off = ahead / np.linalg.norm(ahead)
    rim = ostium - np.maximum(from_lumen, 0.0)[:, None] * take_off
    return SideBranch(curve, np.maximum(lattice.depth_at(curve.points), 0.0), rim, take_off)


def lower_edge(branch: SideBranch, parent: Curve, grid: Grid) -> float:
    """Arc length on the parent's axis of the ostium's lower edge, in mm."""
    arcs = parent.project(branch.ostium)
    tangent = parent.tangents[np.searchsorted(parent.arc, arcs.max()).clip(0, len(parent.arc) - 1)]
    # voxel centres stop half a voxel short of the edge
    half = 0.5 * float(np.abs(tangent @ (grid.affine_lps[:3, :3] / grid.spacing_ijk)) @ grid.spacing_ijk)
    return float(arcs.max()) + 0.5 * half
