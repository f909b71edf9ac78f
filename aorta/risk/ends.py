"""Which part of the wall counts: what is near a clamped end does not.

At a cut, displacement is held; the stress there is the support's, not the vessel's. Distance is
measured from the disc of each ``End`` (its plane within its radius), so that the plane of one
iliac does not cut away part of the other or of the sac.
"""

from __future__ import annotations

import numpy as np

from aorta.records import Array, End


def distance_from_disc_mm(points: Array, end: End) -> Array:
    """Distances (n,) in mm of points (n, 3) from the disc of one end."""
    normal = end.normal / np.linalg.norm(end.normal)
    offset = points - end.point
    along = offset @ normal
    lateral = np.linalg.norm(offset - along[:, None] * normal, axis=1)
    return np.hypot(along, np.maximum(lateral - end.radius_mm, 0.0))


def away_from_ends(points: Array, ends: tuple[End, ...], exclusion_mm: float) -> Array:
    """Whether each point (n, 3) is at least ``exclusion_mm`` from every end: (n,) bool."""
    keep = np.ones(len(points), bool)
    for end in ends:
        keep &= distance_from_disc_mm(points, end) >= exclusion_mm
    return keep
