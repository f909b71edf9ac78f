"""What a scanner does to a scene: blur, thick slices, and noise that is correlated between neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from aorta.phantom.distance import Axes
from aorta.phantom.paint import smooth_noise

BLUR_MM = 0.6
"""Standard deviation of the point-spread function, a soft body kernel (about 1.4 mm full width at half maximum)."""

NOISE_HU = 20.0
"""Standard deviation of the noise."""

NOISE_CORRELATION_MM = 0.7
"""Standard deviation, in the plane, of the kernel that correlates the noise (streak-free filtered back-projection)."""


@dataclass(frozen=True)
class Scanner:
    """How the image is taken.

    Parameters
    ----------
    blur, correlation : float, mm
        Standard deviations of the point-spread function and of the kernel that correlates the noise in the plane.
    noise : float
        Standard deviation, HU or units of the signal.
    sub_slices : int
        Odd; of the scene per slice of the image, averaged: each slice shows its whole thickness. 1: slices are points.
    across : 0 or 1
        The scene's axis (z, y) along which the slices are stacked: axial or coronal.
    bias : float
        Share by which a coil's sensitivity varies over the field of view (MR).
    """

    blur: float = BLUR_MM
    noise: float = NOISE_HU
    correlation: float = NOISE_CORRELATION_MM
    sub_slices: int = 1
    across: int = 0
    bias: float = 0.0

    def centres(self, axes: Axes) -> tuple[slice, slice, slice]:
        """Index of the image's slices among the scene's."""
        every = [slice(None)] * 3
        every[self.across] = slice(self.sub_slices // 2, axes.shape_kji[self.across], self.sub_slices)
        return tuple(every)  # type: ignore[return-value]


DEFAULT = Scanner()


def scan(scene: np.ndarray, axes: Axes, rng: np.random.Generator, scanner: Scanner = DEFAULT, modality: str = "CT") -> np.ndarray:
    """(nk, nj, ni) int16 image of a noise-free scene (sub-slices, nj, ni), with 95 % of the noise fine and 30 % coarse."""
    spacing = np.array([float(line[1] - line[0]) for line in (axes.z, axes.y, axes.x)])
    blurred = gaussian_filter(scene, scanner.blur / spacing, truncate=3.0)
    if scanner.sub_slices > 1:
        parts = np.moveaxis(blurred, scanner.across, 0)
        whole = parts.reshape(-1, scanner.sub_slices, *parts.shape[1:]).mean(axis=1)
        blurred = np.ascontiguousarray(np.moveaxis(whole, 0, scanner.across))
        lines = [axes.z, axes.y, axes.x]
        axes = Axes(*(line[at] for line, at in zip(lines, scanner.centres(axes))))
    if scanner.bias:
        blurred *= 1.0 + scanner.bias * smooth_noise(axes, 90.0, rng) / 2.0
    kernel = [scanner.correlation / s for s in spacing]
    kernel[scanner.across] = 0.4
    noise = _noise(blurred.shape, kernel, axes, rng, scanner.noise)
    if modality == "CT":
        return np.clip(np.rint(blurred + noise), -1024, 3071).astype(np.int16)
    imaginary = _noise(blurred.shape, kernel, axes, rng, scanner.noise)  # the magnitude of a complex signal: Rician noise
    return np.clip(np.rint(np.hypot(blurred + noise, imaginary)), 0, 4095).astype(np.int16)


def _noise(shape: tuple[int, ...], kernel: list[float], axes: Axes, rng: np.random.Generator, sd: float) -> np.ndarray:
    fine = rng.standard_normal(shape, dtype=np.float32)
    fine = gaussian_filter(fine, kernel, truncate=3.0)
    coarse = smooth_noise(axes, 8.0, rng)
    return sd * (0.954 / fine.std() * fine + 0.3 * coarse)
