"""Linear systems: one MUMPS factorisation kept as preconditioner for GMRES while it pays.

Measured on the idealised aneurysm (docs/theory/mechanics.md): one factorisation costs as much as
some 25 pairs of triangular solves, so an old factorisation is used until a solve needs more
iterations than that.
"""

from __future__ import annotations

from petsc4py import PETSc

KEEP_LIMIT = 25
"""Krylov iterations that cost as much as a new factorisation."""
_WORN_TOTAL, _WORN_SOLVE = 2 * KEEP_LIMIT, 10
"""A factorisation is also given up once its solves have cost twice its price and one more takes over ten iterations:
a third fewer Krylov iterations where the load goes on in steps, none where it is one."""
_ORDERING_METIS = 5  # MUMPS ICNTL(7); a third faster than the default on these meshes
_MEMORY_SHARE = 60  # MUMPS ICNTL(14): per cent of extra memory for pivots


class FactorisationFailed(Exception):
    """The matrix is singular or memory ran out; the message says which."""


class KeptFactorisation:
    """Solves with a matrix that changes slowly.

    LDLᵀ of the upper triangle, half the work and memory of LU: the ordinary tangent is symmetric
    (pressure on a surface whose rim is held has a potential), the inverse one nearly so. GMRES acts
    on the whole matrix, so that an unsymmetric part costs iterations, not accuracy; where it costs
    too many, LU takes over.

    Parameters
    ----------
    matrix : PETSc matrix
        Reassembled in place between solves.

    Attributes
    ----------
    factorisations, iterations : int
        So far.
    """

    def __init__(self, matrix: PETSc.Mat):
        self.matrix, self.factorisations, self.iterations = matrix, 0, 0
        self._stale, self._factorised, self._since = True, False, 0
        self._prepare("cholesky")

    def _prepare(self, kind: str) -> None:
        self.kind = kind
        self.ksp = PETSc.KSP().create(self.matrix.comm)
        self.ksp.setOperators(self.matrix)
        self.ksp.setType("gmres")
        self.ksp.setGMRESRestart(2 * KEEP_LIMIT)
        self.ksp.setPCSide(PETSc.PC.Side.RIGHT)  # so that the true residual is measured
        self.pc = self.ksp.getPC()
        self.pc.setType(kind)
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
        fresh, self._factorised = self._stale, False
        count, converged = self._try(rhs, solution, tolerance, fresh)
        if not converged and not fresh:
            count, converged = self._try(rhs, solution, tolerance, True)
        if not converged and self.kind == "cholesky":
            self.ksp.destroy()
            self._prepare("lu")
            count, converged = self._try(rhs, solution, tolerance, True)
        if not converged:
            raise FactorisationFailed(self._reason())
        self._since = count if self._factorised else self._since + count
        self._stale = count > KEEP_LIMIT or (self._since > _WORN_TOTAL and count > _WORN_SOLVE)
        return count

    def release(self) -> None:
        """Give back the factors."""
        self.ksp.destroy()

    def _try(self, rhs, solution, tolerance, factorise) -> tuple[int, bool]:
        self.pc.setReusePreconditioner(not factorise)
        self.ksp.setTolerances(rtol=tolerance, atol=0.0, max_it=KEEP_LIMIT * 2)
        self.factorisations += factorise
        self._factorised = self._factorised or factorise
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
