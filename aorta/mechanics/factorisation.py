"""Linear systems: one factorisation kept as preconditioner for GMRES while it pays.

Measured on aneurysms of 20,000 to 60,000 nodes (docs/theory/mechanics.md): one factorisation costs
as much as some 35 pairs of triangular solves, so an old factorisation is used until a solve needs
about that many iterations.

What is factorised need not be what is solved with: GMRES acts on an operator, the stiffness is
assembled only when it is factorised.
"""

from __future__ import annotations

from collections.abc import Callable

from petsc4py import PETSc

KEEP_LIMIT = 30
"""Krylov iterations that cost as much as a new factorisation with its assembly."""
_WORN_TOTAL, _WORN_SOLVE = 2 * KEEP_LIMIT, 10
"""A factorisation is also given up once its solves have cost twice its price and one more takes over ten iterations:
a third fewer Krylov iterations where the load goes on in steps, none where it is one."""
_MEMORY_SHARE = 60  # MUMPS ICNTL(14): per cent of extra memory for pivots
_KINDS = (("cholmod", "cholesky"), ("mumps", "cholesky"), ("mumps", "lu"))
"""Solver and factors, each tried where the one before fails. CHOLMOD's LLᵀ with METIS's ordering costs half of MUMPS's
LDLᵀ with PORD, the best ordering that Debian's MUMPS has (ICNTL(7) = 5, METIS, silently takes PORD), but asks for a
positive definite matrix and one process; LDLᵀ takes any symmetric one; LU any."""


class FactorisationFailed(Exception):
    """The matrix is singular or memory ran out; the message says which."""


class KeptFactorisation:
    """Solves with an operator that changes slowly.

    Only the upper triangle is factorised, half the work and memory of LU: the ordinary tangent is
    symmetric (pressure on a surface whose rim is held has a potential), the inverse one nearly so.
    GMRES acts on the whole operator, so that what the factors lack costs iterations, not accuracy;
    where it costs too many, LU takes over.

    Parameters
    ----------
    matrix : PETSc matrix
        What is factorised.
    operator : PETSc matrix or None
        What is solved with (None: ``matrix``).
    assemble : callable (exact: bool) or None
        Brings ``matrix`` up to date; called before each factorisation. It may leave out of it what spoils
        definiteness, unless ``exact``.
    negative : int
        How many negative eigenvalues ``matrix`` has by its making: 0, or one for each pressure of a mixed form.

    Attributes
    ----------
    factorisations, iterations : int
        So far.
    suspect : bool
        Whether a matrix has had another number of them.
    """

    def __init__(
        self,
        matrix: PETSc.Mat,
        operator: PETSc.Mat | None = None,
        assemble: Callable[[bool], None] | None = None,
        negative: int = 0,
    ):
        self.matrix, self.operator, self._assemble = matrix, operator or matrix, assemble
        self.factorisations, self.iterations = 0, 0
        self.negative, self.suspect = negative, False
        self._stale, self._factorised, self._since, self._indefinite = True, False, 0, False
        cholesky = negative == 0 and matrix.comm.size == 1 and PETSc.Sys.hasExternalPackage("suitesparse")
        self._kinds = list(_KINDS if cholesky else _KINDS[1:])
        self._prepare()

    def _prepare(self) -> None:
        package, self.kind = self._kinds[0]
        self.ksp = PETSc.KSP().create(self.matrix.comm)
        PETSc.Options()["mat_cholmod_print"] = 0  # it tells of an indefinite matrix on the standard output
        self.ksp.setOperators(self.operator, self.matrix)
        self.ksp.setType("gmres")
        self.ksp.setGMRESRestart(2 * KEEP_LIMIT)
        self.ksp.setPCSide(PETSc.PC.Side.RIGHT)  # so that the true residual is measured
        self.pc = self.ksp.getPC()
        self.pc.setType(self.kind)
        self.pc.setFactorSolverType(package)
        self.pc.setFactorSetUpSolverType()
        if package == "mumps":
            self.pc.getFactorMatrix().setMumpsIcntl(14, _MEMORY_SHARE)

    @property
    def positive(self) -> bool:
        """Whether Cholesky's factors of a positive definite matrix serve still."""
        return self._kinds[0][0] == "cholmod"

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
        while not converged and len(self._kinds) > 1:
            self._kinds = self._kinds[1:] if self._indefinite else self._kinds[-1:]
            self.ksp.destroy()
            self._prepare()
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
        if factorise and self._assemble is not None:
            self._assemble(self.kind == "lu")
        self.pc.setReusePreconditioner(not factorise)
        self.ksp.setTolerances(rtol=tolerance, atol=0.0, max_it=KEEP_LIMIT * 2)
        self.factorisations += factorise
        self._factorised = self._factorised or factorise
        solution.set(0.0)
        self._indefinite = False
        try:
            self.ksp.solve(rhs, solution)
        except PETSc.Error as error:
            self._indefinite = self.positive
            if self._indefinite:
                self.suspect = True
                return 0, False
            raise FactorisationFailed(f"PETSc error {error.ierr}: {self._reason()}") from error
        if factorise and not self.positive and (self.kind == "lu" or _negative_pivots(self.pc) != self.negative):
            self.suspect = True
        count = self.ksp.getIterationNumber()
        self.iterations += count
        return count, self.ksp.getConvergedReason() > 0

    def _reason(self) -> str:
        code = self.pc.getFactorMatrix().getMumpsInfog(1)
        known = {-10: "the stiffness matrix is singular: the body is not held", -9: "not enough memory", -13: "not enough memory"}
        return known.get(code, f"the linear solve did not converge (MUMPS {code})")


def negative_eigenvalues(matrix: PETSc.Mat) -> int:
    """Of the symmetric matrix that has this one's upper triangle.

    Raises
    ------
    FactorisationFailed
    """
    pc = PETSc.PC().create(matrix.comm)
    pc.setOperators(matrix)
    pc.setType("cholesky")
    pc.setFactorSolverType("mumps")
    pc.setFactorSetUpSolverType()
    pc.getFactorMatrix().setMumpsIcntl(14, _MEMORY_SHARE)
    try:
        pc.setUp()
        failure = pc.getFactorMatrix().getMumpsInfog(1)
        if failure < 0:
            raise FactorisationFailed(f"MUMPS {failure}")
        return _negative_pivots(pc)
    except PETSc.Error as error:
        raise FactorisationFailed(f"PETSc error {error.ierr}") from error
    finally:
        pc.destroy()


def _negative_pivots(pc: PETSc.PC) -> int:
    """Of MUMPS's LDLᵀ: as many as negative eigenvalues (Sylvester)."""
    return int(pc.getFactorMatrix().getMumpsInfog(12))
