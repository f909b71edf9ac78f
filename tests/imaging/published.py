"""The published data sets, for tests that need them (docs/reference-data.md says where each comes from)."""

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from aorta.records import Grid


def published(name: str) -> Path:
    """A file or folder below AORTA_REFERENCE_DATA; the test is skipped where it is not there."""
    root = os.environ.get("AORTA_REFERENCE_DATA")
    if not root or not (Path(root) / name).exists():
        pytest.skip(f"AORTA_REFERENCE_DATA does not hold {name} (docs/reference-data.md says where it is published)")
    return Path(root).resolve() / name


def voxels_of(path: Path) -> np.ndarray:
    """(nk, nj, ni) as stored."""
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def grid_of(path: Path) -> Grid:
    """By another reader than the program's own: some of these files would be refused for what they lack."""
    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return Grid(image.GetSize()[::-1], affine)
