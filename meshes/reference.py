"""Reading a reference mesh, solving it with the program's defaults, and comparing with frozen numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyvista as pv

from aorta.records import THROMBUS, WALL, End, Solution, WallMesh
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, WallSettings
from aorta.units import MMHG_IN_MPA

PRESSURE = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA, imaging=80 * MMHG_IN_MPA)
END_EXCLUSION_MM = 10.0
END_PLANES = (
    End("proximal", np.array([0.0, 0.0, 50.0]), np.array([0.0, 0.0, 1.0]), 16.0),
    End("distal", np.array([0.0, 0.0, -50.0]), np.array([0.0, 0.0, -1.0]), 16.0),
)
_TET, _TRIANGLE = 24, 22  # VTK's quadratic tetrahedron and triangle
_NODE_FIELDS = ("thrombus_thickness_mm", "wall_thickness_mm")


def write_mesh(mesh: WallMesh, path: Path) -> None:
    """One VTU for ParaView and other codes, LPS mm, coordinates as float32.

    Cells: quadratic tetrahedra with the field ``region`` (1 wall, 2 thrombus), then the facets as
    quadratic triangles with ``region`` 0. ``group`` is 0 for tetrahedra and for facets the place,
    from 1, of their name in the field data ``groups`` (comma-separated).
    """
    names = [name for name, facets in mesh.facets.items() if len(facets)]
    facets = np.concatenate([mesh.facets[name] for name in names])
    cells = np.concatenate([np.insert(mesh.tets, 0, 10, axis=1).ravel(), np.insert(facets, 0, 6, axis=1).ravel()])
    kinds = np.repeat([_TET, _TRIANGLE], [len(mesh.tets), len(facets)])
    grid = pv.UnstructuredGrid(cells, kinds, mesh.points.astype(np.float32))
    grid.cell_data["region"] = np.r_[mesh.region, np.zeros(len(facets), np.uint8)]
    groups = np.repeat(np.arange(1, len(names) + 1), [len(mesh.facets[name]) for name in names])
    grid.cell_data["group"] = np.r_[np.zeros(len(mesh.tets), np.uint8), groups.astype(np.uint8)]
    for field in _NODE_FIELDS:
        grid.point_data[field] = getattr(mesh, field).astype(np.float32)
    grid.field_data["groups"] = [",".join(names)]
    grid.field_data["SPACE"] = ["LPS"]
    grid.save(path, binary=True)


def read_mesh(path: Path, ends: tuple[End, ...] = END_PLANES) -> WallMesh:
    """The inverse of ``write_mesh``."""
    grid = pv.read(path)
    region, group = np.asarray(grid.cell_data["region"]), np.asarray(grid.cell_data["group"])
    tets, facets = (grid.cells_dict[kind].astype(np.int64) for kind in (_TET, _TRIANGLE))
    groups = group[grid.celltypes == _TRIANGLE]
    names = str(grid.field_data["groups"][0]).split(",")
    return WallMesh(
        np.asarray(grid.points, float),
        tets,
        region[grid.celltypes == _TET].astype(np.uint8),
        {name: facets[groups == number] for number, name in enumerate(names, start=1)},
        ends,
        *(np.asarray(grid.point_data[field], float) for field in _NODE_FIELDS),
    )


def measure(mesh: WallMesh) -> dict[str, float]:
    """The numbers that are frozen: of the mesh, of its unloaded shape, at systole, and of the linear method."""
    from aorta.mechanics.solve import solve

    def solved(prestress: str) -> Solution:
        return solve(mesh, PRESSURE, MechanicsSettings(prestress=prestress), WallSettings(), ThrombusSettings())

    solution, linear = solved("inverse"), solved("linear")
    return {**_shape(mesh), **_unloaded(mesh, solution), **_systole(mesh, solution), **_linear(mesh, linear)}


def _volume(mesh: WallMesh, region: int, moved: np.ndarray | float = 0.0) -> float:
    from aorta.mechanics import tet10

    nodes = (mesh.points + moved)[mesh.tets[mesh.region == region]]
    return float((tet10.jacobians(nodes, tet10.GAUSS_5) * tet10.GAUSS_5_WEIGHTS).sum())


def _shape(mesh: WallMesh) -> dict[str, float]:
    from aorta.mechanics import tet10

    return {
        "wall_volume_mm3": _volume(mesh, WALL),
        "thrombus_volume_mm3": _volume(mesh, THROMBUS),
        "blood_area_mm2": tet10.area(mesh.points, mesh.facets["blood"]),
    }


def _unloaded(mesh: WallMesh, solution: Solution) -> dict[str, float]:
    moved = solution.unloaded_displacement_mm
    return {
        "unloaded_displacement_max_mm": float(np.linalg.norm(moved, axis=1).max()),
        "unloaded_wall_volume_mm3": _volume(mesh, WALL, moved),
    }


def _systole(mesh: WallMesh, solution: Solution) -> dict[str, float]:
    from aorta.mechanics import balance
    from aorta.risk.ends import away_from_ends
    from aorta.risk.percentile import weighted_percentile
    from aorta.risk.tension import wall_tension

    state = solution.state("systole")
    tension = wall_tension(mesh, state)
    counted = away_from_ends(mesh.points[tension.node], mesh.ends, END_EXCLUSION_MM)
    held = np.unique(mesh.facets["end_proximal"])
    reaction = (balance.internal_forces(mesh, state) - balance.pressure_forces(mesh, state, "blood"))[held].sum(axis=0)
    peak, p99, mises = _stress(mesh, solution)
    return {
        "systolic_displacement_max_mm": float(np.linalg.norm(state.displacement_mm, axis=1).max()),
        "wall_stress_max_kPa": peak,
        "wall_stress_p99_kPa": p99,
        "von_mises_p99_kPa": mises,
        "wall_tension_p99_N_per_mm": float(weighted_percentile(tension.tension_N_per_mm[counted], tension.area_mm2[counted], 99.0)),
        "proximal_reaction_axial_N": float(reaction[2]),
    }


def _linear(mesh: WallMesh, solution: Solution) -> dict[str, float]:
    return {"linear_stress_p99_kPa": _stress(mesh, solution)[1]}


def _stress(mesh: WallMesh, solution: Solution) -> tuple[float, float, float]:
    """Maximum and 99th percentile of the first principal stress, and of von Mises stress, in kPa."""
    from aorta.risk.fields import wall_places
    from aorta.risk.percentile import weighted_percentile
    from aorta.risk.stress import first_principal, von_mises

    state, elements = solution.state("systole"), wall_places(mesh, END_EXCLUSION_MM).elements
    stress, volume = state.cauchy_quadrature_MPa[elements], state.quadrature_volume_mm3[elements]
    principal = 1000.0 * first_principal(stress)
    return (
        float(principal.max()),
        float(weighted_percentile(principal, volume, 99.0)),
        float(weighted_percentile(1000.0 * von_mises(stress), volume, 99.0)),
    )


def compare(measured: dict[str, float], frozen: dict[str, dict[str, float]]) -> list[str]:
    """A line for each number that is missing, new, or further from its frozen value than its relative tolerance."""
    told = [f"{name}: measured but not frozen" for name in sorted(measured.keys() - frozen.keys())]
    for name, entry in frozen.items():
        value, expected, tolerance = measured.get(name), entry["value"], entry["relative_tolerance"]
        if value is None:
            told.append(f"{name}: frozen but not measured")
        elif not abs(value - expected) <= tolerance * abs(expected):  # also catches NaN
            share = (value - expected) / expected
            told.append(f"{name}: {value:.8g} instead of {expected:.8g} ({share:+.2e}, allowed {tolerance:.0e})")
    return told


def frozen_numbers(folder: Path) -> dict[str, dict[str, float]]:
    """Value and relative tolerance of each number, from ``frozen.json``."""
    return json.loads((folder / "frozen.json").read_text(encoding="utf-8"))["numbers"]
