"""Every slice of the vessel as it is stored, with the labels' outlines: what a planner leafs through.

Slices are numbered as in the label map, from 0, so that "slice 41" is the same in 3D Slicer and ITK-SNAP.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from matplotlib.image import imsave
from skimage.measure import approximate_polygon, find_contours

from aorta.records import VESSEL, Array, Labels, Volume
from aorta.report.figures.slices import CT_WINDOW, MARGIN_MM
from aorta.report.pose import letter

OUTLINES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("vessel", "Vessel (outer wall)", VESSEL, "#38bdf8"),
    ("lumen", "Lumen", ("lumen",), "#fb923c"),
    ("calcification", "Calcification", ("calcification",), "#fde047"),
    ("branch", "Side branches", ("branch",), "#f472b6"),
    ("vertebra", "Vertebrae", ("vertebra",), "#a3e635"),
)
"""Key, words, classes together, colour."""

_TOLERANCE_PX = 0.25
"""An outline may be simplified by this much; a voxel's edge is 1."""


@dataclass(frozen=True)
class SliceStack:
    """Pictures and outlines of the slices that hold the vessel.

    Attributes
    ----------
    first : int
        Number of the first slice.
    width, height : int
        Columns and rows of each picture; outlines are in this frame.
    aspect : float
        Width over height in mm.
    letters : (left, right, top, bottom)
        Patient directions at the picture's edges.
    pictures : list of str
        ``data:`` addresses, JPEG; "" without an image.
    outlines : list of mapping of key to list of paths
        Per slice; a path is "x,y x,y ..." of a closed polygon.
    """

    first: int
    width: int
    height: int
    aspect: float
    letters: tuple[str, str, str, str]
    pictures: list[str]
    outlines: list[dict[str, list[str]]]


def slice_stack(labels: Labels, volume: Volume | None) -> SliceStack | None:
    """All slices from the vessel's first to its last, cropped around it. None without a vessel."""
    places = np.argwhere(labels.mask(*VESSEL))
    if not len(places):
        return None
    grid = labels.grid
    margin = np.ceil(MARGIN_MM / grid.spacing_kji).astype(int) * (0, 1, 1)
    low = np.maximum(places.min(0) - margin, 0)
    high = np.minimum(places.max(0) + 1 + margin, grid.shape_kji)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high))
    image = volume.voxels[box] if volume is not None else None
    window = CT_WINDOW if volume is None or volume.modality == "CT" else tuple(np.percentile(image[:, ::2, ::2], [1, 99.5]))
    cropped = labels.voxels[box]
    masks = {key: Labels(_cropped_grid(labels, low, cropped.shape), cropped).mask(*names) for key, _, names, _ in OUTLINES}
    count, height, width = cropped.shape
    right, down = grid.affine_lps[:3, 0], grid.affine_lps[:3, 1]
    return SliceStack(
        first=int(low[0]),
        width=width,
        height=height,
        aspect=float(width * grid.spacing_ijk[0] / (height * grid.spacing_ijk[1])),
        letters=(letter(-right), letter(right), letter(-down), letter(down)),
        pictures=["" if image is None else _jpeg(image[k], window) for k in range(count)],
        outlines=[{key: paths for key, mask in masks.items() if (paths := _outlines(mask[k]))} for k in range(count)],
    )


def _cropped_grid(labels: Labels, low: Array, shape: tuple[int, int, int]):
    affine = labels.grid.affine_lps.copy()
    affine[:3, 3] = labels.grid.to_lps(low[::-1])
    return type(labels.grid)(shape, affine)


def _jpeg(pixels: Array, window: tuple[float, float]) -> str:
    file = io.BytesIO()
    imsave(file, pixels, vmin=window[0], vmax=window[1], cmap="gray", format="jpeg", pil_kwargs={"quality": 82})
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _outlines(mask: Array) -> list[str]:
    """Closed polygons around a mask, pixel centres at half integers."""
    if not mask.any():
        return []
    found = (approximate_polygon(c, _TOLERANCE_PX) for c in find_contours(np.pad(mask, 1).astype(np.float32), 0.5))
    return [" ".join(f"{x - 0.5:.1f},{y - 0.5:.1f}" for y, x in contour[:-1]) for contour in found if len(contour) > 3]
