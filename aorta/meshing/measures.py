"""What is measured on a finished mesh: volumes, thicknesses, quality; each a Finding."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from aorta.meshing.inner_face import Faces
from aorta.meshing.isoparametric import facet_flux, scaled_quality, tet_volumes
from aorta.meshing.prisms import roundness
from aorta.records import THROMBUS, WALL, Array, End, Finding

THIN_SHARE = 0.9
"""Share of the stated thickness below which a caution is raised. A choice of ours."""
MOST_LUMEN_CHANGE = 0.05
"""Share of the imaged lumen by which the meshed one may differ without a caution. A choice of ours."""

_STEPS = 8  # a facet's edge is sampled in that many parts


def distance_to_facets(points: Array, facet_points: Array) -> Array:
    """Distance (n,) to quadratic triangles (k, 6, 3), from samples an eighth of an edge apart with their normals."""
    r, s = (np.array(v, float) / _STEPS for v in zip(*((i, j) for i in range(_STEPS + 1) for j in range(_STEPS + 1 - i))))
    l = 1 - r - s
    shape = np.stack([l * (2 * l - 1), r * (2 * r - 1), s * (2 * s - 1), 4 * l * r, 4 * r * s, 4 * s * l])
    samples = np.einsum("knx,nq->kqx", facet_points, shape).reshape(-1, 3)
    return cKDTree(samples).query(points)[0]


def enclosed_lumen_mm3(points: Array, blood: Array) -> float:
    """Volume the blood's facets (k, 6) enclose with plane lids on their rims."""
    edges = np.concatenate([blood[:, [0, 1, 3]], blood[:, [1, 2, 4]], blood[:, [2, 0, 5]]])
    _, index, count = np.unique(np.sort(edges[:, :2], axis=1), axis=0, return_index=True, return_counts=True)
    rim = edges[index[count == 1]]
    volume = -facet_flux(points, blood)
    label = _connected(rim)
    for number in np.unique(label):
        own = rim[label == number]
        centre = points[own[:, :2]].mean(axis=(0, 1))
        # the rim as chords over its quadratic edges: four a piece; the fan over a plane curve has the area inside it
        share = np.linspace(0.0, 1.0, 5)
        shape = np.stack([(1 - share) * (1 - 2 * share), share * (2 * share - 1), 4 * share * (1 - share)])
        curve = np.einsum("enx,nq->eqx", points[own], shape)
        a, b = curve[:, :-1].reshape(-1, 3), curve[:, 1:].reshape(-1, 3)
        # blood's facets look into the lumen, so along them the rim runs backwards for the lid that looks out
        volume += float(np.einsum("ij,ij->", a - 0.0, np.cross(b, np.broadcast_to(centre, b.shape)))) / 6.0
    return abs(volume)


def _connected(rim: Array) -> Array:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    nodes, index = np.unique(rim[:, :2], return_inverse=True)
    index = np.asarray(index).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(index)), (index[:, 0], index[:, 1])), shape=(len(nodes),) * 2)
    return connected_components(graph, directed=False)[1][index[:, 0]]


def imaged_volumes_mm3(faces: Faces, ends: tuple[End, ...]) -> tuple[float, float]:
    """Volume of the imaged lumen and of the whole imaged vessel between the ends, counted on the grid with partial voxels."""
    from scipy.ndimage import label

    box = faces.outer.box
    kji = np.argwhere(faces.outer.values < box.spacing)
    points = box.points(kji)
    share = np.ones(len(points))
    within = np.zeros(len(points), bool)  # just inside a cut: what it belongs to is the modelled part, however long the rest
    for end in ends:
        offset = points - end.point
        height = offset @ end.normal
        disc = np.linalg.norm(offset, axis=1) < end.radius_mm + 3.0
        slab = disc & (height > -box.spacing) & (height < 3 * box.spacing)
        within |= disc & (height > -2 * box.spacing) & (height < -0.5 * box.spacing)
        share[slab] = np.minimum(share[slab], np.clip(0.5 - height[slab] / box.spacing, 0.0, 1.0))
    mask = np.zeros(box.shape_kji, bool)
    mask[tuple(kji[share > 0].T)] = True
    parts, _ = label(mask)
    own = parts[tuple(kji.T)]
    main = np.bincount(own[within & (own > 0)]).argmax()
    share = np.where(own == main, share, 0.0) * box.spacing**3

    def inside(values: Array) -> float:
        return float((share * np.clip(0.5 - values[tuple(kji.T)] / box.spacing, 0.0, 1.0)).sum())

    return inside(faces.lumen.values), inside(faces.outer.values)


def mesh_findings(
    points: Array,
    tets: Array,
    region: Array,
    facets: dict[str, Array],
    thickness: Array,
    layers: int,
    faces: Faces,
    ends: tuple[End, ...],
    straightened: int,
    removed_mm3: float,
) -> tuple[Finding, ...]:
    """All that is reported of the mesh. ``thickness`` (c,) mm: measured through the wall, one a column."""
    volume = tet_volumes(points, tets)
    quality = scaled_quality(points, tets, roundness(points, tets[:, :4]))
    lumen, vessel = imaged_volumes_mm3(faces, ends)

    def mL(name: str, value: float, method: str) -> Finding:
        return Finding(name, value / 1000.0, "mL", method)

    between = "between the ends, from the smooth imaged surfaces on the mesh's grid"
    return (
        Finding("mesh_tetrahedra", len(tets), "1", "count of quadratic tetrahedra"),
        Finding("mesh_wall_tetrahedra", int((region == WALL).sum()), "1", "count"),
        Finding("mesh_thrombus_tetrahedra", int((region == THROMBUS).sum()), "1", "count"),
        Finding("mesh_nodes", len(points), "1", "count of vertices and mid-edge nodes"),
        Finding("mesh_layers", layers, "1", "quadratic elements through the wall"),
        Finding(
            "mesh_quality_min",
            float(quality.min()),
            "1",
            "mean ratio (Liu & Joe 1994) times min/max Jacobian determinant; 1 is best",
        ),
        Finding("mesh_quality_mean", float(quality.mean()), "1", "the same, mean over tetrahedra"),
        Finding(
            "mesh_straightened_edges",
            straightened,
            "1",
            "edges bent less than the surface because an element's map would be uneven",
        ),
        Finding("mesh_wall_thickness_mean_mm", float(thickness.mean()), "mm", "from nodes of the outer face to the inner face"),
        Finding("mesh_wall_thickness_min_mm", float(thickness.min()), "mm", "from nodes of the outer face to the inner face"),
        Finding("mesh_wall_thickness_max_mm", float(thickness.max()), "mm", "from nodes of the outer face to the inner face"),
        mL("mesh_wall_volume_mL", float(volume[region == WALL].sum()), "sum of the wall's tetrahedra"),
        mL("mesh_thrombus_volume_mL", float(volume[region == THROMBUS].sum()), "sum of the thrombus's tetrahedra"),
        mL("mesh_lumen_volume_mL", enclosed_lumen_mm3(points, facets["blood"]), "enclosed by the mesh's blood face and plane lids"),
        mL("imaged_lumen_volume_mL", lumen, f"of the lumen {between}"),
        mL("imaged_vessel_volume_mL", vessel, f"of the whole vessel to the wall's outer face {between}"),
        mL("mesh_closing_volume_mL", faces.closing_volume_mm3, "added where concave creases were rounded so that the wall fits"),
        mL("mesh_crumbs_volume_mL", removed_mm3, "thrombus left out because it is tiny or does not touch the wall"),
    )


def thickness_cautions(measured: Array, wanted: Array, place: Array) -> tuple[str, ...]:
    """What to say where the meshed wall (c,) mm is clearly thinner than the stated one; stress goes with its inverse."""
    thin = measured < THIN_SHARE * wanted
    if not thin.any():
        return ()
    worst = int((measured / wanted).argmin())
    at = ", ".join(f"{x:.1f}" for x in place[worst])
    return (
        f"the meshed wall is thinner than stated over {100 * thin.mean():.1f} % of its nodes, {measured[worst]:.2f} mm at "
        f"least near ({at}) mm LPS, where a crease leaves no room for it: stress there is not to be relied on",
    )


def volume_cautions(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """What to say where the meshed lumen is not the imaged one."""
    value = {f.name: f.value for f in findings}
    meshed, imaged = value["mesh_lumen_volume_mL"], value["imaged_lumen_volume_mL"]
    if imaged and abs(meshed / imaged - 1.0) <= MOST_LUMEN_CHANGE:
        return ()
    return (
        f"the mesh encloses {meshed:.1f} mL of blood where the image shows {imaged:.1f} mL between the same ends: thin thrombus "
        "was left to the blood, or the wall was smoothed to fit; look at the mesh",
    )
