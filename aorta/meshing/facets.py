"""The solid's faces by name, and the proof that they close it."""

from __future__ import annotations

import numpy as np

from aorta.errors import MeshError
from aorta.meshing.isoparametric import FACES, facet_area_vectors
from aorta.records import Array, End


def named_facets(
    points: Array, tets: Array, n_wall_tets: int, n_columns: int, layers: int, ends: tuple[End, ...]
) -> dict[str, Array]:
    """Facets as ``records.WallMesh`` documents them.

    The vertices of the wall are layer * n_columns + column, and its tetrahedra come first.

    Raises
    ------
    MeshError
        A face of the solid belongs to no set.
    """
    faces = tets[:, FACES].reshape(-1, 6)
    corners = np.sort(faces[:, :3], axis=1)
    _, number, count = np.unique(corners, axis=0, return_inverse=True, return_counts=True)
    if count.max() > 2:
        raise MeshError("The mesh is not conforming", where="mesh", why=f"{(count > 2).sum()} faces have three or more tetrahedra")
    open_face = count[np.asarray(number).ravel()] == 1
    of_wall = np.arange(len(faces)) < 4 * n_wall_tets
    inner = of_wall & (corners < n_columns).all(axis=1)
    outer = of_wall & (corners >= layers * n_columns).all(axis=1)
    left = open_face & ~outer & ~inner
    result = {"wall_inner": faces[inner], "outer": faces[outer]}
    for end in ends:
        offset = points[corners] - end.point
        flat = (np.abs(offset @ end.normal) < 1e-5).all(axis=1) & (
            np.linalg.norm(offset, axis=2).max(axis=1) < 2 * end.radius_mm + 10
        )
        result[f"end_{end.name}"] = faces[left & flat]
        left &= ~flat
    if (left & of_wall).any():
        raise MeshError(
            "The wall has a face that is neither inner, outer nor end", where="mesh", why=f"{(left & of_wall).sum()} faces"
        )
    result["blood"] = np.concatenate([faces[open_face & inner], faces[left]])
    return {name: result[name] for name in ("blood", "wall_inner", "outer", *(f"end_{end.name}" for end in ends))}


def check_closed(points: Array, tets: Array, facets: dict[str, Array]) -> None:
    """Raise MeshError unless blood, outer and ends are exactly the solid's boundary and their area vectors add up to nothing."""
    faces = tets[:, FACES].reshape(-1, 6)
    corners, count = np.unique(np.sort(faces[:, :3], axis=1), axis=0, return_counts=True)
    boundary = corners[count == 1]
    named = np.concatenate([f for name, f in facets.items() if name != "wall_inner"])
    listed, times = np.unique(np.sort(named[:, :3], axis=1), axis=0, return_counts=True)
    if times.max() > 1 or listed.shape != boundary.shape or (listed != boundary).any():
        raise MeshError(
            "The named faces are not the solid's boundary", where="mesh", why=f"{len(listed)} named, {len(boundary)} open"
        )
    vectors = facet_area_vectors(points, named)
    gap = np.linalg.norm(vectors.sum(axis=0)) / np.linalg.norm(vectors, axis=1).sum()
    if gap > 1e-9:
        raise MeshError("The solid is not watertight", where="mesh", why=f"area vectors leave {gap:.1e} of the surface")
