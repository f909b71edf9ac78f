"""The wall: the inner face's triangles carried outward by the thickness, in layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from aorta.errors import MeshError
from aorta.meshing.dense import DenseSurface
from aorta.meshing.prisms import prisms_to_tets, roundness, volumes
from aorta.records import Array, End

_POOR = 0.15  # roundness of a tetrahedron that is worth other directions
_WORST = 0.02  # roundness that is not accepted
_TRIALS = 40
_THINNER = 0.85  # of the thickness, each time, where nothing else keeps the wall from folding
_THINNEST = 0.5
_TAPER = 0.1  # change of that share from a column to the next


@dataclass(frozen=True)
class Columns:
    """Lines through the wall: node number = layer * len(foot) + column.

    Parameters
    ----------
    foot : (n, 3) float, mm
        On the inner face.
    direction : (n, 3) float
        Unit, outward; within the plane of the end for columns on a rim.
    thickness : (n,) float, mm
    rim : (n,) int
        Number of the end whose rim the column stands on, else -1.
    thinning : (n,) float
        Thickness as a share of the wanted one; below 1 where the wall would have folded.
    """

    foot: Array
    direction: Array
    thickness: Array
    rim: Array
    thinning: Array

    def at(self, column: Array, height: Array) -> Array:
        """Points (m, 3) at shares (m,) of the thickness from the foot."""
        return self.foot[column] + (height * self.thickness[column])[:, None] * self.direction[column]


def stand_columns(
    points: Array, rim: Array, ends: tuple[End, ...], dense: DenseSurface, thickness: Callable[[Array], Array]
) -> Columns:
    """Columns on points (n, 3) put onto the inner face; those of rims (n,) onto their end's cut."""
    foot, direction = dense.project(points)
    for number, end in enumerate(ends):
        own = np.flatnonzero(rim == number)
        if len(own):
            foot[own], direction[own] = dense.project_in_plane(points[own], end)
    return Columns(foot, direction, thickness(foot), rim, np.ones(len(foot)))


def rims_of(n_points: int, loops: dict[str, Array], ends: tuple[End, ...]) -> Array:
    """Number of the end (n,) whose loop a vertex is on, else -1."""
    rim = np.full(n_points, -1)
    for number, end in enumerate(ends):
        rim[loops[end.name]] = number
    return rim


def extrude(triangles: Array, columns: Columns, layers: int, thin: bool = False) -> tuple[Array, Array, Columns]:
    """Points ((layers + 1) n, 3), tetrahedra of the wall, and the columns as used.

    Where a tetrahedron would be poor or turn over, directions are averaged with their neighbours' and tried again;
    with `thin`, the wall is then made thinner where it still folds, down to half.

    Raises
    ------
    MeshError
        The wall is too thick for a crease of the inner face.
    """
    n = len(columns.foot)
    share = np.repeat(np.arange(layers + 1) / layers, n)
    prisms = np.concatenate([np.hstack([triangles + k * n, triangles + (k + 1) * n]) for k in range(layers)])
    tets = prisms_to_tets(prisms)

    def worst_of(columns: Columns) -> Array:
        quality = roundness(columns.at(np.tile(np.arange(n), layers + 1), share), tets)
        return quality.reshape(layers, len(triangles), 3).min(axis=(0, 2))

    best, best_worst = columns, -np.inf
    for _ in range(_TRIALS):
        worst = worst_of(columns)
        if worst.min() > best_worst:
            best, best_worst = columns, float(worst.min())
        if best_worst > _POOR:
            break
        columns = smoothed_directions(columns, triangles, worst < _POOR)
    while thin and best_worst < 2 * _WORST:
        worst = worst_of(best)
        thinner = thinned(best, triangles, worst < 2 * _WORST)
        if np.array_equal(thinner.thinning, best.thinning):
            break
        best, best_worst = thinner, float(worst_of(thinner).min())
    columns = best
    points = columns.at(np.tile(np.arange(n), layers + 1), share)
    volume = volumes(points, tets)
    if volume.min() <= 0 or best_worst < _WORST:
        place = points[tets[int(volume.argmin()), 0]]
        raise MeshError(
            "The wall folds over itself where it is thickened outward",
            place=place,
            where=f"near ({', '.join(f'{x:.1f}' for x in place)}) mm (LPS)",
            why=f"{int((roundness(points, tets) < _WORST).sum())} of {len(volume)} tetrahedra turn over or are flat "
            f"at {columns.thickness.max():.2f} mm thickness",
            fix="lower wall.thickness or mesh.size, or smooth the labels there",
        )
    return points, tets, columns


def smoothed_directions(columns: Columns, triangles: Array, bad: Array) -> Columns:
    """Directions averaged with their neighbours' around bad triangles (m,), rims left alone."""
    total = columns.direction.copy()
    for p, q in ((0, 1), (1, 2), (2, 0)):
        np.add.at(total, triangles[:, p], columns.direction[triangles[:, q]])
        np.add.at(total, triangles[:, q], columns.direction[triangles[:, p]])
    touched = np.zeros(len(total), bool)
    touched[triangles[bad].ravel()] = True
    touched &= columns.rim < 0
    direction = columns.direction.copy()
    direction[touched] = total[touched] / np.linalg.norm(total[touched], axis=1, keepdims=True)
    return replace(columns, direction=direction)


def thinned(columns: Columns, triangles: Array, bad: Array) -> Columns:
    """The wall thinner at bad triangles (m,), tapering to its full thickness around them."""
    share = columns.thinning.copy()
    touched = np.unique(triangles[bad])
    share[touched] = np.maximum(share[touched] * _THINNER, _THINNEST)
    edges = np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    for _ in range(int((1 - _THINNEST) / _TAPER)):
        for a, b in (edges.T, edges.T[::-1]):
            np.minimum.at(share, a, share[b] + _TAPER)
    return replace(columns, thickness=columns.thickness * share / columns.thinning, thinning=share)
