"""A made-up case for layout and bookkeeping: a bent tube with a bulge, thrombus on one side.

Fields are formulas of position, not mechanics: the report must show what it is given, whatever it
is. The mesh is structured: a lattice of half steps (radius, angle, length), each brick split into
six quadratic tetrahedra.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from aorta import records as r
from aorta.settings import BloodPressure, Case, ImageInput, Patient
from aorta.units import MMHG_IN_MPA

LENGTH, WALL_MM = 140.0, 1.5
RADII, ANGLES, RINGS = 2, 24, 28  # bricks


def centre(s: np.ndarray) -> np.ndarray:
    """Centreline points (n, 3) at s in 0..1, head first."""
    return np.stack([14 * np.sin(2.4 * s), 10 * s**2 - 20, 70 - LENGTH * s], axis=-1)


def lumen_radius(s: np.ndarray) -> np.ndarray:
    """(n,) mm."""
    return 9.5 + 4.0 * np.exp(-(((s - 0.6) / 0.18) ** 2))


def gap(s: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Thrombus thickness in mm, thickest at the front, never quite zero so that the lattice stays regular."""
    return 0.8 + 10.0 * np.exp(-(((s - 0.6) / 0.18) ** 2)) * (0.55 - 0.45 * np.sin(angle))


def _place(layer: np.ndarray, angle: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Points for layer 0 (blood), 1 (wall's inner face), 2 (outer face) and between."""
    radius = lumen_radius(s) + np.clip(layer, 0, 1) * gap(s, angle) + np.clip(layer - 1, 0, 1) * WALL_MM
    tangent = centre(s + 1e-4) - centre(s - 1e-4)
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
    u = np.cross(tangent, [0.0, 1.0, 0.0])
    u /= np.linalg.norm(u, axis=-1, keepdims=True)
    v = np.cross(u, tangent)
    return centre(s) + radius[..., None] * (np.cos(angle)[..., None] * u + np.sin(angle)[..., None] * v)


def _lattice_mesh() -> r.WallMesh:
    i, j, k = np.meshgrid(np.arange(2 * RADII + 1), np.arange(2 * ANGLES), np.arange(2 * RINGS + 1), indexing="ij")
    points = _place(i / 2.0, np.pi * j / ANGLES, k / (2.0 * RINGS)).reshape(-1, 3)

    def number(index: np.ndarray) -> np.ndarray:
        return (index[..., 0] * 2 * ANGLES + index[..., 1] % (2 * ANGLES)) * (2 * RINGS + 1) + index[..., 2]

    bricks = np.stack(np.meshgrid(np.arange(RADII), np.arange(ANGLES), np.arange(RINGS), indexing="ij"), -1).reshape(-1, 3) * 2
    corners = []
    for order in permutations(range(3)):
        steps = [np.zeros(3, int)]
        for axis in order:
            steps.append(steps[-1] + 2 * np.eye(3, dtype=int)[axis])
        corners.append(bricks[:, None] + np.array(steps))
    corner = np.concatenate(corners)
    p = points[number(corner)]
    negative = np.einsum("ij,ij->i", np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]), p[:, 3] - p[:, 0]) < 0
    corner[negative] = corner[negative][:, [0, 2, 1, 3]]
    middle = [(corner[:, a] + corner[:, b]) // 2 for a, b in ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))]
    tets = np.concatenate([number(corner), number(np.stack(middle, 1))], axis=1)
    region = np.where(corner[:, :, 0].max(1) > 2, r.WALL, r.THROMBUS).astype(np.uint8)

    def faces(axis: int, at: int, wall_only: bool = False) -> np.ndarray:
        found = []
        for face, mid in (((0, 2, 1), (6, 5, 4)), ((0, 1, 3), (4, 8, 7)), ((1, 2, 3), (5, 9, 8)), ((0, 3, 2), (7, 9, 6))):
            on = (corner[:, list(face), axis] == at).all(1) & ((region == r.WALL) | (not wall_only))
            found.append(tets[on][:, list(face + mid)])
        return np.concatenate(found)

    facets = {
        "blood": faces(0, 0),
        "wall_inner": faces(0, 2, True),
        "outer": faces(0, 4),
        "end_proximal": faces(2, 0),
        "end_distal": faces(2, 2 * RINGS),
    }
    on_wall = np.isin(np.arange(len(points)), tets[region == r.WALL])
    thick = np.where(on_wall, gap(k / (2.0 * RINGS), np.pi * j / ANGLES).ravel(), 0.0)
    c = centre(np.array([0.0, 1.0]))
    ends = (r.End("proximal", c[0], np.array([0, 0, 1.0]), 25.0), r.End("distal", c[1], np.array([0, 0, -1.0]), 25.0))
    findings = (
        r.Finding("mesh_volume_wall_mL", 24.2, "mL", "sum over elements"),
        r.Finding("mesh_quality_minimum", 0.31, "1", "smallest ratio of inscribed to circumscribed radius"),
    )
    return r.WallMesh(points, tets, region, facets, ends, thick, np.where(on_wall, WALL_MM, 0.0), findings)


def _image() -> tuple[r.Volume, r.Labels]:
    affine = np.diag([1.6, 1.6, 2.5, 1.0])
    affine[:3, 3] = [-70, -75, -85]
    grid = r.Grid((68, 90, 90), affine)
    kk, jj, ii = np.meshgrid(*(np.arange(n) for n in grid.shape_kji), indexing="ij")
    at = grid.to_lps(np.stack([ii, jj, kk], -1))
    s = np.clip((70 - at[..., 2]) / LENGTH, 0, 1)
    c = centre(s)
    rho, angle = (
        np.hypot(at[..., 0] - c[..., 0], at[..., 1] - c[..., 1]),
        np.arctan2(at[..., 1] - c[..., 1], -(at[..., 0] - c[..., 0])),
    )
    inside = abs(at[..., 2]) <= 70
    labels = np.zeros(grid.shape_kji, np.uint8)
    labels[inside & (rho < lumen_radius(s) + gap(s, angle) + WALL_MM)] = r.CLASSES["thrombus"]
    labels[inside & (rho < lumen_radius(s))] = r.CLASSES["lumen"]
    body = (at[..., 0] / 68) ** 2 + ((at[..., 1] + 3) / 62) ** 2 < 1
    spine = (at[..., 0] / 20) ** 2 + ((at[..., 1] - 34) / 17) ** 2 < 1
    hu = np.select([labels == 1, labels == 2, spine, body], [320, 45, 420, -30], -1000) + np.random.default_rng(3).normal(
        0, 18, labels.shape
    )
    return r.Volume(grid, hu.astype(np.float32), "CT", {"slice_thickness_mm": "2.5"}), r.Labels(grid, labels)


def _anatomy(mesh: r.WallMesh) -> r.Anatomy:
    s = np.linspace(0, 1, 141)
    c, n = centre(s), len(s)
    tangent = np.gradient(c, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(c, axis=0), axis=1))])
    front, back = gap(s, np.full(n, -np.pi / 2)), gap(s, np.full(n, np.pi / 2))
    outer = 2 * lumen_radius(s) + front + back + 2 * WALL_MM
    lumen = 2 * lumen_radius(s)
    outer[:2] = np.nan  # as where a plane gives no closed contour
    sections = r.Sections(
        "aorta",
        arc,
        c,
        tangent,
        outer,
        outer - 1.5,
        outer - 0.8,
        outer - 0.6,
        lumen,
        lumen + 0.4,
        lumen - 0.4,
        front,
        1 - (lumen / outer) ** 2,
        np.zeros(n),
    )
    branch = r.Branch("aorta", c, tangent, arc, lumen_radius(s))
    marks = (
        r.Landmark("lowest_renal", c[8], "found", "aorta", arc[8]),
        r.Landmark("neck_end", c[42], "case file", "aorta", arc[42]),
        r.Landmark("aortic_bifurcation", c[136], "found"),
    )
    surfaces = {name: r.Surface(mesh.points, mesh.facets[name][:, :3]) for name in ("blood", "outer")}
    return r.Anatomy(surfaces["blood"], surfaces["outer"], (branch,), (sections,), marks, mesh.ends)


def _solution(mesh: r.WallMesh) -> r.Solution:
    outward = mesh.points - centre((70 - mesh.points[:, 2]) / LENGTH)
    history = []
    for phase, count in (("unloaded shape", 6), ("systole", 4)):
        for iteration in range(count):
            history.append(
                {"phase": phase, "load": 1.0, "iteration": iteration, "residual": 2.0 * 10.0 ** (-(iteration**1.5)), "krylov": 0}
            )
    states = []
    for name, pressure, share in (("imaging", 80 * MMHG_IN_MPA, 0.0), ("systole", 120 * MMHG_IN_MPA, 0.05)):
        nodal = np.zeros((len(mesh.points), 6))
        nodal[:, 0] = 0.1 + 0.004 * mesh.thrombus_thickness_mm
        quadrature = np.repeat(nodal[mesh.tets[:, :4]], 1, axis=1)
        volume = np.full(quadrature.shape[:2], 1.0)
        states.append(r.State(name, pressure, share * outward, quadrature, volume, nodal))
    findings = (r.Finding("force_balance_relative_error", 3.1e-9, "1", "reactions against pressure resultant"),)
    return r.Solution(tuple(states), -0.06 * outward, tuple(history), findings)


def _risk(mesh: r.WallMesh) -> r.Risk:
    on_wall = mesh.wall_thickness_mm > 0
    z = mesh.points[:, 2]
    stress = np.where(on_wall, 60 + 190 * np.exp(-(((z + 14) / 25) ** 2)) * (1.2 + 0.5 * np.cos(mesh.points[:, 0] / 9)), np.nan)
    strength = np.where(on_wall, 1100 - 38 * mesh.thrombus_thickness_mm, np.nan)
    fields = {
        "max_principal_kPa": stress,
        "von_mises_kPa": 0.92 * stress,
        "wall_strength_kPa": strength,
        "rupture_index": stress / strength,
        "thrombus_thickness_mm": np.where(on_wall, mesh.thrombus_thickness_mm, np.nan),
    }
    vg = "Vande Geest et al. 2006, Ann Biomed Eng 34:1098"
    findings = (
        r.Finding(
            "wall_stress_max_kPa", float(np.nanmax(stress)), "kPa", "first principal Cauchy stress in the wall at systole, maximum"
        ),
        r.Finding("wall_stress_p99_kPa", float(np.nanpercentile(stress, 99)), "kPa", "the same, 99th percentile by volume"),
        r.Finding("wall_tension_p99_N_per_mm", 0.4371, "N/mm", "stress integrated through the wall, 99th percentile"),
        r.Finding("peak_wall_rupture_index", 0.61249, "1", "99th percentile of stress over strength", vg),
        r.Finding(
            "rupture_risk_equivalent_diameter_mm",
            61.3,
            "mm",
            "55 mm + ln(index / 0.48) / 0.02 per mm",
            "Gasser 2014 <form>",
            False,
            "uncalibrated: the published fit was not found",
        ),
    )
    return r.Risk(findings, fields)


def _stent() -> r.StentFit:
    criteria = (
        r.Criterion("neck diameter", 22.4, "18 to 28", 4.4, "mm", "fits"),
        r.Criterion("neck length", 11.0, "at least 15", -4.0, "mm", "does not fit"),
        r.Criterion("iliac seal length", None, "at least 10", None, "mm", "not measured"),
    )
    candidates = (
        r.Candidate("Maker A", "Device <One>", "main body", "25 mm", 0.116, "does not fit", criteria, "instructions for use, 2020"),
        r.Candidate("Maker B", "Device Two", "main body", "26 mm", 0.161, "unverified", criteria[:1], "brochure"),
    )
    angle = np.arange(0, 360, 5.0)
    wall = 11 + 0.6 * np.cos(np.radians(2 * angle))
    ring = np.full_like(angle, 11.2)
    fit = r.RingFit(
        "Device Two 26 mm",
        angle,
        wall,
        np.minimum(ring, wall),
        np.clip((ring - wall) * 20, 0, None),
        np.clip(wall - ring, 0, None),
        22.4,
        {"diameter_mm": np.linspace(18, 26, 9), "radial_force_N": np.linspace(9, 0, 9)},
    )
    return r.StentFit(
        candidates, fit, (r.Finding("ring_equilibrium_diameter_mm", 22.4, "mm", "ring law against the finite-element neck"),)
    )


def full_results() -> r.Results:
    """Every record there."""
    volume, labels = _image()
    mesh = _lattice_mesh()
    anatomy, solution, risk, stent = _anatomy(mesh), _solution(mesh), _risk(mesh), _stent()
    mmhg = MMHG_IN_MPA
    case = Case(1, "PHANTOM-1", image=ImageInput("scan"), patient=Patient("male"), pressure=BloodPressure(120 * mmhg, 80 * mmhg))
    own = (
        r.Finding("max_diameter_mm", 43.2176, "mm", "longest chord of the outer contour, perpendicular to the centreline"),
        r.Finding("lumen_volume_mL", 61.049, "mL", "count of voxels"),
        r.Finding("thrombus_volume_mL", 38.77, "mL", "count of voxels"),
        r.Finding(
            "neck_diameter_mm",
            22.0,
            "mm",
            "given in the case file",
            "the planner",
            caution="the planner's value",
            measured_value=22.9,
        ),
        r.Finding("neck_length_mm", 34.02, "mm", "along the centreline"),
        r.withheld("neck_angulation_deg", "deg", "less than 20 mm of aorta above the neck in view"),
    )
    names = ("image", "segment", "anatomy", "mesh", "mechanics", "risk", "stent")
    stages = tuple(r.StageRecord(name, "cached" if q < 2 else "done", 0.5 * q + 0.1, "") for q, name in enumerate(names))
    segmentation = r.Segmentation(
        labels, "ct-contrast", np.linspace(0.9, 0.7, 68), (12, 13), (r.Finding("lumen_components", 1.0, "1", "26-connected"),)
    )
    findings = own + risk.findings + mesh.findings + solution.findings + segmentation.findings + stent.findings
    cautions = (
        ("solve", "the scan is not known to be gated: imaging pressure taken as diastolic"),
        ("segment", "look at slices 12–13 & beyond"),
    )
    provenance = {
        "command": "aorta plan case.yaml",
        "aorta": "0.1.0",
        "python": "3.11",
        "dolfinx": "0.5.2",
        "case digest": "sha256:abcd",
    }
    return r.Results(case, volume, segmentation, anatomy, mesh, solution, risk, stent, {}, stages, findings, cautions, provenance)


def measured_only() -> r.Results:
    """A label map without pressure: mechanics and all behind it skipped."""
    whole = full_results()
    reason = "the case file has no pressure"
    skipped = {"mechanics": reason, "risk": reason, "stent": "switched off in the case file"}
    stages = tuple(r.StageRecord(s.name, "skipped", 0.0, skipped[s.name]) if s.name in skipped else s for s in whole.stages)
    findings = tuple(
        f for f in whole.findings if f.name.endswith(("_diameter_mm", "_mL")) and f.name[:7] not in ("rupture", "ring_eq")
    )
    case = Case(1, "NO-PRESSURE", image=None)
    return r.Results(
        case, None, whole.segmentation, whole.anatomy, whole.mesh, None, None, None, skipped, stages, findings, (), whole.provenance
    )
