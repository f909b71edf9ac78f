"""A smooth surface through what is sure: continued where no fat beside the wall shows it.

Penalised least squares of the radius over planes and rays. Along the vessel bending is dear; around it, what departs from a
circle, wherever its middle (the stencil is zero for 1, cos and sin). Fat within the vessel cannot be: an edge nearer than
the fit counts in full. Muscle, vein or bowel on the wall can: an edge farther out counts the less, the farther.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy import ndimage as ndi
from scipy.sparse.linalg import splu

from aorta.records import Array

ALONG = 60.0  # bending stiffness over planes, samples^4
AROUND = 300000.0  # over rays, at 60 rays: where nothing is seen, all but a circle is damped
ROUNDS = 4
STARTS, START_ROUNDS = 12, 8  # half circles from which a circle is tried, so that the largest part that is one is found
AGREEING_PLANES = 4.0  # over which the choice among them is made in common
WIDEST_SCALE_MM = 1.0
SURE = 0.4  # weight of an edge that counts as seen
SHALLOW = 0.6  # slope, 31 degrees: less is no crease
MOST_WITHIN = 9.0  # cost of an edge within the circle, at most: a crevice of fat or a false edge


def smooth_radius(radius: Array, weight: Array, held: Array | None = None) -> tuple[Array, Array]:
    """Fit (s, a) of radii (s, a) in mm with weights (s, a) >= 0; periodic in a.

    Parameters
    ----------
    held : (s, a) bool or None
        Columns that count in full wherever they lie (clicks).

    Returns
    -------
    fitted : (s, a) float, mm
    agreement : (s, a) float
        1 where an edge is no farther out than the fit, falling to 0 beyond.
    """
    planes, rays = radius.shape
    along = sp.kron(_second_difference(planes), sp.identity(rays))
    around = sp.kron(sp.identity(planes), _off_circle(rays))
    bending = (ALONG * (along.T @ along) + AROUND * (around.T @ around)).tocsc()
    fitted = radius
    sure = weight > 0.2
    free = np.ones(radius.shape, bool) if held is None else ~held
    agreement = np.where(free, _agreement(radius - _circles(radius, weight), WIDEST_SCALE_MM), 1.0)
    for _ in range(ROUNDS):
        diagonal = (weight * agreement).ravel() + 1e-4
        fitted = splu((sp.diags(diagonal) + bending).tocsc()).solve(diagonal * radius.ravel()).reshape(radius.shape)
        off = radius - fitted
        scale = min(1.4826 * np.median(np.abs(off[sure])) if sure.any() else 1.0, WIDEST_SCALE_MM) + 0.3
        agreement = np.where(free, _agreement(off, scale), 1.0)
    return fitted, agreement


def without_crease(off: Array, radius: Array, weight: Array, agreement: Array, spacing: float) -> Array:
    """Sure columns (s, a) bool that hang together with agreeing ones without a step: a bulge of the vessel itself.

    Where muscle or bowel lies on the wall there is a crease between the two, and what is seen steps from one to the other.

    Parameters
    ----------
    off, radius : (s, a) float, mm
        Of what is seen beyond the fit; from the line.
    spacing : float
        mm between planes.
    """
    sure = weight > SURE
    found = sure & (agreement > 0.5)
    around = SHALLOW * radius * 2.0 * np.pi / radius.shape[1]
    for _ in range(sum(radius.shape)):
        grown = found.copy()
        for turn in (1, -1):
            grown |= sure & np.roll(found, turn, axis=1) & (np.abs(off - np.roll(off, turn, axis=1)) < around)
        level = np.abs(np.diff(off, axis=0)) < SHALLOW * spacing
        grown[1:] |= sure[1:] & found[:-1] & level
        grown[:-1] |= sure[:-1] & found[1:] & level
        if (grown == found).all():
            break
        found = grown
    return found


def _agreement(off: Array, scale: float) -> Array:
    return 1.0 / (1.0 + (np.maximum(off, 0.0) / (2.0 * scale)) ** 4)


def _circles(radius: Array, weight: Array) -> Array:
    """Radii (s, a) of the circle, wherever its middle, that most sure columns of each plane lie on and few within.

    Re-weighted least squares for 1, cos and sin, from each of several half circles; the best start is chosen by its robust
    cost, summed over neighbouring planes.
    """
    planes, rays = radius.shape
    angle = np.arange(rays) * 2.0 * np.pi / rays
    basis = np.stack([np.ones(rays), np.cos(angle), np.sin(angle)], axis=1)
    tried, costs = [], []
    for start in np.arange(STARTS) * 2.0 * np.pi / STARTS:
        share = np.where(np.cos(angle - start) > 0.0, 1.0, 0.02) * np.ones((planes, 1))
        for _ in range(START_ROUNDS):
            used = weight * share + 1e-6
            left = np.einsum("sa,ai,aj->sij", used, basis, basis) + 1e-6 * np.eye(3)
            right = np.einsum("sa,ai->si", used * radius, basis)
            circle = np.linalg.solve(left, right[..., None])[..., 0] @ basis.T
            off = radius - circle
            share = _agreement(off, WIDEST_SCALE_MM)
        within = np.minimum((off / WIDEST_SCALE_MM) ** 2, MOST_WITHIN)
        beyond = np.log1p((off / (2.0 * WIDEST_SCALE_MM)) ** 2)
        tried.append(circle)
        costs.append(ndi.gaussian_filter1d((weight * np.where(off > 0.0, beyond, within)).sum(axis=1), AGREEING_PLANES))
    best = np.argmin(costs, axis=0)
    return np.stack(tried)[best, np.arange(planes)]


def _second_difference(count: int) -> sp.csr_matrix:
    matrix = sp.diags([np.ones(count - 1), -2.0 * np.ones(count), np.ones(count - 1)], [-1, 0, 1]).tolil()
    matrix[0, :] = 0.0
    matrix[count - 1, :] = 0.0
    return matrix.tocsr()


def _off_circle(rays: int) -> sp.csr_matrix:
    """Third-order periodic difference (a, a) that is zero for every circle r = c + p cos + q sin."""
    middle = 1.0 + 2.0 * np.cos(2.0 * np.pi / rays)
    turn = sp.csr_matrix((np.ones(rays), (np.arange(rays), (np.arange(rays) + 1) % rays)), shape=(rays, rays))
    return (turn @ turn - middle * turn + middle * sp.identity(rays) - turn.T).tocsr()
