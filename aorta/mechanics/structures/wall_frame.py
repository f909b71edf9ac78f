"""Circumferential and axial directions at every place of the wall, from two harmonic fields.

The gradient of the potential between the wall's inner and outer face points through the wall, that
of the potential between the proximal cut and all others along it; the part of the second within the
wall's surface is axial, and what is perpendicular to both circumferential. A bifurcation needs
nothing of its own: the flow of the second field divides where the vessel does. As in the
rule-based fibres of cardiac mechanics (Bayer et al. 2012, Ann Biomed Eng 40:2243).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.errors import MeshError
from aorta.mechanics.structures import harmonic
from aorta.records import WallMesh

_WEAK = 1e-3
"""Of the median: an axial gradient below it has no direction of its own (between two legs, in a closed pouch)."""


@dataclass(frozen=True)
class WallFrame:
    """Unit vectors (m, q, 3) at reference points of each tetrahedron, 0 outside the chosen ones.

    ``weak`` is the share of the places whose axial direction is their neighbours'.
    """

    circumferential: np.ndarray
    axial: np.ndarray
    weak: float


def wall_frame(
    mesh: WallMesh,
    chosen: np.ndarray,
    at: np.ndarray,
    inner: str = "wall_inner",
    outer: str = "outer",
    proximal: str | None = None,
    distal: tuple[str, ...] | None = None,
) -> WallFrame:
    """The frame of some tetrahedra.

    Parameters
    ----------
    mesh : WallMesh
    chosen : (m,) bool
    at : (q, 3) reference points
    inner, outer : names of the facets between which the wall's thickness runs
    proximal, distal : names of the facets between which its length runs; None: the cut "end_proximal"
        (or the first there is) and all others

    Raises
    ------
    MeshError
        A facet group is missing or empty, or no direction can be found somewhere.
    """
    ends = sorted(name for name in mesh.facets if name.startswith("end_") and len(mesh.facets[name]))
    proximal = proximal or ("end_proximal" if "end_proximal" in ends else next(iter(ends), ""))
    distal = tuple(name for name in ends if name != proximal) if distal is None else distal
    tets = mesh.tets[chosen]

    def nodes(*names: str) -> np.ndarray:
        found = [mesh.facets[name].ravel() for name in names if name in mesh.facets]
        return np.unique(np.concatenate([*found, np.zeros(0, int)])).astype(int)

    through = harmonic.potential(mesh.points, tets, nodes(inner), nodes(outer), "direction through the wall")
    along = harmonic.potential(mesh.points, tets, nodes(*distal), nodes(proximal), "direction along the wall")
    radial = _unit(harmonic.gradient(mesh.points, tets, through, at))
    axial = _within(harmonic.gradient(mesh.points, tets, along, at), radial)
    size = np.linalg.norm(axial, axis=-1)
    weak = size < _WEAK * np.median(size)
    if weak.any():
        axial[weak] = _neighbours(mesh.points, tets, axial, size, radial)[weak]
    axial = _unit(axial)
    full = np.zeros((2, len(mesh.tets), len(at), 3))
    full[:, chosen] = np.cross(axial, radial), axial
    return WallFrame(full[0], full[1], float(weak.mean()))


def _unit(vectors: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not (size > 0).all():
        raise MeshError(
            "the wall has places without a direction",
            where="mechanics",
            why=f"at {int((size <= 0).sum())} quadrature points the harmonic fields are flat",
            fix="use an isotropic material, or rebuild the mesh",
        )
    return vectors / size


def _within(vectors: np.ndarray, radial: np.ndarray) -> np.ndarray:
    """The part of vectors perpendicular to unit vectors."""
    return vectors - (vectors * radial).sum(-1, keepdims=True) * radial


def _neighbours(points: np.ndarray, tets: np.ndarray, axial: np.ndarray, size: np.ndarray, radial: np.ndarray) -> np.ndarray:
    """Mean unit axial direction of the elements around, weighted by how clear each is."""
    clear = np.where((size > _WEAK * np.median(size))[..., None], axial, 0.0)
    clear = clear / np.maximum(np.linalg.norm(clear, axis=-1, keepdims=True), 1e-300)
    element = clear.sum(1)
    nodal = np.zeros((len(points), 3))
    for _ in range(3):  # rings of elements
        nodal[:] = 0.0
        np.add.at(nodal, tets, element[:, None])
        element = nodal[tets].mean(1)
    return _within(np.broadcast_to(element[:, None], axial.shape), radial)
