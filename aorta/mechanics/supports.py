"""What holds the body, as data: facets by name and how they are held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aorta.errors import MeshError
from aorta.records import WallMesh

STEADYING_STIFFNESS = 1.0e-6
"""MPa/mm, along the plane of a sliding end of a vessel: removes the rigid motions that sliding planes leave. At 1 mm
of motion it carries 1e-6 MPa against a wall stress of 0.1 MPa; an exact pinning would press on vessels whose end
planes already hold some of these motions."""

_FLAT = 1e-3
"""Largest deviation of a facet's unit normal from the plane's."""


@dataclass(frozen=True)
class Support:
    """How one group of facets is held.

    ``fixed``: no displacement. ``sliding``: flat facets, no displacement along their common
    normal. Either may be ``elastic`` instead: traction -normal·(u·n)n - tangential·(u - (u·n)n)
    with stiffnesses in MPa/mm and n the facet's normal on the imaged shape; a sliding support may
    carry a tangential stiffness too.
    """

    facets: str
    kind: Literal["fixed", "sliding", "elastic"] = "fixed"
    normal: float = 0.0
    tangential: float = 0.0

    @property
    def springy(self) -> bool:
        """Whether it exerts a traction that grows with displacement."""
        return self.normal > 0.0 or self.tangential > 0.0


def fixed(facets: str) -> Support:
    """Facets that do not move."""
    return Support(facets)


def sliding(facets: str, steadying: float = 0.0) -> Support:
    """Flat facets that move within their plane only (a plane of symmetry, or a cut end)."""
    return Support(facets, "sliding", 0.0, steadying)


@dataclass(frozen=True)
class Prescribed:
    """Displacements given at nodes, reached in proportion to the load.

    Parameters
    ----------
    held : (n, 3) bool
        Which components of which node.
    values : (n, 3) float, mm
    """

    held: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Held:
    """The constraints of all nodes.

    Parameters
    ----------
    frames : (n, 3, 3) float
        Columns are each node's own axes; the unit matrix where planes are parallel to the axes.
    local : (n, 3) bool
        Components in these axes that cannot change.
    given : (n, 3) bool
        Components in the global axes that take ``values`` (n, 3) mm at full load.
    """

    frames: np.ndarray
    local: np.ndarray
    given: np.ndarray
    values: np.ndarray

    @property
    def rotated(self) -> bool:
        """Whether any node has axes of its own."""
        return bool((self.frames != np.eye(3)).any())


def held_by(mesh: WallMesh, supports: tuple[Support, ...], prescribed: Prescribed | None) -> Held:
    """Constraints of a mesh from its supports.

    Raises
    ------
    MeshError
        A sliding support that is not flat.
    """
    count = len(mesh.points)
    given, values = np.zeros((count, 3), bool), np.zeros((count, 3))
    if prescribed is not None:
        given |= prescribed.held
        values[prescribed.held] = prescribed.values[prescribed.held]
    normals: dict[int, list[np.ndarray]] = {}
    for support in supports:
        nodes = np.unique(mesh.facets[support.facets])
        if support.kind == "fixed":
            given[nodes], values[nodes] = True, 0.0
        elif support.kind == "sliding" and len(nodes):
            normal = plane_normal(mesh, support.facets)
            axis = int(np.abs(normal).argmax())
            if abs(normal[axis]) > 1 - 1e-14:
                given[nodes, axis] = True
                continue
            for node in nodes:
                normals.setdefault(int(node), []).append(normal)
    frames, local = np.broadcast_to(np.eye(3), (count, 3, 3)).copy(), given.copy()
    for node, planes in normals.items():
        if given[node].all():
            continue
        stacked = np.array([*planes, *np.eye(3)[given[node]]])
        _, size, axes = np.linalg.svd(stacked)
        frames[node], local[node] = axes.T, np.arange(3) < (size > 1e-6).sum()
    return Held(frames, local, given, values)


def plane_normal(mesh: WallMesh, name: str) -> np.ndarray:
    """(3,) unit normal of flat facets.

    Raises
    ------
    MeshError
        They are not in one plane.
    """
    a, b, c = (mesh.points[mesh.facets[name][:, q]] for q in range(3))
    areas = np.cross(b - a, c - a)
    normal = areas.sum(0) / np.linalg.norm(areas.sum(0))
    apart = np.linalg.norm(areas / np.linalg.norm(areas, axis=1, keepdims=True) - normal, axis=1).max()
    if apart > _FLAT:
        raise MeshError(
            f"facets '{name}' are not flat, so nothing can slide on them",
            where="mechanics",
            why=f"their normals differ by up to {np.degrees(apart):.2g} degrees",
            fix="use `ends: fixed`, or cut the vessel by a plane",
        )
    return normal
