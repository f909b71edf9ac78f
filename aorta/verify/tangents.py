"""Assembled tangents against central differences of the residual."""

from __future__ import annotations

import numpy as np

from aorta.mechanics import backend
from aorta.mechanics.equilibrium import Equilibrium
from aorta.verify.check import Check


def along_a_direction(
    equilibrium: Equilibrium, form, unknown, step: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Change of the residual along a random direction: by the tangent, and by central differences of this step."""
    residual, matrix_form = backend.compile_form(form), backend.compile_form(equilibrium.tangent(form, unknown))
    matrix, vector, product = backend.new_matrix(matrix_form), backend.new_vector(unknown), backend.new_vector(unknown)
    backend.assemble_matrix(matrix, matrix_form, ())
    direction = backend.new_vector(unknown)
    direction.array[:] = rng.uniform(-1, 1, len(direction.array))
    matrix.mult(direction, product)
    start, sides = unknown.x.array.copy(), []
    for sign in (1, -1):
        unknown.x.array[:] = start + sign * step * direction.array
        backend.assemble_vector(vector, residual)
        sides.append(vector.array.copy())
    return product.array, (sides[0] - sides[1]) / (2 * step)


def check(name: str, *problem) -> Check:
    """The difference of both in the 2-norm, as a share."""
    found, expected = along_a_direction(*problem)
    error = float(np.linalg.norm(expected - found) / np.linalg.norm(expected))
    return Check(f"tangent, {name}", "along a random direction", error, 1e-6, "share", "central differences of the residual")
