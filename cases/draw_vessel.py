"""Makes the small inputs of the example cases: ``python cases/draw_vessel.py``.

A gently curved aorta, 130 mm long, with a fusiform aneurysm of 48 mm and thrombus that is thickest
behind. z is 0 at the top; the neck is 25 mm long. Everything follows from the formulas here, so
that the tests can compare what the program measures with what was drawn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyvista as pv

from aorta.imaging.labelmap import write_labels
from aorta.records import CLASSES, Grid, Labels

HERE = Path(__file__).parent
LENGTH, NECK_LENGTH, SAC_LENGTH = 130.0, 25.0, 80.0  # mm
NECK_RADIUS, SAC_RADIUS, WALL = 11.0, 24.0, 1.5  # mm, outer; wall
LUMEN_RADIUS, LUMEN_SHIFT, BEND = 13.0, 5.0, 8.0  # mm, in the sac's middle; forward; of the whole vessel to the left
VOXEL = 1.0  # mm


def bulge(z: np.ndarray) -> np.ndarray:
    """0 in the neck and below the sac, 1 in its middle; z in mm, 0 to -LENGTH."""
    along = (-z - NECK_LENGTH) / SAC_LENGTH
    return np.where((along > 0) & (along < 1), np.sin(np.pi * along) ** 2, 0.0)


def _axis_x(z: np.ndarray) -> np.ndarray:
    return BEND * np.sin(np.pi * -z / LENGTH)


def outer(points: np.ndarray) -> np.ndarray:
    """Distance (n,) in the axial plane from the wall's outer face, negative inside; points (n, 3) mm LPS."""
    z = points[:, 2]
    return np.hypot(points[:, 0] - _axis_x(z), points[:, 1]) - NECK_RADIUS - (SAC_RADIUS - NECK_RADIUS) * bulge(z)


def lumen(points: np.ndarray) -> np.ndarray:
    """The same from the lumen's boundary."""
    z, b = points[:, 2], bulge(points[:, 2])
    inner = NECK_RADIUS - WALL
    return np.hypot(points[:, 0] - _axis_x(z), points[:, 1] + LUMEN_SHIFT * b) - inner - (LUMEN_RADIUS - inner) * b


def labels() -> Labels:
    """The label map: the vessel runs out of the grid at the top and at the bottom."""
    half = int(SAC_RADIUS + BEND + 6)
    affine = np.diag([VOXEL, VOXEL, VOXEL, 1.0])
    affine[:3, 3] = [-half, -half, -LENGTH]
    shape = (int(LENGTH / VOXEL) + 1, 2 * half + 1, 2 * half + 1)
    grid = Grid(shape, affine)
    points = grid.to_lps(np.argwhere(np.ones(shape, bool))[:, ::-1])
    blood, inside = (distance(points).reshape(shape) <= 0 for distance in (lumen, outer))
    deep = outer(points).reshape(shape) <= -WALL
    voxels = np.zeros(shape, np.uint8)
    voxels[inside] = CLASSES["wall"]
    voxels[inside & deep] = CLASSES["thrombus"]
    voxels[blood] = CLASSES["lumen"]
    return Labels(grid, voxels)


def surface(distance, spacing: float = 2.5) -> pv.PolyData:
    """The zero level as a closed surface, capped at both ends."""
    low, high = np.array([-34.0, -34.0, -LENGTH - 5.0]), np.array([40.0, 34.0, 5.0])
    grid = pv.ImageData(dimensions=np.ceil((high - low) / spacing).astype(int) + 1, spacing=(spacing,) * 3, origin=low)
    points = np.asarray(grid.points)
    grid["d"] = np.maximum(distance(points), np.abs(points[:, 2] + LENGTH / 2) - LENGTH / 2)
    return grid.contour([0.0], scalars="d", method="flying_edges").clean()


if __name__ == "__main__":
    write_labels(labels(), HERE / "fusiform-labels" / "labels.nii.gz")
    for name, distance in (("lumen", lumen), ("outer", outer)):
        surface(distance).save(HERE / "fusiform-surfaces" / f"{name}.ply")
