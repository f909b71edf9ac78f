"""Local diameter of the vessel at any point of its wall, from the sections along the centrelines.

A point of the wall belongs to the section whose plane it lies in and on whose contour it lies.
Taking the nearest centre instead would give sac wall near the bifurcation the diameter of an
iliac, whose centre is closer to it than the centre of its own wide section.
"""

from __future__ import annotations

import numpy as np

from aorta.records import Anatomy, Array

CHUNK = 4000
"""Points treated at once: bounds the memory to a few tens of MB with several hundred sections."""


def local_outer_diameter_mm(points: Array, anatomy: Anatomy) -> Array | None:
    """Outer equivalent diameter of the section each point belongs to.

    Parameters
    ----------
    points : (n, 3) float, mm, LPS
        In or on the wall.

    Returns
    -------
    (n,) float, mm, or None where the anatomy has no measured section.
    """
    found = [
        (s.centre[ok], s.normal[ok], s.outer_equivalent_diameter_mm[ok]) for s in anatomy.sections if (ok := _measured(s)).any()
    ]
    if not found:
        return None
    centre, normal, diameter = (np.concatenate(parts) for parts in zip(*found))
    result = np.empty(len(points))
    for start in range(0, len(points), CHUNK):
        offset = points[start : start + CHUNK, None, :] - centre
        along = np.einsum("psx,sx->ps", offset, normal)
        lateral = np.sqrt(np.maximum(np.einsum("psx,psx->ps", offset, offset) - along**2, 0.0))
        mismatch = along**2 + (lateral - diameter / 2.0) ** 2
        result[start : start + CHUNK] = diameter[mismatch.argmin(axis=1)]
    return result


def _measured(sections) -> Array:
    return np.isfinite(sections.outer_equivalent_diameter_mm) & np.isfinite(sections.centre).all(axis=1)
