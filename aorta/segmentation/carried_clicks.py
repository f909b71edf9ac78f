"""Clicks for a second image of the same patient: where the first one's lumen begins and ends, laid over it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.records import Array, Grid, Labels
from aorta.segmentation.canonical import Frame, anatomical_frame
from aorta.settings import Point

INSET_MM = 5.0  # from the vessel's ends, and from the second image's border
LEAST_MM2 = 15.0  # of a vessel's cross-section


def carried_clicks(labels: Labels, to_second: Array, onto: Grid) -> tuple[Point, ...]:
    """A point in the lumen's upper end and one in each lower end, LPS mm of the second image; () where it shows too little.

    Parameters
    ----------
    labels : Labels
        Of the first image.
    to_second : (4, 4) float
        Takes the first image's LPS points to those of the second.
    onto : Grid
        Of the second image.
    """
    frame = anatomical_frame(labels.grid)
    lumen = frame.view(labels.mask("lumen"))
    spacing = frame.spacing
    heights = np.flatnonzero(lumen.any(axis=(1, 2)))
    if not len(heights):
        return ()
    inset = int(np.ceil(INSET_MM / spacing[0]))
    inner = range(int(heights[0]) + inset, int(heights[-1]) - inset + 1)
    rows = {k: _middles(lumen[k], spacing[1:]) for k in inner}
    seen = {k: _placed(rows[k], k * spacing[0], frame, to_second, onto) for k in inner}
    usable = [k for k in inner if rows[k] and len(seen[k]) == len(rows[k])]
    if len(usable) < 2:
        return ()
    top = usable[-1]
    paired = [k for k in usable if len(seen[k]) == 2]
    bottom = paired[0] if paired else usable[0]
    return (seen[top][0], *seen[bottom][:2]) if bottom < top else ()


def _middles(plane: Array, spacing: Array) -> list[Array]:
    """The deepest place (y, x) mm of each cross-section, the widest first."""
    depth = ndi.distance_transform_edt(np.pad(plane, 1), sampling=spacing)[1:-1, 1:-1]
    parts, count = ndi.label(plane)
    areas = np.bincount(parts.ravel(), minlength=count + 1)[1:] * float(np.prod(spacing))
    order = [n for n in np.argsort(-areas) if areas[n] >= LEAST_MM2]
    return [np.array(np.unravel_index(int(np.argmax(np.where(parts == n + 1, depth, -1.0))), plane.shape)) * spacing for n in order]


def _placed(middles: list[Array], z: float, frame: Frame, to_second: Array, onto: Grid) -> list[Point]:
    """Those that lie well within the second image, as its points."""
    found = []
    margin = INSET_MM / onto.spacing_ijk
    for y, x in middles:
        point = to_second[:3, :3] @ frame.to_lps(np.array([z, y, x])) + to_second[:3, 3]
        ijk = onto.to_ijk(point)
        if np.all(ijk >= margin) and np.all(ijk <= np.array(onto.shape_kji)[::-1] - 1 - margin):
            found.append(tuple(float(c) for c in point))
    return found
