"""Checks of a finished solution from its records alone, in numpy: forces on the vessel balance.

Nothing here uses the solver's forms: shape functions, pressure on the deformed faces and the
virtual work of the *reported* stress are computed anew (``tet10.py``). A code that leaves the
prestress out of the stress it reports fails here (docs/theory/mistakes-of-other-tools.md).

Nodal forces of any symmetric stress add up to nothing, in force and in moment, so their sum at supports
says no more than their balance elsewhere. What is held against the pressure's resultant, and against the reported
stress at supports, are therefore the reactions that the solver assembled from its own forms (``State.reaction_N``).
"""

from __future__ import annotations

import numpy as np

from aorta.mechanics import tet10
from aorta.mechanics.loads import Loads, shares
from aorta.records import State, WallMesh

_TENSOR = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2]])
"""Where xx, yy, zz, xy, yz, xz go in a 3 × 3."""


def internal_forces(mesh: WallMesh, state: State, points: np.ndarray = tet10.GAUSS_4) -> np.ndarray:
    """(n, 3) nodal forces in N of the reported Cauchy stress on the deformed shape: Σ σ ∇N dV."""
    nodes = (mesh.points + state.displacement_mm)[mesh.tets]
    slopes, _ = tet10.physical_gradients(nodes, points)
    stress = state.cauchy_quadrature_MPa[..., _TENSOR]
    forces = np.einsum("mqij,mqnj,mq->mni", stress, slopes, state.quadrature_volume_mm3, optimize=True)
    flat = mesh.tets.ravel()
    return np.stack([np.bincount(flat, forces[..., i].ravel(), len(mesh.points)) for i in range(3)], 1)


def pressure_forces(mesh: WallMesh, state: State, facets: Loads) -> np.ndarray:
    """(n, 3) nodal forces in N of the state's pressure on the deformed faces."""
    points = mesh.points + state.displacement_mm
    parts = [share * tet10.pressure_forces(points, mesh.facets[name]) for name, share in shares(facets).items()]
    return state.pressure_MPa * np.sum(parts, axis=0)


def loaded_area(mesh: WallMesh, state: State, facets: Loads) -> float:
    """Deformed area in mm² that the pressure acts on, each part by its share."""
    points = mesh.points + state.displacement_mm
    return sum(share * tet10.area(points, mesh.facets[name]) for name, share in shares(facets).items())


def traction_error(mesh: WallMesh, state: State, facets: Loads, held: np.ndarray, others: np.ndarray | float = 0.0) -> float:
    """Share of the pressure forces that the reported stress leaves unbalanced at unheld nodes.

    Parameters
    ----------
    held : (n,) bool
        Nodes that a rigid support acts on.
    others : (n, 3) N
        Forces of elastic supports and surroundings (``support_forces.py``).
    """
    load = pressure_forces(mesh, state, facets)
    unbalanced = internal_forces(mesh, state) - load - others
    return float(np.linalg.norm(unbalanced[~held]) / np.linalg.norm(load[~held]))


def reaction_error(mesh: WallMesh, state: State, facets: Loads, held: np.ndarray, others: np.ndarray | float = 0.0) -> float:
    """The largest share that does not balance of what involves the solver's reactions at rigid supports.

    Their resultant force with the pressure's and ``others``', over pressure × loaded area; their moment about the
    vessel's middle, over that × its greatest distance from there; and at held nodes (n,) bool, the nodal forces of the
    reported stress less all these, over the norm of the pressure's.
    """
    load = pressure_forces(mesh, state, facets)
    outside = load + others + state.reaction_N
    arm = mesh.points + state.displacement_mm - mesh.points.mean(0)
    force = state.pressure_MPa * loaded_area(mesh, state, facets)
    at_supports = (internal_forces(mesh, state) - outside)[held]
    shares_left = (
        np.linalg.norm(outside.sum(0)) / force,
        np.linalg.norm(np.cross(arm, outside).sum(0)) / (force * np.linalg.norm(arm, axis=1).max()),
        np.linalg.norm(at_supports) / np.linalg.norm(load),
    )
    return float(np.max(shares_left))
