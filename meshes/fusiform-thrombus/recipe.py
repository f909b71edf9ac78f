"""The recipe: a fusiform aneurysm with eccentric thrombus, from distance functions through the program's mesher.

    python meshes/fusiform-thrombus/recipe.py

writes ``mesh.vtu`` again. Do that on purpose only: the frozen numbers belong to that very mesh.

The vessel runs along z, 100 mm between its cuts. Outer radius R(z) = 11 + 14 b(z), b = cos²(πz/70)
for |z| < 35 mm, bulging forward (-y) by 4 b; lumen radius 9.5 + 3 b, its centre moved backward by
5 b from the outer's. The wall is 1.5 mm, the necks bare.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyvista as pv

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from reference import END_PLANES, write_mesh  # noqa: E402

from aorta.meshing.build import build_mesh  # noqa: E402
from aorta.records import Anatomy, Branch, Surface  # noqa: E402
from aorta.settings import MeshSettings, ThrombusSettings, WallSettings  # noqa: E402

NECK, SAC, BULGE_HALF, FORWARD = 11.0, 14.0, 35.0, 4.0  # mm
LUMEN, LUMEN_GROWTH, LUMEN_BACK = 9.5, 3.0, 5.0  # mm
HALF, OVERHANG, SPACING = 50.0, 6.0, 0.7  # mm


def bulge(z: np.ndarray) -> np.ndarray:
    """0 in the necks, 1 in the middle of the sac."""
    return np.where(np.abs(z) < BULGE_HALF, np.cos(np.pi * z / (2 * BULGE_HALF)) ** 2, 0.0)


def _closed(points: np.ndarray, radius: np.ndarray, centre_y: np.ndarray) -> np.ndarray:
    across = np.hypot(points[:, 0], points[:, 1] - centre_y) - radius
    return np.maximum(across, np.abs(points[:, 2]) - HALF - OVERHANG)


def outer(points: np.ndarray) -> np.ndarray:
    """Negative inside the wall's outer face; zero on it."""
    b = bulge(points[:, 2])
    return _closed(points, NECK + SAC * b, -FORWARD * b)


def lumen(points: np.ndarray) -> np.ndarray:
    """Negative in the blood; zero on its boundary."""
    b = bulge(points[:, 2])
    return _closed(points, LUMEN + LUMEN_GROWTH * b, (LUMEN_BACK - FORWARD) * b)


def _surface(distance) -> Surface:
    low, reach = np.array([-28.0, -32.0, -HALF - OVERHANG - 2.0]), np.array([56.0, 58.0, 2 * (HALF + OVERHANG + 2.0)])
    grid = pv.ImageData(dimensions=np.ceil(reach / SPACING).astype(int) + 1, spacing=(SPACING,) * 3, origin=low)
    grid["d"] = distance(np.asarray(grid.points))
    contour = grid.contour([0.0], scalars="d", method="flying_edges")
    surface = Surface(np.asarray(contour.points, float), contour.regular_faces)
    return surface if surface.volume_mm3 > 0 else Surface(surface.points, surface.triangles[:, ::-1])


def anatomy() -> Anatomy:
    """The record that the mesher takes."""
    z = np.linspace(HALF + OVERHANG, -HALF - OVERHANG, 225)
    axis = np.stack([0 * z, (LUMEN_BACK - FORWARD) * bulge(z), z], axis=1)
    tangents = np.gradient(axis, z, axis=0) * -1.0
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    arc = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(axis, axis=0), axis=1))]
    aorta = Branch("aorta", axis, tangents, arc, LUMEN + LUMEN_GROWTH * bulge(z))
    return Anatomy(_surface(lumen), _surface(outer), (aorta,), (), (), END_PLANES)


if __name__ == "__main__":
    settings = MeshSettings(size=5.0, thrombus_size=5.0), WallSettings(), ThrombusSettings()
    write_mesh(build_mesh(anatomy(), *settings), HERE / "mesh.vtu")
