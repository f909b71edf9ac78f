"""Attenuation of everything in the field of view, in HU, before blur and noise.

Structures are painted one over the other through their signed distance; a voxel on a surface gets
a mixture, so that the image has partial volume. Typical portal-arterial HU at 120 kVp, chosen so
that bone marrow and blood overlap (figures unverified: they make the phantom hard, nothing else).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from aorta.phantom.distance import FAR_MM, Axes, on_grid
from aorta.phantom.scene import Tube, Vessel, through

HU = {
    "air": -1000.0, "fat": -95.0, "muscle": 55.0, "wall": 60.0, "thrombus": 55.0, "blood": 300.0, "vein": 115.0,
    "renal_vein": 150.0, "kidney": 200.0, "bowel": 40.0, "gas": -700.0, "oral": 280.0, "liver": 80.0, "disc": 85.0,
    "marrow": 280.0, "cortex": 650.0, "canal": 20.0,
}  # fmt: skip
EDGE_MM = 0.8
"""Width over which a surface's partial volume is spread."""

SPINE = {"x": 0.0, "y": 37.0, "half_x": 24.0, "half_y": 17.5, "period": 36.0, "disc": 8.0}


class Canvas:
    """HU (nk, nj, ni) float32 over a grid."""

    def __init__(self, axes: Axes):
        self.axes = axes
        self.hu = np.full(axes.shape_kji, HU["air"], np.float32)

    @property
    def everywhere(self) -> tuple[slice, slice, slice]:
        return tuple(slice(0, n) for n in self.axes.shape_kji)

    def over(self, distance: np.ndarray, value: float | np.ndarray, box: tuple[slice, ...] | None = None) -> None:
        """Paint where distance (broadcastable to the box) is negative; value is HU, one or per voxel of the box."""
        part = self.hu[box or self.everywhere]
        share = np.clip(0.5 - distance / EDGE_MM, 0.0, 1.0).astype(np.float32)
        part += share * (value - part)

    def ellipsoid(self, centre_xyz: tuple[float, ...], half_xyz: tuple[float, ...], value: float, grow: float = 0.0) -> None:
        """An ellipsoid, grown or shrunk by some mm."""
        box = self.axes.box(np.array(centre_xyz), np.array(half_xyz) + max(grow, 0.0) + FAR_MM)
        q = sum(
            np.square((line[s] - c) / h).reshape(shape)
            for line, s, c, h, shape in zip(
                (self.axes.z, self.axes.y, self.axes.x), box, centre_xyz[::-1], half_xyz[::-1], ((-1, 1, 1), (1, -1, 1), (1, 1, -1))
            )
        )
        self.over((np.sqrt(q) - 1.0) * min(half_xyz) - grow, value, box)


def smooth_noise(axes: Axes, correlation_mm: float, rng: np.random.Generator) -> np.ndarray:
    """(nk, nj, ni) float32 texture of unit variance, correlated over some mm.

    Drawn on a coarse grid of fixed spacing, so that it is nearly the same at any image resolution.
    """
    step = correlation_mm / 2
    extent = [float(line[-1] - line[0]) for line in (axes.z, axes.y, axes.x)]
    coarse = gaussian_filter(rng.standard_normal([int(e / step) + 3 for e in extent]).astype(np.float32), 1.0)
    fine = zoom(coarse, [n / c for n, c in zip(axes.shape_kji, coarse.shape)], order=1, grid_mode=True, mode="nearest")
    return fine / fine.std()


def paint_scene(axes: Axes, vessel: Vessel, outer: np.ndarray, lumen: np.ndarray, branches: np.ndarray, chips: np.ndarray,
                rng: np.random.Generator) -> Canvas:  # fmt: skip
    """The whole abdomen. ``outer`` … ``chips``: signed distances (nk, nj, ni) in mm."""
    canvas = Canvas(axes)
    texture = smooth_noise(axes, 12.0, rng)
    _body(canvas)
    _spine(canvas, texture)
    _organs(canvas, rng)
    outside_vessel = -(outer - np.float32(0.2))
    duodenum = through([(-55, -22, 185), (-30, -34, 172), (10, -38, 170), (45, -34, 178)], [11, 10, 10, 10])
    canvas.over(np.maximum(on_grid(axes, duodenum), outside_vessel), HU["bowel"])
    left_renal_vein, cava = veins()
    canvas.over(np.maximum(on_grid(axes, left_renal_vein), outside_vessel), HU["renal_vein"])
    canvas.over(np.maximum(on_grid(axes, *cava), outside_vessel), HU["vein"] + 12 * texture)
    canvas.over(branches - 0.8, HU["wall"])  # the branches' own wall
    canvas.over(outer, HU["wall"])
    depth = np.clip(-(outer + vessel.shape.wall_thickness) / 10, 0, 1)  # older thrombus lies towards the wall
    canvas.over(outer + vessel.shape.wall_thickness, HU["thrombus"] - 8 + 16 * depth + 8 * texture)
    blood = HU["blood"] + 20 * smooth_noise(axes, 40.0, rng)  # contrast does not mix evenly
    canvas.over(lumen, blood)
    canvas.over(branches, blood)
    canvas.over(chips, 1000.0)
    return canvas


def _body(canvas: Canvas) -> None:
    y, x = canvas.axes.y[None, :, None], canvas.axes.x[None, None, :]

    def ellipse(half_x: float, half_y: float, centre_y: float) -> np.ndarray:
        return (np.hypot(x / half_x, (y - centre_y) / half_y) - 1) * half_y

    canvas.over(ellipse(111, 101, -6), HU["muscle"])  # skin
    canvas.over(ellipse(108.5, 98.5, -6), HU["fat"])
    canvas.over(ellipse(101, 84, 4), HU["muscle"])  # abdominal wall
    canvas.over(ellipse(91, 74, -2), HU["fat"])


def _column(axes: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Distances in mm to the spine's column (1, nj, ni) and to the discs that part it (nk, 1, 1)."""
    z, y, x = axes.z[:, None, None], axes.y[None, :, None], axes.x[None, None, :]
    body = (np.hypot((x - SPINE["x"]) / SPINE["half_x"], (y - SPINE["y"]) / SPINE["half_y"]) - 1) * np.float32(SPINE["half_y"])
    disc = np.abs(np.mod(z, SPINE["period"]) - SPINE["disc"] / 2) - np.float32(SPINE["disc"] / 2)
    return body, disc


def vertebrae(axes: Axes) -> np.ndarray:
    """(nk, nj, ni) bool: bodies of the vertebrae."""
    body, disc = _column(axes)
    return (body < 0) & (disc > 0)


def _spine(canvas: Canvas, texture: np.ndarray) -> None:
    z, y, x = canvas.axes.z[:, None, None], canvas.axes.y[None, :, None], canvas.axes.x[None, None, :]
    body, disc = _column(canvas.axes)
    canvas.over(body, HU["cortex"])
    canvas.over(body + 1.6, HU["marrow"] + 40 * texture)
    end_plate = np.maximum(body, np.abs(disc) - 0.7)
    canvas.over(end_plate, HU["cortex"])
    canvas.over(np.maximum(body, disc), HU["disc"])
    canal = (np.hypot((x - SPINE["x"]) / 9, (y - SPINE["y"] - 30) / 8) - 1) * 8
    canvas.over(canal - 4, HU["cortex"])
    canvas.over(canal, HU["canal"])
    for side in (-1, 1):
        psoas = (np.hypot((x - SPINE["x"] - side * 41) / 16, (y - SPINE["y"] - 4) / 19) - 1) * 16
        canvas.over(psoas + np.clip(z - 200, 0, None) * 0.4, HU["muscle"])  # tapers towards its origin


def _organs(canvas: Canvas, rng: np.random.Generator) -> None:
    for _ in range(16):
        centre = (rng.uniform(-72, 72), rng.uniform(-62, -48), rng.uniform(20, 220))
        r, content = rng.uniform(8, 13), rng.random()
        half = (1.5 * r, r, 1.2 * r)
        canvas.ellipsoid(centre, half, HU["bowel"])
        canvas.ellipsoid(centre, half, HU["gas"] if content < 0.25 else HU["oral"] if content < 0.5 else 20.0, grow=-2.5)
    canvas.ellipsoid((-52, -28, 235), (45, 38, 48), HU["liver"])
    for side, z in ((-1, 188), (1, 197)):
        canvas.ellipsoid((side * 66, 32, z), (23, 20, 48), HU["kidney"])
        canvas.ellipsoid((side * 62, 32, z), (12, 10, 34), 0.55 * HU["kidney"])


def veins() -> tuple[Tube, tuple[Tube, ...]]:
    """The left renal vein; and the vena cava, which touches the sac's right side, with its iliac veins."""
    cava = through(
        [(-20, 8, 262), (-19, 8, 210), (-18, 10, 175), (-20, 8, 140), (-21, 8, 110), (-17, 14, 80), (-14, 20, 58)],
        [12, 11.5, 11, 10, 10, 10, 9],
    )
    right = through([(-14, 20, 60), (-30, 26, 38), (-40, 34, 15), (-46, 38, -10)], [7.5] * 4)
    left = through([(-12, 20, 60), (18, 27, 36), (42, 36, 12), (48, 40, -10)], [7.5] * 4)
    renal = through([(56, 28, 196), (30, -8, 186), (8, -18, 184), (-10, -6, 185), (-18, 6, 186)], [4.5] * 5)
    return renal, (cava, right, left)
