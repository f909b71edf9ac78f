"""What a scanner does to a scene: blur, and noise that is correlated between neighbours."""

from __future__ import annotations

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


def scan(hu: np.ndarray, axes: Axes, rng: np.random.Generator) -> np.ndarray:
    """(nk, nj, ni) int16 HU of a noise-free scene (nk, nj, ni), with 95 % of the noise fine and 30 % coarse."""
    spacing = np.array([float(line[1] - line[0]) for line in (axes.z, axes.y, axes.x)])
    blurred = gaussian_filter(hu, BLUR_MM / spacing, truncate=3.0)
    fine = rng.standard_normal(hu.shape, dtype=np.float32)
    fine = gaussian_filter(fine, (0.4, NOISE_CORRELATION_MM / spacing[1], NOISE_CORRELATION_MM / spacing[2]), truncate=3.0)
    coarse = smooth_noise(axes, 8.0, rng)
    noisy = blurred + NOISE_HU * (0.954 / fine.std() * fine + 0.3 * coarse)
    return np.clip(np.rint(noisy), -1024, 3071).astype(np.int16)
