"""A smooth surface through what is sure: thin-plate fit of the radius over planes and rays.

Where no fat lies beside the wall the image does not show it; there the wall follows the bending-
free continuation of the parts that are sure (penalised least squares, re-weighted against outliers
with Cauchy weights).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from aorta.records import Array

ALONG, AROUND = 60.0, 200.0  # bending stiffness over planes and over rays, samples^4
ROUNDS = 5


def smooth_radius(radius: Array, weight: Array) -> Array:
    """Thin-plate fit (s, a) of radii (s, a) in mm with weights (s, a) >= 0; periodic in a."""
    planes, rays = radius.shape
    along = sp.kron(_second_difference(planes, False), sp.identity(rays))
    around = sp.kron(sp.identity(planes), _second_difference(rays, True))
    bending = ALONG * (along.T @ along) + AROUND * (around.T @ around)
    current, fitted = weight.copy(), radius
    sure = weight > 0.2
    for _ in range(ROUNDS):
        diagonal = current.ravel() + 1e-4
        fitted = splu((sp.diags(diagonal) + bending).tocsc()).solve(diagonal * radius.ravel()).reshape(radius.shape)
        off = radius - fitted
        scale = (1.4826 * np.median(np.abs(off[sure])) if sure.any() else 1.0) + 0.3
        current = weight / (1.0 + (off / (2.0 * scale)) ** 2)
    return fitted


def _second_difference(count: int, periodic: bool) -> sp.csr_matrix:
    matrix = sp.diags([np.ones(count - 1), -2.0 * np.ones(count), np.ones(count - 1)], [-1, 0, 1]).tolil()
    if periodic:
        matrix[0, count - 1] = matrix[count - 1, 0] = 1.0
    else:
        matrix[0, :] = 0.0
        matrix[count - 1, :] = 0.0
    return matrix.tocsr()
