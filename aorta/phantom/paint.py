"""Brightness of everything in the field of view (HU in CT), before blur and noise.

Structures are painted one over the other through their signed distance; a voxel on a surface gets
a mixture, so that the image has partial volume.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from aorta.phantom.distance import FAR_MM, Axes, on_grid
from aorta.phantom.scene import Vessel
from aorta.phantom.surroundings import DEFAULT, Surroundings, bowel_on_sac, duodenum, sheet_distance, veins
from aorta.phantom.tissue import DEFAULT_LOOK, Look

EDGE_MM = 0.8
"""Width over which a surface's partial volume is spread."""


class Canvas:
    """Brightness (nk, nj, ni) float32 over a grid; HU in CT."""

    def __init__(self, axes: Axes, empty: float):
        self.axes = axes
        self.hu = np.full(axes.shape_kji, empty, np.float32)

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
                rng: np.random.Generator, look: Look = DEFAULT_LOOK, around: Surroundings = DEFAULT) -> Canvas:  # fmt: skip
    """The whole abdomen. ``outer`` … ``chips``: signed distances (nk, nj, ni) in mm."""
    value = look.values
    canvas = Canvas(axes, value["air"])
    texture = smooth_noise(axes, 12.0, rng)
    _body(canvas, look)
    _spine(canvas, texture, look, around)
    for sheet in around.sheets:
        canvas.over(sheet_distance(axes, vessel, sheet), value["muscle"])
    _organs(canvas, rng, look)
    outside_vessel = -(outer - np.float32(0.2))
    bowel = (duodenum(), bowel_on_sac(vessel)) if around.bowel_touches else (duodenum(),)
    canvas.over(np.maximum(on_grid(axes, *bowel), outside_vessel), value["bowel"])
    left_renal_vein, cava = veins(around, vessel)
    canvas.over(np.maximum(on_grid(axes, left_renal_vein), outside_vessel), value["renal_vein"])
    canvas.over(np.maximum(on_grid(axes, *cava), outside_vessel), value["vein"] + look.vein_texture * texture)
    canvas.over(branches - 0.8, value["wall"])  # the branches' own wall
    canvas.over(outer, value["wall"])
    depth = np.clip(-(outer + vessel.shape.wall_thickness) / 10, 0, 1)  # older thrombus lies towards the wall
    shallow, deeper = look.thrombus_depth
    inside = value["thrombus"] + shallow + deeper * depth + look.thrombus_texture * texture
    canvas.over(outer + vessel.shape.wall_thickness, inside)
    blood = value["blood"] + look.blood_texture * smooth_noise(axes, 40.0, rng)  # contrast does not mix evenly
    canvas.over(lumen, blood)
    canvas.over(branches, blood)
    canvas.over(chips, value["calcification"])
    return canvas


def _body(canvas: Canvas, look: Look) -> None:
    y, x = canvas.axes.y[None, :, None], canvas.axes.x[None, None, :]

    def ellipse(half_x: float, half_y: float, centre_y: float) -> np.ndarray:
        return (np.hypot(x / half_x, (y - centre_y) / half_y) - 1) * half_y

    muscle, fat = look.values["muscle"], look.values["fat"]
    canvas.over(ellipse(111, 101, -6), muscle)  # skin
    canvas.over(ellipse(108.5, 98.5, -6), fat)
    canvas.over(ellipse(101, 84, 4), muscle)  # abdominal wall
    canvas.over(ellipse(91, 74, -2), fat)


def _column(axes: Axes, around: Surroundings) -> tuple[np.ndarray, np.ndarray]:
    """Distances in mm to the spine's column (1, nj, ni) and to the discs that part it (nk, 1, 1)."""
    z, y, x = axes.z[:, None, None], axes.y[None, :, None], axes.x[None, None, :]
    half_x, half_y = around.spine_half
    body = (np.hypot(x / half_x, (y - around.spine_y) / half_y) - 1) * np.float32(half_y)
    disc = np.abs(np.mod(z, around.spine_period) - around.disc / 2) - np.float32(around.disc / 2)
    return body, disc


def vertebrae(axes: Axes, around: Surroundings = DEFAULT) -> np.ndarray:
    """(nk, nj, ni) bool: bodies of the vertebrae."""
    body, disc = _column(axes, around)
    return (body < 0) & (disc > 0)


def _spine(canvas: Canvas, texture: np.ndarray, look: Look, around: Surroundings) -> None:
    z, y, x = canvas.axes.z[:, None, None], canvas.axes.y[None, :, None], canvas.axes.x[None, None, :]
    value = look.values
    body, disc = _column(canvas.axes, around)
    canvas.over(body, value["cortex"])
    canvas.over(body + 1.6, value["marrow"] + look.marrow_texture * texture)
    end_plate = np.maximum(body, np.abs(disc) - 0.7)
    canvas.over(end_plate, value["cortex"])
    canvas.over(np.maximum(body, disc), value["disc"])
    canal = (np.hypot(x / 9, (y - around.spine_y - 30) / 8) - 1) * 8
    canvas.over(canal - 4, value["cortex"])
    canvas.over(canal, value["canal"])
    for side in (-1, 1):
        psoas = (np.hypot((x - side * (41 - around.psoas_medial)) / 16, (y - around.spine_y - 4) / 19) - 1) * 16
        canvas.over(psoas + np.clip(z - 200, 0, None) * 0.4, value["muscle"])  # tapers towards its origin


def _organs(canvas: Canvas, rng: np.random.Generator, look: Look) -> None:
    value = look.values
    for _ in range(16):
        centre = (rng.uniform(-72, 72), rng.uniform(-62, -48), rng.uniform(20, 220))
        r, content = rng.uniform(8, 13), rng.random()
        half = (1.5 * r, r, 1.2 * r)
        canvas.ellipsoid(centre, half, value["bowel"])
        filling = "gas" if content < 0.25 else "oral" if content < 0.5 else "fluid"
        canvas.ellipsoid(centre, half, value[filling], grow=-2.5)
    canvas.ellipsoid((-52, -28, 235), (45, 38, 48), value["liver"])
    for side, z in ((-1, 188), (1, 197)):
        canvas.ellipsoid((side * 66, 32, z), (23, 20, 48), value["kidney"])
        canvas.ellipsoid((side * 62, 32, z), (12, 10, 34), 0.55 * value["kidney"])
