"""How much the wall's stress depends on element size and layers: the study behind the defaults of MeshSettings.

    python docs/studies/mesh_convergence.py [drawn|phantom] [--sizes 5 4 3] [--layers 1] [--figure]

Meshes a vessel at several sizes, solves each to systole, and keeps what it finds in mesh_convergence.json beside this file
(a mesh that is there is not solved again). Prints the tables of docs/theory/mesh.md; ``--figure`` draws them. All of it takes
half an hour and 7 GB. "drawn" is the vessel of cases/draw_vessel.py, straight from its formulas; "phantom" the true labels.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyvista as pv

from aorta.anatomy.measure import measure
from aorta.mechanics.solve import solve
from aorta.meshing.build import build_mesh
from aorta.phantom.make import make_phantom
from aorta.records import Anatomy, End, Surface
from aorta.risk.assess import assess
from aorta.settings import (
    AnatomySettings,
    BloodPressure,
    MechanicsSettings,
    MeshSettings,
    Patient,
    RiskSettings,
    ThrombusSettings,
    WallSettings,
)
from aorta.units import MMHG_IN_MPA

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "cases"))
import draw_vessel  # noqa: E402

KEPT = HERE / "mesh_convergence.json"
FIGURE = HERE.parent / "images" / "mesh-convergence.svg"
THROMBUS_TO_WALL = 4.0 / 3.0  # of the sizes, as in the defaults
SHOWN = {
    "wall_stress_p99_kPa": "stress, 99th percentile [kPa]",
    "wall_stress_patch_max_kPa": "stress, maximum over patches [kPa]",
    "wall_stress_max_kPa": "stress, maximum [kPa]",
    "wall_tension_p99_N_per_mm": "tension, 99th percentile [N/mm]",
    "displacement_max_mm": "largest displacement [mm]",
    "peak_wall_rupture_index": "PWRI, maximum",
    "peak_wall_rupture_index_p99": "PWRI, 99th percentile",
    "rupture_index_patch_max": "PWRI, maximum over patches",
}
PATIENT = Patient(sex="male", family_history=False)


def drawn_vessel() -> Anatomy:
    """The vessel of the example cases as smooth surfaces, cut perpendicular to its axis."""
    overhang, spacing, half = 6.0, 0.6, 40.0
    top, bottom = np.array([-half, -half, -draw_vessel.LENGTH - overhang - 2]), np.array([half, half, overhang + 2])

    def surface(distance) -> Surface:
        shape = np.ceil((bottom - top) / spacing).astype(int) + 1
        grid = pv.ImageData(dimensions=shape, spacing=(spacing,) * 3, origin=top)
        points = np.asarray(grid.points)
        ends = np.abs(points[:, 2] + draw_vessel.LENGTH / 2) - draw_vessel.LENGTH / 2 - overhang
        grid["d"] = np.maximum(distance(points), ends)
        found = grid.contour([0.0], scalars="d", method="flying_edges")
        closed = Surface(np.asarray(found.points, float), found.regular_faces)
        return closed if closed.volume_mm3 > 0 else Surface(closed.points, closed.triangles[:, ::-1])

    z = np.linspace(0.0, -draw_vessel.LENGTH, 131)
    line = np.column_stack([draw_vessel._axis_x(z), np.zeros_like(z), z])
    tangents = np.gradient(line, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    radius = draw_vessel.NECK_RADIUS + 5.0
    ends = (End("proximal", line[2], -tangents[2], radius), End("distal", line[-3], tangents[-3], radius))
    measured = measure(draw_vessel.labels(), {}, AnatomySettings(), {})  # for the diameters that strength needs
    return replace(measured, lumen=surface(draw_vessel.lumen), outer=surface(draw_vessel.outer), ends=ends)


def phantom() -> Anatomy:
    """The phantom's true labels, measured."""
    return measure(make_phantom(labels_only=True).labels, {}, AnatomySettings(), {})


VESSELS = {"drawn": drawn_vessel, "phantom": phantom}


def study(anatomy: Anatomy, size: float, layers: int) -> dict[str, float]:
    """Mesh, solve and assess: the numbers of one row."""
    pressure = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)
    wall, thrombus = WallSettings(), ThrombusSettings()
    began = time.process_time()
    mesh = build_mesh(anatomy, MeshSettings(size, size * THROMBUS_TO_WALL, layers), wall, thrombus)
    meshed = time.process_time()
    solution = solve(mesh, pressure, MechanicsSettings(), wall, thrombus)
    solved = time.process_time()
    settings = RiskSettings(normal_diameter=2 * draw_vessel.NECK_RADIUS)
    found = {f.name: f.value for f in assess(anatomy, mesh, solution, PATIENT, pressure, settings).findings}
    moved = np.linalg.norm(solution.state("systole").displacement_mm, axis=1).max()
    row = {"nodes": len(mesh.points), "wall_tetrahedra": int((mesh.region == 1).sum()), "tetrahedra": len(mesh.tets)}
    row |= {"mesh_cpu_s": round(meshed - began, 1), "solve_cpu_s": round(solved - meshed, 1)}
    return row | {name: float(found.get(name, moved)) for name in SHOWN}


def table(rows: dict[str, dict[str, float]], vessel: str) -> str:
    """The rows of one vessel, coarse to fine, in Markdown."""
    head = ["size, layers", "nodes", "CPU s", *SHOWN.values()]
    lines = [head, ["---"] * len(head)]
    for size, layers, row in of_vessel(rows, vessel):
        cpu = f"{row['mesh_cpu_s']:.0f} + {row['solve_cpu_s']:.0f}"
        lines.append([f"{size:g} mm, {layers}", f"{row['nodes']:,}", cpu, *(f"{row[name]:.4g}" for name in SHOWN)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def of_vessel(rows: dict[str, dict[str, float]], vessel: str) -> list[tuple[float, int, dict[str, float]]]:
    """(size, layers, row) of one vessel, one layer first, coarse to fine."""
    keys = [key.split() for key in rows if key.startswith(vessel)]
    return sorted(
        ((float(size), int(layers), rows[f"{name} {size} {layers}"]) for name, size, layers in keys), key=lambda r: (r[1], -r[0])
    )


def figure(rows: dict[str, dict[str, float]]) -> None:
    """Each quantity over its value at the finest size with one layer."""
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "mesh-convergence"
    styles = {
        "wall_stress_max_kPa": ("o:", "tab:red"),
        "wall_stress_patch_max_kPa": ("s-", "tab:purple"),
        "wall_stress_p99_kPa": ("D-", "tab:blue"),
        "wall_tension_p99_N_per_mm": ("^-", "tab:green"),
        "displacement_max_mm": ("x-", "tab:gray"),
    }
    canvas, axes = plt.subplots(1, len(VESSELS), figsize=(9, 3.6), sharey=True, layout="constrained")
    for axis, (vessel, title) in zip(axes, {"drawn": "smooth sac with thrombus", "phantom": "phantom with its fork"}.items()):
        found = of_vessel(rows, vessel)
        reference = next(row for size, layers, row in reversed(found) if layers == 1)
        for name, (style, colour) in styles.items():
            one = [(size, 100 * (row[name] / reference[name] - 1)) for size, layers, row in found if layers == 1]
            two = [(size, 100 * (row[name] / reference[name] - 1)) for size, layers, row in found if layers == 2]
            axis.plot(*zip(*one), style, color=colour, label=SHOWN[name].split(" [")[0], markersize=5)
            if two:
                axis.plot(*zip(*two), style[0], color=colour, markersize=9, fillstyle="none")
        axis.set(title=title, xlabel="element size [mm] (open marks: two layers)")
        axis.axvline(MeshSettings().size, color="0.8", zorder=0)
        axis.invert_xaxis()
    axes[0].set_ylabel("difference from the finest mesh [%]")
    axes[0].legend(fontsize=7)
    FIGURE.parent.mkdir(exist_ok=True)
    canvas.savefig(FIGURE, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vessels", nargs="*", default=list(VESSELS), metavar="drawn|phantom")
    parser.add_argument("--sizes", nargs="*", type=float, default=[5.0, 4.0, 3.0, 2.5, 2.0])
    parser.add_argument("--layers", nargs="*", type=int, default=[1])
    parser.add_argument("--figure", action="store_true")
    asked = parser.parse_args()
    rows = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for vessel in asked.vessels:
        anatomy = None
        for layers in asked.layers:
            for size in asked.sizes:
                key = f"{vessel} {size:g} {layers}"
                if key not in rows:
                    anatomy = anatomy or VESSELS[vessel]()
                    rows[key] = study(anatomy, size, layers)
                    KEPT.write_text(json.dumps(rows, indent=1) + "\n")
        sys.stdout.write(f"{vessel}\n\n{table(rows, vessel)}\n\n")
    if asked.figure:
        figure(rows)


if __name__ == "__main__":
    main()
