"""Cauchy stress at quadrature points, and the record of a state made from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import ufl

from aorta.mechanics import backend, tet10
from aorta.mechanics.equilibrium import VOLUME_DEGREE, Equilibrium
from aorta.mechanics.recovery import recovery_of
from aorta.mechanics.strain import PACK
from aorta.records import State, WallMesh


def at_quadrature(equilibrium: Equilibrium) -> tuple[np.ndarray, np.ndarray]:
    """Stress (m, q, 6) in MPa and volume ratio (m, q) of the present state, elements as in the source."""
    domain = equilibrium.body.domain
    points, _ = backend.quadrature(VOLUME_DEGREE)
    F = equilibrium.total_gradient()

    def packed(region: int):
        return ufl.as_vector([*(equilibrium.stress(region, F)[q // 3, q % 3] for q in PACK), equilibrium.volume_ratio(region, F)])

    values = domain.evaluate(packed, points, 7)
    return values[..., :6].copy(), values[..., 6].copy()


def state(
    equilibrium: Equilibrium, name: str, time_s: float | None = None, reaction_N: np.ndarray | None = None
) -> tuple[State, tuple[float, float]]:
    """The present equilibrium as a record, and the range of its volume ratio J; ``reaction_N`` is ``Newton.reactions``'."""
    domain = equilibrium.body.domain
    displacement = domain.read(equilibrium.u.x.array)
    stress, ratio = at_quadrature(equilibrium)
    record = make_state(domain.source, name, float(equilibrium.pressure.value), displacement, stress, time_s)
    return replace(record, reaction_N=reaction_N), (float(ratio.min()), float(ratio.max()))


def make_state(
    mesh: WallMesh, name: str, pressure: float, displacement: np.ndarray, stress: np.ndarray, time_s: float | None = None
) -> State:
    """A record from displacement (n, 3) and quadrature stress (m, q, 6)."""
    points, weights = backend.quadrature(VOLUME_DEGREE)
    volume = tet10.jacobians((mesh.points + displacement)[mesh.tets], points) * weights
    nodal = recovery_of(mesh, points, weights).nodal(stress)
    return State(name, pressure, displacement, stress, volume, nodal, time_s)
