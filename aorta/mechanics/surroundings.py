"""What surrounds the vessel and presses on the wall's outer face: soft tissue, as forms, and the spine (``contact.py``).

Tissue: traction -k (u - u_rest) - c du/dt (Moireau et al. 2012, Biomech Model Mechanobiol 11:1), per
imaged area, with backward Euler between timed states; in static states c counts for nothing. At rest
in the imaged shape (u_rest = 0: it bears nothing at imaging pressure) or in the unloaded one (u_rest = w).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import ufl
from dolfinx import fem

from aorta.mechanics import backend
from aorta.mechanics.contact import Contact


@dataclass(frozen=True)
class Tissue:
    """Springs and dashpots in every direction; ``stiffness`` MPa/mm, ``damping`` MPa s/mm."""

    stiffness: float = 0.0
    damping: float = 0.0
    at_rest: Literal["imaged", "unloaded"] = "imaged"


@dataclass(frozen=True)
class Surroundings:
    """What acts on the facets of this name."""

    tissue: Tissue | None = None
    contact: Contact | None = None
    facets: str = "outer"

    @property
    def damped(self) -> bool:
        """Whether the past matters."""
        return self.tissue is not None and self.tissue.damping > 0


class SurroundingForces:
    """The surroundings' virtual work on one domain, and what it remembers between residuals.

    Parameters
    ----------
    measure
        UFL measure of the facets.
    """

    def __init__(self, what: Surroundings, domain, measure):
        self.what, self._domain, self._ds = what, domain, measure
        self._rate = fem.Constant(domain.mesh, np.float64(0.0))
        self._stiffness = fem.Constant(domain.mesh, np.float64(what.tissue.stiffness if what.tissue else 0.0))
        self._carrier = _Carrier(domain) if what.damped else None
        self._before = self._carrier.function() if what.damped else None

    # ------------------------------------------------------------------------------------ forms

    def work(self, u, w, test):
        """Virtual work against the tractions; ``u`` displacement from the image (None: the image itself), ``w`` to the
        unloaded shape (None: not there)."""
        form, tissue = 0, self.what.tissue
        if tissue is not None:
            stretch = -w if tissue.at_rest == "unloaded" and w is not None else None
            if u is not None:
                stretch = u if stretch is None else u + stretch
            if stretch is not None:
                form += self._stiffness * ufl.dot(stretch, test) * self._ds
            if u is not None and self._before is not None:
                form += self._rate * ufl.dot(u - self._before, test) * self._ds
        return form

    # ----------------------------------------------------------------------------------- memory

    def set_time_step(self, duration: float | None, before: np.ndarray | None) -> None:
        """The next states are ``duration`` s after displacements ``before`` (n, 3) mm; None: static."""
        if self._before is None:
            return
        self._rate.value = 0.0 if duration is None else self.what.tissue.damping / duration
        if duration is not None:
            self._carrier.write(self._before, before)


class _Carrier:
    """Quadratic vector functions that are data, not unknowns. ``nodes`` (k,) of the source are those of this process."""

    def __init__(self, domain):
        self._space = backend.vector_space(domain.mesh, 2)
        geometry, blocks = backend.cell_nodes(domain.mesh), backend.cell_blocks(self._space)
        self._blocks, first = np.unique(blocks, return_index=True)
        self.nodes = np.asarray(domain.mesh.geometry.input_global_indices)[geometry.ravel()[first]]

    def function(self) -> fem.Function:
        """Zero."""
        return fem.Function(self._space)

    def write(self, function: fem.Function, nodal: np.ndarray) -> None:
        """Overwrite by values (n, 3) at the source's nodes."""
        function.x.array.reshape(-1, 3)[self._blocks] = nodal[self.nodes]
