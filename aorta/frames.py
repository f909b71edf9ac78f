"""Frames: everything inside is LPS millimetres; NIfTI and old Slicer files are RAS.

LPS: x to the patient's Left, y Posterior, z Superior (DICOM, ITK, NRRD, Slicer's meshes since
4.11). RAS flips x and y.
"""

from __future__ import annotations

import numpy as np

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""(4, 4) affine from RAS to LPS; its own inverse."""

AXES_LPS = {"left": np.array([1.0, 0, 0]), "posterior": np.array([0, 1.0, 0]), "superior": np.array([0, 0, 1.0])}
"""Unit vectors (3,) of the patient's directions in LPS."""


def flip_ras_lps(points: np.ndarray) -> np.ndarray:
    """Points (..., 3) in mm from RAS to LPS, or back: the same flip."""
    return np.asarray(points, float) * np.array([-1.0, -1.0, 1.0])


def apply(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (..., 3) moved by an affine (4, 4)."""
    return np.asarray(points, float) @ affine[:3, :3].T + affine[:3, 3]
