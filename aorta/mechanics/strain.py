"""Strain and volume ratio at the nodes, of the whole way from the unloaded shape.

F = ∂(x + u)/∂ξ (∂(x + w)/∂ξ)⁻¹ at the quadrature points, from the displacements u to the present shape
and w to the unloaded one, both from the image x; Green–Lagrange strain E = (FᵀF - I)/2 along the axes of
the unloaded shape (which are LPS), J = det F. Both are brought to the nodes as the stress is
(``recovery.py``). numpy alone, on records: for pictures and for users, not for the solver.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aorta.mechanics import tet10
from aorta.mechanics.recovery import recovery_of
from aorta.records import Array, Solution, State, WallMesh

PACK = [0, 4, 8, 1, 5, 2]
"""xx, yy, zz, xy, yz, xz out of a row-major 3 × 3."""


def with_strains(mesh: WallMesh, solution: Solution) -> Solution:
    """The solution with strain and volume ratio in every state."""
    return replace(solution, states=tuple(with_strain(mesh, state, solution.unloaded_displacement_mm) for state in solution.states))


def with_strain(mesh: WallMesh, state: State, unloaded: Array | None) -> State:
    """The state with ``green_lagrange_nodal`` (n, 6) and ``volume_ratio_nodal`` (n,).

    Parameters
    ----------
    unloaded : (n, 3) float or None, mm
        From the image to the unloaded shape; None where the image was taken as unloaded.
    """
    points, weights = tet10.GAUSS_4, tet10.GAUSS_4_WEIGHTS
    F = gradients(mesh, state.displacement_mm, unloaded, points)
    strain = (np.einsum("mqki,mqkj->mqij", F, F) - np.eye(3)) / 2
    recovery = recovery_of(mesh, points, weights)
    packed = strain.reshape(*strain.shape[:2], 9)[..., PACK]
    return replace(
        state, green_lagrange_nodal=recovery.nodal(packed), volume_ratio_nodal=recovery.smooth(np.linalg.det(F)[..., None])[:, 0]
    )


def gradients(mesh: WallMesh, displacement: Array, unloaded: Array | None, points: Array) -> Array:
    """(m, q, 3, 3) F from the unloaded shape to the displaced one, at reference points (q, 3)."""
    reference = tet10.gradients(points)

    def jacobian(places: Array) -> Array:
        return places[mesh.tets].transpose(0, 2, 1)[:, None] @ reference

    start = mesh.points if unloaded is None else mesh.points + unloaded
    return jacobian(mesh.points + displacement) @ np.linalg.inv(jacobian(start))
