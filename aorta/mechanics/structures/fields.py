"""What materials need to know of each place, found for those that ask."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.registry import Material
from aorta.mechanics.structures.thrombus_depth import thrombus_depth
from aorta.mechanics.structures.wall_frame import wall_frame
from aorta.records import WALL, WallMesh


def material_fields(
    mesh: WallMesh, materials: Mapping[int, Material], at: np.ndarray
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Fields by name, (m, q) or (m, q, 3) at reference points (q, 3), and cautions.

    Raises
    ------
    MeshError
        The wall's directions cannot be found.
    """
    needed = {name for material in materials.values() for name in material.law.fields}
    found, cautions = {}, []
    if needed & set(fibres.FIELDS):
        frame = wall_frame(mesh, mesh.region == WALL, at)
        found[fibres.CIRCUMFERENTIAL], found[fibres.AXIAL] = frame.circumferential, frame.axial
        cautions.append("fibre directions are a rule (circumferential and axial of the imaged wall), not measured in this patient")
        if frame.weak > 0:
            cautions.append(f"at {frame.weak:.2%} of the wall's places the axial direction was taken from the surroundings")
    if "depth" in needed:
        found["depth"] = thrombus_depth(mesh, at)
    return found, tuple(cautions)
