"""Cauchy stress at quadrature points, and averaged to nodes within each region."""

from __future__ import annotations

import numpy as np
import ufl

from aorta.mechanics import backend, tet10
from aorta.mechanics.equilibrium import VOLUME_DEGREE, Equilibrium
from aorta.records import THROMBUS, WALL, State, WallMesh

PACK = [0, 4, 8, 1, 5, 2]
"""xx, yy, zz, xy, yz, xz out of a row-major 3 × 3."""


def at_quadrature(equilibrium: Equilibrium) -> tuple[np.ndarray, np.ndarray]:
    """Stress (m, q, 6) in MPa and volume ratio (m, q) of the present state, elements as in the source."""
    domain = equilibrium.body.domain
    points, _ = backend.quadrature(VOLUME_DEGREE)
    F = equilibrium.total_gradient()

    def packed(region: int):
        return ufl.as_vector([*(equilibrium.stress(region, F)[q // 3, q % 3] for q in PACK), equilibrium.volume_ratio(region, F)])

    values = domain.evaluate(packed, points, 7)
    return values[..., :6].copy(), values[..., 6].copy()


def state(equilibrium: Equilibrium, name: str, time_s: float | None = None) -> tuple[State, tuple[float, float]]:
    """The present equilibrium as a record, and the range of its volume ratio J."""
    domain = equilibrium.body.domain
    displacement = domain.read(equilibrium.u.x.array)
    stress, ratio = at_quadrature(equilibrium)
    record = make_state(domain.source, name, float(equilibrium.pressure.value), displacement, stress, time_s)
    return record, (float(ratio.min()), float(ratio.max()))


def make_state(
    mesh: WallMesh, name: str, pressure: float, displacement: np.ndarray, stress: np.ndarray, time_s: float | None = None
) -> State:
    """A record from displacement (n, 3) and quadrature stress (m, q, 6)."""
    points, weights = backend.quadrature(VOLUME_DEGREE)
    volume = tet10.jacobians((mesh.points + displacement)[mesh.tets], points) * weights
    return State(name, pressure, displacement, stress, volume, to_nodes(mesh, stress, volume, points), time_s)


def to_nodes(mesh: WallMesh, stress: np.ndarray, volume: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, 6) nodal stress: linear within each element through its four points, averaged over the
    elements of a region by volume; the wall's where both regions meet."""
    at = np.concatenate([np.ones((len(points), 1)), points], 1)
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    nodes = np.concatenate([corners, [(corners[a] + corners[b]) / 2 for a, b in tet10.EDGES]])
    extrapolate = np.concatenate([np.ones((10, 1)), nodes], 1) @ np.linalg.pinv(at)
    out = np.zeros((len(mesh.points), 6))
    for region in (THROMBUS, WALL):  # the wall last: it wins
        inside = mesh.region == region
        if not inside.any():
            continue
        tets, weight = mesh.tets[inside], volume[inside].sum(1)
        values = np.einsum("nq,mqi->mni", extrapolate, stress[inside]) * weight[:, None, None]
        share = np.bincount(tets.ravel(), np.repeat(weight, 10), len(out))
        total = np.stack([np.bincount(tets.ravel(), values[..., i].ravel(), len(out)) for i in range(6)], 1)
        here = share > 0
        out[here] = total[here] / share[here, None]
    return out
