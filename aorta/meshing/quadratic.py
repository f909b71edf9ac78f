"""Mid-edge nodes, on the curved faces: flat facets would bend a thin wall where there is no bending.

In the wall a mid-edge node stands on a column of its own, whose foot is on the smooth inner face;
so all layers and the outer face are curved alike. On the lumen it is put onto the lumen's face.
Edges of an element whose map would be uneven, or turn over, are bent less.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from aorta.errors import MeshError
from aorta.meshing.cut import onto_level
from aorta.meshing.dense import DenseSurface
from aorta.meshing.fields import Field
from aorta.meshing.isoparametric import EDGES, determinants
from aorta.meshing.wall import Columns, stand_columns
from aorta.records import Array, End

_LEAST = 0.25  # least determinant in an element, as a share of its straight one
_MOST_BULGE = 0.2  # of an edge's length


@dataclass(frozen=True)
class Quadratic:
    """Points (n, 3) with mid-edge nodes after the vertices, tetrahedra (m, 10), edges (e, 2) of those nodes, how many were
    bent less, and for each wall edge its foot's place in ``feet`` (-1: none)."""

    points: Array
    tets: Array
    edges: Array
    straightened: int
    feet: Columns
    foot_of_edge: Array


def with_mid_edge_nodes(
    points: Array,
    tets: Array,
    n_wall_tets: int,
    columns: Columns,
    dense: DenseSurface,
    thickness: Callable[[Array], Array],
    rim_edges: Array,
    ends: tuple[End, ...],
    blood_edges: Array,
    blood: Field,
) -> Quadratic:
    """Straight tetrahedra (m, 4), the wall's first, made quadratic.

    Parameters
    ----------
    columns : Columns
        Of the wall; node = layer * n + column.
    rim_edges : (r, 2) int
        Columns of the inner face's edges on a rim.
    blood_edges : (b, 2) int
        Edges of the thrombus's face to the blood with both vertices on the lumen's face.
    """
    pairs = np.sort(tets[:, EDGES].reshape(-1, 2), axis=1)
    edges, number = np.unique(pairs, axis=0, return_inverse=True)
    number = np.asarray(number).reshape(-1, 6)
    middle = points[edges].mean(axis=1)
    straight = middle.copy()
    n = len(columns.foot)
    in_wall = np.unique(number[:n_wall_tets])
    feet, foot_of_edge = _wall_edges(middle, edges, in_wall, columns, dense, thickness, rim_edges, ends, n)
    if len(blood_edges):
        at = _rows(edges, blood_edges)
        at = at[~np.isin(at, in_wall)]
        middle[at] = _on_lumen(straight[at], points[edges[at]], ends, blood)
    all_tets = np.hstack([tets, len(points) + number])
    everything = np.vstack([points, middle])
    straightened = _straighten(everything, all_tets, straight, number, len(points))
    return Quadratic(everything, all_tets, edges, straightened, feet, foot_of_edge)


def _rows(table: Array, wanted: Array) -> Array:
    """Where rows (b, 2) of vertex pairs stand in the sorted table (e, 2)."""
    base = int(table.max()) + 1
    return np.searchsorted(table[:, 0] * base + table[:, 1], wanted[:, 0] * base + wanted[:, 1])


def _wall_edges(
    middle: Array,
    edges: Array,
    in_wall: Array,
    columns: Columns,
    dense: DenseSurface,
    thickness: Callable[[Array], Array],
    rim_edges: Array,
    ends: tuple[End, ...],
    n: int,
) -> tuple[Columns, Array]:
    """Place the wall's mid-edge nodes (in `middle`); the columns they stand on, and which one each edge has."""
    layers = int(edges[in_wall].max()) // n
    pair = np.sort(edges[in_wall] % n, axis=1)
    height = (edges[in_wall] // n).mean(axis=1) / layers
    leaning = pair[:, 0] != pair[:, 1]
    unique, which = np.unique(pair[leaning], axis=0, return_inverse=True)
    which = np.asarray(which).ravel()
    base = n + 1
    is_rim = np.isin(unique[:, 0] * base + unique[:, 1], rim_edges.min(axis=1) * base + rim_edges.max(axis=1))
    rim = np.where(is_rim, columns.rim[unique[:, 0]], -1)
    feet = stand_columns(columns.foot[unique].mean(axis=1), rim, ends, dense, thickness)
    share = columns.thinning[unique].mean(axis=1)
    feet = replace(feet, thickness=feet.thickness * share, thinning=share)
    foot_of_edge = np.full(len(edges), -1)
    foot_of_edge[in_wall[leaning]] = which
    middle[in_wall[leaning]] = feet.at(which, height[leaning])
    return feet, foot_of_edge


def _on_lumen(straight: Array, corners: Array, ends: tuple[End, ...], blood: Field) -> Array:
    """Middles (b, 3) of edges with corners (b, 2, 3) put onto the lumen, in an end's plane where the edge lies in it."""
    plane = np.full(len(straight), -1)
    for number, end in enumerate(ends):
        plane[(np.abs((corners - end.point) @ end.normal) < 1e-6).all(axis=1)] = number
    curved = onto_level(straight, plane, ends, blood)
    length = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)
    ends_off = np.abs(blood.at(corners.reshape(-1, 3)).reshape(-1, 2)).max(axis=1)
    bulge = np.linalg.norm(curved - straight, axis=1)
    return np.where(((bulge < _MOST_BULGE * length) & (ends_off < 0.05))[:, None], curved, straight)


def _straighten(points: Array, tets: Array, straight: Array, number: Array, n_vertices: int) -> int:
    """Take the bend out of edges, by halves, where an element's map is uneven, in place; how many edges."""
    curved = points[n_vertices:].copy()
    bend = np.ones(len(straight))
    flat = points.copy()
    flat[n_vertices:] = straight
    reference = determinants(flat, tets, np.full((1, 3), 0.25))[:, 0]
    if reference.min() <= 0:
        raise MeshError("A tetrahedron is inverted", where="mesh", why=f"volume {reference.min() / 6:.3g} mm³")
    for _ in range(40):
        bad = np.flatnonzero(determinants(points, tets).min(axis=1) < _LEAST * reference)
        if len(bad) == 0:
            return int((bend < 1.0).sum())
        these = np.unique(number[bad])
        bend[these] = np.where(bend[these] > 0.2, 0.5 * bend[these], 0.0)
        points[n_vertices:] = straight + bend[:, None] * (curved - straight)
    raise MeshError("Curved elements turn over", where="mesh", why=f"{len(bad)} tetrahedra", fix="use a smaller mesh.size")
