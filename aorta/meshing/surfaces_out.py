"""A surface to STL, VTP or PLY: always LPS millimetres, and the file says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from aorta.errors import InputError, SetupError
from aorta.records import Surface

WRITABLE = (".vtp", ".stl", ".ply")
_NOTE = "SPACE=LPS UNIT=mm"


def write_surface(surface: Surface, path: Path) -> None:
    """Writes a surface; the suffix names the format.

    Slicer and ITK take the frame from ``SPACE=LPS`` in an STL's header or a PLY's comment, and from
    the field data of a VTP.

    Raises
    ------
    InputError
        The suffix is not one of ``WRITABLE``.
    SetupError
        The file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITABLE:
        raise InputError(
            f"surfaces are not written as '{suffix}'", where=str(path), fix=f"end the name with one of {', '.join(WRITABLE)}"
        )
    data = _polydata(surface)
    if suffix == ".vtp":
        writer = vtk.vtkXMLPolyDataWriter()
    elif suffix == ".stl":
        writer = vtk.vtkSTLWriter()
        writer.SetHeader(_NOTE)
        writer.SetFileTypeToBinary()
    else:
        writer = vtk.vtkPLYWriter()
        writer.AddComment(_NOTE)
    draft = path.with_name(f".{path.stem}.tmp{suffix}")
    writer.SetFileName(str(draft))
    writer.SetInputData(data)
    if not path.parent.is_dir() or not writer.Write() or not draft.exists():
        draft.unlink(missing_ok=True)
        raise SetupError("the surface cannot be written", where=str(path), fix="choose another folder, or free disk space")
    draft.replace(path)


def _polydata(surface: Surface) -> vtk.vtkPolyData:
    points = vtk.vtkPoints()
    points.SetDataTypeToDouble()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(surface.points, float), deep=True))
    cells = vtk.vtkCellArray()
    cells.SetData(3, numpy_to_vtkIdTypeArray(np.ascontiguousarray(surface.triangles, np.int64).ravel(), deep=True))
    data = vtk.vtkPolyData()
    data.SetPoints(points)
    data.SetPolys(cells)
    space = vtk.vtkStringArray()
    space.SetName("SPACE")
    space.InsertNextValue("LPS")
    data.GetFieldData().AddArray(space)
    return data
