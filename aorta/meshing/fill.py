"""The space within the wall filled with tetrahedra by gmsh, the wall's triangles kept as they are."""

from __future__ import annotations

import numpy as np

from aorta.errors import MeshError
from aorta.meshing.gmsh_session import gmsh_session
from aorta.records import Array, Surface


def fill(side: Surface, loops: dict[str, Array], size: float) -> tuple[Array, Array, Array]:
    """Points (n, 3), tetrahedra (m, 4) and the end's number on each cap's own points (n,), else -1.

    The first points are those of `side`; loops (name -> vertices in order) are closed by plane caps.

    Raises
    ------
    MeshError
        gmsh found no mesh.
    """
    points, triangles = [side.points], [side.triangles]
    on_cap = [np.full(len(side.points), -1)]
    count = len(side.points)
    for number, loop in enumerate(loops.values()):
        extra, cap = _cap(side.points[loop], size)
        index = np.concatenate([loop, count + np.arange(len(extra))])
        # the rim runs with the side's triangles, so the cap runs against it
        triangles.append(index[cap][:, ::-1])
        points.append(extra)
        on_cap.append(np.full(len(extra), number))
        count += len(extra)
    shell = Surface(np.vstack(points), np.vstack(triangles))
    inner, tets = _interior(shell, size)
    return np.vstack([shell.points, inner]), tets, np.concatenate([*on_cap, np.full(len(inner), -1)])


def _cap(rim: Array, size: float) -> tuple[Array, Array]:
    """Points inside a plane closed curve (n, 3) and triangles over both (curve first), in the curve's direction."""
    with gmsh_session(Mesh_Algorithm=6, Mesh_MeshSizeMax=size, Mesh_MeshSizeExtendFromBoundary=1) as gmsh:
        geo = gmsh.model.geo
        corners = [geo.addPoint(*p) for p in rim]
        lines = [geo.addLine(a, b) for a, b in zip(corners, corners[1:] + corners[:1])]
        face = geo.addPlaneSurface([geo.addCurveLoop(lines)])
        geo.synchronize()
        for line in lines:
            gmsh.model.mesh.setTransfiniteCurve(line, 2)
        gmsh.model.mesh.generate(2)
        order = np.concatenate([gmsh.model.mesh.getNodes(0, corner)[0] for corner in corners])
        own, coordinates, _ = gmsh.model.mesh.getNodes(2, face)
        _, nodes = gmsh.model.mesh.getElementsByType(2, face)
    index = np.zeros(int(max(order.max(), own.max(initial=0))) + 1, np.int64)
    index[order.astype(np.int64)] = np.arange(len(order))
    index[own.astype(np.int64)] = len(order) + np.arange(len(own))
    triangles = index[nodes.astype(np.int64)].reshape(-1, 3)
    extra = coordinates.reshape(-1, 3)
    if not _runs_along(triangles):
        triangles = triangles[:, ::-1]
    return extra, triangles


def _runs_along(triangles: Array) -> bool:
    """Whether the triangle on the curve's first edge 0-1 has it in that direction."""
    for triangle in triangles.tolist():
        for a, b in zip(triangle, triangle[1:] + triangle[:1]):
            if (a, b) == (0, 1):
                return True
            if (a, b) == (1, 0):
                return False
    raise MeshError("An end could not be closed with a plane cap", where="mesh", why="the cap does not meet its rim")


def _interior(shell: Surface, size: float) -> tuple[Array, Array]:
    """New points inside a closed surface and tetrahedra over the surface's points followed by these."""
    options = {"Mesh_MeshSizeMax": size, "Mesh_MeshSizeExtendFromBoundary": 1, "Mesh_Algorithm3D": 1}
    try:
        with gmsh_session(Mesh_Optimize=1, Mesh_OptimizeNetgen=0, **options) as gmsh:
            gmsh.model.addDiscreteEntity(2, 1)
            gmsh.model.mesh.addNodes(2, 1, np.arange(1, len(shell.points) + 1), shell.points.ravel())
            gmsh.model.mesh.addElementsByType(1, 2, [], (shell.triangles + 1).ravel())
            gmsh.model.geo.addVolume([gmsh.model.geo.addSurfaceLoop([1])], 1)
            gmsh.model.geo.synchronize()
            gmsh.model.mesh.generate(3)
            tags, coordinates, _ = gmsh.model.mesh.getNodes(3, 1)
            _, nodes = gmsh.model.mesh.getElementsByType(4)
    except Exception as problem:  # gmsh raises plain Exception for all it meets
        raise _no_fill(str(problem)) from problem
    if len(nodes) == 0:
        raise _no_fill("gmsh gave no tetrahedra")
    tags, nodes = tags.astype(np.int64), nodes.astype(np.int64)
    n = len(shell.points)
    index = np.full(int(max(nodes.max(), tags.max(initial=0))) + 1, -1)
    index[1 : n + 1] = np.arange(n)
    index[tags] = n + np.arange(len(tags))
    return coordinates.reshape(-1, 3), index[nodes].reshape(-1, 4)


def _no_fill(reason: str) -> MeshError:
    return MeshError(
        "The space within the wall could not be filled with tetrahedra",
        where="mesh (thrombus)",
        why=reason,
        fix="change mesh.size or mesh.thrombus_size",
    )
