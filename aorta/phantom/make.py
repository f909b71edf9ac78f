"""The phantom: a synthetic image of the abdomen whose true anatomy is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from aorta.phantom.distance import Axes, channel_tubes, lumen_from, on_grid, outer_tubes
from aorta.phantom.paint import paint_scene, vertebrae
from aorta.phantom.scanner import Scanner, scan
from aorta.phantom.scene import WHOLE_FIELD, Field, Shape, Vessel, build_vessel
from aorta.phantom.surroundings import Surroundings
from aorta.phantom.tissue import DEFAULT_LOOK, Look
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


@dataclass(frozen=True)
class Scene:
    """Everything that decides how a phantom looks; ``chips``: calcifications tried."""

    shape: Shape = Shape()
    field: Field = WHOLE_FIELD
    look: Look = DEFAULT_LOOK
    around: Surroundings = Surroundings()
    scanner: Scanner = Scanner()
    chips: int = CHIPS


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
    return render(Scene(shape or Shape()), seed, shape_kji, labels_only=labels_only, progress=progress)


def render(
    scene: Scene, seed: int, shape_kji: tuple[int, int, int], *, labels_only: bool = False, progress: Progress = silent
) -> Phantom:
    """Image and truth of a scene; ``shape_kji``: voxels over its field of view (z, y, x), before a coronal scan is turned."""
    chip_seed, image_seed = np.random.SeedSequence(seed).spawn(2)
    scanner, field = scene.scanner, scene.field
    fine = list(shape_kji)
    fine[scanner.across] *= scanner.sub_slices
    axes = Axes.over(field.corner_kji, field.extent_kji, tuple(fine))
    vessel = build_vessel(scene.shape)
    wall = vessel.shape.wall_thickness
    progress("phantom: vessel", 0.0)
    outer = on_grid(axes, *outer_tubes(vessel))
    lumen = lumen_from(outer, on_grid(axes, *channel_tubes(vessel)), wall)
    branches = on_grid(axes, *vessel.branches.values())
    chips = calcifications(axes, vessel, outer, np.random.default_rng(chip_seed), scene.chips)
    progress("phantom: scene", 0.3)
    rng = np.random.default_rng(image_seed)
    if labels_only:
        voxels = np.zeros(shape_kji, np.int16)
    else:
        canvas = paint_scene(axes, vessel, outer, lumen, branches, chips, rng, scene.look, scene.around)
        progress("phantom: scanner", 0.7)
        voxels = scan(canvas.hu, axes, rng, scanner, scene.look.modality)
    at = scanner.centres(axes)
    truth = label_voxels(outer[at], lumen[at], branches[at], chips[at], vertebrae(axes, scene.around)[at], wall)
    grid = _grid(field, tuple(shape_kji))
    if scanner.across == 1:
        grid, voxels, truth = _coronal(grid), _turned(voxels), _turned(truth)
    progress("phantom: truth", 0.9)
    values, points = _known(scene.shape, field)
    landmarks = {name: point + ANCHOR_LPS_MM for name, point in points.items()}
    thickness = {"kernel": "PHANTOM", "slice_thickness_mm": f"{grid.spacing_kji[0]:g}"}
    volume = Volume(grid, voxels, scene.look.modality, thickness)
    return Phantom(volume, Labels(grid, truth), dict(values), landmarks, vessel.aorta.axis + ANCHOR_LPS_MM)


@cache
def _known(shape: Shape, field: Field) -> tuple[dict[str, float], dict[str, Array]]:
    """The truth depends on nothing but the shape and the view, and takes longer than a coarse image."""
    return known_values(build_vessel(shape), field)


def _grid(field: Field, shape_kji: tuple[int, int, int]) -> Grid:
    spacing = np.array([e / n for e, n in zip(field.extent_kji, shape_kji)])[::-1]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = np.round(np.array(field.corner_kji)[::-1] + spacing / 2 + ANCHOR_LPS_MM, 6)
    return Grid(tuple(shape_kji), affine)


def _coronal(axial: Grid) -> Grid:
    """Slices from front to back, rows from the head down."""
    slices, rows, columns = axial.shape_kji
    affine = axial.affine_lps.copy()
    affine[:3, 1], affine[:3, 2] = -axial.affine_lps[:3, 2], axial.affine_lps[:3, 1]
    affine[:3, 3] = axial.to_lps((0, 0, slices - 1))
    return Grid((rows, slices, columns), affine)


def _turned(axial: Array) -> Array:
    return np.ascontiguousarray(axial[::-1].transpose(1, 0, 2))


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


def calcifications(axes: Axes, vessel: Vessel, outer: Array, rng: np.random.Generator, tried: int = CHIPS) -> Array:
    """(nk, nj, ni) float32 mm: distance to chips of 2 to 6 mm radius within the wall."""
    result = np.full(axes.shape_kji, 4.0, np.float32)
    branch_axes = np.concatenate([b.axis for b in vessel.branches.values()])
    for _ in range(tried):
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
