"""Where a mesh must be finer for the 99th percentile of stress: where stress with its local error comes near to it."""

from __future__ import annotations

import numpy as np

from aorta.records import FinerMesh, WallMesh
from aorta.risk.discretisation import Readings

NEAR = 0.8
"""Of the percentile: what stays below it even with its local error has no say in it."""
SHARE = 2.0 / 3.0
"""By which edges are shortened where it matters, each time."""
_LEAST = 0.2


def finer(mesh: WallMesh, readings: Readings, before: FinerMesh | None) -> FinerMesh:
    """The share of the settings' edge length, at the middles of the elements that count: as before, less where it matters."""
    middles = mesh.points[mesh.tets[readings.elements, :4]].mean(axis=1)
    share = np.ones(len(middles)) if before is None else before.at(middles)
    matters = readings.stress_MPa + readings.difference_MPa >= NEAR * max(readings.reported, readings.recovered)
    return FinerMesh(middles, np.where(matters, np.maximum(SHARE * share, _LEAST), share))
