"""The patient's directions, as the vessel itself shows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.anatomy.lattice import Lattice
from aorta.frames import AXES_LPS
from aorta.records import Array

_STEEP = 0.5  # an abdominal aorta runs within 60° of vertical


@dataclass(frozen=True)
class Body:
    """Unit vectors (3,) in LPS; ``caution`` is "" where they are the frame's own."""

    left: Array
    posterior: Array
    superior: Array
    caution: str = ""


def body_of(lattice: Lattice) -> Body:
    """The frame's directions, unless the vessel lies across them.

    Some converted images have lost their orientation, and the aorta runs along what the file
    calls anterior-posterior. Then the vessel's long axis is taken as vertical, its wider end as
    the upper one, and left and right, which cannot be known, as the file has them.
    """
    frame = Body(AXES_LPS["left"], AXES_LPS["posterior"], AXES_LPS["superior"])
    places = np.argwhere(lattice.inside)
    points = lattice.to_lps(places)
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    long_axis = vectors[:, -1]
    if abs(long_axis @ frame.superior) >= _STEEP or values[-1] < 3.0 * values[-2]:
        return frame
    along = centred @ long_axis
    depth = lattice.depth[tuple(places.T)]
    low, high = np.quantile(along, [0.15, 0.85])
    superior = long_axis if depth[along >= high].max() >= depth[along <= low].max() else -long_axis
    sideways = frame.left if abs(frame.left @ superior) < 0.8 else frame.posterior
    left = sideways - (sideways @ superior) * superior
    left /= np.linalg.norm(left)
    caution = "the vessel lies across the image's vertical: its long axis was taken as vertical; check orientation, left and right"
    return Body(left, np.cross(superior, left), superior, caution)
