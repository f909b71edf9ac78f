"""What surrounds the vessel and presses on the wall's outer face, as forms: soft tissue and the spine.

Tissue: traction -k (u - u_rest) - c du/dt (Moireau et al. 2012, Biomech Model Mechanobiol 11:1), per
imaged area, with backward Euler between timed states; in static states c counts for nothing. At rest
in the imaged shape (u_rest = 0: it bears nothing at imaging pressure) or in the unloaded one (u_rest = w).

Spine: rigid, frictionless, in one direction only. With d the signed distance of a point of the wall's
outer face from it and m its outward normal, the traction is ε <-(d + d0)> m, by penalty; d0 = <-d> in
the image, so that an overlap of the label map's is no force: at imaging the spine bears nothing either.
Distance and normal are taken at the nodes where they are *now* (``refresh``, before each residual) and
interpolated; the tangent leaves out the curvature of the spine alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import ufl
from dolfinx import fem

from aorta.mechanics import backend
from aorta.mechanics.obstacles import Obstacle

CONTACT_STIFFNESS = 1.0
"""MPa/mm: 100 times the wall's own resistance to a change of radius (2 E t / R², some 0.01 MPa/mm), so that a blood
pressure's worth of contact, 0.016 MPa, sinks in by 0.016 mm, a fiftieth of a voxel."""


@dataclass(frozen=True)
class Tissue:
    """Springs and dashpots in every direction; ``stiffness`` MPa/mm, ``damping`` MPa s/mm."""

    stiffness: float = 0.0
    damping: float = 0.0
    at_rest: Literal["imaged", "unloaded"] = "imaged"


@dataclass(frozen=True)
class Contact:
    """An obstacle and the stiffness (MPa/mm) with which it is kept out; ``silent``: no force in the image, whatever overlaps."""

    obstacle: Obstacle
    stiffness: float = CONTACT_STIFFNESS
    silent: bool = True


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
        self._carrier = _Carrier(domain) if what.damped or what.contact else None
        self._before = self._carrier.function() if what.damped else None
        if what.contact:
            self._penalty = fem.Constant(domain.mesh, np.float64(what.contact.stiffness))
            self._distance, self._normal, self._at = (self._carrier.function() for _ in range(3))
            self._outer = np.intersect1d(domain.source.facets[what.facets], self._carrier.nodes)
            places = domain.source.points[self._outer]
            self._image = what.contact.obstacle.distance(places) if what.contact.silent else np.zeros(len(places))
            self.refresh(None)

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
        contact = self.what.contact
        if contact is not None and not (contact.silent and u is None):  # in the image itself it is then nil
            gap = self._distance[0] + _positive(-self._distance[1])
            if u is not None:
                gap += ufl.dot(self._normal, u - self._at)
            form -= self._penalty * _positive(-gap) * ufl.dot(self._normal, test) * self._ds
        return form

    # ----------------------------------------------------------------------------------- memory

    def refresh(self, u) -> None:
        """Distance and normal where the wall is at the displacement ``u`` (None: in the image)."""
        contact, source = self.what.contact, self._domain.source
        if contact is None:
            return
        moved = np.zeros(source.points.shape) if u is None else self._domain.read(u.x.array)
        now = (source.points + moved)[self._outer]
        finite = np.isfinite(now).all(1)  # a trial step of Newton's may not be
        distance, normal = np.full(len(now), np.nan), np.zeros_like(now)
        distance[finite], normal[finite] = contact.obstacle.distance(now[finite]), contact.obstacle.normal(now[finite])
        nodal = np.zeros((3, *source.points.shape))
        nodal[0, self._outer, 0], nodal[0, self._outer, 1] = distance, self._image
        nodal[1, self._outer], nodal[2] = normal, moved
        for function, values in zip((self._distance, self._normal, self._at), nodal):
            self._carrier.write(function, values)

    def set_time_step(self, duration: float | None, before: np.ndarray | None) -> None:
        """The next states are ``duration`` s after displacements ``before`` (n, 3) mm; None: static."""
        if self._before is None:
            return
        self._rate.value = 0.0 if duration is None else self.what.tissue.damping / duration
        if duration is not None:
            self._carrier.write(self._before, before)


def _positive(value):
    """<x>: x where it is positive, else 0."""
    return ufl.conditional(ufl.gt(value, 0.0), value, 0.0)


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
