"""Factors are kept, fall back where they must, and what is solved with is the tangent, assembled or not."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from petsc4py import PETSc

from aorta.errors import SolverError
from aorta.mechanics import backend
from aorta.mechanics.constrained import ConstrainedMatrix
from aorta.mechanics.equilibrium import Equilibrium
from aorta.mechanics.factorisation import FactorisationFailed, KeptFactorisation
from aorta.mechanics.materials.registry import material
from aorta.mechanics.newton import Newton
from aorta.mechanics.supports import fixed, sliding
from aorta.mechanics.tangent import TangentAction
from aorta.verify import calculix, reference_meshes, solving

pytestmark = pytest.mark.fem


def laplacian(shift: float, size: int = 40) -> PETSc.Mat:
    """Second differences plus a shift; eigenvalues 2 - 2 cos(kπ/(size+1)) + shift."""
    matrix = PETSc.Mat().createAIJ((size, size), nnz=3)
    for row in range(size):
        matrix.setValue(row, row, 2.0 + shift)
        for other in (row - 1, row + 1):
            if 0 <= other < size:
                matrix.setValue(row, other, -1.0)
    matrix.assemble()
    return matrix


def solved(kept: KeptFactorisation, matrix: PETSc.Mat, tolerance: float = 1e-12) -> tuple[int, float]:
    """Krylov iterations, and the error of a known solution."""
    exact, rhs = matrix.createVecs()
    exact.array[:] = np.random.default_rng(3).normal(size=exact.size)
    matrix.mult(exact, rhs)
    found = exact.duplicate()
    count = kept.solve(rhs, found, tolerance)
    return count, float(np.abs(found.array - exact.array).max())


def test_indefinite_matrix_goes_on_from_cholesky_to_symmetric_indefinite(capfd):
    matrix = laplacian(-1.0)
    kept = KeptFactorisation(matrix)
    count, error = solved(kept, matrix)
    assert (kept.kind, count) == ("cholesky", 1) and error < 1e-12
    assert capfd.readouterr() == ("", "")  # CHOLMOD would tell on the standard output


def test_singular_matrix_is_told(capfd):
    matrix = laplacian(0.0)
    matrix.zeroRowsColumns([7], 0.0)
    with pytest.raises(FactorisationFailed):
        solved(KeptFactorisation(matrix), matrix)


def test_factors_are_kept_while_the_matrix_changes_little():
    matrix = laplacian(0.5)
    kept = KeptFactorisation(matrix)
    first, _ = solved(kept, matrix)
    matrix.shift(0.05)
    then, error = solved(kept, matrix)
    assert (first, kept.factorisations) == (1, 1) and 2 < then < 15 and error < 1e-11


@pytest.mark.parametrize("phase", ["forward", "inverse"])
@pytest.mark.parametrize("oblique", [False, True])
def test_action_is_the_assembled_tangent(phase, oblique):
    mesh = reference_meshes.tube_sector(10.0, 11.5, (1, 3, 2))
    held = (sliding("theta0"), sliding("theta1"), sliding("z0")) if oblique else (fixed("z0"), fixed("theta0"))
    body = solving.body(mesh, held)
    equilibrium = Equilibrium(body, prestressed=phase == "inverse")
    unknown = equilibrium.u if phase == "forward" else equilibrium.w
    random = np.random.default_rng(5)
    unknown.x.array[:] = 0.05 * random.normal(size=len(unknown.x.array))
    equilibrium.pressure.value = 0.016
    tangent = equilibrium.tangent(equilibrium.forward() if phase == "forward" else equilibrium.inverse(), unknown)
    matrix = ConstrainedMatrix(backend.compile_form(tangent), equilibrium)
    action = TangentAction(equilibrium, tangent, unknown, matrix)
    matrix.assemble()
    vector, expected, found = (backend.new_vector(unknown) for _ in range(3))
    vector.array[:] = random.normal(size=vector.size)
    matrix.system.mult(vector, expected)
    action.operator.mult(vector, found)
    np.testing.assert_allclose(found.array, expected.array, rtol=0, atol=1e-12 * np.abs(expected.array).max())
    assert (equilibrium.frames is not None) == oblique


def test_no_load_is_tried_twice_from_the_same_equilibrium(monkeypatch):
    """The last step is what is left of the load; where it fails, half of that comes next."""
    newton, tried = Newton.__new__(Newton), []
    unknown = SimpleNamespace(x=SimpleNamespace(array=np.zeros(3), scatter_forward=lambda: None))
    newton.phase, newton.unknown, newton.linear = "forward", unknown, SimpleNamespace(forget=lambda: None)
    monkeypatch.setattr(newton, "set_load", lambda pressure, factor: None, raising=False)
    monkeypatch.setattr(newton, "equilibrate", lambda target: tried.append(target) or len(tried) not in (2, 3), raising=False)
    newton.run(0.0, 1.0, first_step=0.75)
    assert tried == [0.75, 1.0, 0.875, 0.8125, 0.9375, 1.0]


def test_one_load_step_and_one_kind_of_factors_suffice():
    """An idealised aneurysm without prestress to 16 kPa, and its unloading from 80 mmHg."""
    body = calculix.clamped(reference_meshes.aneurysm((1, 10, 10)))
    counts = {}
    for phase, pressure in (("forward", 0.016), ("inverse", 80 * 133.322387415e-6)):
        newton = Newton(Equilibrium(body, prestressed=phase == "inverse"), phase)
        newton.run(0.0, pressure)
        assert {entry["load"] for entry in newton.path.history} == {1.0}
        assert newton.linear.kind == "cholesky" and newton.linear.positive
        counts[phase] = (newton.path.iterations, newton.path.factorisations)
        newton.release()
    assert counts["forward"] == (pytest.approx(9, abs=1), 2)
    assert counts["inverse"] == (pytest.approx(8, abs=1), 1)


def test_a_step_too_far_ends_in_an_error_without_warnings():
    """An exponential law overflows on the way to a pressure that it cannot bear."""
    law = material("demiray-1972", {}, 1e3, "wall")
    mesh = reference_meshes.aneurysm((1, 8, 4))
    body = solving.body(mesh, (fixed("end_proximal"), fixed("end_distal")), law)
    with warnings.catch_warnings(), pytest.raises(SolverError, match="no equilibrium"):
        warnings.simplefilter("error")
        Newton(Equilibrium(body, prestressed=False), "forward").run(0.0, 0.2, minimum_step=0.5)
