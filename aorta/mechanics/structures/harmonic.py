"""Laplace's equation on quadratic tetrahedra, in numpy: what gives a vessel its own directions."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import cg

from aorta.errors import MeshError
from aorta.mechanics import tet10

_TOLERANCE = 1e-10
"""Relative residual; directions are then right to about 1e-8."""


def potential(points: np.ndarray, tets: np.ndarray, low: np.ndarray, high: np.ndarray, what: str) -> np.ndarray:
    """Harmonic function on some tetrahedra, 0 at the nodes ``low`` and 1 at ``high``, without flux elsewhere.

    Parameters
    ----------
    points : (n, 3) mm
    tets : (m, 10) VTK order
    low, high : node numbers; of those outside the tetrahedra nothing is taken, and ``low`` wins
    what : str
        Said where it cannot be solved.

    Returns
    -------
    (n,) float, 0 at nodes of no tetrahedron

    Raises
    ------
    MeshError
        One of the two is empty, or a part of the body touches neither.
    """
    used = np.unique(tets)
    value = np.zeros(len(points))
    fixed = np.zeros(len(points), bool)
    low, high = np.intersect1d(low, used), np.setdiff1d(np.intersect1d(high, used), low)
    if not len(low) or not len(high):
        raise _unsolvable(what, "the mesh lacks the faces between which it runs")
    value[high] = 1.0
    fixed[low] = fixed[high] = True
    free = used[~fixed[used]]
    matrix = _stiffness(points, tets)[free]
    inner, load = matrix[:, free], -(matrix @ value)
    solution, failed = cg(inner, load, rtol=_TOLERANCE, maxiter=50_000, M=diags(1 / inner.diagonal()))
    if failed or not np.isfinite(solution).all():
        raise _unsolvable(what, "a part of the body touches neither of the faces between which it runs")
    value[free] = solution
    return value


def gradient(points: np.ndarray, tets: np.ndarray, nodal: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(m, q, 3) gradient of a nodal field (n,) at reference points (q, 3) of each tetrahedron."""
    slopes, _ = tet10.physical_gradients(points[tets], at)
    return np.einsum("mqni,mn->mqi", slopes, nodal[tets])


def _stiffness(points: np.ndarray, tets: np.ndarray) -> csr_matrix:
    slopes, jacobian = tet10.physical_gradients(points[tets], tet10.GAUSS_4)
    local = np.einsum("mqai,mqbi,mq->mab", slopes, slopes, jacobian * tet10.GAUSS_4_WEIGHTS, optimize=True)
    rows, columns = np.repeat(tets, 10, axis=1).ravel(), np.tile(tets, (1, 10)).ravel()
    return csr_matrix((local.ravel(), (rows, columns)), shape=(len(points), len(points)))


def _unsolvable(what: str, why: str) -> MeshError:
    return MeshError(
        f"the {what} of the vessel cannot be found",
        where="mechanics",
        why=why,
        fix="use an isotropic material, or rebuild the mesh",
    )
