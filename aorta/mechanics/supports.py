"""What holds the body, as data: facets by name and how they are held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aorta.records import WallMesh

NORMAL_STIFFNESS = 1.0e5
"""MPa/mm, of a plane that facets slide on: a stress of 0.1 MPa moves it by 1e-6 mm."""
STEADYING_STIFFNESS = 1.0e-6
"""MPa/mm, along the plane of a sliding end of a vessel: removes the rigid motions that sliding planes leave. At 1 mm
of motion it carries 1e-6 MPa against a wall stress of 0.1 MPa; an exact pinning would press on vessels whose end
planes already hold some of these motions."""


@dataclass(frozen=True)
class Support:
    """How one group of facets is held.

    ``fixed``: no displacement. ``spring``: traction -normal·(u·n)n - tangential·(u - (u·n)n) with
    stiffnesses in MPa/mm and n the facet's normal on the imaged shape.
    """

    facets: str
    kind: Literal["fixed", "spring"] = "fixed"
    normal: float = 0.0
    tangential: float = 0.0


def fixed(facets: str) -> Support:
    """Facets that do not move."""
    return Support(facets)


def sliding(facets: str, steadying: float = 0.0) -> Support:
    """Flat facets that move within their plane only (a plane of symmetry, or a cut end)."""
    return Support(facets, "spring", NORMAL_STIFFNESS, steadying)


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


def held_nodes(mesh: WallMesh, supports: tuple[Support, ...], prescribed: Prescribed | None) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) bool which components are given, and (n, 3) their values at full load."""
    held, values = np.zeros(mesh.points.shape, bool), np.zeros(mesh.points.shape)
    if prescribed is not None:
        held |= prescribed.held
        values[prescribed.held] = prescribed.values[prescribed.held]
    for support in supports:
        if support.kind == "fixed":
            held[np.unique(mesh.facets[support.facets])] = True
            values[np.unique(mesh.facets[support.facets])] = 0.0
    return held, values
