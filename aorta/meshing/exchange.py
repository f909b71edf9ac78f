"""The mesh for other programs: gmsh (.msh), Abaqus and CalculiX (.inp), VTK (.vtu), through meshio.

meshio's own order of quadratic tetrahedra is VTK's. Abaqus has the same; gmsh exchanges the last
two mid-edge nodes, which meshio does when it writes .msh (checked by reading with gmsh itself).
"""

from __future__ import annotations

from pathlib import Path

import meshio
import numpy as np

from aorta.errors import InputError, SetupError
from aorta.records import THROMBUS, WALL, WallMesh

WRITABLE = {".msh": "gmsh22", ".inp": "abaqus", ".vtu": "vtu"}
_NAMES = {WALL: "wall", THROMBUS: "thrombus"}


def write_exchange(mesh: WallMesh, path: Path) -> None:
    """Write the mesh in LPS millimetres; the suffix names the format.

    Regions and named facets: physical groups in .msh; element and node sets in .inp; the cell field
    ``region`` (1 wall, 2 thrombus) in .vtu.

    Raises
    ------
    InputError
        The suffix is not one of ``WRITABLE``.
    SetupError
        The file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITABLE:
        raise InputError(f"Meshes are not written as '{suffix}'", where=path.name, fix=f"end the name with {', '.join(WRITABLE)}")
    made = {".msh": _for_gmsh, ".inp": _for_abaqus, ".vtu": _for_vtk}[suffix](mesh)
    draft = path.with_name(f".{path.stem}.tmp{suffix}")
    try:
        made.write(draft, file_format=WRITABLE[suffix], **({"binary": False} if suffix == ".msh" else {}))
        if suffix == ".inp":
            # meshio names them C3D10MH (hybrid, modified), which CalculiX does not know; C3D10 has the same nodes
            draft.write_text(draft.read_text().replace("TYPE=C3D10MH", "TYPE=C3D10"))
        draft.replace(path)
    except OSError as problem:
        draft.unlink(missing_ok=True)
        raise SetupError(
            "The mesh cannot be written", where=path.name, why=str(problem), fix="free disk space or choose another folder"
        ) from None


def _groups(mesh: WallMesh) -> dict[str, int]:
    """Number of each region and facet set: regions first."""
    return {**{name: value for value, name in _NAMES.items()}, **{name: 11 + k for k, name in enumerate(mesh.facets)}}


def _for_gmsh(mesh: WallMesh) -> meshio.Mesh:
    number = _groups(mesh)
    # blood and wall_inner share faces where the wall is bare: there the same face is written twice, once for each group
    facets = [(name, facet) for name, facet in mesh.facets.items() if len(facet)]
    cells = [("triangle6", facet) for _, facet in facets] + [("tetra10", mesh.tets)]
    tags = [np.full(len(facet), number[name]) for name, facet in facets] + [mesh.region.astype(int)]
    names = {name: np.array([value, 3 if value < 10 else 2]) for name, value in number.items()}
    return meshio.Mesh(mesh.points, cells, cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags}, field_data=names)


def _for_abaqus(mesh: WallMesh) -> meshio.Mesh:
    parts = [(name, mesh.tets[mesh.region == value]) for value, name in _NAMES.items() if (mesh.region == value).any()]
    sets = {
        name: [np.arange(len(tets)) if k == n else np.empty(0, int) for k in range(len(parts))]
        for n, (name, tets) in enumerate(parts)
    }
    nodes = {name: np.unique(facet) for name, facet in mesh.facets.items() if len(facet)}
    return meshio.Mesh(mesh.points, [("tetra10", tets) for _, tets in parts], point_sets=nodes, cell_sets=sets)


def _for_vtk(mesh: WallMesh) -> meshio.Mesh:
    fields = {"thrombus_thickness_mm": mesh.thrombus_thickness_mm, "wall_thickness_mm": mesh.wall_thickness_mm}
    return meshio.Mesh(
        mesh.points, [("tetra10", mesh.tets)], point_data=fields, cell_data={"region": [mesh.region.astype(np.int32)]}
    )
