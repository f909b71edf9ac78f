"""The spine's push on the wall's outer face: forces and stiffness by quadrature over its triangles, where they are now.

Rigid, frictionless, in one direction only. With d the signed distance of a place of the face from the spine and m its gradient
there, the traction is ε <-(d + d0)> m per imaged area, by penalty; d0 = <-d> in the image where contact is ``silent``, so that an
overlap of the label map's is no force: at imaging the spine bears nothing then.

Not a UFL form: a distance is known at places, not as a field on the mesh. Interpolated from the nodes' it gave a tangent that
was not the residual's derivative, off by little, but by little of a stiffness a hundred times the wall's: Newton's method crept
where elements were long or labels overlapped, or failed. At the points themselves the derivative is ε (m mᵀ - <-(d + d0)> ∇∇d).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.mechanics import backend, tet10
from aorta.mechanics.obstacles import REACH_MM, Obstacle

CONTACT_STIFFNESS = 1.0
"""MPa/mm: over 100 times a vessel's own resistance to widening (0.0076 MPa/mm in the idealised aneurysm: docs/theory/mechanics.md),
so that a blood pressure's worth of contact, 0.016 MPa, sinks in by 0.016 mm, a fiftieth of a voxel of 0.8 mm."""


@dataclass(frozen=True)
class Contact:
    """An obstacle and the stiffness (MPa/mm) with which it is kept out; ``silent``: no force in the image, whatever overlaps."""

    obstacle: Obstacle
    stiffness: float = CONTACT_STIFFNESS
    silent: bool = True


class ContactForces:
    """Contact of a domain's facets of one name; every process knows all of it, and adds to what it owns.

    Parameters
    ----------
    held : (size,) bool
        Unknowns that cannot change; the stiffness leaves them out unless ``turned``: in the nodes' own axes they are left
        out later.
    """

    def __init__(self, what: Contact, domain, facets: str, held: np.ndarray, turned: bool):
        self.what, self._domain = what, domain
        self._held = np.zeros_like(held) if turned else held
        source = domain.source
        self._shape, slope = tet10.triangle_shape(tet10.TRIANGLE_6)
        triangles = source.facets[facets]
        distance = what.obstacle.distance(self._at_points(source.points, triangles).reshape(-1, 3)).reshape(-1, 6)
        near = (distance < REACH_MM).any(1)
        self._triangles = triangles[near]
        tangents = np.einsum("fni,qnj->fqij", source.points[self._triangles], slope)
        self._area = np.linalg.norm(np.cross(tangents[..., 0], tangents[..., 1]), axis=-1) * tet10.TRIANGLE_6_WEIGHTS
        self._image = np.maximum(-distance[near], 0.0) if what.silent else np.zeros((int(near.sum()), 6))
        unknowns = domain.unknowns
        self._place = np.full((len(source.points), 3), -1, np.int64)
        self._place[unknowns.nodes] = unknowns.displacement
        self._mine = domain.owns(self._triangles)
        self._numbers = backend.global_dofs(unknowns.space)
        self.look(np.zeros(source.points.shape))

    def _at_points(self, nodal: np.ndarray, triangles: np.ndarray) -> np.ndarray:
        """(k, 6, 3) values at the triangles' points."""
        return np.einsum("qn,fni->fqi", self._shape, nodal[triangles])

    def look(self, displacement: np.ndarray) -> None:
        """Find what touches at displacements (n, 3) from the image; what is not finite, as in a trial step, does not."""
        now = self._at_points(self._domain.source.points + displacement, self._triangles)
        depth = -self.what.obstacle.distance(now.reshape(-1, 3)).reshape(-1, 6) - self._image
        face, point = np.nonzero(depth > 0.0)
        out, turn = self.what.obstacle.slopes(now[face, point])
        weight = self.what.stiffness * self._area[face, point]
        self._face, self._weights = face, self._shape[point]
        self._push = (weight * depth[face, point])[:, None] * out
        self._stiff = weight[:, None, None] * out[:, :, None] * out[:, None, :]
        self._soft = (weight * depth[face, point])[:, None, None] * turn

    def _nodal(self, at_points: np.ndarray) -> np.ndarray:
        """(n, 3) forces at the nodes of forces (p, 3) at the points that touch."""
        forces = np.zeros(self._domain.source.points.shape)
        np.add.at(forces, self._triangles[self._face], self._weights[:, :, None] * at_points[:, None, :])
        return forces

    def _add(self, vector, nodal: np.ndarray) -> None:
        unknowns = self._domain.unknowns
        mine = unknowns.displacement[:, 0] < unknowns.owned
        vector.array[unknowns.displacement[mine]] += nodal[unknowns.nodes[mine]]

    def add_residual(self, vector) -> None:
        """Minus the forces, to a PETSc vector of nodal forces in global axes."""
        self._add(vector, -self._nodal(self._push))

    def add_product(self, vector, direction: np.ndarray) -> None:
        """The stiffness times a local array of unknowns."""
        moved = self._domain.read(direction)[self._triangles[self._face]]
        at_points = np.einsum("pn,pni->pi", self._weights, moved)
        self._add(vector, self._nodal(np.einsum("pij,pj->pi", self._stiff - self._soft, at_points)))

    def add_stiffness(self, matrix, exact: bool) -> None:
        """To a PETSc matrix in global axes; unless ``exact``, without what rolls off the spine, which spoils definiteness."""
        at_points = self._stiff - self._soft if exact else self._stiff
        touching, first = np.unique(self._face, return_inverse=True)
        blocks = np.zeros((len(touching), 6, 3, 6, 3))
        np.add.at(blocks, first, np.einsum("pa,pb,pij->paibj", self._weights, self._weights, at_points))
        for face, block in zip(touching[self._mine[touching]], blocks[self._mine[touching]]):
            places = self._place[self._triangles[face]].ravel()
            free = ~self._held[places]
            rows = self._numbers[places[free]].astype(np.int32)
            matrix.setValues(rows, rows, block.reshape(18, 18)[np.ix_(free, free)], addv=True)
        matrix.assemble()
