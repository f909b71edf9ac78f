"""Rigid or affine registration of a second series by mutual information, with how far to trust it.

Mattes et al. 2003 (IEEE Trans Med Imaging 22:120) as in SimpleITK, coarse to fine. Mutual
information has no unit that says "right", so the answer is tested: the search starts again from
places a few millimetres and degrees off, and where it comes back to is compared at the vessel.

When not to trust it: breathing and posture move organs against the spine, which no rigid motion
follows; a field of view with little in common; one image almost without contrast between tissues.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import SimpleITK as sitk

from aorta.errors import InputError
from aorta.records import Array, Finding, Grid, Progress, SecondSeries, Volume, silent

REPEATABLE_MM, DOUBTFUL_MM = 4.0, 1.5
"""Farthest apart two answers may end: above the first refused, above the second with a caution."""
LEAST_OVERLAP = 0.25
"""Share of the smaller image that must lie within the other."""

Level = tuple[float, float]
Levels = tuple[Level, ...]
Pyramid = dict[Level, sitk.Image]
_LEVELS: Levels = ((6.0, 3.0), (3.0, 1.5), (1.5, 0.5))
"""Voxel and blur, mm, coarse to fine."""
_SAMPLES = 20000
_SEED = 20030101
_OFF = ((5.0, -4.0, 6.0, 3.0), (-6.0, 5.0, -4.0, -3.0))
"""Test starts: mm along x, y, z and degrees about each axis."""
_WINDOW = {"CT": (-200.0, 500.0)}

Kind = Literal["rigid", "affine"]


def register(fixed: Volume, moving: Volume, kind: Kind = "rigid", progress: Progress = silent) -> SecondSeries:
    """Find where ``moving`` lies in the frame of ``fixed``.

    Returns
    -------
    SecondSeries
        ``moving`` with ``to_first`` (4, 4), which takes its LPS points to those of ``fixed``.

    Raises
    ------
    InputError
        The images have too little in common, or the answer depends on where the search starts.
    """
    progress("registration: making the images coarser", 0.0)
    images = [_coarser(_prepared(volume)) for volume in (fixed, moving)]
    start = _start(fixed.grid, moving.grid, kind)
    progress("registration: searching", 0.1)
    found = _search(*images, start, _LEVELS)
    apart = 0.0
    for number, off in enumerate(_OFF):
        progress(f"registration: testing the answer, {number + 1} of {len(_OFF)}", 0.5 + 0.25 * number)
        again = _search(*images, _moved(found, off, fixed.grid), _LEVELS[1:])
        apart = max(apart, _farthest(found, again, fixed.grid, moving.grid))
    matrix = np.linalg.inv(_matrix(found))
    share = overlap(fixed.grid, moving.grid, matrix)
    _refuse(apart, share)
    return _laid(moving, matrix, _findings(matrix, apart, share, kind), _cautions(apart))


def given(fixed: Volume, moving: Volume, path: Path) -> SecondSeries:
    """The same with a transform from elsewhere: an ITK file (``.tfm``, ``.h5``) of a linear transform that takes points of
    the first image to the second, as 3D Slicer writes the transform under which the second image was put.

    Raises
    ------
    InputError
    """
    try:
        transform = sitk.ReadTransform(str(path))
        matrix = np.linalg.inv(_matrix(transform))
    except (RuntimeError, ValueError, np.linalg.LinAlgError) as problem:
        raise InputError(
            "the transform cannot be used",
            where="second.transform_file of the case file",
            why="it is not an ITK file of a linear transform that can be inverted",
            fix="save a linear transform from 3D Slicer as .tfm or .h5",
        ) from problem
    share = overlap(fixed.grid, moving.grid, matrix)
    _refuse(0.0, share)
    return _laid(moving, matrix, _findings(matrix, None, share, "given"), ())


def overlap(fixed: Grid, moving: Grid, to_first: Array) -> float:
    """Share of the smaller image's box that lies within the other's, by points on a lattice."""

    def inside(of: Grid, other: Grid, matrix: Array) -> float:
        index = np.stack(np.meshgrid(*(np.linspace(0, n - 1, 12) for n in of.shape_kji[::-1]), indexing="ij"), -1).reshape(-1, 3)
        points = of.to_lps(index) @ matrix[:3, :3].T + matrix[:3, 3]
        at, size = other.to_ijk(points), np.array(other.shape_kji[::-1])
        return float(((at >= -0.5) & (at <= size - 0.5)).all(1).mean())

    return max(inside(moving, fixed, to_first), inside(fixed, moving, np.linalg.inv(to_first)))


def _prepared(volume: Volume) -> sitk.Image:
    """Single precision with geometry, intensities cut to where tissues differ."""
    low, high = _WINDOW.get(volume.modality) or np.percentile(volume.voxels[::2, ::2, ::2], [1.0, 99.5])
    image, grid = sitk.GetImageFromArray(np.clip(volume.voxels, low, high).astype(np.float32)), volume.grid
    image.SetSpacing([float(s) for s in grid.spacing_ijk])
    image.SetOrigin([float(x) for x in grid.affine_lps[:3, 3]])
    image.SetDirection([float(x) for x in (grid.affine_lps[:3, :3] / grid.spacing_ijk).ravel()])
    return image


def _centre(grid: Grid) -> Array:
    return grid.to_lps((np.array(grid.shape_kji[::-1]) - 1) / 2)


def _start(fixed: Grid, moving: Grid, kind: Kind) -> sitk.Transform:
    """As the scanner says where that makes the images overlap (often one frame of reference), else centre on centre."""
    transform = sitk.Euler3DTransform() if kind == "rigid" else sitk.AffineTransform(3)
    transform.SetCenter([float(x) for x in _centre(fixed)])
    if overlap(fixed, moving, np.eye(4)) < 0.5:
        transform.SetTranslation([float(x) for x in _centre(moving) - _centre(fixed)])
    return transform


def _search(fixed: Pyramid, moving: Pyramid, start: sitk.Transform, levels: Levels) -> sitk.Transform:
    transform = start
    for level in levels:
        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsMattesMutualInformation(40)
        share = min(1.0, _SAMPLES / fixed[level].GetNumberOfPixels())
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(share, _SEED)
        method.SetInterpolator(sitk.sitkLinear)
        method.SetOptimizerAsRegularStepGradientDescent(
            learningRate=level[0] / 2, minStep=0.005, numberOfIterations=150, relaxationFactor=0.6, gradientMagnitudeTolerance=1e-6
        )
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetInitialTransform(transform, inPlace=False)
        try:
            result = method.Execute(fixed[level], moving[level])
        except RuntimeError as problem:  # ITK: too many samples map outside the moving image
            raise _unlike("the search left the images' common field of view") from problem
        transform = result.GetNthTransform(0) if isinstance(result, sitk.CompositeTransform) else result
        transform = type(start)(transform)
    return transform


def _coarser(image: sitk.Image) -> Pyramid:
    return {(voxel, blur): _resampled(image, voxel, blur) for voxel, blur in _LEVELS}


def _resampled(image: sitk.Image, voxel: float, blur: float) -> sitk.Image:
    """Blurred, on voxels no smaller than ``voxel`` mm."""
    smooth = sitk.SmoothingRecursiveGaussian(image, max(blur, 1e-3))
    factors = [max(1, int(voxel / s)) for s in image.GetSpacing()]
    return sitk.Shrink(smooth, [min(f, max(1, n // 8)) for f, n in zip(factors, image.GetSize())])


def _moved(transform: sitk.Transform, off: tuple[float, ...], grid: Grid) -> sitk.Transform:
    x, y, z, degrees = off
    turn = sitk.Euler3DTransform([float(c) for c in _centre(grid)], *([np.radians(degrees)] * 3), (x, y, z))
    together = _matrix(transform) @ _matrix(turn)
    result = type(transform)(transform)
    centre = np.array(result.GetCenter())
    result.SetMatrix([float(v) for v in together[:3, :3].ravel()])
    result.SetTranslation([float(v) for v in together[:3, 3] - centre + together[:3, :3] @ centre])
    return result


def _matrix(transform: sitk.Transform) -> Array:
    """(4, 4) of a linear transform."""
    corner = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(transform.TransformPoint(tuple(100.0 * e))) - corner for e in np.eye(3)]
    middle = np.array(transform.TransformPoint((50.0, 50.0, 50.0))) - corner
    if not np.allclose(middle, sum(columns) / 2, atol=1e-6):
        raise ValueError("not linear")
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.column_stack(columns) / 100.0, corner
    return matrix


def _farthest(a: sitk.Transform, b: sitk.Transform, fixed: Grid, moving: Grid) -> float:
    """Largest distance in mm between two answers over the middle half of the smaller image."""
    grid, matrices = fixed, [_matrix(a), _matrix(b)]
    if np.prod(moving.shape_kji) * moving.voxel_volume_mm3 < np.prod(fixed.shape_kji) * fixed.voxel_volume_mm3:
        grid, matrices = moving, [np.linalg.inv(m) for m in matrices]
    size = np.array(grid.shape_kji[::-1]) - 1
    corners = np.array(np.meshgrid(*([0.25, 0.75],) * 3)).reshape(3, -1).T * size
    one, two = (grid.to_lps(corners) @ m[:3, :3].T + m[:3, 3] for m in matrices)
    return float(np.linalg.norm(one - two, axis=1).max())


def _unlike(why: str) -> InputError:
    return InputError(
        "the second image could not be laid over the first",
        where="second of the case file",
        why=why,
        fix="check that both are of one patient and one region; or align them in 3D Slicer and give second.transform_file",
    )


def _refuse(apart: float, share: float) -> None:
    if share < LEAST_OVERLAP:
        raise _unlike(f"{share:.0%} of the smaller image lies within the other ({LEAST_OVERLAP:.0%} needed)")
    if apart > REPEATABLE_MM:
        raise _unlike(f"searches from different starts end {apart:.1f} mm apart ({REPEATABLE_MM:g} mm allowed)")


def _cautions(apart: float) -> tuple[str, ...]:
    text = f"the registration of the second image is repeatable to {apart:.1f} mm only: look at the overlay"
    return (text,) if apart > DOUBTFUL_MM else ()


def _findings(matrix: Array, apart: float | None, share: float, kind: str) -> tuple[Finding, ...]:
    scale = np.cbrt(np.linalg.det(matrix[:3, :3]))
    turn = np.degrees(np.arccos(np.clip((np.trace(matrix[:3, :3] / scale) - 1) / 2, -1, 1)))
    how = "from the transform file" if kind == "given" else f"{kind}, Mattes mutual information"
    return tuple(_told(how, float(turn), float(scale), share, apart))


def _laid(moving: Volume, matrix: Array, findings: tuple[Finding, ...], cautions: tuple[str, ...]) -> SecondSeries:
    """With what was found and said on reading the image, under names of its own."""
    read = tuple(replace(f, name=f"second_{f.name}") for f in moving.findings)
    said = tuple(f"second image: {text}" for text in moving.cautions)
    return SecondSeries(moving, matrix, (*read, *findings), (*said, *cautions))


def _told(how: str, turn: float, scale: float, share: float, apart: float | None) -> Iterator[Finding]:
    yield Finding("registration_rotation_deg", turn, "deg", f"of the second image, {how}")
    yield Finding("registration_scale", scale, "1", f"cube root of the volume ratio, {how}")
    yield Finding("registration_overlap_share", share, "share", "of the smaller image's box within the other's")
    if apart is not None:
        yield Finding(
            "registration_repeatability_mm",
            apart,
            "mm",
            "farthest apart that searches from places 7 to 9 mm and 5 degrees off end, over the middle of the smaller image",
            valid=apart <= DOUBTFUL_MM,
            caution="" if apart <= DOUBTFUL_MM else f"above {DOUBTFUL_MM:g} mm: boundaries taken from the second image may be off",
        )
