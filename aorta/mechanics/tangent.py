"""The tangent's action on a vector, without the tangent: one pass over the elements, as cheap as two residuals.

Assembling the tangent costs as much as some twenty such actions (docs/theory/mechanics.md), and a
Newton iteration with a kept factorisation needs about ten. So the tangent is assembled only where
it is factorised.
"""

from __future__ import annotations

import numpy as np
import ufl
from petsc4py import PETSc

from aorta.mechanics import backend
from aorta.mechanics.constrained import ConstrainedMatrix
from aorta.mechanics.contact import ContactForces
from aorta.mechanics.equilibrium import Equilibrium


class TangentAction:
    """A PETSc matrix that acts as the constrained tangent at the present unknowns.

    Parameters
    ----------
    equilibrium : Equilibrium
    tangent : UFL form
    unknown : function
    matrix : ConstrainedMatrix
        Knows the nodes' own axes and sizes.
    contact : ContactForces or None
        Whose stiffness comes to the form's.

    Attributes
    ----------
    operator : PETSc matrix
    """

    def __init__(self, equilibrium: Equilibrium, tangent, unknown, matrix: ConstrainedMatrix, contact: ContactForces | None = None):
        domain = equilibrium.body.domain
        self._owned = domain.unknowns.owned
        self._held = np.flatnonzero(equilibrium.held[: self._owned])
        self._direction, self._matrix, self._contact = domain.function(), matrix, contact
        self._form = backend.compile_form(ufl.action(tangent, self._direction))
        self._turned = backend.new_vector(unknown)
        self.operator = PETSc.Mat().createPython(matrix.system.getSizes(), self, comm=matrix.system.comm)
        self.operator.setUp()

    def release(self) -> None:
        """Give back the memory."""
        self.operator.destroy()

    def mult(self, _matrix: PETSc.Mat, vector: PETSc.Vec, product: PETSc.Vec) -> None:
        """product = tangent · vector; constrained unknowns are themselves."""
        vector.copy(self._turned)
        self._turned.array[self._held] = 0.0
        self._matrix.to_global(self._turned)
        self._direction.x.array[: self._owned] = self._turned.array
        self._direction.x.scatter_forward()
        backend.assemble_vector(self._turned, self._form)
        if self._contact is not None:
            self._contact.add_product(self._turned, self._direction.x.array)
        self._matrix.to_local(self._turned)
        self._turned.copy(product)
        product.array[self._held] = vector.array_r[self._held]
