"""The tangent with its constraints: nodes that slide on oblique planes get axes of their own.

Where all constraints are along the global axes, rows and columns are replaced by the identity
during assembly. Otherwise the tangent becomes QᵀKQ with Q the nodes' axes, in which every
constraint is a single unknown: exact, where a penalty would trade accuracy against rounding.
"""

from __future__ import annotations

import numpy as np
from dolfinx import fem
from petsc4py import PETSc

from aorta.mechanics import backend
from aorta.mechanics.contact import ContactForces
from aorta.mechanics.equilibrium import Equilibrium


class ConstrainedMatrix:
    """Assembles one tangent form with a body's constraints.

    Attributes
    ----------
    system : PETSc matrix
        What to solve with, in the nodes' own axes.
    """

    def __init__(self, form: fem.Form, equilibrium: Equilibrium, contact: ContactForces | None = None):
        self._contact = contact
        self._form, self._conditions = form, equilibrium.conditions
        unknowns = equilibrium.body.domain.unknowns
        mine = unknowns.displacement[:, 0] < unknowns.owned  # of MPI processes, each turns the rows it owns
        self._places, self._numbers = unknowns.displacement[mine], backend.global_dofs(unknowns.space)
        self._frames = equilibrium.frames if equilibrium.frames is None else equilibrium.frames[mine]
        self._raw = backend.new_matrix(form)
        self._held = self._numbers[np.flatnonzero(equilibrium.held[: unknowns.owned])].astype(PETSc.IntType)
        self._rotation, self.system = None, self._raw
        if self._frames is not None:
            self._rotation = self._block_diagonal(self._frames)
            backend.assemble_matrix(self._raw, form, ())
            self.system = self._raw.PtAP(self._rotation)
            self.system.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)

    def _block_diagonal(self, frames: np.ndarray) -> PETSc.Mat:
        """Three columns in the rows of displacements, one in those of pressures."""
        size = self._raw.getLocalSize()[0]
        width = np.ones(size, PETSc.IntType)
        width[self._places] = 3
        starts = np.concatenate([[0], np.cumsum(width)]).astype(PETSc.IntType)
        columns, values = np.repeat(self._numbers[:size], width).astype(PETSc.IntType), np.ones(starts[-1])
        at = starts[self._places][..., None] + np.arange(3)
        columns[at], values[at] = self._numbers[self._places][:, None, :], frames
        sizes = ((size, None), (size, None))
        matrix = PETSc.Mat().createAIJ(sizes, csr=(starts, columns, values), comm=self._raw.comm)
        matrix.assemble()
        return matrix

    def assemble(self, exact: bool = True) -> None:
        """Overwrite the system by the tangent at the present unknowns; contact's part as its ``add_stiffness`` says."""
        backend.assemble_matrix(self._raw, self._form, self._conditions if self._rotation is None else ())
        if self._contact is not None:
            self._contact.add_stiffness(self._raw, exact)
        if self._rotation is None:
            return
        self._raw.PtAP(self._rotation, result=self.system)
        self.system.zeroRowsColumns(self._held, 1.0)

    def negate(self) -> None:
        """Turn the system's sign, but for the constraints' identity."""
        self.system.scale(-1.0)
        diagonal = self.system.getDiagonal()
        diagonal.array[self._held - self.system.getOwnershipRange()[0]] = 1.0
        self.system.setDiagonal(diagonal)

    def to_local(self, vector: PETSc.Vec) -> None:
        """Global components of nodal forces to the nodes' own axes, in place."""
        if self._frames is not None:
            vector.array[self._places] = np.einsum("nji,nj->ni", self._frames, vector.array[self._places])

    def to_global(self, vector: PETSc.Vec) -> None:
        """The way back of ``to_local``."""
        if self._frames is not None:
            vector.array[self._places] = np.einsum("nij,nj->ni", self._frames, vector.array[self._places])

    def release(self) -> None:
        """Give back the memory."""
        if self._rotation is not None:
            self.system.destroy()
            self._rotation.destroy()
        self._raw.destroy()
