"""The values that flow from stage to stage: frozen dataclasses over numpy arrays.

Units mm, MPa, N; frame LPS. Arrays over a grid are indexed [k, j, i] (slice, row, column), as
SimpleITK and DICOM hand them over; ``Grid.affine_lps`` acts on (i, j, k). A value that exists is
valid: constructors check, nothing is half built. Everything here can be stored by
``pipeline/freeze.py``: fields are arrays, numbers, text, None, other records, tuples and mappings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

Array = np.ndarray


class Progress(Protocol):
    """What a stage tells while it works: one short sentence and, if known, how far it is (0 to 1)."""

    def __call__(self, message: str, fraction: float | None = None) -> None: ...


def silent(message: str, fraction: float | None = None) -> None:
    """A ``Progress`` that tells nobody."""


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True)
class Finding:
    """One reported number, with all that is needed to trust or distrust it.

    Parameters
    ----------
    name : str
        Carries the unit as suffix (``max_diameter_mm``).
    value : float or str or None
        None: not computed, and ``caution`` says why.
    unit, method, source : str
        Unit of ``value``; one sentence how; the publication or "this program".
    valid : bool
        False outside the method's validity range.
    caution : str
        What the reader must know; "" when there is nothing.
    measured_value : float or None
        What the program measured where ``value`` was given by the planner instead.
    """

    name: str
    value: float | str | None
    unit: str
    method: str
    source: str = "this program"
    valid: bool = True
    caution: str = ""
    measured_value: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.value, (float, np.floating)):
            _require(np.isfinite(self.value), f"{self.name}: a value must be finite or None")
            object.__setattr__(self, "value", float(self.value))
        _require(self.value is not None or self.caution, f"{self.name}: a missing value must say why")


def withheld(name: str, unit: str, reason: str, method: str = "not computed") -> Finding:
    """A finding that was not computed, with its reason."""
    return Finding(name, None, unit, method, valid=False, caution=reason)


# ----------------------------------------------------------------------------------------- image


@dataclass(frozen=True)
class Grid:
    """A voxel grid in space, without voxels.

    Parameters
    ----------
    shape_kji : (3,) int
        Slices, rows, columns.
    affine_lps : (4, 4) float, mm
        Takes the index (i, j, k) of a voxel's centre to its LPS position.
    """

    shape_kji: tuple[int, int, int]
    affine_lps: Array

    def __post_init__(self) -> None:
        _require(len(self.shape_kji) == 3 and min(self.shape_kji) > 0, "shape_kji must have three positive entries")
        _require(self.affine_lps.shape == (4, 4), "affine_lps must be (4, 4)")
        _require(abs(np.linalg.det(self.affine_lps[:3, :3])) > 1e-9, "affine_lps must be invertible")

    @property
    def spacing_ijk(self) -> Array:
        """(3,) mm between columns, rows and slices."""
        return np.linalg.norm(self.affine_lps[:3, :3], axis=0)

    @property
    def spacing_kji(self) -> Array:
        """(3,) mm in the order of the arrays."""
        return self.spacing_ijk[::-1]

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel in mm³."""
        return float(abs(np.linalg.det(self.affine_lps[:3, :3])))

    def to_lps(self, ijk: Array) -> Array:
        """LPS points (..., 3) in mm of fractional indices (i, j, k)."""
        return np.asarray(ijk, float) @ self.affine_lps[:3, :3].T + self.affine_lps[:3, 3]

    def to_ijk(self, points_lps: Array) -> Array:
        """Fractional indices (..., 3) in the order (i, j, k) of LPS points in mm."""
        inverse = np.linalg.inv(self.affine_lps)
        return np.asarray(points_lps, float) @ inverse[:3, :3].T + inverse[:3, 3]

    def same_as(self, other: Grid, tolerance_mm: float = 0.01) -> bool:
        """Whether the corners of both grids coincide within the tolerance."""
        last = np.array(self.shape_kji[::-1]) - 1
        corners = np.array([[0, 0, 0], [last[0], 0, 0], [0, last[1], 0], [0, 0, last[2]]])
        return self.shape_kji == other.shape_kji and bool(
            np.abs(self.to_lps(corners) - other.to_lps(corners)).max() <= tolerance_mm
        )


@dataclass(frozen=True)
class Volume:
    """An image: voxels on a grid, de-identified.

    Parameters
    ----------
    voxels : (nk, nj, ni) int16 or float32
        HU for CT (rescale applied), arbitrary for MR.
    modality : "CT" or "MR"
    acquisition : mapping of str to str
        Whitelisted facts only (kernel, phase, slice thickness ...).
    series : tuple of str
        The numbered table of the DICOM series that the image was chosen from, a line each.
    """

    grid: Grid
    voxels: Array
    modality: str
    acquisition: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
    series: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(self.voxels.shape == self.grid.shape_kji, "voxels must have the grid's shape")
        _require(self.modality in ("CT", "MR"), "modality must be CT or MR")


@dataclass(frozen=True)
class SecondSeries:
    """Another image of the patient, and where it lies.

    Parameters
    ----------
    to_first : (4, 4) float
        Takes LPS points of this image, mm, to LPS points of the first.
    """

    volume: Volume
    to_first: Array
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()


CLASSES: Mapping[str, int] = {"lumen": 1, "thrombus": 2, "wall": 3, "calcification": 4, "branch": 5, "vertebra": 6}
"""Names and values of the classes in every label map of ours. ``lumen`` is the blood of the aorta
and iliac arteries; ``branch`` the blood of side branches beyond their ostium; ``wall`` a wall that
the image shows. The vessel without branches is lumen + thrombus + wall + calcification."""

VESSEL = ("lumen", "thrombus", "wall", "calcification")


@dataclass(frozen=True)
class Labels:
    """A label map: one of ``CLASSES`` or 0 in each voxel."""

    grid: Grid
    voxels: Array  # (nk, nj, ni) uint8
    cautions: tuple[str, ...] = ()  # about how the file was read

    def __post_init__(self) -> None:
        _require(self.voxels.shape == self.grid.shape_kji, "voxels must have the grid's shape")
        _require(self.voxels.dtype == np.uint8, "label voxels must be uint8")

    def mask(self, *names: str) -> Array:
        """(nk, nj, ni) bool: the voxels of these classes."""
        return np.isin(self.voxels, [CLASSES[name] for name in names])

    def volume_mL(self, *names: str) -> float:
        """Volume of these classes by counting voxels."""
        return float(self.mask(*names).sum() * self.grid.voxel_volume_mm3 / 1000.0)


@dataclass(frozen=True)
class Segmentation:
    """Labels and how far to trust them.

    Parameters
    ----------
    method : str
        "ct-contrast", "mr-angiography", "label map", "surfaces".
    confidence : (nk,) float or None
        Per slice, 0 (do not trust) to 1; None where the labels were given.
    doubtful_slices : tuple of int
        Slices to look at.
    doubts : tuple of str
        Why, in words, one for each doubtful slice; empty where the method does not say.
    false_lumen : (nk, nj, ni) bool or None
        The part of ``lumen`` that is the false lumen of a dissection; None where one lumen was found.
    """

    labels: Labels
    method: str
    confidence: Array | None = None
    doubtful_slices: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    false_lumen: Array | None = None


# --------------------------------------------------------------------------------------- anatomy


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
        _require(self.points.ndim == 2 and self.points.shape[1] == 3, "points must be (n, 3)")
        _require(self.triangles.ndim == 2 and self.triangles.shape[1] == 3, "triangles must be (m, 3)")
        _require(len(self.triangles) > 0, "a surface needs triangles")

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


# ------------------------------------------------------------------------------------------ mesh

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
        _require(self.tets.ndim == 2 and self.tets.shape[1] == 10, "tets must be (m, 10)")
        _require(self.region.shape == (len(self.tets),), "region must be (m,)")
        _require(self.tets.max() < len(self.points), "tets refer to points that do not exist")
        for needed in ("blood", "wall_inner", "outer"):
            _require(needed in self.facets, f"facets must have '{needed}'")


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


# ----------------------------------------------------------------------------------- heart cycle


@dataclass(frozen=True)
class PressureWave:
    """Pressure and flow over one heart beat; linear between samples, the last closes the beat.

    Parameters
    ----------
    time_s : (n,) float
        Increasing from 0.
    pressure_MPa, flow_mm3_per_s : (n,) float or None
    source : str
        "the file", "two-element Windkessel" ...
    """

    time_s: Array
    pressure_MPa: Array | None
    flow_mm3_per_s: Array | None
    source: str
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeartCycle:
    """Pressures that the mechanics solves for beyond those at imaging and systole.

    Parameters
    ----------
    named : mapping of "diastole", "mean" to MPa
    time_s, pressure_MPa : (k,) float
        Instants of a waveform, in order; empty without one.
    """

    named: Mapping[str, float]
    time_s: Array
    pressure_MPa: Array
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
    period_s: float | None = None  # of the beat that the instants are of


# -------------------------------------------------------------------------------------- solution


@dataclass(frozen=True)
class State:
    """Equilibrium at one pressure, on the mesh's nodes and at its quadrature points.

    Parameters
    ----------
    name : str
        "imaging", "systole"; with ``cycle:`` also "diastole", "mean" and "wave_00" ... along a waveform.
    displacement_mm : (n, 3) float
        From the imaged position.
    cauchy_quadrature_MPa : (m, q, 6) float
        xx, yy, zz, xy, yz, xz at the q quadrature points of each tetrahedron. With four of them (the rule
        of degree 2), they are nearest to vertices 1, 2, 3, 0 in this order.
    quadrature_volume_mm3 : (m, q) float
        The deformed volume each of these points stands for.
    cauchy_nodal_MPa : (n, 6) float
        Recovered at the nodes by projection within each region (at nodes shared by wall and
        thrombus: the wall's); quadratic within an element.
    time_s : float or None
        Within the heart beat, of a state along a waveform.
    velocity_mm_per_s : (n, 3) float or None
        Of a state along a waveform where tissue with damping surrounds the vessel.
    green_lagrange_nodal : (n, 6) float or None
        Strain of the way from the unloaded shape, along that shape's (LPS) axes: xx, yy, zz, xy, yz, xz,
        components of the tensor. None where displacements mean nothing.
    volume_ratio_nodal : (n,) float or None
        J of the same way.
    """

    name: str
    pressure_MPa: float
    displacement_mm: Array
    cauchy_quadrature_MPa: Array
    quadrature_volume_mm3: Array
    cauchy_nodal_MPa: Array
    time_s: float | None = None
    green_lagrange_nodal: Array | None = None
    volume_ratio_nodal: Array | None = None
    velocity_mm_per_s: Array | None = None


@dataclass(frozen=True)
class Solution:
    """All states of one vessel.

    Parameters
    ----------
    unloaded_displacement_mm : (n, 3) float or None
        Imaged node + this = node of the stress-free shape; None without prestress.
    history : tuple of mapping
        One entry per Newton iteration: phase, load factor, iteration, residual, Krylov iterations.
    """

    states: tuple[State, ...]
    unloaded_displacement_mm: Array | None
    history: tuple[Mapping[str, float | int | str], ...] = ()
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()

    def state(self, name: str) -> State | None:
        """The state of this name, or None."""
        return next((s for s in self.states if s.name == name), None)


@dataclass(frozen=True)
class Refined:
    """A mesh made finer until its stress was as accurate as asked, and its solution: they replace the first ones.

    Parameters
    ----------
    own : tuple of Finding
        Rounds and accuracy; beside those of mesh and solution.
    """

    mesh: WallMesh
    solution: Solution
    own: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that now counts."""
        return (*self.mesh.findings, *self.own, *self.solution.findings)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Of mesh and solution."""
        return (*self.mesh.cautions, *self.solution.cautions)


@dataclass(frozen=True)
class Risk:
    """Indices, and the node fields behind them.

    Parameters
    ----------
    node_fields : mapping of name to (n,) float
        On the mesh's nodes, NaN off the wall: ``max_principal_kPa``, ``von_mises_kPa``,
        ``wall_strength_kPa``, ``rupture_index``, ``thrombus_thickness_mm`` ...
    """

    findings: tuple[Finding, ...]
    node_fields: Mapping[str, Array]
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Criterion:
    """One test of a device against the anatomy.

    ``verdict`` is "fits", "does not fit", "unverified" (the row was not checked against the
    maker's document) or "not measured".
    """

    criterion: str
    measured: float | None
    limit: str
    margin: float | None
    unit: str
    verdict: str


@dataclass(frozen=True)
class Candidate:
    """One catalogue row against this anatomy."""

    maker: str
    device: str
    part: str  # "main body", "iliac limb left", ...
    size: str  # nominal diameter(s) as the maker names them
    oversizing: float | None  # share, 0.15 = 15 %
    verdict: str
    criteria: tuple[Criterion, ...]
    source: str


@dataclass(frozen=True)
class RingFit:
    """The proximal ring of one main body in the deformable neck.

    Parameters
    ----------
    angle_deg : (n,) float
        Around the neck.
    wall_radius_mm, ring_radius_mm : (n,) float
        Inner face of the vessel at equilibrium and the ring, from the neck's centre.
    contact_pressure_kPa, gap_mm : (n,) float
    equilibrium_diameter_mm : float
    ring_law : mapping of str to (k,) float
        ``diameter_mm`` and ``radial_force_N``.
    """

    device: str
    angle_deg: Array
    wall_radius_mm: Array
    ring_radius_mm: Array
    contact_pressure_kPa: Array
    gap_mm: Array
    equilibrium_diameter_mm: float
    ring_law: Mapping[str, Array]


@dataclass(frozen=True)
class StentFit:
    """Sizing against instructions for use, and the first fit simulation."""

    candidates: tuple[Candidate, ...]
    ring: RingFit | None
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()


# --------------------------------------------------------------------------------------- results


@dataclass(frozen=True)
class StageRecord:
    """How one stage went.

    ``status`` is "done", "cached" (an earlier run's result still holds) or "skipped"; ``seconds`` of
    this run; ``reason`` why it was skipped, or why it had to be computed again.
    """

    name: str
    status: str
    seconds: float = 0.0
    reason: str = ""

    def __post_init__(self) -> None:
        _require(self.status in ("done", "cached", "skipped"), f"{self.name}: unknown stage status {self.status}")


@dataclass(frozen=True)
class Results:
    """Everything known about one case, for the report. A record is None where its stage was skipped.

    Parameters
    ----------
    case : aorta.settings.Case
        Typed loosely: settings are above records.
    skipped : mapping of stage to reason
    stages : tuple of StageRecord
        In the order of the graph.
    findings : tuple of Finding
        Of all stages, the planner's overrides applied (``measured_value`` beside them).
    cautions : tuple of (stage, sentence)
        What stages say beyond the cautions of single findings.
    provenance : mapping of str to str
        Versions, platform, digests of inputs, the command.
    """

    case: Any
    volume: Volume | None = None
    segmentation: Segmentation | None = None
    anatomy: Anatomy | None = None
    mesh: WallMesh | None = None
    solution: Solution | None = None
    risk: Risk | None = None
    stent: StentFit | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[StageRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    cautions: tuple[tuple[str, str], ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

    def finding(self, name: str) -> Finding | None:
        """The finding of this name, or None."""
        return next((f for f in self.findings if f.name == name), None)
