"""Where things are in a vector of the solver: displacement of every node and, in the mixed form, pressure of every corner.

Two formulations. ``displacement``: three unknowns a node. ``mixed``: also a mean stress ("pressure",
positive in tension), linear between the corners of the tetrahedra (Taylor & Hood 1973). Mean stress
is continuous within a tissue and jumps where two tissues meet, so that each region has a pressure of
its own; what a region's pressure would be outside the region is not part of the problem (``unused``).
Everything that indexes a vector or splits a function asks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import ufl

from aorta.mechanics import backend
from aorta.records import WallMesh

Formulation = Literal["displacement", "mixed"]


@dataclass(frozen=True)
class Unknowns:
    """The unknowns of a mesh.

    Parameters
    ----------
    space
        Function space of displacement, or of displacement and the regions' pressures.
    nodes : (k,) int
        Nodes of the source that have unknowns here, in the order of their unknowns: all, or under MPI those of this
        process's elements.
    displacement : (k, 3) int
        Where their components are in a local array of unknowns.
    regions : tuple of int
        Regions that have a pressure; () in the displacement form.
    pressure : (k', ...) tuple of (nodes, places)
        For each of these regions the nodes of the source and where their pressures are.
    unused : (size,) bool
        Pressures of a region outside of it.
    owned : int
        The first so many unknowns of a local array are this process's own; without MPI all.
    """

    space: object
    nodes: np.ndarray
    displacement: np.ndarray
    regions: tuple[int, ...]
    pressure: tuple[tuple[np.ndarray, np.ndarray], ...]
    unused: np.ndarray
    owned: int

    @property
    def mixed(self) -> bool:
        """Whether mean stress is an unknown."""
        return bool(self.regions)

    @property
    def size(self) -> int:
        """Length of a local array of unknowns, with those owned by other processes at its end."""
        return len(self.unused)

    def displacement_of(self, function):
        """The displacement in UFL of a function, test or trial function."""
        return ufl.split(function)[0] if self.mixed else function

    def pressure_of(self, function, region: int):
        """The mean stress in UFL of one region, MPa."""
        return ufl.split(function)[1 + self.regions.index(region)]

    def spread(self, nodal: np.ndarray) -> np.ndarray:
        """Values of the displacements' unknowns from values per node (n, 3); zero (False) for pressures."""
        out = np.zeros(self.size, nodal.dtype)
        out[self.displacement] = nodal[self.nodes]
        return out


def make_unknowns(source: WallMesh, mesh, formulation: Formulation) -> Unknowns:
    """The unknowns of a source's solver mesh."""
    regions = tuple(int(r) for r in np.unique(source.region)) if formulation == "mixed" else ()
    space = backend.mixed_space(mesh, len(regions)) if regions else backend.vector_space(mesh, 2)
    node_of_geometry = np.asarray(mesh.geometry.input_global_indices)
    geometry = backend.cell_nodes(mesh)
    places = np.full((len(node_of_geometry), 3), -1, np.int64)
    places[geometry] = backend.displacement_dofs(space)
    owned, size = backend.sizes(space)
    pressure, unused = [], np.zeros(size, bool)
    for index, region in enumerate(regions):
        dofs = backend.pressure_dofs(space, index)
        _, first = np.unique(dofs, return_index=True)
        corner, place = node_of_geometry[geometry[:, :4]].ravel()[first], dofs.ravel()[first]
        inside = np.isin(corner, source.tets[source.region == region, :4])
        unused[place[~inside]] = True
        pressure.append((corner[inside], place[inside]))
    order = np.argsort(places[:, 0])
    return Unknowns(space, node_of_geometry[order], places[order], regions, tuple(pressure), unused, owned)
