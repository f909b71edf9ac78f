"""Planes perpendicular to the vessel, not to the blood.

In a sac with eccentric thrombus the lumen wanders through the vessel; a plane perpendicular to
the lumen's centreline then cuts the sac obliquely. Planes are therefore perpendicular to the axis
of the whole vessel (lumen, thrombus and wall), while stations are counted along the lumen's
centreline, which is what lengths are measured on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.anatomy.body import Body
from aorta.anatomy.curve import Curve, extend, smooth
from aorta.anatomy.lattice import Lattice
from aorta.anatomy.marching import arrival, descend
from aorta.anatomy.tips import core_near
from aorta.anatomy.tree import find_root
from aorta.records import Array

AXIS_WIDTH_MM = 4.0
"""Smoothing half-width of traced paths (see ``curve.smooth``)."""

_TANGENT_SHARE = 0.5
"""Tangents are averaged over this share of the local radius on either side, so that neighbouring
planes do not cross within the vessel where its axis bends."""


@dataclass(frozen=True)
class Stations:
    """Where sections are taken along one branch.

    Parameters
    ----------
    arc : (n,) float, mm
        Along the branch's lumen centreline.
    centre : (n, 3) float, mm, LPS
        On the vessel's axis.
    normal : (n, 3) float
        Unit, away from the heart.
    """

    arc: Array
    centre: Array
    normal: Array


def vessel_axes(lattice: Lattice, tips: dict[str, Array], body: Body) -> dict[str, Curve]:
    """The axis of the whole vessel from its top to each tip.

    Parameters
    ----------
    lattice : Lattice
        Of the outer vessel.
    tips : mapping of name to (3,) float, mm, LPS
        Ends of the lumen's paths.
    """
    root = find_root(lattice, body)
    starts = []
    for tip in tips.values():
        voxel = np.clip(np.round(lattice.to_kji(tip)).astype(int), 0, np.array(lattice.depth.shape) - 1)
        starts.append(core_near(lattice, voxel))
    paths = descend(lattice, arrival(lattice, root, centred=True), lattice.to_lps(np.array(starts)))
    return {name: extend(smooth(path, AXIS_WIDTH_MM), lattice, True, True) for name, path in zip(tips, paths)}


def stations(centreline: Curve, axis: Curve, lattice: Lattice, spacing: float) -> Stations:
    """Evenly spaced stations along a branch, each with the plane perpendicular to the vessel there.

    Parameters
    ----------
    centreline : Curve
        Of the lumen, this branch alone.
    axis : Curve
        Of the vessel, from its top through this branch.
    lattice : Lattice
        Of the outer vessel.
    """
    arc = np.arange(0.0, centreline.length + 1e-6, spacing)
    along = np.maximum.accumulate(axis.project(centreline.at(arc)))
    # a lumen that swings stops or hurries on the axis; spread its stations smoothly
    along = _weighted(along, arc, np.full(len(arc), 3.0 * spacing), pad=True)
    centre = axis.at(along)
    radius = np.clip(lattice.depth_at(axis.points), 1.0, None)
    reach = np.clip(_TANGENT_SHARE * radius, 2.0, 20.0)
    # the branch's own stretch only: the axis turns sharply where the iliac arteries part
    own = (axis.arc >= along[0] - 1.0) & (axis.arc <= along[-1] + 1.0)
    tangents = _weighted(axis.tangents[own], axis.arc[own], reach[own])
    normal = np.stack([np.interp(along, axis.arc[own], tangents[:, q]) for q in range(3)], axis=1)
    return Stations(arc, centre, normal / np.linalg.norm(normal, axis=1, keepdims=True))


def _weighted(values: Array, arc: Array, width: Array, pad: bool = False) -> Array:
    """Gaussian average along a curve with a width per point; ``pad`` keeps straight ramps to the ends."""
    weight = np.exp(-0.5 * ((arc[:, None] - arc[None]) / width[:, None]) ** 2)
    if pad:  # local linear fit: exact for a ramp, also at the ends
        offset = arc[None] - arc[:, None]
        s0, s1, s2 = weight.sum(1), (weight * offset).sum(1), (weight * offset**2).sum(1)
        weight = weight * (s2[:, None] - s1[:, None] * offset)
        return (weight @ values) / np.where(s0 * s2 - s1**2 > 1e-12, s0 * s2 - s1**2, 1.0) if len(arc) > 2 else values
    return weight @ values / weight.sum(axis=1).reshape((-1,) + (1,) * (values.ndim - 1))
