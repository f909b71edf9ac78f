"""VTU and VTP for ParaView and 3D Slicer: LPS millimetres, and the file says so."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyvista as pv
from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter, vtkXMLUnstructuredGridWriter

from aorta.records import THROMBUS, WALL, Anatomy, Array, Results, State, WallMesh
from aorta.report.derived import derived, safety_factor
from aorta.report.files import write_file
from aorta.report.shown_wall import NAME as SHOWN
from aorta.report.shown_wall import shown_thickness


def write_fields(results: Results, folder: Path) -> list[str]:
    """``fields/wall_<state>.vtu``: quadratic tetrahedra on the imaged geometry; one file per state,
    or ``fields/mesh.vtu`` without fields where nothing was solved; ``fields/heart_beat.pvd`` puts those along
    a waveform in their order. Returns the names written."""
    mesh, solution, risk = results.mesh, results.solution, results.risk
    _drop_older(folder / "fields", "wall_*.vtu", "mesh.vtu", "last_converged.vtu", "heart_beat.pvd")
    if mesh is None:
        return []
    states = solution.states if solution is not None else (None,)
    names, shown = [], shown_thickness(results)
    for state in states:
        grid = _solid(mesh)
        fields = {"thrombus_thickness_mm": mesh.thrombus_thickness_mm, "wall_thickness_mm": mesh.wall_thickness_mm}
        if shown is not None:
            fields[SHOWN] = shown
        if state is not None:
            fields |= {"displacement_mm": state.displacement_mm} | derived(state)
            if solution.unloaded_displacement_mm is not None:
                fields["unloaded_displacement_mm"] = solution.unloaded_displacement_mm
            if risk is not None and state.name == "systole":
                fields |= risk.node_fields
                if "wall_strength_kPa" in risk.node_fields:
                    fields["safety_factor"] = safety_factor(fields["max_principal_kPa"], fields["wall_strength_kPa"])
        for name, values in fields.items():
            grid.point_data[name] = np.ascontiguousarray(values)
        if state is not None:
            grid.field_data["state"] = [state.name]
            grid.field_data["pressure_MPa"] = [state.pressure_MPa]
            if state.time_s is not None:
                grid.field_data["TimeValue"] = [state.time_s]  # where VTK's readers look for it
        names.append(f"fields/wall_{state.name}.vtu" if state is not None else "fields/mesh.vtu")
        write_file(folder, names[-1], _xml(grid))
    if beat := [state for state in states if state is not None and state.time_s is not None]:
        names.append("fields/heart_beat.pvd")
        write_file(folder, names[-1], _series(beat))
    return names


def _series(states: Sequence[State]) -> str:
    """A ParaView data file: which state is when."""
    entries = "".join(
        f'  <DataSet timestep="{float(state.time_s)!r}" part="0" file="wall_{state.name}.vtu"/>\n' for state in states
    )
    return f'<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n <Collection>\n{entries} </Collection>\n</VTKFile>\n'


def write_last_converged(mesh: WallMesh, last_state: Mapping[str, Any] | tuple[Array, float], folder: Path) -> str:
    """``last_converged.vtu`` in `folder`: where a solution that failed got to.

    Parameters
    ----------
    last_state : ``SolverError.last_state``
        Displacement (n, 3) in mm and load factor, as a pair or with these words as keys.
    """
    values = tuple(last_state.values()) if isinstance(last_state, Mapping) else tuple(last_state)
    displacement = next(np.asarray(v) for v in values if np.shape(v) == mesh.points.shape)
    factor = next((float(v) for v in values if np.ndim(v) == 0 and not isinstance(v, str)), float("nan"))
    grid = _solid(mesh)
    grid.point_data["displacement_mm"] = displacement
    grid.field_data["load_factor"] = [factor]
    write_file(folder, "last_converged.vtu", _xml(grid))
    return "last_converged.vtu"


def write_surfaces(anatomy: Anatomy | None, folder: Path) -> list[str]:
    """``surfaces/``: ``lumen.vtp``, ``outer.vtp`` and ``centrelines.vtp`` (polylines with the radius of
    the inscribed sphere). Returns the names written."""
    _drop_older(folder / "surfaces", "lumen.vtp", "outer.vtp", "centrelines.vtp")
    if anatomy is None:
        return []
    names = []
    for name, surface in (("lumen", anatomy.lumen), ("outer", anatomy.outer)):
        names.append(f"surfaces/{name}.vtp")
        write_file(folder, names[-1], _xml(pv.PolyData.from_regular_faces(surface.points, surface.triangles)))
    lines = pv.PolyData()
    lines.points = np.concatenate([b.points for b in anatomy.branches])
    starts = np.cumsum([0, *(len(b.points) for b in anatomy.branches)])
    lines.lines = np.concatenate(
        [np.r_[len(b.points), start + np.arange(len(b.points))] for b, start in zip(anatomy.branches, starts)]
    )
    lines.point_data["inscribed_radius_mm"] = np.concatenate([b.inscribed_radius_mm for b in anatomy.branches])
    lines.point_data["arc_length_mm"] = np.concatenate([b.arc_length_mm for b in anatomy.branches])
    lines.cell_data["branch"] = np.arange(len(anatomy.branches))
    lines.field_data["branch_names"] = [b.name for b in anatomy.branches]
    names.append("surfaces/centrelines.vtp")
    write_file(folder, names[-1], _xml(lines))
    return names


def _drop_older(folder: Path, *patterns: str) -> None:
    """Files of an earlier run would be taken for this one's."""
    for pattern in patterns:
        for path in folder.glob(pattern):
            with contextlib.suppress(OSError):
                path.unlink()


def _solid(mesh: WallMesh) -> pv.UnstructuredGrid:
    grid = pv.UnstructuredGrid({pv.CellType.QUADRATIC_TETRA: mesh.tets}, mesh.points)
    grid.cell_data["region"] = mesh.region
    grid.field_data["region_names"] = [f"{WALL} = wall", f"{THROMBUS} = thrombus"]
    return grid


def _xml(data: pv.UnstructuredGrid | pv.PolyData) -> str:
    """The file's text. Written to memory first: VTK's own file writing does not tell of a full disk."""
    data.field_data["SPACE"] = ["LPS"]
    data.field_data["length_unit"] = ["mm"]
    writer = vtkXMLPolyDataWriter() if isinstance(data, pv.PolyData) else vtkXMLUnstructuredGridWriter()
    writer.SetInputData(data)
    writer.SetDataModeToBinary()
    writer.SetCompressorTypeToZLib()
    writer.WriteToOutputStringOn()
    writer.Write()
    return writer.GetOutputString()
