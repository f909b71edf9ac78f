"""Whether a mesh is one solid with a whole surface, found before anything is solved.

The solver would take a torn or doubled mesh without a word: a missing element leaves faces that no
load and no support acts on, a doubled one a wall twice as stiff.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from aorta.errors import MeshError
from aorta.mechanics import tet10
from aorta.mechanics.loads import facet_keys
from aorta.records import WallMesh

_REBUILD = "rebuild the mesh, or repair the surfaces it is made from"


def check_elements(mesh: WallMesh) -> None:
    """That nodes are finite, elements not inverted, and no node is left over.

    Raises
    ------
    MeshError
    """
    if not np.isfinite(mesh.points).all():
        raise MeshError(
            "the mesh has nodes that are not finite",
            where="mechanics",
            why="NaN or infinity among the coordinates",
            fix="rebuild the mesh",
        )
    jacobians = tet10.jacobians(mesh.points[mesh.tets], tet10.CORNERS_AND_GAUSS)
    inverted = np.flatnonzero((jacobians <= 0).any(1))
    if len(inverted):
        at = ", ".join(f"{x:.1f}" for x in mesh.points[mesh.tets[inverted[0], :4]].mean(0))
        raise MeshError(
            f"{len(inverted)} of {len(mesh.tets)} tetrahedra are inverted",
            where=f"element {inverted[0]} at ({at}) mm LPS",
            why=f"least Jacobian determinant {jacobians.min():.3g} mm³",
            fix="use a smaller element size, or smooth the surfaces",
        )
    if len(np.unique(mesh.tets)) != len(mesh.points):
        raise MeshError(
            "the mesh has nodes that belong to no element",
            where="mechanics",
            why=f"{len(mesh.points) - len(np.unique(mesh.tets))} of {len(mesh.points)} nodes are unused",
            fix="remove unused nodes",
        )


def check_solid(mesh: WallMesh) -> None:
    """That elements are sound and single, joined face to face into one piece, and that every face outside has a name.

    Raises
    ------
    MeshError
        What ``check_elements`` refuses, doubled elements, faces of more than two elements, edges with two middle nodes,
        several pieces, facets that are no faces, or a hole: faces outside that are neither "blood" nor "outer" nor an end.
    """
    check_elements(mesh)
    count = len(mesh.points)
    _refuse_repeated(mesh)
    corners = np.array(list(combinations(range(4), 3)))
    faces = mesh.tets[:, corners].reshape(-1, 3)
    keys, first, times = np.unique(facet_keys(faces, count), return_index=True, return_counts=True)
    if (times > 2).any():
        worst = first[times > 2]
        raise MeshError(
            "the mesh is not a solid: a face belongs to more than two elements",
            where=_at(mesh, faces[worst[0]]),
            why=f"{len(worst)} such faces: elements overlap",
            fix=_REBUILD,
        )
    _refuse_torn_edges(mesh)
    pieces, piece = connected_components(_neighbours(facet_keys(faces, count)))
    if pieces > 1:
        lonely = np.flatnonzero(piece == np.bincount(piece).argmin())
        raise MeshError(
            f"the mesh is in {pieces} pieces",
            where=_at(mesh, mesh.tets[lonely[0], :4]),
            why=f"the smallest has {len(lonely)} of {len(mesh.tets)} elements and shares no face with the others",
            fix="keep the largest piece, or join them",
        )
    named = {name: t for name, t in mesh.facets.items() if name in ("blood", "outer") or name.startswith("end_")}
    for name, triangles in named.items():
        strange = int((~np.isin(facet_keys(triangles, count), keys)).sum())
        if strange:
            raise MeshError(
                f"facets '{name}' are not faces of the mesh",
                where="mechanics",
                why=f"{strange} of {len(triangles)} triangles belong to no tetrahedron",
                fix="take the facets from the same mesh as the tetrahedra",
            )
    bare = first[times == 1][~np.isin(keys[times == 1], facet_keys(np.concatenate(list(named.values())), count))]
    if len(bare):
        raise MeshError(
            "the mesh has a hole in its surface",
            where=_at(mesh, faces[bare[0]]),
            why=f"{len(bare)} faces outside are neither touched by blood nor the wall's outer face nor a cut end: "
            "elements are missing, or facets have lost their names",
            fix=_REBUILD,
        )


def _at(mesh: WallMesh, nodes: np.ndarray) -> str:
    return "at ({}) mm LPS".format(", ".join(f"{x:.1f}" for x in mesh.points[nodes].mean(0)))


def _refuse_repeated(mesh: WallMesh) -> None:
    _, first, times = np.unique(np.sort(mesh.tets[:, :4], 1), axis=0, return_index=True, return_counts=True)
    if (times > 1).any():
        again = first[times > 1]
        raise MeshError(
            f"{int((times - 1).sum())} of {len(mesh.tets)} elements are in the mesh more than once",
            where=_at(mesh, mesh.tets[again[0], :4]),
            why="the wall would be as many times as stiff there",
            fix="remove repeated elements",
        )


def _refuse_torn_edges(mesh: WallMesh) -> None:
    ends = np.sort(np.stack([mesh.tets[:, list(edge)] for edge in tet10.EDGES], 1).reshape(-1, 2), 1).astype(np.int64)
    middle, key = mesh.tets[:, 4:].ravel(), ends[:, 0] * len(mesh.points) + ends[:, 1]
    order = np.argsort(key, kind="stable")
    torn = (np.diff(key[order]) == 0) & (np.diff(middle[order]) != 0)
    if torn.any():
        at = order[np.flatnonzero(torn)[0]]
        raise MeshError(
            "the mesh is torn: an edge has different middle nodes in two elements",
            where=_at(mesh, ends[at]),
            why=f"{int(torn.sum())} such pairs: the elements would come apart there",
            fix="give every edge one middle node",
        )


def _neighbours(keys: np.ndarray) -> coo_matrix:
    """(m, m) which elements share a face, from the keys (4m,) of the elements' four faces each."""
    order = np.argsort(keys, kind="stable")
    shared = np.flatnonzero(np.diff(keys[order]) == 0)
    one, other = order[shared] // 4, order[shared + 1] // 4
    return coo_matrix((np.ones(len(shared), np.int8), (one, other)), shape=(len(keys) // 4,) * 2)
