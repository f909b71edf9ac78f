"""The two vessels of the solver's bench, each at about 20,000, 60,000 and 150,000 nodes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from aorta.records import WallMesh

GEOMETRIES = ("idealised", "patient")
SIZES = (20, 60, 150)
"""Thousands of nodes, about."""
_IDEALISED = {20: (2, 33, 30), 60: (2, 57, 52), 150: (2, 90, 83)}
"""Cells through the wall, around and along."""
_PATIENT = {20: (3.95, 5.5), 60: (2.28, 3.0), 150: (1.45, 1.9)}
"""Edge length on the wall and in the thrombus, mm."""

_ARRAYS = ("points", "tets", "region", "thrombus_thickness_mm", "wall_thickness_mm")


def published() -> Path | None:
    """The folder of the patient's solids, if AORTA_REFERENCE_DATA holds it."""
    root = os.environ.get("AORTA_REFERENCE_DATA")
    folder = Path(root or ".") / "aneupy-aaa"
    return folder if root and (folder / "Lumen.step").exists() else None


def mesh_of(geometry: str, size: int, folder: Path) -> WallMesh:
    """The mesh; the patient's from the folder of measurements, once made."""
    if geometry == "idealised":
        return idealised(size)
    place = folder / f"patient-{size}-mesh.npz"
    if not place.exists():
        mesh = patient(size)
        arrays = {name: getattr(mesh, name) for name in _ARRAYS}
        np.savez(place, **arrays, **{f"facets {name}": nodes for name, nodes in mesh.facets.items()})
    with np.load(place) as kept:
        facets = {name.removeprefix("facets "): kept[name] for name in kept.files if name.startswith("facets ")}
        points, tets, region, clot, wall = (kept[name] for name in _ARRAYS)
    return WallMesh(points, tets, region, facets, (), clot, wall)


def idealised(size: int) -> WallMesh:
    """A bulging wall of 1.5 mm, 10 to 27 mm wide inside, 120 mm long, as in the field's textbook cases (Vorp 1998)."""
    from aorta.verify import reference_meshes

    return reference_meshes.aneurysm(_IDEALISED[size])


def patient(size: int) -> WallMesh:
    """The published solids through our own stages: label map, anatomy, mesh of wall and thrombus."""
    from aorta.anatomy.measure import measure
    from aorta.meshing.build import build_mesh
    from aorta.meshing.surfaces_in import read_surface
    from aorta.segmentation.voxelise import voxelise
    from aorta.settings import AnatomySettings, MeshSettings, ThrombusSettings, WallSettings

    wall, (edge, inside) = WallSettings(), _PATIENT[size]
    lumen, thrombus = (read_surface(published() / f"{name}.step", "mm", "LPS") for name in ("Lumen", "ILT"))
    labels = voxelise(lumen, thrombus=thrombus, spacing_mm=1.0, wall_thickness_mm=wall.thickness).labels
    anatomy = measure(labels, {}, AnatomySettings(), {})
    return build_mesh(anatomy, MeshSettings(edge, inside), wall, ThrombusSettings())


def small(geometry: str) -> WallMesh:
    """A mesh with the same tissues, on which the equations are compiled before time is taken."""
    from aorta.verify import reference_meshes

    return reference_meshes.aneurysm((1, 6, 4)) if geometry == "idealised" else reference_meshes.thrombosed_tube((3, 8, 4))
