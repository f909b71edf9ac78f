"""The vessel's outer boundary: a least-cost surface on columns, twice, in a tube per vessel.

First pass: intensity alone. Second pass: where no fat edge is seen (muscle, vein, duodenum beside
the wall) a price for leaving the smooth continuation of what is sure. Where that finds no thrombus
all round, or nothing sure at all about a lumen of normal width, the wall is taken at its prior
thickness from the lumen. Clicks on the outer wall bind the surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array
from aorta.segmentation.columns import Tube, make_tube
from aorta.segmentation.prior import smooth_radius, without_crease
from aorta.segmentation.surface_graph import least_cost_surface
from aorta.segmentation.wall_cost import column_cost, edge_confidence, edge_offset

STEP_MM, PLANES_MM, RAYS = 0.5, 2.0, 60
MOST_JUMP, PRICE = (8, 3), (0.10, 0.10)  # along: 63 degrees; with 4 (45) a steep shoulder of the sac was cut off by up to 4 mm
LEAST_GAP_MM = 0.8  # outer boundary beyond the lumen's edge
CLICK_WEIGHT = 20.0  # in the smooth continuation, against 1 of a sure edge
SUSPECT_MM = 4.0  # an edge so far out of the smooth continuation is trusted by half: muscle or bowel may lie on the wall
PRIOR_PRICE = 0.10  # per mm off the smooth continuation, where nothing is sure
CLICK_PRICE = 30.0  # per node off a click, up to ten; with 3 a clear edge 5 mm away still won
CLICK_PLANES, CLICK_JUMP = 3, 4  # the planes about a click may leave it by so many nodes each, 45 degrees: else it is a mere spike
ECCENTRIC_MM, CENTRE_SMOOTHING_MM, MOST_MOVES = 3.0, 6.0, 2
THINNEST_VOXELS = 0.7
BARE_MARGIN_MM = 0.4  # left to the distance from the lumen itself (compose.py), which is finer than the columns
SURE, UNSURE = 0.4, 0.3
NORMAL_LUMEN_MM = 12.5  # radius; wider counts as dilated
BARE_GAP_MM = 1.2  # beyond the wall's thickness: no thrombus


@dataclass(frozen=True)
class TubeWall:
    """Outer boundary of one vessel: radii and confidence (s, a) on a tube, mm; where the lumen ends."""

    tube: Tube
    radius: Array
    confidence: Array
    lumen_end: Array
    assumed: Array  # (s, a) bool: lumen plus the prior thickness, for want of an edge
    thickness: float  # that prior thickness, mm


def find_wall(
    voxels: Array,
    spacing: Array,
    lumen: Array,
    line: Array,
    reach_mm: float,
    wall_thickness_mm: float,
    clicks: Array,
    extend_mm: tuple[float, float] = (0.0, 0.0),
) -> TubeWall:
    """The outer boundary about one vessel's rough centreline.

    Columns from the middle of the lumen meet the far side of an eccentric sac at a slant; then the
    search is repeated from the middle of what was found.

    Parameters
    ----------
    voxels, lumen : (nk, nj, ni)
        HU, and the blood of this vessel (and what it continues in).
    line : (n, 3) float
        Rough centreline, (z, y, x) mm.
    reach_mm : float
        How far from the line the wall may be.
    clicks : (m, 3) float
        Points on the outer wall, (z, y, x) mm; those that belong to other vessels are ignored.
    """
    tube = make_tube(line, PLANES_MM, RAYS, extend_mm=extend_mm)
    radii = np.arange(0.0, reach_mm, STEP_MM)
    end = first_end(_columns(tube, lumen.astype(np.float32), spacing, radii) > 0.5)
    wall = _search(voxels, spacing, tube, radii, end, wall_thickness_mm, clicks)
    for _ in range(MOST_MOVES):
        middle = wall.tube.surface(wall.radius).mean(axis=1)
        if np.linalg.norm(middle - wall.tube.centres, axis=1).max() < ECCENTRIC_MM:
            break
        own = lumen & wall.tube.fill(np.maximum(wall.radius, wall.lumen_end + 1.0), lumen.shape, np.asarray(spacing))
        middle = ndi.gaussian_filter1d(middle, CENTRE_SMOOTHING_MM / PLANES_MM, axis=0, mode="nearest")
        tube = make_tube(middle, PLANES_MM, RAYS, smooth_mm=0.3)
        end = last_end(_columns(tube, own.astype(np.float32), spacing, radii) > 0.5)
        wall = _search(voxels, spacing, tube, radii, end, wall_thickness_mm, clicks)
    return wall


def _search(
    voxels: Array, spacing: Array, tube: Tube, radii: Array, lumen_end: Array, wall_thickness_mm: float, clicks: Array
) -> TubeWall:
    """Both passes on one tube; ``lumen_end`` (s, a) is the first sample beyond the blood."""
    profiles = _columns(tube, voxels, spacing, radii)
    cost = column_cost(profiles, STEP_MM, lumen_end)
    at_least = np.minimum(lumen_end + int(LEAST_GAP_MM / STEP_MM), len(radii) - 2)
    clicked = _clicked(tube, clicks, float(radii[-1]))
    for plane, ray, at in clicked:
        for near in range(max(0, plane - CLICK_PLANES), min(len(cost), plane + CLICK_PLANES + 1)):
            off = np.abs(np.arange(len(radii)) - at) - CLICK_JUMP * abs(near - plane)
            cost[near, ray] += CLICK_PRICE * np.clip(off, 0, 10)
    node = least_cost_surface(cost, MOST_JUMP, PRICE, at_least)
    weight, held = edge_confidence(profiles, STEP_MM, node), np.zeros(node.shape, bool)
    for plane, ray, at in clicked:
        weight[plane, ray], node[plane, ray], held[plane, ray] = CLICK_WEIGHT, at, True
    fitted, agreement = smooth_radius(node * STEP_MM, weight, held)
    own = without_crease(node * STEP_MM - fitted, node * STEP_MM, weight, agreement, tube.spacing)
    agreement = np.where(own, 1.0, agreement)
    off = np.abs(radii - fitted[..., None])
    cost += PRIOR_PRICE * (1.0 - np.minimum(weight * agreement, 1.0))[..., None] * np.minimum(off, 12.0) / STEP_MM
    node = least_cost_surface(cost, MOST_JUMP, PRICE, at_least)
    beyond = np.where(own, 0.0, np.maximum(node * STEP_MM - fitted, 0.0))
    sure = edge_confidence(profiles, STEP_MM, node) / (1.0 + (beyond / SUSPECT_MM) ** 2)
    for plane, ray, _ in clicked:
        sure[plane, ray] = 1.0
    end = np.maximum(lumen_end - 0.5, 0.0) * STEP_MM
    radius = _smoothed((node + edge_offset(profiles, STEP_MM, node)) * STEP_MM)
    assumed = _without_evidence(radius - end, sure, end, wall_thickness_mm)
    # a layer of thrombus too thin to be seen is wall
    bare = assumed | (_smoothed(radius - end) < wall_thickness_mm + THINNEST_VOXELS * float(np.min(spacing)))
    radius = np.where(bare, end + wall_thickness_mm - BARE_MARGIN_MM, np.maximum(radius, end))
    return TubeWall(tube, radius, sure, end, assumed, wall_thickness_mm)


def _columns(tube: Tube, image: Array, spacing: Array, radii: Array) -> Array:
    """Samples (s, a, k); past the image's border those of the nearest plane within: the vessel goes on as it leaves."""
    samples = tube.sample(image, spacing, radii)
    index = (tube.centres[:, None, None] + tube.directions[:, :, None] * radii[None, None, :, None]) / np.asarray(spacing)
    inside = ((index >= -0.5) & (index <= np.array(image.shape) - 0.5)).all(axis=-1)
    count = len(samples)
    plane = np.arange(count)[:, None, None]
    before = np.maximum.accumulate(np.where(inside, plane, -1), axis=0)
    after = np.minimum.accumulate(np.where(inside, plane, count)[::-1], axis=0)[::-1]
    source = np.where(before >= 0, before, np.where(after < count, after, plane))
    return np.take_along_axis(samples, source, axis=0)


def _smoothed(values: Array) -> Array:
    along = ndi.gaussian_filter1d(np.asarray(values, float), 1.0, axis=0, mode="nearest")
    return ndi.gaussian_filter1d(along, 1.0, axis=1, mode="wrap")


def first_end(blood: Array) -> Array:
    """First sample (s, a) beyond the run of blood in which each column (s, a, k) starts; 0 if it starts outside."""
    return _steady(np.where(blood.all(axis=-1), blood.shape[-1] - 1, np.argmin(blood, axis=-1)))


def last_end(blood: Array) -> Array:
    """First sample (s, a) beyond the last blood of each column (s, a, k); 0 if there is none."""
    nodes = blood.shape[-1]
    return _steady(np.where(blood.any(axis=-1), np.minimum(nodes - np.argmax(blood[..., ::-1], axis=-1), nodes - 1), 0))


def _steady(end: Array) -> Array:
    return ndi.median_filter(np.pad(end, ((0, 0), (3, 3)), mode="wrap"), size=(5, 5), mode="nearest")[:, 3:-3]


def _without_evidence(gap: Array, sure: Array, lumen_end: Array, wall_thickness_mm: float) -> Array:
    """Columns (s, a) where the boundary is to be assumed at the prior thickness from the lumen."""
    known = sure > SURE
    share = known.mean(axis=1)
    bare = np.zeros(len(gap), bool)
    for plane in range(len(gap)):
        near = slice(max(0, plane - 1), plane + 2)
        seen = gap[near][known[near]]
        bare[plane] = share[plane] >= 0.15 and np.percentile(seen, 85) < wall_thickness_mm + BARE_GAP_MM
    normal = np.sqrt((lumen_end**2).mean(axis=1)) < NORMAL_LUMEN_MM
    blind = (share < 0.15) & normal
    return (bare | blind)[:, None] & (sure < UNSURE)


def _clicked(tube: Tube, clicks: Array, reach_mm: float) -> list[tuple[int, int, int]]:
    """Plane, ray and node of each click that lies in this tube."""
    if len(clicks) == 0:
        return []
    plane, ray, radius, beyond = tube.locate(clicks)
    rays = len(tube.angles)
    return [
        (int(round(p)), int(round(a)) % rays, int(round(r / STEP_MM)))
        for p, a, r, b in zip(plane, ray, radius, beyond)
        if r < reach_mm - 1.0 and b <= tube.spacing
    ]


def fill_walls(walls: Sequence[TubeWall], shape: tuple[int, ...], spacing: Array) -> Array:
    """The union of all tubes as a mask (nk, nj, ni)."""
    mask = np.zeros(shape, bool)
    for wall in walls:
        mask |= wall.tube.fill(wall.radius, shape, np.asarray(spacing))
    return mask
