"""A ``WallMesh`` as a DOLFINx mesh with curved quadratic geometry, and the way back for fields.

Displacements are quadratic on the same tetrahedra (isoparametric): every mesh node has three of the
``unknowns``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from aorta.errors import MeshError
from aorta.mechanics import backend, tet10
from aorta.mechanics.loads import facet_keys
from aorta.mechanics.mesh_check import check_elements
from aorta.mechanics.unknowns import Formulation, Unknowns, make_unknowns
from aorta.records import WallMesh

VTK_TO_BASIX = np.array([0, 1, 2, 3, 9, 8, 5, 7, 6, 4])
"""basix orders mid-edges 23, 13, 12, 03, 02, 01; VTK 01, 12, 02, 03, 13, 23."""

_VOLUME_AGREEMENT = 1e-9
"""Relative; a wrong order of mid-edge nodes changes the volume by far more."""


@dataclass(frozen=True)
class Domain:
    """The mesh in the solver's numbering, with maps in both directions.

    Parameters
    ----------
    source : WallMesh
    mesh
        DOLFINx mesh.
    unknowns : Unknowns
        Where the nodes' unknowns are.
    tet_of_cell : (c,) int
        Tetrahedron of the source that each of this process's cells is; the first ``owned`` cells are its own, the
        others neighbours' that it needs to know. Without MPI it owns all.
    """

    source: WallMesh
    mesh: object
    unknowns: Unknowns
    tet_of_cell: np.ndarray
    owned: int

    @property
    def space(self):
        """Function space of the unknowns."""
        return self.unknowns.space

    def cells(self, region: int) -> np.ndarray:
        """This process's cells of one region, with those of neighbours."""
        return np.flatnonzero(self.source.region[self.tet_of_cell] == region).astype(np.int32)

    def regions(self) -> tuple[int, ...]:
        """The regions that have elements."""
        return tuple(int(r) for r in np.unique(self.source.region))

    def function(self, nodal: np.ndarray | None = None):
        """A solver function, zero or with the nodal values (n, 3)."""
        function = fem.Function(self.space)
        if nodal is not None:
            self.write(function, nodal)
        return function

    def pointwise(self, values: np.ndarray, points: np.ndarray):
        """A function linear in each cell (least squares) through values (m, q) or (m, q, 3) at reference points
        (q, 3): exact there for the four points of the volume's rule."""
        corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
        one = lambda x: np.concatenate([np.ones((len(x), 1)), x], 1)  # noqa: E731
        at_corners = np.einsum("cq,mq...->mc...", one(corners) @ np.linalg.pinv(one(points)), values)
        return backend.cellwise_linear(self.mesh, at_corners[self.tet_of_cell])

    def evaluate(self, expression: Callable[[int], object], points: np.ndarray, width: int) -> np.ndarray:
        """(m, q, width) values at reference points (q, 3) of a UFL vector given for each region; all processes know all."""
        values = np.zeros((len(self.source.tets), len(points), width))
        for region in self.regions():
            cells = self.cells(region)
            cells = cells[cells < self.owned]
            values[self.tet_of_cell[cells]] = backend.evaluate(expression(region), points, self.mesh, cells)
        return self.together(values)

    def together(self, parts: np.ndarray) -> np.ndarray:
        """The sum of an array over all processes."""
        if self.mesh.comm.size > 1:
            self.mesh.comm.Allreduce(MPI.IN_PLACE, parts)
        return parts

    def write(self, function, nodal: np.ndarray) -> None:
        """Overwrite a function by nodal values (n, 3)."""
        function.x.array[self.unknowns.displacement] = nodal[self.unknowns.nodes]
        function.x.scatter_forward()

    def read(self, array: np.ndarray) -> np.ndarray:
        """Nodal displacements (n, 3) of a local array of unknowns; all processes know all."""
        nodal, mine = np.zeros((len(self.source.points), 3)), self.unknowns.displacement[:, 0] < self.unknowns.owned
        nodal[self.unknowns.nodes[mine]] = np.asarray(array)[self.unknowns.displacement[mine]]
        return self.together(nodal)

    def owns(self, triangles: np.ndarray) -> np.ndarray:
        """(k,) bool: which of the boundary's triangles (k, 3 or more) are faces of this process's own tetrahedra."""
        count = len(self.source.points)
        mine = _faces(self.source.tets[self.tet_of_cell[: self.owned]], count)
        return np.isin(facet_keys(triangles, count), mine)

    def region_tags(self):
        """Cell tags: the value of ``WallMesh.region``."""
        return backend.tags(self.mesh, 3, np.arange(len(self.tet_of_cell)), self.source.region[self.tet_of_cell])

    def facet_tags(self, groups: Mapping[int, str]):
        """Facet tags: for each value, the named facets of the source.

        Raises
        ------
        MeshError
            A named facet is not a face of any tetrahedron, or belongs to two groups.
        """
        keys, entities, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
        for value, name in groups.items():
            wanted = facet_keys(self.source.facets[name], len(self.source.points))
            self._require_faces(wanted, name)
            found = self._find(wanted)
            keys.append(wanted)
            entities.append(found)
            values.append(np.full(len(found), value))
        if len(np.unique(np.concatenate(keys))) != sum(map(len, keys)):
            raise MeshError(
                "a facet of the mesh has two contradictory roles",
                where="mechanics",
                why=f"among {', '.join(sorted(set(groups.values())))} some facets appear twice",
                fix="give every facet one role: loaded by blood, or support",
            )
        return backend.tags(self.mesh, 2, np.concatenate(entities), np.concatenate(values))

    def _require_faces(self, wanted: np.ndarray, name: str) -> None:
        strange = ~np.isin(wanted, _faces(self.source.tets, len(self.source.points)))
        if strange.any():
            raise MeshError(
                f"facets '{name}' are not faces of the mesh",
                where="mechanics",
                why=f"{int(strange.sum())} of {len(wanted)} triangles belong to no tetrahedron",
                fix="take the facets from the same mesh as the tetrahedra",
            )

    def _find(self, wanted: np.ndarray) -> np.ndarray:
        """This process's facets among those of keys (k,)."""
        known = _faces(self.source.tets[self.tet_of_cell], len(self.source.points))
        facets = backend.cell_facets(self.mesh).T.ravel()  # facet i is opposite to vertex i
        order = np.argsort(known)
        place = np.searchsorted(known[order], wanted).clip(max=len(known) - 1)
        here = known[order][place] == wanted
        return facets[order][place[here]]


def _faces(tets: np.ndarray, count: int) -> np.ndarray:
    """(4m,) keys of the faces of tetrahedra: first those opposite to every first vertex, and so on."""
    return np.concatenate([facet_keys(np.delete(tets[:, :4], q, axis=1), count) for q in range(4)])


def make_domain(source: WallMesh, formulation: Formulation = "displacement", comm: MPI.Comm | None = None) -> Domain:
    """The solver's mesh of a ``WallMesh``, and its unknowns; shared out among the processes of ``comm`` if given.

    Raises
    ------
    MeshError
        Inverted elements, nodes of no element, or volumes that disagree (wrong node order).
    """
    check_elements(source)
    mesh = backend.create_mesh(source.tets[:, VTK_TO_BASIX], source.points, comm or MPI.COMM_SELF)
    tet_of_cell = np.asarray(mesh.topology.original_cell_index)
    domain = Domain(source, mesh, make_unknowns(source, mesh, formulation), tet_of_cell, backend.owned_cells(mesh))
    _check(domain)
    return domain


def _check(domain: Domain) -> None:
    """Compare volume and node places with what numpy makes of the source."""
    expected = float((tet10.jacobians(domain.source.points[domain.source.tets], tet10.GAUSS_5) * tet10.GAUSS_5_WEIGHTS).sum())
    one = fem.Constant(domain.mesh, np.float64(1.0))
    form = backend.compile_form(one * ufl.dx(domain=domain.mesh, metadata={"quadrature_degree": 3}))
    measured = backend.assemble_scalar(form, domain.mesh)
    apart = np.abs(domain.read(backend.places(domain.space)) - domain.source.points).max()
    if abs(measured / expected - 1) > _VOLUME_AGREEMENT or apart > 1e-6:
        raise MeshError(
            "the mesh changed on its way into the solver",
            where="mechanics",
            why=f"volume {measured:.6g} mm³ against {expected:.6g} mm³, nodes apart by up to {apart:.2g} mm",
            fix="tetrahedra must be in VTK's node order: mid-edges 01, 12, 02, 03, 13, 23",
        )
