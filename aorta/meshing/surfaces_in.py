"""Surfaces from STL, VTP, PLY and STEP files, closed, as LPS millimetres with normals outward.

Whether a surface passes through itself is checked where it is made into voxels
(segmentation.voxelise); here: does it read, is it closed, are unit and frame plausible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyvista as pv
from vtkmodules.vtkCommonCore import vtkObject

from aorta.errors import InputError, on_damage
from aorta.frames import flip_ras_lps
from aorta.meshing.ply_in import BadPly, read_ply
from aorta.meshing.rims import closed_ends
from aorta.meshing.vtp_in import BadVtp, read_vtp
from aorta.records import Array, Surface

MM_PER = {"mm": 1.0, "cm": 10.0, "m": 1000.0}
SMALLEST_MM, LARGEST_MM = 5.0, 2000.0
"""Extent of what may be an aorta: beyond, the unit is wrong."""
_MESHES, _SOLIDS = (".stl", ".vtp", ".ply"), (".step", ".stp")


def read_surface(path: Path, unit: Literal["mm", "cm", "m"], frame: Literal["LPS", "RAS"], called: str = "") -> Surface:
    """A closed surface; vessels that were cut open are closed flat, with a caution (``rims.py``).

    Parameters
    ----------
    unit : str
        Of the numbers in the file. A STEP file's own statement is not believed: exporters often
        write metres whatever the numbers are.
    frame : str
        Of the coordinates. A file that says otherwise (``SPACE=RAS``) is refused.
    called : str
        How messages call the file; "": by its name (which may be the patient's).

    Raises
    ------
    InputError
        No such file, not of these formats, truncated, with a hole, not a solid, of implausible size, or in
        another frame than stated.
    """
    suffix, called = path.suffix.lower(), called or path.name
    if suffix not in (*_MESHES, *_SOLIDS):
        known = ", ".join((*_MESHES, *_SOLIDS))
        raise InputError("the surface is of no format that is read", where=called, fix=f"give one of {known}")
    if not path.is_file():
        what = "the surface is a folder" if path.is_dir() else "the surface file does not exist"
        raise InputError(what, where=called, fix="correct its path")
    said = _frame_in_file(path, called)
    if said and said != frame:
        raise InputError(
            f"the surface says that its frame is {said}, not {frame}",
            where=called,
            why=f"the file carries SPACE={said}",
            fix=f"set surfaces.frame to {said}",
        )
    if suffix in _SOLIDS:
        from aorta.meshing.step_in import read_step

        points, triangles = read_step(path, MM_PER[unit], lambda extent: check_extent(extent, unit, called), called)
    else:
        points, triangles = _read_mesh(path, called)
    points = points * MM_PER[unit]
    check_extent(float(np.ptp(points, axis=0).max()), unit, called)
    points, triangles = _merged(points, triangles)
    if frame == "RAS":
        points = flip_ras_lps(points)  # two axes turn: a rotation, which leaves the triangles' sides where they are
    points, triangles, cautions = _with_ends_closed(points, triangles, called)
    _check_closed(points, triangles, called)
    surface = _turned_outward(Surface(points, triangles))
    if surface.volume_mm3 < 1e-3:
        raise InputError("the surface encloses no volume", where=called, fix="give a closed surface of the vessel")
    return replace(surface, cautions=cautions)


def _frame_in_file(path: Path, called: str) -> str:
    """LPS or RAS where a header says so, else ""."""
    with path.open("rb") as file:
        head = file.read(4096)
    if path.suffix.lower() == ".stl":
        head = head[:80] if not head.lstrip().startswith(b"solid") else head.split(b"facet")[0]
    elif path.suffix.lower() == ".vtp":
        space = _read(path, called).field_data.get("SPACE")
        return str(space[0]).upper() if space is not None and str(space[0]).upper() in ("LPS", "RAS") else ""
    found = re.search(rb"SPACE\s*=\s*(LPS|RAS)", head, re.IGNORECASE)
    return found[1].decode().upper() if found else ""


def _read(path: Path, called: str) -> pv.PolyData:
    if path.suffix.lower() == ".ply":
        try:
            return pv.PolyData(*read_ply(path))
        except BadPly as problem:
            raise _unreadable(called, str(problem)) from None
        except (ValueError, TypeError, OverflowError):  # numbers that make no sense
            raise _unreadable(called, "") from None
    if path.suffix.lower() == ".vtp":
        try:
            read = read_vtp(path)
        except BadVtp as problem:
            raise _unreadable(called, str(problem)) from None
        data = pv.PolyData(read.points, faces=read.cells, strips=read.strips if len(read.strips) else None)
        if read.space:
            data.field_data["SPACE"] = [read.space]
        return data
    with on_damage(_unreadable(called, "")), _silent_vtk():
        data = pv.read(path)
    if not isinstance(data, pv.PolyData):
        raise _unreadable(called, f"it holds {type(data).__name__}")
    return data


@contextmanager
def _silent_vtk() -> Iterator[None]:
    """Readers write to stderr by themselves, with the file's name; what matters is raised by us."""
    before = vtkObject.GetGlobalWarningDisplay()
    vtkObject.GlobalWarningDisplayOff()
    try:
        yield
    finally:
        vtkObject.SetGlobalWarningDisplay(before)


def _unreadable(called: str, why: str) -> InputError:
    return InputError(
        "the surface cannot be read",
        where=called,
        why=why or "it is damaged, cut off, or of another format than its name ends with",
        fix="export it again as STL, VTP or PLY",
    )


def _read_mesh(path: Path, called: str) -> tuple[Array, Array]:
    data = _read(path, called)
    if data.n_cells == 0 or data.n_points == 0:
        raise _unreadable(called, "it has no triangles: empty, cut off, or of another format than its name ends with")
    for cells in (data.GetPolys(), data.GetStrips()):  # VTK itself does not look before it reads
        low, high = cells.GetConnectivityArray().GetRange() if cells.GetNumberOfConnectivityIds() else (0, 0)
        if low < 0 or high >= data.n_points:
            raise _unreadable(called, "a triangle refers to a point that is not there")
    with on_damage(_unreadable(called, "its faces are not polygons")):  # cells of no corners and the like
        data = data.triangulate()
        triangles = data.regular_faces.astype(np.int64)
    if path.suffix.lower() == ".stl":
        _check_stl_length(path, data.n_cells, called)
    points = np.asarray(data.points, float)
    if not np.isfinite(points).all():
        raise _unreadable(called, "it has coordinates that are not numbers")
    return points, triangles


def _check_stl_length(path: Path, read: int, called: str) -> None:
    """A binary STL states its number of triangles: one cut short is refused."""
    with path.open("rb") as file:
        head = file.read(84)
    if head.lstrip().startswith(b"solid") and b"\0" not in head:
        return
    stated, size = int.from_bytes(head[80:84], "little"), path.stat().st_size
    if size < 84 + 50 * stated or read < stated:
        raise _unreadable(called, f"it should hold {stated} triangles but ends after {(size - 84) // 50}")


def check_extent(extent: float, unit: str, name: str) -> None:
    """Raise InputError, naming the likely unit, when the largest extent (mm) is no aorta's."""
    if SMALLEST_MM <= extent <= LARGEST_MM:
        return
    others = [u for u, factor in MM_PER.items() if 50.0 <= extent / MM_PER[unit] * factor <= 800.0]
    raise InputError(
        f"the surface is {'far too small' if extent < SMALLEST_MM else 'far too large'} for an aorta",
        where=name,
        why=f"its largest extent is {extent:.4g} mm if its numbers are in {unit}",
        fix=f"set surfaces.unit to {others[0]}" if others else "check the unit in which the surface was exported",
    )


def _merged(points: Array, triangles: Array) -> tuple[Array, Array]:
    """Coinciding points (an STL repeats them) made one; triangles that collapse dropped."""
    size = float(np.ptp(points, axis=0).max())
    keys = np.rint(points / (size * 1e-7)).astype(np.int64)
    _, first, back = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    triangles = np.asarray(back).ravel()[triangles]
    a, b, c = triangles.T
    return points[first], triangles[(a != b) & (b != c) & (c != a)]


def _with_ends_closed(points: Array, triangles: Array, called: str) -> tuple[Array, Array, tuple[str, ...]]:
    """Open ends closed where that leaves nothing open, and what was done."""
    closed = closed_ends(points, triangles)
    if closed.left_open or not len(closed.centres):
        return points, triangles, ()
    places = "; ".join(", ".join(f"{x:.0f}" for x in centre) for centre in closed.centres)
    said = f"{called} was open at {len(closed.centres)} vessel end(s), which were closed flat, at ({places}) mm (LPS)"
    return closed.points, closed.triangles, (said,)


def _check_closed(points: Array, triangles: Array, name: str) -> None:
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    unique, uses = np.unique(edges, axis=0, return_counts=True)
    if (uses == 1).any():
        at = ", ".join(f"{x:.1f}" for x in points[unique[uses == 1][0]].mean(axis=0))
        raise InputError(
            "the surface is open",
            where=f"{name}, first at ({at}) mm (LPS)",
            why=f"{int((uses == 1).sum())} open edges: they have a triangle on one side only",
            fix="close the vessel's ends and fill holes before giving it to the program",
        )
    if (uses % 2).any():
        raise InputError(
            "the surface does not enclose a solid",
            where=name,
            why=f"{int((uses % 2 > 0).sum())} edges belong to an odd number of triangles",
            fix="repair the surface: every edge must belong to exactly two triangles",
        )


def _turned_outward(surface: Surface) -> Surface:
    """With all triangles turned to one side, and that side out."""
    data = pv.PolyData.from_regular_faces(surface.points, surface.triangles)
    turned = data.compute_normals(point_normals=False, split_vertices=False, consistent_normals=True, auto_orient_normals=False)
    result = Surface(surface.points, turned.regular_faces.astype(np.int64))
    return result if result.volume_mm3 > 0 else Surface(result.points, result.triangles[:, ::-1])
