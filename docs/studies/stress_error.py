"""How good the estimate of the stress's discretisation error is: the study behind its table in docs/theory/mesh.md.

    python docs/studies/stress_error.py [aneurysm|fusiform|phantom] [--meshes 1x12x8 ...]

Solves each vessel on coarse to fine meshes and keeps the three readings of the 99th percentile in stress_error.json beside
this file (a mesh that is there is not solved again); prints errors against the finest mesh beside the estimate. "aneurysm" is
the structured one of ``aorta.verify`` (cells through, around and along), the others are meshed: element size in mm x layers.
An hour and 12 GB.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from aorta.anatomy.measure import measure
from aorta.mechanics.solve import solve
from aorta.meshing.build import build_mesh
from aorta.phantom.make import make_phantom
from aorta.records import WallMesh
from aorta.risk.discretisation import read_percentile
from aorta.risk.fields import wall_places
from aorta.settings import (
    AnatomySettings,
    BloodPressure,
    MechanicsSettings,
    MeshSettings,
    RiskSettings,
    ThrombusSettings,
    WallSettings,
)
from aorta.units import MMHG_IN_MPA
from aorta.verify import reference_meshes

HERE = Path(__file__).parent
KEPT = HERE / "stress_error.json"
sys.path.insert(0, str(HERE.parents[1] / "meshes" / "fusiform-thrombus"))
import recipe  # noqa: E402

MESHES = {  # the last is the reference
    "aneurysm": ["1x12x8", "1x18x14", "1x24x20", "1x36x30", "2x48x40", "3x64x54"],
    "fusiform": ["6x1", "5x1", "4x1", "3x1", "2x1", "2.5x2"],
    "phantom": ["6x1", "5x1", "4x1", "3x1", "3x2"],
}


def mesh_of(vessel: str, name: str) -> WallMesh:
    """One mesh."""
    if vessel == "aneurysm":
        return reference_meshes.aneurysm(tuple(int(n) for n in name.split("x")))
    if vessel == "fusiform":
        anatomy = recipe.anatomy()
    else:
        anatomy = measure(make_phantom(labels_only=True).labels, {}, AnatomySettings(), {})
    size, layers = (float(n) for n in name.split("x"))
    return build_mesh(anatomy, MeshSettings(size, size * 4 / 3, int(layers)), WallSettings(), ThrombusSettings())


def row(mesh: WallMesh) -> dict[str, float]:
    """Solve to systole and read the percentile three ways, in kPa."""
    pressure = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA, imaging=80 * MMHG_IN_MPA)
    solution = solve(mesh, pressure, MechanicsSettings(), WallSettings(), ThrombusSettings())
    places = wall_places(mesh, RiskSettings().end_exclusion)
    return as_row(mesh, read_percentile(mesh, solution.state("systole"), places.elements))


def as_row(mesh: WallMesh, found) -> dict[str, float]:
    """What is kept of one mesh."""
    readings = {name: round(getattr(found, name) * 1e3, 3) for name in ("reported", "recovered", "extrapolated")}
    return {"nodes": len(mesh.points), **readings, "estimate_percent": round(100 * found.error, 3)}


def table(rows: dict[str, dict[str, float]], vessel: str) -> str:
    """Markdown, coarse to fine, against the finest mesh's reported value."""
    true = rows[f"{vessel} {MESHES[vessel][-1]}"]["reported"]
    lines = [
        "| mesh | nodes | reported, kPa | its error, % | worst reading's, % | estimate, % | estimate over worst |",
        "|---" * 7 + "|",
    ]
    for name in MESHES[vessel]:
        if (found := rows.get(f"{vessel} {name}")) is None:
            continue
        own = 100 * (found["reported"] / true - 1)
        worst = max(abs(found[q] - true) for q in ("reported", "recovered", "extrapolated")) / found["reported"] * 100
        share = f"{found['estimate_percent'] / worst:.2f}" if name != MESHES[vessel][-1] else "reference"
        cells = (
            name,
            f"{found['nodes']:,}",
            f"{found['reported']:.1f}",
            f"{own:+.1f}",
            f"{worst:.1f}",
            f"{found['estimate_percent']:.1f}",
            share,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vessels", nargs="*", default=list(MESHES), metavar="aneurysm|fusiform|phantom")
    parser.add_argument("--meshes", nargs="*", help="only these, as in MESHES")
    asked = parser.parse_args()
    rows = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for vessel in asked.vessels:
        for name in asked.meshes or MESHES[vessel]:
            if f"{vessel} {name}" not in rows:
                rows[f"{vessel} {name}"] = row(mesh_of(vessel, name))
                KEPT.write_text(json.dumps(rows, indent=1) + "\n")
        sys.stdout.write(f"{vessel}\n\n{table(rows, vessel)}\n\n")


if __name__ == "__main__":
    main()
