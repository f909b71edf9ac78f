"""Surfaces, centrelines, sections, landmarks and what was measured on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records.base import Array, require
from aorta.records.finding import Finding


@dataclass(frozen=True)
class Surface:
    """A triangulated surface, normals outward.

    Parameters
    ----------
    points : (n, 3) float, mm, LPS
    triangles : (m, 3) int
    cautions : tuple of str
        About how the file was read.
    """

    points: Array
    triangles: Array
    cautions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(self.points.ndim == 2 and self.points.shape[1] == 3, "points must be (n, 3)")
        require(self.triangles.ndim == 2 and self.triangles.shape[1] == 3, "triangles must be (m, 3)")
        require(len(self.triangles) > 0, "a surface needs triangles")

    @property
    def volume_mm3(self) -> float:
        """Enclosed volume by the divergence theorem (meaningful when closed)."""
        a, b, c = (self.points[self.triangles[:, q]] for q in range(3))
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


@dataclass(frozen=True)
class Branch:
    """A centreline from its start (towards the heart) to its end.

    Parameters
    ----------
    name : str
        "aorta", "left_iliac", "right_iliac", or "branch_1" ... until identified
        ("left_renal", "right_renal", "superior_mesenteric" ...).
    points : (n, 3) float, mm, LPS
        Evenly spaced, smooth.
    tangents : (n, 3) float
        Unit, pointing away from the heart.
    arc_length_mm : (n,) float
        From the branch's own start.
    inscribed_radius_mm : (n,) float
        Distance to the nearest lumen surface.
    parent : str
        "" for the aorta.
    parent_arc_length_mm : float
        Where it leaves its parent.
    """

    name: str
    points: Array
    tangents: Array
    arc_length_mm: Array
    inscribed_radius_mm: Array
    parent: str = ""
    parent_arc_length_mm: float = 0.0


@dataclass(frozen=True)
class Sections:
    """Measurements in planes perpendicular to one branch's centreline (aorta, iliacs).

    All arrays (n,) unless said; NaN where the plane gave no closed contour. "outer" is the outer
    boundary of the vessel (lumen + thrombus + wall); diameters are outer-to-outer.
    """

    branch: str
    arc_length_mm: Array
    centre: Array  # (n, 3) mm, LPS: centroid of the outer contour
    normal: Array  # (n, 3) unit
    outer_max_diameter_mm: Array  # longest chord of the contour (Feret)
    outer_min_diameter_mm: Array  # shortest Feret
    outer_equivalent_diameter_mm: Array  # of the circle with equal area
    outer_perimeter_diameter_mm: Array  # of the circle with equal perimeter
    lumen_equivalent_diameter_mm: Array
    lumen_max_diameter_mm: Array
    lumen_min_diameter_mm: Array
    thrombus_max_thickness_mm: Array
    thrombus_area_share: Array  # 0 to 1 of the outer area
    calcified_share: Array  # 0 to 1 of the outer perimeter
    lumen_perimeter_diameter_mm: Array | None = None  # of the circle with equal perimeter
    thrombus_covered_share: Array | None = None  # 0 to 1 of the perimeter within which thrombus is 2 mm thick or more
    calcification_thickness_mm: Array | None = None  # greatest, along lines towards the contour's centre


@dataclass(frozen=True)
class Landmark:
    """A named point: "lowest_renal", "neck_end", "aortic_bifurcation", "left_iliac_bifurcation" ..."""

    name: str
    point: Array  # (3,) mm, LPS
    source: str  # "found" or "case file"
    branch: str = "aorta"
    arc_length_mm: float = float("nan")


@dataclass(frozen=True)
class End:
    """Where the modelled vessel is cut: a plane perpendicular to the centreline."""

    name: str  # "proximal", "left_iliac", "right_iliac", "distal"
    point: Array  # (3,) mm, LPS, on the centreline
    normal: Array  # (3,) unit, pointing out of the modelled part
    radius_mm: float  # a disc of this radius about `point` holds the whole section


@dataclass(frozen=True)
class Calcification:
    """Voxels labelled as calcification.

    Parameters
    ----------
    points : (n, 3) float, mm, LPS
        Their centres.
    voxel_mm : float
        Edge of the cube of a voxel's volume.
    """

    points: Array
    voxel_mm: float


@dataclass(frozen=True)
class ThicknessPoints:
    """Wall thickness measured at points.

    Parameters
    ----------
    points : (n, 3) float, mm, LPS
    thickness_mm : (n,) float
    """

    points: Array
    thickness_mm: Array


@dataclass(frozen=True)
class Anatomy:
    """Surfaces, centrelines, sections, landmarks and what was measured on them.

    ``lumen`` and ``outer`` are closed and reach beyond the ``ends``; side branches are cut at
    their ostia.
    """

    lumen: Surface
    outer: Surface
    branches: tuple[Branch, ...]
    sections: tuple[Sections, ...]
    landmarks: tuple[Landmark, ...]
    ends: tuple[End, ...]
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
    spine: Surface | None = None  # closed, smooth: the vertebrae near the vessel, where they are labelled
    calcification: Calcification | None = None  # where it is labelled
    wall_thickness: ThicknessPoints | None = None  # on the outer surface, where the labels show a wall that was drawn

    def branch(self, name: str) -> Branch | None:
        """The branch of this name, or None."""
        return next((b for b in self.branches if b.name == name), None)

    def sections_of(self, name: str) -> Sections | None:
        """The sections of this branch, or None."""
        return next((s for s in self.sections if s.branch == name), None)

    def landmark(self, name: str) -> Landmark | None:
        """The landmark of this name, or None."""
        return next((m for m in self.landmarks if m.name == name), None)
