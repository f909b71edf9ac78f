"""How much noise of half a voxel on the labels' boundaries moves stress, volume and diameter.

    python docs/studies/boundary_noise.py [--seeds 5] [--full]

A drawn aneurysm, with and without thrombus, on voxels of 0.9 × 0.9 × 1.5 mm. Gaussian noise with a standard
deviation of half a voxel and a correlation length of 1 or 3 voxels is added to the signed distance of each
boundary before it is cut at zero. Stress is the linear stress (``prestress: linear``) at 5 mm elements, with
and without the ironing of aorta/anatomy/ironing.py; ``--full`` solves one seed from the unloaded shape. Figures
are kept in boundary_noise.json beside this file (what is there is not computed again) and printed as the table
of docs/theory/mesh.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy import ndimage as ndi
from scipy.spatial import ConvexHull

from aorta.anatomy.surfaces import surface_of
from aorta.mechanics.solve import solve
from aorta.meshing.build import build_mesh
from aorta.records import Anatomy, Branch, End, Grid, Surface
from aorta.risk.assess import assess
from aorta.settings import (
    BloodPressure,
    MechanicsSettings,
    MeshSettings,
    Patient,
    RiskSettings,
    ThrombusSettings,
    WallSettings,
)
from aorta.units import MMHG_IN_MPA

KEPT = Path(__file__).with_suffix(".json")
SPACING = np.array([0.9, 0.9, 1.5])  # mm, i j k
VOXEL = float(np.cbrt(SPACING.prod()))
NOISE = 0.5  # of a voxel
WALL, NECK, SAC, HALF, OVERHANG = 1.5, 11.0, 22.0, 38.0, 6.0  # mm
LUMEN, SHIFT = 12.0, 7.0  # mm, radius and eccentricity of the lumen in the sac with thrombus
STRESS = "wall_stress_p99_kPa"


def fields(thrombus: bool) -> tuple[Grid, np.ndarray, np.ndarray]:
    """Grid, and signed distances (nearly) of lumen and outer face at its voxels, negative inside."""
    low, high = np.array([-SAC - 6, -SAC - 6, -HALF - OVERHANG]), np.array([SAC + 6, SAC + 6, HALF + OVERHANG])
    count = np.ceil((high - low) / SPACING).astype(int)
    affine = np.diag([*SPACING, 1.0])
    affine[:3, 3] = low + 0.37 * SPACING
    grid = Grid(tuple(int(n) for n in count[::-1]), affine)
    k, j, i = np.indices(grid.shape_kji)
    x, y, z = np.moveaxis(grid.to_lps(np.stack([i, j, k], axis=-1)), -1, 0)
    bulge = np.where(abs(z) < 32.0, np.cos(np.pi * z / 64.0) ** 2, 0.0)
    outer = np.hypot(x, y) - NECK - (SAC - NECK) * bulge
    if not thrombus:
        return grid, outer + WALL, outer
    return grid, np.hypot(x, y - SHIFT * bulge) - (NECK - WALL) * (1 - bulge) - LUMEN * bulge, outer


def noise(shape: tuple[int, ...], length: float, seed: int) -> np.ndarray:
    """Gaussian noise, standard deviation NOISE voxels, in mm; ``length`` in voxels."""
    rough = ndi.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), length * VOXEL / SPACING[::-1])
    return NOISE * VOXEL * rough / rough.std()


def vessel(thrombus: bool, length: float | None, seed: int, iron: bool) -> Anatomy:
    """The aneurysm; ``length`` None: without noise.

    Without thrombus lumen and outer face share their noise: one is drawn from the other.
    """
    grid, lumen, outer = fields(thrombus)
    if length is not None:
        outer = outer + noise(grid.shape_kji, length, 2 * seed)
        lumen = lumen + noise(grid.shape_kji, length, 2 * seed + (1 if thrombus else 0))
    surfaces = [surface_of(grid, whole(phi <= 0), name, None, iron)[0] for phi, name in ((lumen, "lumen"), (outer, "outer"))]
    line = np.c_[np.zeros((89, 2)), np.linspace(HALF + OVERHANG, -HALF - OVERHANG, 89)]
    tangents = np.tile([0.0, 0.0, -1.0], (89, 1))
    axis = Branch("aorta", line, tangents, HALF + OVERHANG - line[:, 2], np.full(89, NECK), "")
    ends = tuple(
        End(n, np.array([0, 0, s * HALF]), np.array([0, 0, s]), NECK + 5) for n, s in (("proximal", 1.0), ("distal", -1.0))
    )
    return Anatomy(*surfaces, (axis,), (), (), ends)


def whole(mask: np.ndarray) -> np.ndarray:
    """The largest piece without holes, as the anatomy stage takes it."""
    pieces, _ = ndi.label(mask)
    return ndi.binary_fill_holes(pieces == np.bincount(pieces.ravel())[1:].argmax() + 1)


def widest(surface: Surface) -> float:
    """Largest diameter (mm) across the axis, over slabs 1 mm thick."""
    best = 0.0
    for z in range(-10, 11):
        slab = surface.points[abs(surface.points[:, 2] - z) < 0.5][:, :2]
        rim = slab[ConvexHull(slab).vertices]
        best = max(best, float(np.linalg.norm(rim[:, None] - rim[None], axis=2).max()))
    return best


def figures(anatomy: Anatomy, prestress: str) -> dict[str, float]:
    """p99 wall stress in kPa, volume in mL, diameter in mm."""
    wall, clot = WallSettings(thickness=WALL), ThrombusSettings()
    mesh = build_mesh(anatomy, MeshSettings(size=5.0, thrombus_size=7.0), wall, clot)
    pressure = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)
    solution = solve(mesh, pressure, MechanicsSettings(prestress=prestress), wall, clot)
    risk = assess(anatomy, mesh, solution, Patient(sex="male", family_history=False), pressure, RiskSettings())
    stress = next(f.value for f in risk.findings if f.name == STRESS)
    return {"stress_kPa": stress, "volume_mL": anatomy.outer.volume_mm3 / 1000.0, "diameter_mm": widest(anatomy.outer)}


def table(kept: dict) -> str:
    """Mean and largest change against the same labels without noise, in Markdown."""
    rows = [
        "| vessel | correlation, voxels | surfaces | seeds "
        "| p99 stress, mean change (largest) % | volume, largest % | diameter, largest mm |",
    ]
    rows.append("|---|---|---|---|---|---|---|")
    for key in sorted({k.rsplit("/", 1)[0] for k in kept if not k.endswith("/clean")}):
        name, length, how, prestress = key.split("/")
        runs = [v for k, v in kept.items() if k.rsplit("/", 1)[0] == key]
        clean = kept[f"{name}/{how}/{prestress}/clean"]
        change = {q: np.array([r[q] - clean[q] for r in runs]) for q in clean}
        stress, volume = (100 * change[q] / clean[q] for q in ("stress_kPa", "volume_mL"))
        far = [float(c[abs(c).argmax()]) for c in (stress, volume, change["diameter_mm"])]
        label = f"{how}, full solve" if prestress == "inverse" else how
        rows.append(
            f"| {name} | {length} | {label} | {len(runs)} | {stress.mean():+.1f} ({far[0]:+.1f}) | {far[1]:+.2f} | {far[2]:+.2f} |"
        )
    return "\n".join(rows)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--full", action="store_true")
    options = asked.parse_args()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}

    def once(key: str, thrombus: bool, length: float | None, seed: int, iron: bool, prestress: str) -> None:
        if key not in kept:
            kept[key] = {q: round(v, 4) for q, v in figures(vessel(thrombus, length, seed, iron), prestress).items()}
            KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")

    for seed in range(0, options.seeds + 1):
        for thrombus in (True, False):
            for how in ("ironed", "not ironed"):
                name, iron = "with thrombus" if thrombus else "bare", how == "ironed"
                for prestress in ("linear", "inverse") if options.full and thrombus and seed < 2 else ("linear",):
                    if seed == 0:
                        once(f"{name}/{how}/{prestress}/clean", thrombus, None, 0, iron, prestress)
                        continue
                    for length in (3, 1) if prestress == "linear" else (3,):
                        once(f"{name}/{length}/{how}/{prestress}/{seed}", thrombus, length, seed, iron, prestress)
    print(table(kept))


if __name__ == "__main__":
    main()
