"""How much noise of half a voxel on the labels' boundaries moves stress, tension, volume and diameter.

    python docs/studies/boundary_noise.py [--seeds 5] [--full] [--phantom]

A drawn aneurysm, with and without thrombus, on voxels of 0.9 × 0.9 × 1.5 mm. Gaussian noise with a standard
deviation of half a voxel and a correlation length of 1 or 3 voxels is added to the signed distance of each
boundary before it is cut at zero. Stress is the linear stress (``prestress: linear``) at 5 mm elements, with
and without the ironing of aorta/anatomy/ironing.py, against the same vessel's exact surfaces, which never were
voxels; ``--full`` solves one seed from the unloaded shape; ``--phantom`` compares the phantom's own
segmentation with its true labels. Figures are kept in boundary_noise.json beside this file (what is there is not
computed again) and printed as the tables of docs/theory/mesh.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pyvista as pv
from scipy import ndimage as ndi
from scipy.spatial import ConvexHull

from aorta.anatomy.measure import measure
from aorta.anatomy.surfaces import surface_of, to_mesh
from aorta.mechanics.solve import solve
from aorta.meshing.build import build_mesh
from aorta.phantom.make import make_phantom
from aorta.records import Anatomy, Branch, End, Grid, Surface
from aorta.risk.assess import assess
from aorta.segmentation.segment import segment
from aorta.settings import (
    AnatomySettings,
    BloodPressure,
    MechanicsSettings,
    MeshSettings,
    Patient,
    RiskSettings,
    SegmentationSettings,
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
STRESSES = {
    "p99_kPa": "wall_stress_p99_kPa",
    "patch_kPa": "wall_stress_patch_max_kPa",
    "tension_N_per_mm": "wall_tension_p99_N_per_mm",
}


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


def vessel(thrombus: bool, length: float | None, seed: int, how: str) -> Anatomy:
    """The aneurysm; ``length`` None: without noise. ``how``: exact, ironed, not ironed.

    Without thrombus lumen and outer face share their noise: one is drawn from the other.
    """
    grid, lumen, outer = fields(thrombus)
    if length is not None:
        outer = outer + noise(grid.shape_kji, length, 2 * seed)
        lumen = lumen + noise(grid.shape_kji, length, 2 * seed + (1 if thrombus else 0))

    def face(phi: np.ndarray, name: str) -> Surface:
        if how == "exact":
            return level_set(grid, phi)
        surface = surface_of(grid, whole(phi <= 0), name, None)
        return to_mesh(surface, grid, whole(phi <= 0), name)[0] if how == "ironed" else surface

    line = np.c_[np.zeros((89, 2)), np.linspace(HALF + OVERHANG, -HALF - OVERHANG, 89)]
    tangents = np.tile([0.0, 0.0, -1.0], (89, 1))
    axis = Branch("aorta", line, tangents, HALF + OVERHANG - line[:, 2], np.full(89, NECK), "")
    ends = tuple(
        End(n, np.array([0, 0, s * HALF]), np.array([0, 0, s]), NECK + 5) for n, s in (("proximal", 1.0), ("distal", -1.0))
    )
    return Anatomy(face(lumen, "lumen"), face(outer, "outer"), (axis,), (), (), ends)


def level_set(grid: Grid, phi: np.ndarray) -> Surface:
    """The zero of a signed distance itself, interpolated: what the labels would show with voxels of no size."""
    padded = np.pad(phi, 1, constant_values=3.0)
    image = pv.ImageData(dimensions=padded.shape[::-1], origin=(-1, -1, -1))
    image["phi"] = padded.ravel()
    mesh = image.contour([0.0], scalars="phi", method="flying_edges").triangulate().clean()
    points, triangles = grid.to_lps(mesh.points.astype(float)), mesh.faces.reshape(-1, 4)[:, 1:].astype(np.int64)
    surface = Surface(points, triangles)
    return surface if surface.volume_mm3 > 0 else Surface(points, triangles[:, ::-1].copy())


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


def figures(anatomy: Anatomy, prestress: str, diameter: float) -> dict[str, float]:
    """p99 wall stress and the greatest mean over 10 mm² in kPa, p99 tension, volume in mL, diameter in mm."""
    wall, clot = WallSettings(thickness=WALL), ThrombusSettings()
    mesh = build_mesh(anatomy, MeshSettings(size=5.0, thrombus_size=7.0), wall, clot)
    pressure = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)
    solution = solve(mesh, pressure, MechanicsSettings(prestress=prestress), wall, clot)
    risk = assess(anatomy, mesh, solution, Patient(sex="male", family_history=False), pressure, RiskSettings())
    value = {f.name: f.value for f in risk.findings}
    found = {short: value[name] for short, name in STRESSES.items()}
    found |= {"volume_mL": anatomy.outer.volume_mm3 / 1000.0, "diameter_mm": diameter}
    return {name: round(v, 4) for name, v in found.items()}


def table(kept: dict) -> str:
    """Mean and largest change against the exact vessel, in Markdown."""
    rows = [
        "| vessel | correlation, voxels | surfaces | seeds | p99 stress, % | mean over 10 mm², % | p99 tension, % | volume, % "
        "| diameter, mm |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for key in sorted({k.rsplit("/", 1)[0] for k in kept if "/exact/" not in k and not k.startswith("phantom")}):
        name, length, how, prestress = key.split("/")
        runs = [v for k, v in kept.items() if k.rsplit("/", 1)[0] == key]
        exact = kept[f"{name}/0/exact/{prestress}/0"]
        change = {q: np.array([r[q] - exact[q] for r in runs]) for q in (*STRESSES, "volume_mL", "diameter_mm")}
        shown = []
        for q, values in change.items():
            each = values if q == "diameter_mm" else 100 * values / exact[q]
            far = each[abs(each).argmax()]
            digits = 1 if q in STRESSES else 2
            shown.append(f"{each.mean():+.{digits}f}" + (f" ({far:+.{digits}f})" if len(runs) > 1 else ""))
        label = f"{how}, full solve" if prestress == "inverse" else how
        rows.append(f"| {name} | {length if length != '0' else 'no noise'} | {label} | {len(runs)} | {' | '.join(shown)} |")
    return "\n".join(rows)


def phantom_table(kept: dict) -> str:
    """The phantom's own segmentation against its true labels, in Markdown."""
    runs = {which: kept[f"phantom/{which}"] for which in ("true labels", "own segmentation")}
    names = (*STRESSES, "volume_mL", "diameter_mm")
    rows = ["| phantom | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for which, run in runs.items():
        rows.append(f"| {which} | " + " | ".join(f"{run[q]:.4g}" for q in names) + " |")
    return "\n".join(rows)


def on_disk() -> dict[str, dict[str, float]]:
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--full", action="store_true")
    asked.add_argument("--phantom", action="store_true")
    options = asked.parse_args()
    kept: dict[str, dict[str, float]] = {}

    def keep(key: str, found: dict[str, float]) -> None:
        kept.update(on_disk())  # two of these may run side by side
        kept[key] = found
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")

    kept.update(on_disk())

    def once(thrombus: bool, length: float | None, how: str, prestress: str, seed: int) -> None:
        key = f"{'with thrombus' if thrombus else 'bare'}/{length or 0}/{how}/{prestress}/{seed}"
        if key not in kept:
            anatomy = vessel(thrombus, length, seed, how)
            keep(key, figures(anatomy, prestress, widest(anatomy.outer)))

    for seed in range(0, options.seeds + 1):
        for thrombus in (True, False):
            for prestress in ("linear", "inverse") if options.full and seed < 2 else ("linear",):
                for how in ("exact", "ironed", "not ironed") if prestress == "linear" else ("exact", "ironed"):
                    if seed == 0:
                        once(thrombus, None, how, prestress, 0)
                    elif how != "exact":
                        for length in (3, 1):
                            once(thrombus, length, how, prestress, seed)
    print(table(kept))
    if options.phantom and "phantom/own segmentation" not in kept:
        made = make_phantom()
        labels = {"true labels": made.labels, "own segmentation": segment(made.volume, SegmentationSettings(), WALL).labels}
        for which, map_ in labels.items():
            anatomy = measure(map_, {}, AnatomySettings(), {})
            diameter = next(f.value for f in anatomy.findings if f.name == "max_diameter_mm")
            keep(f"phantom/{which}", figures(anatomy, "linear", diameter))
    if "phantom/own segmentation" in kept:
        print("\n" + phantom_table(kept))


if __name__ == "__main__":
    main()
