"""What lies beside the vessel and how near: spine, psoas, muscle in contact, vena cava, bowel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.phantom.distance import Axes, on_grid
from aorta.phantom.scene import Tube, Vessel, through


@dataclass(frozen=True)
class Sheet:
    """Muscle that lies on the outer wall over an arc, without fat between (psoas, crus of the diaphragm).

    Parameters
    ----------
    towards : (2,) float
        x, y direction of the arc's middle, from the axis.
    half_angle_deg : float
        Of the arc.
    heights : (2,) float
        From and to, scene z, mm.
    thickness : float, mm
    of : "aorta", "left_iliac" or "right_iliac"
    """

    towards: tuple[float, float]
    half_angle_deg: float
    heights: tuple[float, float]
    thickness: float
    of: str = "aorta"


@dataclass(frozen=True)
class Surroundings:
    """Lengths in mm, scene coordinates."""

    spine_y: float = 37.0
    spine_half: tuple[float, float] = (24.0, 17.5)  # x, y
    spine_period: float = 36.0
    disc: float = 8.0
    psoas_medial: float = 0.0  # shift of both psoas muscles towards the spine
    sheets: tuple[Sheet, ...] = ()
    cava_touches: bool = False  # over the whole length of the sac
    bowel_touches: bool = False  # a loop of duodenum on the front of the sac


DEFAULT = Surroundings()


def sheet_distance(axes: Axes, vessel: Vessel, sheet: Sheet) -> np.ndarray:
    """(nk, nj, ni) mm, negative within the muscle and within the vessel on its side."""
    tube = vessel.aorta if sheet.of == "aorta" else vessel.iliacs[sheet.of]
    reach = np.sqrt(sheet.thickness**2 + tube.radius**2 * 0.25)  # the sheet thins out where it leaves the wall
    grown = on_grid(axes, Tube(tube.axis, tube.radius + np.minimum(reach, sheet.thickness)))
    direction = np.array(sheet.towards) / np.hypot(*sheet.towards)
    order = np.argsort(tube.axis[:, 2])
    height, axis, radius = tube.axis[order, 2], tube.axis[order], tube.radius[order]
    x, y, r = (np.interp(axes.z, height, v).astype(np.float32)[:, None, None] for v in (axis[:, 0], axis[:, 1], radius))
    beyond = direction[0] * (axes.x[None, None, :] - x) + direction[1] * (axes.y[None, :, None] - y)
    side = np.cos(np.radians(sheet.half_angle_deg)) * r - beyond
    low, high = sheet.heights
    ends = np.maximum(low - axes.z, axes.z - high)[:, None, None]
    return np.maximum(np.maximum(grown, side), ends).astype(np.float32)


def veins(surroundings: Surroundings, vessel: Vessel) -> tuple[Tube, tuple[Tube, ...]]:
    """The left renal vein; and the vena cava, which touches the sac's right side, with its iliac veins."""
    cava = through(
        [(-20, 8, 262), (-19, 8, 210), (-18, 10, 175), (-20, 8, 140), (-21, 8, 110), (-17, 14, 80), (-14, 20, 58)],
        [12, 11.5, 11, 10, 10, 10, 9],
    )
    if surroundings.cava_touches:
        cava = _against(cava, vessel.aorta)
    right = through([(-14, 20, 60), (-30, 26, 38), (-40, 34, 15), (-46, 38, -10)], [7.5] * 4)
    left = through([(-12, 20, 60), (18, 27, 36), (42, 36, 12), (48, 40, -10)], [7.5] * 4)
    renal = through([(56, 28, 196), (30, -8, 186), (8, -18, 184), (-10, -6, 185), (-18, 6, 186)], [4.5] * 5)
    return renal, (cava, right, left)


def _against(cava: Tube, aorta: Tube, overlap: float = 3.0) -> Tube:
    """The vein moved beside the artery, flattened against it by some mm (the artery is painted over it)."""
    order = np.argsort(aorta.axis[:, 2])
    height = aorta.axis[order, 2]
    x, r = (np.interp(cava.axis[:, 2], height, v[order]) for v in (aorta.axis[:, 0], aorta.radius))
    share = np.clip((cava.axis[:, 2] - 60.0) / 15.0, 0.0, 1.0) * np.clip((215.0 - cava.axis[:, 2]) / 25.0, 0.0, 1.0)
    y = np.interp(cava.axis[:, 2], height, aorta.axis[order, 1])
    aside = np.sqrt(np.maximum((r + cava.radius - overlap) ** 2 - (cava.axis[:, 1] - y) ** 2, 1.0))
    moved = cava.axis.copy()
    moved[:, 0] += share * (x - aside - moved[:, 0])
    return Tube(moved, cava.radius)


def duodenum() -> Tube:
    """It crosses in front of the neck."""
    return through([(-55, -22, 185), (-30, -34, 172), (10, -38, 170), (45, -34, 178)], [11, 10, 10, 10])


def bowel_on_sac(vessel: Vessel, overlap: float = 2.0) -> Tube:
    """A loop that lies on the front of the sac, from right to left."""
    widest = int(np.argmax(vessel.aorta.radius))
    (x, y, z), r = vessel.aorta.axis[widest], vessel.aorta.radius[widest]
    front = y - r - 9.0 + overlap
    return through(
        [(x - 34, front + 10, z + 26), (x - 12, front, z + 8), (x + 12, front, z - 6), (x + 32, front + 8, z - 22)], [9.0] * 4
    )
