"""From anatomy to a solid: quadratic tetrahedra of the wall and its thrombus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from aorta.errors import MeshError
from aorta.meshing.clip import boundary_loops, clip_at_ends
from aorta.meshing.dense import DenseSurface, dense_surface, edge_length
from aorta.meshing.facets import check_closed, named_facets
from aorta.meshing.fairing import STRETCHES, faired
from aorta.meshing.fields import Box, Field, polydata_to_surface, surface_to_polydata
from aorta.meshing.inclusions import calcified_finding, calcified_share
from aorta.meshing.inner_face import Faces, faces
from aorta.meshing.isoparametric import FACES
from aorta.meshing.measures import distance_to_facets, mesh_findings, thickness_cautions, volume_cautions
from aorta.meshing.quadratic import Quadratic, with_mid_edge_nodes
from aorta.meshing.remesh import remesh
from aorta.meshing.thickness import thickness_function
from aorta.meshing.thickness_points import interpolated
from aorta.meshing.thrombus import ThrombusMesh, thrombus_mesh
from aorta.meshing.wall import Columns, extrude, rims_of, stand_columns
from aorta.records import (
    THROMBUS,
    WALL,
    Anatomy,
    Array,
    End,
    Finding,
    FinerMesh,
    Progress,
    Surface,
    ThicknessPoints,
    WallMesh,
    silent,
)
from aorta.settings import MeshSettings, ThrombusSettings, WallSettings

_GRID_MM = 0.7  # about the imaging's own resolution; halved where the wall is thin
_NORMAL_SMOOTHING_MM = 1.0
_MOVE_MM = 2.0  # by which an end is moved inwards where the wall runs along it
_MOVES = 3


def build_mesh(
    anatomy: Anatomy,
    mesh: MeshSettings,
    wall: WallSettings,
    thrombus: ThrombusSettings,
    progress: Progress = silent,
    measured: ThicknessPoints | None = None,
    finer: FinerMesh | None = None,
) -> WallMesh:
    """The vessel between ``anatomy.ends`` as a solid.

    The wall's outer face is the imaged outer face where there is room for the wall's thickness
    between it and the lumen; where there is not, the wall starts at the lumen and keeps its
    thickness. What is between the wall and the lumen is thrombus. Steps and reasons:
    docs/theory/mesh.md.

    Parameters
    ----------
    measured : ThicknessPoints or None
        Where the wall's thickness was measured; it wins over the stated one.
    finer : FinerMesh or None
        Where edges shall be shorter than ``mesh.size``; the shape is smoothed for that size all the same.

    Raises
    ------
    MeshError
        An end does not cut the vessel once, or no sound mesh was found; says where.
    """
    progress("distances to lumen and outer face", 0.0)
    thickness, cautions = thickness_function(anatomy, wall)
    thinnest = min([wall.thickness, *wall.thickness_by_region.values()])
    if measured is not None:
        thickness, said = interpolated(measured, anatomy.outer.points, thickness)
        cautions, thinnest = (*cautions, *said), min(thinnest, float(measured.thickness_mm.min()))
    points_measured = 0 if measured is None else len(measured.points)
    shapes = faces(anatomy, thickness, min(_GRID_MM, max(0.7 * thinnest, 0.35)), mesh.size)

    progress("triangles on the wall's inner face, and the wall on them", 0.3)
    ends, (dense, side, loops, columns, (points, tets)) = _wall_and_ends(shapes, anatomy.ends, thickness, mesh, finer)
    cautions += _moved(anatomy.ends, ends)

    progress("thrombus", 0.6)
    clot = thrombus_mesh(side, loops, ends, shapes.blood, mesh.thrombus_size, thrombus.minimum_thickness)
    points, tets, n_wall_tets, blood_edges = _joined(points, tets, clot, len(columns.foot))

    progress("curved elements", 0.8)
    rim_edges = np.concatenate([np.column_stack([loop, np.roll(loop, -1)]) for loop in loops.values()])
    solid = with_mid_edge_nodes(points, tets, n_wall_tets, columns, dense, thickness, rim_edges, ends, blood_edges, shapes.blood)
    facets = named_facets(solid.points, solid.tets, n_wall_tets, len(columns.foot), mesh.layers, ends)
    check_closed(solid.points, solid.tets, facets)

    progress("measures", 0.9)
    region = np.where(np.arange(len(solid.tets)) < n_wall_tets, WALL, THROMBUS).astype(np.uint8)
    clot_thickness, wall_thickness, measured = _node_thickness(solid, columns, dense, facets, mesh.layers, len(points))
    removed = 0.0 if clot is None else clot.removed_mm3
    findings = mesh_findings(
        solid.points, solid.tets, region, facets, measured, mesh.layers, shapes, ends, solid.straightened, removed
    )
    if points_measured:
        findings += (Finding("mesh_thickness_points", float(points_measured), "1", "at which the wall's thickness was measured"),)
    cautions += (*thickness_cautions(measured, thickness(columns.foot), columns.foot), *volume_cautions(findings))
    share = calcified_share(solid.points, anatomy.calcification) if wall.calcification == "stiff" else None
    if share is not None:
        findings += (calcified_finding(solid.points, solid.tets, region, share),)
    elif anatomy.calcification is not None:
        cautions += ("calcification is labelled and taken to be as soft as the wall (wall.calcification)",)
    thicknesses = clot_thickness, wall_thickness
    return WallMesh(solid.points, solid.tets, region, facets, ends, *thicknesses, findings, cautions, anatomy.spine, share)


def _wall_and_ends(
    shapes: Faces, ends: tuple[End, ...], thickness: Callable[[Array], Array], mesh: MeshSettings, finer: FinerMesh | None
) -> tuple[tuple[End, ...], tuple]:
    """The wall, and its ends: one along which the wall runs is moved inwards until it cuts across."""
    for trial in range(_MOVES + 1):
        try:
            return ends, _wall(shapes, ends, thickness, mesh, finer)
        except MeshError as problem:
            at = [problem.place is not None and np.linalg.norm(problem.place - e.point) < e.radius_mm + 3.0 for e in ends]
            if trial == _MOVES or not any(at):
                raise
            ends = tuple(replace(e, point=e.point - _MOVE_MM * e.normal) if hit else e for e, hit in zip(ends, at))
    raise AssertionError("unreachable")


def _moved(asked: tuple[End, ...], used: tuple[End, ...]) -> tuple[str, ...]:
    return tuple(
        f"the {a.name} end was moved {np.linalg.norm(a.point - b.point):.0f} mm inwards: the wall runs along the cut there"
        for a, b in zip(asked, used)
        if a is not b
    )


def _wall(
    shapes: Faces, ends: tuple[End, ...], thickness: Callable[[Array], Array], mesh: MeshSettings, finer: FinerMesh | None
) -> tuple[DenseSurface, Surface, dict[str, Array], Columns, tuple[Array, Array]]:
    """The smooth inner face, triangles on it, its rims, and the wall's columns, points and tetrahedra.

    Where the wall folds, the face is made fairer and all is tried again.
    """
    for limits in STRETCHES:
        dense = dense_surface(faired(shapes.smooth, thickness, ends, limits), ends, _NORMAL_SMOOTHING_MM)
        start, loops = clip_at_ends(_start(shapes.inner, dense), ends)
        try:
            side = remesh(start, loops, ends, dense, edge_length(dense, ends, mesh.size, finer=finer))
            loops = _loops_by_end(side, ends)
            columns = stand_columns(side.points, rims_of(len(side.points), loops, ends), ends, dense, thickness)
            points, tets, columns = extrude(side.triangles, columns, mesh.layers, thin=limits == STRETCHES[-1])
        except MeshError:
            if limits == STRETCHES[-1]:
                raise
            continue
        return dense, Surface(columns.foot, side.triangles), loops, columns, (points, tets)
    raise AssertionError("unreachable")


def _start(inner: Field, dense: DenseSurface) -> Surface:
    """A coarser triangulation of the inner face, to start the remeshing from."""
    box = inner.box
    values = inner.values[::2, ::2, ::2]
    coarse = Field(Box(box.origin, 2 * box.spacing, values.shape), values).isosurface()
    largest = surface_to_polydata(coarse).connectivity("largest").extract_surface(algorithm=None).triangulate()
    surface = polydata_to_surface(largest)
    return Surface(dense.project(surface.points)[0], surface.triangles)


def _loops_by_end(side: Surface, ends: tuple[End, ...]) -> dict[str, Array]:
    """The rims' vertices in order, in the order of the ends."""
    loops = boundary_loops(side.triangles)
    return {
        end.name: min(loops, key=lambda loop, end=end: float(np.abs((side.points[loop] - end.point) @ end.normal).max()
                                                             + np.linalg.norm(side.points[loop].mean(axis=0) - end.point)))
        for end in ends
    }  # fmt: skip


def _joined(points: Array, tets: Array, clot: ThrombusMesh | None, n_columns: int) -> tuple[Array, Array, int, Array]:
    """Wall and thrombus in one numbering; how many tetrahedra are wall; edges (b, 2) of the thrombus's face to the blood."""
    n_wall_tets = len(tets)
    if clot is None:
        return points, tets, n_wall_tets, np.empty((0, 2), np.int64)
    shift = len(points) - n_columns
    own = np.where(clot.tets < n_columns, clot.tets, clot.tets + shift)
    faces = own[:, FACES[:, :3]].reshape(-1, 3)
    corners, count = np.unique(np.sort(faces, axis=1), axis=0, return_counts=True)
    open_faces = corners[count == 1]
    on_lumen = np.zeros(len(points) + len(clot.points) - n_columns, bool)
    on_lumen[:n_columns] = clot.on_lumen[:n_columns]
    on_lumen[len(points) :] = clot.on_lumen[n_columns:]
    blood = open_faces[on_lumen[open_faces].all(axis=1) & (open_faces >= n_columns).any(axis=1)]
    edges = np.unique(np.concatenate([blood[:, [0, 1]], blood[:, [1, 2]], blood[:, [0, 2]]]), axis=0)
    return np.vstack([points, clot.points[n_columns:]]), np.concatenate([tets, own]), n_wall_tets, edges


def _node_thickness(
    solid: Quadratic, columns: Columns, dense: DenseSurface, facets: dict[str, Array], layers: int, n_vertices: int
) -> tuple[Array, Array, Array]:
    """Thrombus and wall thickness at all nodes (n,), and the wall's at each column (c,), in mm."""
    n = len(columns.foot)
    n_wall = (layers + 1) * n
    blood_nodes = np.unique(facets["blood"])
    blood = solid.points[facets["blood"]]

    def both(own: Columns) -> tuple[Array, Array]:
        every = np.arange(len(own.foot))
        through = np.linalg.norm(own.at(every, np.ones(len(every))) - dense.project(own.at(every, np.ones(len(every))))[0], axis=1)
        return distance_to_facets(own.foot, blood), through

    clot_column, wall_column = both(columns)
    clot_column[blood_nodes[blood_nodes < n]] = 0.0
    clot_edge, wall_edge = both(solid.feet)
    clot, wall = np.zeros(len(solid.points)), np.zeros(len(solid.points))
    clot[:n_wall], wall[:n_wall] = np.tile(clot_column, layers + 1), np.tile(wall_column, layers + 1)
    foot = solid.foot_of_edge
    inner = np.flatnonzero((foot >= 0) & (solid.edges < n).all(axis=1))
    bare = inner[np.isin(n_vertices + inner, blood_nodes)]
    clot_edge[foot[bare]] = 0.0
    leaning = np.flatnonzero(foot >= 0)
    clot[n_vertices + leaning], wall[n_vertices + leaning] = clot_edge[foot[leaning]], wall_edge[foot[leaning]]
    upright = np.flatnonzero((foot < 0) & (solid.edges < n_wall).all(axis=1) & (solid.edges[:, 0] % n == solid.edges[:, 1] % n))
    clot[n_vertices + upright] = clot_column[solid.edges[upright, 0] % n]
    wall[n_vertices + upright] = wall_column[solid.edges[upright, 0] % n]
    return clot, wall, wall_column
