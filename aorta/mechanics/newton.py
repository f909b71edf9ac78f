"""Newton's method with line search, and the way to full load by steps as large as converge.

Linear systems are solved only as precisely as the iteration needs (inexact Newton) with a kept
factorisation. A step is accepted where the residual falls, or its component along the step does;
thin walls let the residual jump while they bend, so a rise alone is no reason to shorten a step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from aorta.errors import SolverError
from aorta.mechanics import backend
from aorta.mechanics.constrained import ConstrainedMatrix
from aorta.mechanics.equilibrium import Equilibrium
from aorta.mechanics.factorisation import FactorisationFailed, KeptFactorisation
from aorta.mechanics.loads import shares
from aorta.mechanics.materials.limit import limit_told
from aorta.mechanics.tangent import TangentAction
from aorta.mechanics.tet10 import pressure_forces
from aorta.records import WALL, Progress, silent

TOLERANCE = 1e-9
"""Residual force over the norm of the applied or reaction forces."""
_SHORTEST = 1 / 16
_LINE_SEARCH = 0.9
_LOOSEST = 0.1
"""Relative residual of the first linear solves, tightened with the convergence (Eisenstat & Walker 1996); 0.01 cost a
third more Krylov iterations."""


@dataclass
class Path:
    """What is told about the way: one entry per iteration, and counts."""

    history: list[dict[str, float | int | str]] = field(default_factory=list)
    iterations: int = 0
    factorisations: int = 0
    krylov: int = 0


class Newton:
    """One nonlinear problem: residual and tangent of a body in one unknown.

    Parameters
    ----------
    equilibrium : Equilibrium
    phase : "inverse" or "forward"
    """

    def __init__(self, equilibrium: Equilibrium, phase: str, max_iterations: int = 25):
        self.phase, self.max_iterations, self.equilibrium = phase, max_iterations, equilibrium
        self.unknown = equilibrium.w if phase == "inverse" else equilibrium.u
        residual = equilibrium.inverse() if phase == "inverse" else equilibrium.forward()
        self.residual_form = backend.compile_form(residual)
        tangent = equilibrium.tangent(residual, self.unknown)
        contact = equilibrium.contact if phase == "forward" else None  # in the image its forces do not change with w
        self.matrix = ConstrainedMatrix(backend.compile_form(tangent), equilibrium, contact)
        self.action = TangentAction(equilibrium, tangent, self.unknown, self.matrix, contact)
        self.residual, self.step = backend.new_vector(self.unknown), backend.new_vector(self.unknown)
        body = equilibrium.body
        self._owned, self._comm = body.domain.unknowns.owned, body.domain.mesh.comm
        pressures = sum(int((places < self._owned).sum()) for _, places in body.domain.unknowns.pressure)
        negative = self._comm.allreduce(pressures)
        self.linear = KeptFactorisation(self.matrix.system, self.action.operator, self.assemble_stiffness, negative)
        self.path = Path()
        self._dead = None if body.forces is None else body.domain.unknowns.spread(body.forces)
        self._share = 1.0

    # --------------------------------------------------------------------------------- pieces

    def set_load(self, pressure: float, factor: float) -> None:
        """Pressure in MPa, and the share of prescribed displacements and dead forces."""
        e = self.equilibrium
        e.pressure.value, self._share = pressure, factor
        self.unknown.x.array[e.given] = factor * e.given_values[e.given]
        self.unknown.x.scatter_forward()

    def _assemble_forces(self) -> tuple[np.ndarray, np.ndarray]:
        """The residual of this process's unknowns in the nodes' own axes, held ones with it, and which are held."""
        self.equilibrium.refresh()
        backend.assemble_vector(self.residual, self.residual_form)
        if self.equilibrium.contact is not None:
            self.equilibrium.contact.add_residual(self.residual)
        if self._dead is not None:
            self.residual.array[:] -= self._share * self._dead[: self._owned]
        self.matrix.to_local(self.residual)
        return self.residual.array, self.equilibrium.held[: self._owned]

    def reactions(self) -> np.ndarray:
        """(n, 3) N: force of rigid supports on every node at the present unknowns of the forward problem."""
        forces, held = self._assemble_forces()
        forces[~held] = 0.0
        self.matrix.to_global(self.residual)
        return self.equilibrium.body.domain.read(self.residual.array)

    def assemble_residual(self) -> tuple[float, float]:
        """Norm of the residual over free unknowns, and of the reactions at held ones, in N."""
        forces, held = self._assemble_forces()
        reactions = math.sqrt(self._dot(forces[held], forces[held]))
        forces[held] = 0.0
        return math.sqrt(self._dot(forces, forces)), reactions

    def _dot(self, a: np.ndarray, b: np.ndarray) -> float:
        """Inner product of vectors whose parts all processes own."""
        return float(self._comm.allreduce(float(a @ b)))

    def force_scale(self) -> float:
        """Norm of the nodal pressure forces, in N."""
        body, mesh = self.equilibrium.body, self.equilibrium.body.domain.source
        loads = shares(body.pressure_facets).items()
        forces = sum((share * pressure_forces(mesh.points, mesh.facets[name]) for name, share in loads), np.zeros(1))
        return float(self.equilibrium.pressure.value) * float(np.linalg.norm(forces))

    def relative_residual(self) -> float:
        """Residual over the applied or reaction forces, at the present load and unknowns."""
        norm, reactions = self.assemble_residual()
        return norm / max(self.force_scale(), reactions, 1e-12)

    def assemble_stiffness(self, exact: bool) -> None:
        """What is factorised: the tangent; unless ``exact``, without the pressure's part and so more often positive definite."""
        pressure = self.equilibrium.pressure
        value = pressure.value.copy()
        pressure.value = value if exact else 0.0
        self.matrix.assemble(exact)
        pressure.value = value
        if self.phase == "inverse":  # negative, as stress falls with w; GMRES does not mind the sign of its preconditioner
            self.matrix.negate()

    def release(self) -> None:
        """Give back the matrix and its factors."""
        self.linear.release()
        self.action.release()
        self.matrix.release()

    # ------------------------------------------------------------------------------ iterations

    @np.errstate(over="ignore", invalid="ignore")  # a step too far overflows; its norm is then not finite, and it is shortened
    def equilibrate(self, load: float) -> bool:
        """Iterate at the present load; True where it converged."""
        norm, reactions = self.assemble_residual()
        previous = norm
        for iteration in range(self.max_iterations + 1):
            scale = max(self.force_scale(), reactions, 1e-12)
            entry = {"phase": self.phase, "load": load, "iteration": iteration, "residual": norm / scale, "krylov": 0, "step": 0.0}
            self.path.history.append(entry)
            if norm <= TOLERANCE * scale:
                return True
            if iteration == self.max_iterations or not math.isfinite(norm):
                return False
            forcing = min(_LOOSEST, max(1e-6, 0.5 * (norm / max(previous, norm)) ** 1.5, 0.3 * TOLERANCE * scale / norm))
            try:
                entry["krylov"] = self.linear.solve(self.residual, self.step, forcing)
            except FactorisationFailed as failure:
                entry["failure"] = str(failure)
                return False
            finally:
                self.path.factorisations, self.path.krylov = self.linear.factorisations, self.linear.iterations
            self.path.iterations += 1
            previous = norm
            norm, reactions, entry["step"] = self._search(norm)
        return False

    def _search(self, norm: float) -> tuple[float, float, float]:
        """Move against the step as far as it helps; return new norm, reactions and the share taken."""
        own = slice(self._owned)
        start, local = self.unknown.x.array[own].copy(), self.step.array.copy()
        slope = self._dot(local, self.residual.array)
        self.matrix.to_global(self.step)
        step = self.step.array.copy()
        share = 1.0
        while True:
            self.unknown.x.array[own] = start - share * step
            self.unknown.x.scatter_forward()
            new, reactions = self.assemble_residual()
            along = self._dot(local, self.residual.array)
            good = math.isfinite(new) and (new <= norm or abs(along) <= _LINE_SEARCH * abs(slope))
            if good or share <= _SHORTEST:
                return new, reactions, share
            closer = share * slope / (slope - along) if math.isfinite(along) and along * slope < 0 else 0.0
            share = max(_SHORTEST, min(0.5 * share, max(closer, 0.1 * share)) if math.isfinite(new) else 0.25 * share)

    # ----------------------------------------------------------------------------------- load

    def run(
        self,
        pressure_from: float,
        pressure_to: float,
        *,
        first_step: float = 1.0,
        minimum_step: float = 1 / 64,
        progress: Progress = silent,
    ) -> None:
        """Go from one pressure (in equilibrium, or unloaded) to another, MPa.

        Raises
        ------
        SolverError
            A step below ``minimum_step`` of the load does not converge. ``last_state`` is (load
            factor, displacement (n, 3)) of the last equilibrium found.
        """
        done, step = 0.0, first_step
        values, earlier = self.unknown.x.array.copy(), None
        while done < 1.0 - 1e-12:
            target = min(1.0, done + step)
            self.unknown.x.array[:] = values
            if earlier is not None:  # continue in the direction of the last step
                at, old = earlier
                self.unknown.x.array[:] += (target - done) / (done - at) * (values - old)
            self.set_load(pressure_from + target * (pressure_to - pressure_from), target)
            progress(f"{self.phase}: {target:.0%} of the load", done)
            if self.equilibrate(target):
                earlier, values, done = (done, values), self.unknown.x.array.copy(), target
                step = min(2.0 * step, 1.0)
                continue
            step, earlier = 0.5 * (target - done), None  # of what was tried: the last step may have been cut short
            self.linear.forget()
            if step < minimum_step:
                self._give_up(done, values, pressure_from, pressure_to)
        self.unknown.x.scatter_forward()
        if self.phase == "inverse":
            self.equilibrium.take_over()

    def _give_up(self, done: float, values: np.ndarray, start: float, end: float) -> None:
        self.unknown.x.array[:] = values
        last = self.path.history[-1]
        wall = self.equilibrium.body.materials.get(WALL)
        known = limit_told(wall, self.phase == "inverse") if wall else ""
        raise SolverError(
            f"no equilibrium found ({self.phase} problem)",
            where=f"load between {done:.1%} and 100 % of the way from {start * 1e3:.2f} to {end * 1e3:.2f} kPa",
            why=str(
                last.get("failure", f"residual {last['residual']:.1e} of the applied force after {last['iteration']} iterations")
            )
            + f"; the last equilibrium is at {(start + done * (end - start)) * 1e3:.2f} kPa"
            + (f"; {known}" if known else ""),
            fix="check pressure, wall thickness and material parameters; look at the mesh where the displacement is largest; "
            "`prestress: linear` gives stresses without this solve",
            last_state=(done, self.equilibrium.body.domain.read(values)),
        )
