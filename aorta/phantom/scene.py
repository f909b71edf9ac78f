"""The anatomy of the phantom: tubes with a stated axis and radius, in scene coordinates.

Scene coordinates are LPS millimetres about an anchor point; ``make`` moves them to where a
scanner would have put them. The vessel is built to trouble measuring programs in known ways: an
angulated neck, a sac that bends forward, a lumen pressed against one side of it, renal arteries at
different heights, chips of calcification, and bone as bright as blood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.ndimage import gaussian_filter1d

STEP_MM = 1.0
"""Between the balls of a large tube; the tube's waist between balls is STEP²/8R < 0.02 mm thinner."""

FIELD_OF_VIEW_KJI_MM = (240.0, 230.4, 230.4)
"""Extent of the grid, faces to faces: z, y, x."""

CORNER_KJI_MM = (0.0, -124.0, -115.2)
"""The lowest face of the grid in scene coordinates: z, y, x."""


@dataclass(frozen=True)
class Field:
    """What the image shows: its lowest face and its extent in scene coordinates, z, y, x, mm."""

    corner_kji: tuple[float, float, float]
    extent_kji: tuple[float, float, float]


WHOLE_FIELD = Field(CORNER_KJI_MM, FIELD_OF_VIEW_KJI_MM)


@dataclass(frozen=True)
class Shape:
    """What may be varied. Lengths in mm; all are design values, ``truth`` measures the outcome."""

    neck_diameter: float = 22.0  # outer
    sac_diameter: float = 55.0  # outer
    flow_channel_diameter: float = 30.0  # lumen in the sac
    wall_thickness: float = 1.5
    neck_tilt_deg: float = 23.0  # of the neck's axis from vertical, towards the left going down
    left_iliac_diameter: float = 14.0  # outer
    right_iliac_diameter: float = 15.2  # outer
    flow_towards: tuple[float, float] = (0.62, -0.78)  # x, y: the side of the sac to which the lumen is pressed
    eccentricity: float = 1.0  # 1: the lumen touches that side; 0: thrombus all round
    sac_left: float = 0.0  # shift of the sac's axis
    sac_forward: float = 0.0
    sac_rise: float = 0.0  # of its widest place
    renal_drop: float = 0.0  # side branches that much lower: a shorter neck
    bulge: float = 0.0  # by which one side of the sac stands out: sections are no circles
    bulge_towards: tuple[float, float] = (-0.4, -0.9)
    coeliac: bool = False
    inferior_mesenteric: bool = True


@dataclass(frozen=True)
class Tube:
    """A chain of balls.

    Parameters
    ----------
    axis : (n, 3) float
        x, y, z in mm, scene coordinates.
    radius : (n,) float, mm
    """

    axis: np.ndarray
    radius: np.ndarray

    @property
    def arc_length(self) -> np.ndarray:
        """(n,) mm from the first ball."""
        return np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(self.axis, axis=0), axis=1))]


@dataclass(frozen=True)
class Vessel:
    """The aorta with its iliacs and side branches.

    ``aorta`` and ``iliacs`` are outer tubes; ``channel`` is the tube of flowing blood, which is
    cut by the wall's inner face wherever it reaches beyond it.
    """

    shape: Shape
    aorta: Tube
    channel: Tube
    iliacs: dict[str, Tube]
    branches: dict[str, Tube]
    bulge: Tube | None = None


def through(points: list[tuple[float, float, float]], radii: list[float], step_mm: float = STEP_MM) -> Tube:
    """A tube along the cubic spline through a few points, its radius interpolated monotonically."""
    knots = np.asarray(points, float)
    t = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))]
    at = np.linspace(0.0, t[-1], int(np.ceil(t[-1] / step_mm)) + 1)
    return Tube(CubicSpline(t, knots)(at), PchipInterpolator(t, radii)(at))


def rounded(points: list[tuple[float, float, float]], sigma_mm: float) -> np.ndarray:
    """A polyline, sampled evenly, with its corners rounded by a Gaussian of arc length: straight stays straight."""
    knots = np.asarray(points, float)
    t = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))]
    at = np.linspace(0.0, t[-1], int(np.ceil(t[-1] / STEP_MM)) + 1)
    line = np.stack([np.interp(at, t, knots[:, q]) for q in range(3)], axis=1)
    ends = line[[0, -1]]
    smooth = gaussian_filter1d(line, sigma_mm / (at[1] - at[0]), axis=0, mode="nearest")
    # mode "nearest" pulls the ends inward a little: straighten them so that the first and last points stay
    ramp = np.clip(1.0 - at / (3 * sigma_mm), 0, 1)[:, None], np.clip(1.0 - (t[-1] - at) / (3 * sigma_mm), 0, 1)[:, None]
    return smooth + ramp[0] * (ends[0] - smooth[0]) + ramp[1] * (ends[1] - smooth[-1])


def aortic_axis(shape: Shape) -> np.ndarray:
    """(n, 3) from above the grid down to the bifurcation."""
    tilt = np.tan(np.radians(shape.neck_tilt_deg))
    neck_top, neck_end = 206.0, 160.0
    x_end = 25.0
    x_top = x_end - tilt * (neck_top - neck_end)
    left, forward = shape.sac_left, shape.sac_forward
    points = [
        (x_top - 3.0, 4.0, 262.0),
        (x_top, 3.0, neck_top),
        (x_end, -2.0, neck_end),
        (19.0 + 0.8 * left, -9.0 - 0.8 * forward, 135.0),
        (12.0 + left, -10.0 - forward, 108.0),
        (6.0 + 0.5 * left, -3.0 - 0.5 * forward, 80.0),
        (3.0, 4.0, 62.0),
    ]
    return rounded(points, sigma_mm=6.0)


def _profile(z: np.ndarray, knots: dict[float, float]) -> np.ndarray:
    heights = sorted(knots)
    return PchipInterpolator(heights, [knots[h] for h in heights])(np.clip(z, heights[0], heights[-1]))


def build_vessel(shape: Shape) -> Vessel:
    """All tubes of the vessel."""
    axis = aortic_axis(shape)
    z = axis[:, 2]
    neck, sac = shape.neck_diameter / 2, shape.sac_diameter / 2
    # knots: height -> outer radius; the share of the sac's excess over the neck is a smooth hump
    up = shape.sac_rise
    hump = {62: 0.0, 70: 0.06, 80: 0.36, 95 + up: 0.84, 112 + up: 1.0, 130 + up: 0.88, 148: 0.36, 158: 0.07, 166: 0.0, 262: 0.0}
    excess = _profile(z, hump)
    outer = gaussian_filter1d(neck + (sac - neck) * excess, 2.0 / STEP_MM, mode="nearest")
    aorta = Tube(axis, outer)

    inner = outer - shape.wall_thickness
    free = shape.flow_channel_diameter / 2
    flow = np.where(inner < free - 3.0, inner + 1.0, np.minimum(inner + 1.0, free))
    flow = gaussian_filter1d(flow, 4.0 / STEP_MM, mode="nearest")
    # pressed against the left front of the sac: half a millimetre beyond the wall's inner face, which cuts it
    shift = gaussian_filter1d(np.clip(inner - flow + 0.5, 0.0, None), 3.0 / STEP_MM, mode="nearest")
    channel = Tube(axis + (shape.eccentricity * shift)[:, None] * _sideways(shape.flow_towards), flow)

    x, y, zb = axis[-1]
    bottom = outer[-1]
    iliacs = {}
    for name, side, diameter in (("left_iliac", 1.0, shape.left_iliac_diameter), ("right_iliac", -1.0, shape.right_iliac_diameter)):
        r = diameter / 2
        path = [(x, y, zb), (x + side * 9, y + 1, zb - 14), (x + side * 21, y + 3, zb - 34), (x + side * 32, y + 11, zb - 56)]
        path += [(x + side * 40, y + 20, zb - 80)]
        iliacs[name] = through(path, [min(bottom, r + 2.5), r + 0.8, r, r, r], step_mm=0.7)
    return Vessel(shape, aorta, channel, iliacs, _branches(shape, aorta), _bulge(shape, aorta))


def _sideways(towards: tuple[float, float]) -> np.ndarray:
    return np.array([*towards, 0.0]) / np.hypot(*towards)


def _bulge(shape: Shape, aorta: Tube) -> Tube | None:
    """A second, shorter sac over one side of the first."""
    if shape.bulge <= 0.0:
        return None
    height = 112.0 + shape.sac_rise
    within = np.abs(aorta.axis[:, 2] - height) < 0.5 * aorta.radius.max()
    share = 1.0 - (np.abs(aorta.axis[within, 2] - height) / (0.5 * aorta.radius.max())) ** 2
    own = 0.75 * aorta.radius[within]
    aside = aorta.radius[within] - own + shape.bulge * share - 0.5
    return Tube(aorta.axis[within] + aside[:, None] * _sideways(shape.bulge_towards), own)


def _branches(shape: Shape, aorta: Tube) -> dict[str, Tube]:
    """Renal, mesenteric and coeliac arteries; each starts on the aorta's axis or in its wall."""

    def at(height: float) -> np.ndarray:
        return np.array([np.interp(-height, -aorta.axis[:, 2], aorta.axis[:, q]) for q in range(3)])

    def radius(height: float) -> float:
        return float(np.interp(-height, -aorta.axis[:, 2], aorta.radius))

    low = shape.renal_drop
    right, left, sma, ima = at(200.0 - low), at(193.0 - low), at(214.0 - low), at(100.0)
    # the inferior mesenteric artery leaves where the lumen touches the wall, and starts within that wall
    ostium = ima + (radius(100.0) - 2.5) * _sideways(shape.flow_towards)
    offsets = {
        "right_renal": (right, [(0, 0, 0), (-16, 2, 0), (-38, 15, -4), (-58, 24, -7)], 2.9),
        "left_renal": (left, [(0, 0, 0), (16, 2, 0), (36, 15, -4), (52, 24, -7)], 2.8),
        "superior_mesenteric": (sma, [(0, 0, 0), (0, -16, -3), (0, -26, -18), (-2, -34, -52)], 3.6),
        "inferior_mesenteric": (ostium, [(0, 0, 0), (5, -6, -3), (9, -9, -15), (14, -8, -44)], 1.7),
    }
    if shape.coeliac:
        offsets["coeliac"] = (at(226.0 - low), [(0, 0, 0), (1, -15, -2), (3, -27, 0), (10, -34, 8)], 3.4)
    if not shape.inferior_mesenteric:
        del offsets["inferior_mesenteric"]
    return {
        name: through([tuple(start + np.array(o)) for o in steps], [r] * 4, step_mm=0.5)
        for name, (start, steps, r) in offsets.items()
    }
