"""Valid label maps of awkward kinds, each to a sound mesh."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from vessel_shapes import distance_to_segment, grid, labels_of, voxel_points

from aorta.anatomy.measure import measure
from aorta.meshing.build import build_mesh
from aorta.meshing.isoparametric import determinants, facet_flux, tet_volumes
from aorta.settings import AnatomySettings, MeshSettings, ThrombusSettings, WallSettings


def along(p, points, radius):
    """Signed distance (nearly) of points (..., 3) from a tube of one radius through points."""
    return np.min([distance_to_segment(p, a, b) for a, b in zip(points[:-1], points[1:])], axis=0) - radius


def arc(radius, turn):
    t = np.linspace(0.0, turn, 25)
    return np.c_[radius * (1 - np.cos(t)), 0 * t, -radius * np.sin(t)]


def straight(p, radius, bulge=0.0, width=14.0, shift=0.0):
    """A tube along z with a bulge at z = 0."""
    b = np.exp(-((p[..., 2] / width) ** 2))
    return np.hypot(p[..., 0] - shift * b, p[..., 1]) - radius - bulge * b


def fork(p, trunk, leg, spread, drop=34.0):
    """Trunk down to z = 0, then two legs that end `spread` apart."""
    legs = [
        along(p, np.array([[0, 0, 2], [s * spread / 3, 0, -drop / 3], [s * spread / 2, 0, -drop - 20]]), leg) for s in (-1.0, 1.0)
    ]
    return np.minimum(along(p, np.array([[0, 0, 60.0], [0, 0, 0]]), trunk), np.min(legs, axis=0))


def bifurcation(p):
    return {"wall": fork(p, 11.0, 7.0, 38.0), "lumen": fork(p, 9.5, 5.5, 38.0)}


def kissing(p):
    """The iliacs' outer faces touch over a centimetre and a half."""
    return {"wall": fork(p, 11.4, 7.4, 17.0), "lumen": fork(p, 9.5, 5.5, 17.0)}


def side_branches(p):
    """Two renals 4 mm apart on one side, one opposite; all cut off short."""
    rods = [along(p, np.array([[0, 0, z], [s * 26.0, 0, z - 6.0]]), 2.8) for s, z in ((1, 14.0), (1, 4.0), (-1, 8.0))]
    return {"wall": straight(p, 11.9), "lumen": np.minimum(straight(p, 10.0), np.min(rods, axis=0))}


def thin_thrombus(p):
    """A crescent from 4 mm to nothing, and to nothing above and below."""
    return {"wall": straight(p, 11.5, 7.0), "thrombus": straight(p, 10.0, 7.0), "lumen": straight(p, 10.0, 5.0, shift=2.0)}


def film(p):
    """Thrombus half a voxel to one voxel thick all round."""
    return {"wall": straight(p, 12.3), "thrombus": straight(p, 10.8), "lumen": straight(p, 10.0)}


def saccular(p):
    """A berry on one side, with thrombus in its bottom."""
    berry = np.linalg.norm(p - [14.0, 0, 0], axis=-1)
    return {
        "wall": np.minimum(straight(p, 10.9), berry - 12.9),
        "thrombus": np.minimum(straight(p, 9.0), berry - 11.0),
        "lumen": np.minimum(straight(p, 9.0), np.linalg.norm(p - [9.0, 0, 0], axis=-1) - 8.0),
    }


def tight_bend(p):
    """The centreline's radius is under twice the vessel's."""
    return {"wall": along(p, arc(20.0, np.pi), 11.0), "lumen": along(p, arc(20.0, np.pi), 9.5)}


def tiny(p):
    return {"lumen": straight(p, 3.0)}


ADDED = "lumen alone, radius of three voxels"
"""Without a labelled wall it is added outside of what is labelled.

Where labels leave less room than the wall is thick it stands out as well; so the others leave 1.5 to 1.9 mm, and their
volume shows what the mesher itself changes.
"""
TUBE = ([-22, -22, -25], [27, 22, 25])
CASES = {
    "bifurcation": (bifurcation, [-32, -14, -44], [32, 14, 26], (1.0, 1.0, 1.25)),
    "touching iliacs": (kissing, [-22, -14, -44], [22, 14, 24], (1.0, 1.0, 1.25)),
    "two renals close together": (side_branches, [-20, -14, -25], [20, 14, 25], (1.0, 1.0, 1.25)),
    "thrombus that vanishes": (thin_thrombus, *TUBE, (1.0, 1.0, 1.25)),
    "film of thrombus": (film, [-15, -15, -25], [15, 15, 25], (1.0, 1.0, 1.25)),
    "saccular, voxels of 0.8 × 0.8 × 3": (saccular, *TUBE, (0.8, 0.8, 3.0)),
    "tight bend": (tight_bend, [-14, -14, -34], [54, 14, 8], (1.0, 1.0, 1.0)),
    ADDED: (tiny, [-8, -8, -22], [8, 8, 22], (1.0, 1.0, 1.0)),
}


def labels_and_mesh(name):
    shape, low, high, spacing = CASES[name]
    g = grid(low, high, spacing)
    labels = labels_of(g, **{k: d <= 0 for k, d in shape(voxel_points(g)).items()})
    anatomy = measure(labels, {}, AnatomySettings(), {})
    return labels, anatomy, build_mesh(anatomy, MeshSettings(size=5.0, thrombus_size=6.0), WallSettings(), ThrombusSettings())


def is_closed(triangles) -> bool:
    """Every edge has two triangles, which run along it in opposite directions."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    there, back = (np.unique(e, axis=0) for e in (edges, edges[:, ::-1]))
    return len(there) == len(edges) and np.array_equal(there, back)


def crossings(points, triangles) -> int:
    """Pairs of triangles without a common corner of which one has an edge through the other (Möller & Trumbore 1997)."""
    corners = points[triangles]
    low, high = corners.min(axis=1), corners.max(axis=1)
    centre, reach = 0.5 * (low + high), 0.5 * np.linalg.norm(high - low, axis=1)
    usual = np.percentile(reach, 98)  # a lid's few long triangles are tried against all others
    small, large = np.flatnonzero(reach <= usual), np.flatnonzero(reach > usual)
    pairs = small[cKDTree(centre[small]).query_pairs(2.0 * usual, output_type="ndarray")]
    box = [((low <= high[q]) & (low[q] <= high)).all(axis=1) for q in large]
    pairs = np.concatenate([pairs, *(np.column_stack([np.full(int(b.sum()), q), np.flatnonzero(b)]) for q, b in zip(large, box))])
    pairs = pairs[~(triangles[pairs[:, 0], :, None] == triangles[pairs[:, 1], None, :]).any(axis=(1, 2))]
    hit = np.zeros(len(pairs), bool)
    for first, second in (pairs.T, pairs.T[::-1]):
        a, u, v = corners[second, 0], corners[second, 1] - corners[second, 0], corners[second, 2] - corners[second, 0]
        for q in range(3):
            start = corners[first, q]
            ray = corners[first, (q + 1) % 3] - start
            across = np.cross(ray, v)
            det = np.einsum("ij,ij->i", u, across)
            det = np.where(abs(det) < 1e-12, np.inf, det)
            s = np.einsum("ij,ij->i", start - a, across) / det
            side = np.cross(start - a, u)
            t, along_ray = np.einsum("ij,ij->i", ray, side) / det, np.einsum("ij,ij->i", v, side) / det
            hit |= (det < np.inf) & (s >= 0) & (t >= 0) & (s + t <= 1) & (along_ray >= 0) & (along_ray <= 1)
    return int(hit.sum())


@pytest.mark.parametrize("name", CASES)
def test_a_valid_label_map_becomes_a_sound_mesh(name):
    labels, anatomy, mesh = labels_and_mesh(name)
    for surface in (anatomy.lumen, anatomy.outer):
        assert is_closed(surface.triangles)
        assert crossings(surface.points, surface.triangles) == 0
    at = np.random.default_rng(1).dirichlet(np.ones(4), 20)[:, 1:]
    assert determinants(mesh.points, mesh.tets, at).min() > 0
    named = np.concatenate([mesh.facets[n] for n in mesh.facets if n != "wall_inner"])
    assert facet_flux(mesh.points, named) == pytest.approx(tet_volumes(mesh.points, mesh.tets).sum(), rel=1e-9)
    assert is_closed(named[:, :3])
    assert crossings(mesh.points, named[:, :3]) == 0
    value = {f.name: f.value for f in (*anatomy.findings, *mesh.findings)}
    for part in ("lumen", "outer"):
        assert value[f"{part}_surface_volume_change_percent"] == pytest.approx(0.0, abs=1.0)
    parts = sum(value[f"mesh_{part}_volume_mL"] for part in ("lumen", "thrombus", "wall"))
    if name != ADDED:
        assert parts == pytest.approx(value["imaged_vessel_volume_mL"], rel=0.01)


def test_a_hole_and_a_doubled_triangle_are_found():
    ball = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    assert is_closed(ball)
    assert not is_closed(ball[1:])
    assert not is_closed(ball[[0, 0, 1, 2, 3]])


def test_crossing_triangles_are_found():
    flat = np.array([[0.0, 0, 0], [4, 0, 0], [0, 4, 0], [1, 1, -1], [1.5, 1, 1], [1, 1.5, 1]])
    assert crossings(flat, np.array([[0, 1, 2], [3, 4, 5]])) == 1
    assert (
        crossings(flat + [0, 0, 0] + np.r_[np.zeros((3, 3)), np.tile([0, 0, 3.0], (3, 1))], np.array([[0, 1, 2], [3, 4, 5]])) == 0
    )
