"""Where the wall is in the mesh, and the places at which the indices are evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aorta.errors import RiskError
from aorta.records import WALL, Array, State, WallMesh
from aorta.risk.ends import away_from_ends

MOSTLY = 0.5
"""Calcified share of an element above which it counts as calcification."""


@dataclass(frozen=True)
class WallPlaces:
    """Elements and nodes of the wall.

    Parameters
    ----------
    elements : (e,) int
        Wall elements whose centroid is far enough from every end: those that count.
    centroids : (e, 3) float, mm
    nodes : (w,) int
        All nodes of the wall, for pictures.
    excluded_share : float
        Of the wall's imaged volume, 0 to 1.
    """

    elements: Array
    centroids: Array
    nodes: Array
    excluded_share: float


def tissue_elements(mesh: WallMesh) -> Array:
    """Elements of the wall that are not stiff calcification: its stress says nothing against the wall's strength."""
    wall = np.flatnonzero(mesh.region == WALL)
    if mesh.calcified_share is None:
        return wall
    return wall[mesh.calcified_share[mesh.tets[wall]].mean(axis=1) <= MOSTLY]


def wall_places(mesh: WallMesh, exclusion_mm: float) -> WallPlaces:
    """Find the wall and leave out what is near its ends.

    Raises
    ------
    RiskError
        The mesh has no wall, or nothing of it is left.
    """
    wall = tissue_elements(mesh)
    if len(wall) == 0:
        raise RiskError("The mesh has no wall.", where="risk", fix="check the regions of the mesh")
    corners = mesh.points[mesh.tets[wall, :4]]
    centroids = corners.mean(axis=1)
    keep = away_from_ends(centroids, mesh.ends, exclusion_mm)
    if not keep.any():
        raise RiskError(
            "No wall is left away from the clamped ends.",
            where="risk.end_exclusion",
            why=f"every wall element is within {exclusion_mm:g} mm of an end",
            fix="image more of the vessel, or lower risk.end_exclusion",
        )
    volume = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))
    return WallPlaces(wall[keep], centroids[keep], np.unique(mesh.tets[wall]), float(volume[~keep].sum() / volume.sum()))


def at_centroids(mesh: WallMesh, elements: Array, node_values: Array) -> Array:
    """Node values (n,) interpolated linearly to the centroids of some elements: (e,)."""
    return node_values[mesh.tets[elements, :4]].mean(axis=1)


def onto_outer(mesh: WallMesh, points: Array) -> Array:
    """Points (n, 3) of the wall carried along its normal onto its outer face (the plane of the nearest triangle)."""
    corners = mesh.points[mesh.facets["outer"][:, :3]]
    middle = corners.mean(axis=1)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    nearest = cKDTree(middle).query(points)[1]
    height = np.einsum("nx,nx->n", middle[nearest] - points, normal[nearest])
    return points + height[:, None] * normal[nearest]


def on_wall(mesh: WallMesh, nodes: Array, values: Array) -> Array:
    """Values (w,) at some nodes as a field (n,) that is NaN elsewhere."""
    field = np.full(len(mesh.points), np.nan)
    field[nodes] = values
    return field


def check_state(mesh: WallMesh, state: State) -> None:
    """Refuse a state that does not belong to the mesh or holds no numbers.

    Raises
    ------
    RiskError
    """
    if state.cauchy_quadrature_MPa.shape[0] != len(mesh.tets) or len(state.displacement_mm) != len(mesh.points):
        raise RiskError(
            "The solution does not belong to this mesh.",
            where="risk",
            why=f"{state.cauchy_quadrature_MPa.shape[0]} elements of stress, {len(mesh.tets)} elements of mesh",
            fix="run the mechanics again",
        )
    wall = mesh.region == WALL
    if not np.isfinite(state.cauchy_quadrature_MPa[wall]).all():
        raise RiskError("The stress in the wall is not a number everywhere.", where="risk", fix="run the mechanics again")
