"""Linear systems: one MUMPS factorisation kept as preconditioner for GMRES while it pays.

Measured on the idealised aneurysm (docs/theory/mechanics.md): one factorisation costs as much as
some 25 pairs of triangular solves, so an old factorisation is used until a solve needs more
iterations than that.
"""

from __future__ import annotations

from petsc4py import PETSc

KEEP_LIMIT = 25
"""Krylov iterations after which a new factorisation is cheaper."""
_ORDERING_METIS = 5  # MUMPS ICNTL(7); a third faster than the default on these meshes
_MEMORY_SHARE = 60  # MUMPS ICNTL(14): per cent of extra memory for pivots


class FactorisationFailed(Exception):
    """The matrix is singular or memory ran out; the message says which."""


class KeptFactorisation:
    """Solves with a matrix that changes slowly.

    Parameters
    ----------
    matrix : PETSc matrix
        Reassembled in place between solves.
    symmetric : bool
        LDLᵀ of the upper triangle instead of LU: half the work. GMRES acts on the whole matrix, so
        that a small unsymmetric part costs iterations, not accuracy.

    Attributes
    ----------
    factorisations, iterations : int
        So far.
    """

    def __init__(self, matrix: PETSc.Mat, symmetric: bool):
        self.matrix, self.factorisations, self.iterations = matrix, 0, 0
        self._stale = True
        self.ksp = PETSc.KSP().create(matrix.comm)
        self.ksp.setOperators(matrix)
        self.ksp.setType("gmres")
        self.ksp.setGMRESRestart(60)
        self.ksp.setPCSide(PETSc.PC.Side.RIGHT)  # so that the true residual is measured
        self.pc = self.ksp.getPC()
        self.pc.setType("cholesky" if symmetric else "lu")
        self.pc.setFactorSolverType("mumps")
        self.pc.setFactorSetUpSolverType()
        factor = self.pc.getFactorMatrix()
        factor.setMumpsIcntl(7, _ORDERING_METIS)
        factor.setMumpsIcntl(14, _MEMORY_SHARE)

    def forget(self) -> None:
        """Factorise anew at the next solve."""
        self._stale = True

    def solve(self, rhs: PETSc.Vec, solution: PETSc.Vec, tolerance: float) -> int:
        """Solve to a relative residual; return the Krylov iterations.

        Raises
        ------
        FactorisationFailed
        """
        fresh = self._stale
        count, converged = self._try(rhs, solution, tolerance, fresh)
        if not converged and not fresh:
            count, converged = self._try(rhs, solution, tolerance, True)
        if not converged:
            raise FactorisationFailed(self._reason())
        self._stale = count > KEEP_LIMIT
        return count

    def _try(self, rhs, solution, tolerance, factorise) -> tuple[int, bool]:
        self.pc.setReusePreconditioner(not factorise)
        self.ksp.setTolerances(rtol=tolerance, atol=0.0, max_it=KEEP_LIMIT * 2)
        self.factorisations += factorise
        solution.set(0.0)
        try:
            self.ksp.solve(rhs, solution)
        except PETSc.Error as error:
            raise FactorisationFailed(f"PETSc error {error.ierr}: {self._reason()}") from error
        count = self.ksp.getIterationNumber()
        self.iterations += count
        return count, self.ksp.getConvergedReason() > 0

    def _reason(self) -> str:
        code = self.pc.getFactorMatrix().getMumpsInfog(1)
        known = {-10: "the stiffness matrix is singular: the body is not held", -9: "not enough memory", -13: "not enough memory"}
        return known.get(code, f"the linear solve did not converge (MUMPS {code})")
