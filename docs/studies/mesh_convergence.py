"""How much the wall's stress depends on element size and layers: the study behind the defaults of MeshSettings.

    python docs/studies/mesh_convergence.py [--coarse]

Meshes the phantom's true labels at several sizes and layer counts, solves each to systole and prints the
table of docs/theory/mesh.md. --coarse: a phantom at twice the spacing and large elements, to try the script.
"""

from __future__ import annotations

import argparse
import sys
import time

from aorta.anatomy.measure import measure
from aorta.mechanics.solve import solve
from aorta.meshing.build import build_mesh
from aorta.phantom.make import COARSE_SHAPE_KJI, FULL_SHAPE_KJI, make_phantom
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

STUDY = [MeshSettings(size, thrombus, layers) for size, thrombus, layers in (
    (6.0, 8.0, 1), (4.5, 6.0, 1), (3.0, 4.0, 1), (2.25, 3.0, 1), (3.0, 4.0, 2), (2.25, 3.0, 2))]  # fmt: skip
COARSE = [MeshSettings(7.0, 9.0, 1), MeshSettings(5.0, 7.0, 1)]
SHOWN = ("wall_stress_p99_kPa", "wall_stress_max_kPa", "wall_tension_p99_N_per_mm")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coarse", action="store_true")
    coarse = parser.parse_args().coarse
    labels = make_phantom(shape_kji=COARSE_SHAPE_KJI if coarse else FULL_SHAPE_KJI, labels_only=True).labels
    anatomy = measure(labels, {}, AnatomySettings(), {})
    pressure = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)
    wall, thrombus = WallSettings(), ThrombusSettings()
    row("size mm", "layers", "wall tets", "thrombus tets", "mesh s", "solve s", *SHOWN)
    row(*["---"] * 9)
    for settings in COARSE if coarse else STUDY:
        began = time.perf_counter()
        mesh = build_mesh(anatomy, settings, wall, thrombus)
        meshed = time.perf_counter()
        solution = solve(mesh, pressure, MechanicsSettings(), wall, thrombus)
        solved = time.perf_counter()
        found = {f.name: f.value for f in assess(anatomy, mesh, solution, Patient(), pressure, RiskSettings()).findings}
        counts = [int((mesh.region == region).sum()) for region in (1, 2)]
        row(
            settings.size,
            settings.layers,
            *counts,
            f"{meshed - began:.0f}",
            f"{solved - meshed:.0f}",
            *(f"{found[n]:.4g}" for n in SHOWN),
        )


def row(*cells: object) -> None:
    sys.stdout.write("| " + " | ".join(str(cell) for cell in cells) + " |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
