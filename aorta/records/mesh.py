"""The vessel as a solid, and where it shall be finer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aorta.records.anatomy import End, Surface
from aorta.records.base import Array, require
from aorta.records.finding import Finding

WALL, THROMBUS = 1, 2
"""Values of ``WallMesh.region``."""


@dataclass(frozen=True)
class WallMesh:
    """The vessel as a solid: quadratic tetrahedra on the imaged (loaded) geometry.

    Parameters
    ----------
    points : (n, 3) float, mm, LPS
        Vertices and mid-edge nodes; curved boundaries are followed by the mid-edge nodes.
    tets : (m, 10) int
        VTK order: vertices 0-3, then mid-edges 01, 12, 02, 03, 13, 23. Positive volume.
    region : (m,) uint8
        ``WALL`` or ``THROMBUS``.
    facets : mapping of name to (k, 6) int
        VTK quadratic triangles, normals out of the solid. "blood": all faces that blood touches;
        "wall_inner": the wall's inner face, bare or under thrombus (normals out of the wall);
        "outer": the wall's outer face; "end_<name>": the cut of each ``End``, wall and thrombus.
    thrombus_thickness_mm : (n,) float
        Distance from the wall's inner face to the blood at each node of the wall, 0 where bare
        and at thrombus nodes.
    wall_thickness_mm : (n,) float
        Local wall thickness at each node of the wall, 0 at nodes of the thrombus alone.
    """

    points: Array
    tets: Array
    region: Array
    facets: Mapping[str, Array]
    ends: tuple[End, ...]
    thrombus_thickness_mm: Array
    wall_thickness_mm: Array
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
    spine: Surface | None = None  # the anatomy's
    calcified_share: Array | None = None  # (n,) 0 to 1, where calcification is a stiff inclusion; None: it is as the wall

    def __post_init__(self) -> None:
        require(self.tets.ndim == 2 and self.tets.shape[1] == 10, "tets must be (m, 10)")
        require(self.region.shape == (len(self.tets),), "region must be (m,)")
        require(self.tets.max() < len(self.points), "tets refer to points that do not exist")
        for needed in ("blood", "wall_inner", "outer"):
            require(needed in self.facets, f"facets must have '{needed}'")


@dataclass(frozen=True)
class FinerMesh:
    """Where a mesh shall be finer than its settings say.

    Parameters
    ----------
    points : (k, 3) float, mm, LPS
    share : (k,) float
        Of the edge length that the settings give there, 0 to 1; what is nearest counts.
    """

    points: Array
    share: Array

    def at(self, places: Array) -> Array:
        """The share (n,) at places (n, 3)."""
        from scipy.spatial import cKDTree

        return self.share[cKDTree(self.points).query(places)[1]]
