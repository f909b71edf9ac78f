"""The phantom: a synthetic abdominal CT angiogram whose true anatomy is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from aorta.phantom.distance import Axes, channel_tubes, lumen_from, on_grid, outer_tubes
from aorta.phantom.paint import paint_scene, vertebrae
from aorta.phantom.scanner import scan
from aorta.phantom.scene import CORNER_KJI_MM, FIELD_OF_VIEW_KJI_MM, Shape, Vessel, build_vessel
from aorta.phantom.truth import frame, known_values, tangents
from aorta.records import CLASSES, Array, Grid, Labels, Progress, Volume, silent

ANCHOR_LPS_MM = np.array([6.4, -171.3, -402.8])
"""LPS position of the scene's origin: as far from zero as a scanner's."""

FULL_SHAPE_KJI = (160, 256, 256)
COARSE_SHAPE_KJI = (80, 128, 128)
"""For quick tests: twice the spacing over the same extent."""

CHIPS = 45
"""Calcifications tried on the aorta and iliacs (those near a side branch are left out)."""


@dataclass(frozen=True)
class Phantom:
    """An image and its truth.

    Parameters
    ----------
    volume : Volume
    labels : Labels
        Truth on the image's grid. The lumen includes the side branches' first 1.5 mm, within the wall.
    truth : mapping of str to float
        Known values from the analytic description (``truth.known_values``). Volumes are of the
        whole vessel within the field of view, iliacs included, side branches not.
    landmarks : mapping of str to (3,) float, LPS mm
        "lowest_renal" (its ostium's lower edge, on the aortic axis), "neck_end",
        "aortic_bifurcation" (where the iliac axes leave the aortic axis).
    centreline : (n, 3) float, LPS mm
        The outer vessel's axis, from the top to the bifurcation.
    """

    volume: Volume
    labels: Labels
    truth: dict[str, float]
    landmarks: dict[str, Array]
    centreline: Array


def make_phantom(
    seed: int = 1,
    shape_kji: tuple[int, int, int] = FULL_SHAPE_KJI,
    *,
    shape: Shape | None = None,
    labels_only: bool = False,
    progress: Progress = silent,
) -> Phantom:
    """The same phantom for the same seed.

    Parameters
    ----------
    seed : int
        Of noise, texture, bowel and calcifications. The vessel depends on ``shape`` alone.
    shape_kji : (3,) int
        Voxels over the fixed field of view (240, 230.4, 230.4) mm; the spacing follows.
    shape : Shape or None
        The vessel; None: the default one.
    labels_only : bool
        Leave the image empty (0 HU) and save most of the time.
    """
    chip_seed, image_seed = np.random.SeedSequence(seed).spawn(2)
    axes = Axes.over(CORNER_KJI_MM, FIELD_OF_VIEW_KJI_MM, shape_kji)
    vessel = build_vessel(shape or Shape())
    wall = vessel.shape.wall_thickness
    progress("phantom: vessel", 0.0)
    outer = on_grid(axes, *outer_tubes(vessel))
    lumen = lumen_from(outer, on_grid(axes, *channel_tubes(vessel)), wall)
    branches = on_grid(axes, *vessel.branches.values())
    chips = calcifications(axes, vessel, outer, np.random.default_rng(chip_seed))
    progress("phantom: scene", 0.3)
    rng = np.random.default_rng(image_seed)
    if labels_only:
        voxels = np.zeros(axes.shape_kji, np.int16)
    else:
        canvas = paint_scene(axes, vessel, outer, lumen, branches, chips, rng)
        progress("phantom: scanner", 0.7)
        voxels = scan(canvas.hu, axes, rng)
    grid = _grid(axes.shape_kji)
    labels = Labels(grid, label_voxels(outer, lumen, branches, chips, vertebrae(axes), wall))
    progress("phantom: truth", 0.9)
    values, points = _known(vessel.shape)
    landmarks = {name: point + ANCHOR_LPS_MM for name, point in points.items()}
    volume = Volume(grid, voxels, "CT", {"kernel": "PHANTOM", "slice_thickness_mm": f"{grid.spacing_kji[0]:g}"})
    return Phantom(volume, labels, dict(values), landmarks, vessel.aorta.axis + ANCHOR_LPS_MM)


@cache
def _known(shape: Shape) -> tuple[dict[str, float], dict[str, Array]]:
    """The truth depends on nothing but the shape, and takes longer than a coarse image."""
    return known_values(build_vessel(shape))


def _grid(shape_kji: tuple[int, int, int]) -> Grid:
    spacing = np.array([e / n for e, n in zip(FIELD_OF_VIEW_KJI_MM, shape_kji)])[::-1]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = np.round(np.array(CORNER_KJI_MM)[::-1] + spacing / 2 + ANCHOR_LPS_MM, 6)
    return Grid(tuple(shape_kji), affine)


def label_voxels(outer: Array, lumen: Array, branches: Array, chips: Array, vertebra: Array, wall_mm: float) -> Array:
    """(nk, nj, ni) uint8 of ``CLASSES``, from signed distances in mm."""
    voxels = np.zeros(outer.shape, np.uint8)
    voxels[vertebra] = CLASSES["vertebra"]
    voxels[branches < 0] = CLASSES["branch"]
    voxels[outer < 0] = CLASSES["wall"]
    voxels[outer < -wall_mm] = CLASSES["thrombus"]
    voxels[(chips < 0) & (outer < 0)] = CLASSES["calcification"]
    voxels[(lumen < 0) | ((branches < 0) & (outer < 0))] = CLASSES["lumen"]
    return voxels


def calcifications(axes: Axes, vessel: Vessel, outer: Array, rng: np.random.Generator) -> Array:
    """(nk, nj, ni) float32 mm: distance to chips of 2 to 6 mm radius within the wall."""
    result = np.full(axes.shape_kji, 4.0, np.float32)
    branch_axes = np.concatenate([b.axis for b in vessel.branches.values()])
    for _ in range(CHIPS):
        tube = (vessel.aorta, vessel.aorta, vessel.aorta, *vessel.iliacs.values())[rng.integers(5)]
        n, angle, radius = rng.integers(len(tube.axis)), rng.uniform(0, 2 * np.pi), rng.uniform(2.0, 6.0)
        first, second = frame(tangents(tube.axis))
        centre = tube.axis[n] + (tube.radius[n] - 0.75) * (np.cos(angle) * first[n] + np.sin(angle) * second[n])
        if np.linalg.norm(branch_axes - centre, axis=1).min() < radius + 5:
            continue
        k, j, i = box = axes.box(centre, radius + 1)
        dz, dy, dx = axes.z[k] - centre[2], axes.y[j] - centre[1], axes.x[i] - centre[0]
        ball = np.sqrt((dz * dz)[:, None, None] + (dy * dy)[None, :, None] + (dx * dx)[None, None, :]) - radius
        chip = np.maximum(ball, np.abs(outer[box] + vessel.shape.wall_thickness / 2) - (vessel.shape.wall_thickness / 2 - 0.05))
        np.minimum(result[box], chip.astype(np.float32), out=result[box])
    return result
