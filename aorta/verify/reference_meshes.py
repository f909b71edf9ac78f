"""Small structured meshes of quadratic tetrahedra for verification.

A box of cells is mapped to a body; each cell is cut into six tetrahedra along its main diagonal
(Kuhn), which conforms across cells and over a periodic seam. Every mid-edge node is a point of the
lattice with half the spacing and is mapped like a vertex, so that curved faces are followed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations

import numpy as np

from aorta.records import THROMBUS, WALL, End, WallMesh

_EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
"""Vertices of the mid-edge nodes 4 to 9 in VTK's order."""
_FACES = ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1))
"""Vertices of the face opposite to each vertex, normal out of a tetrahedron of positive volume."""

Mapping3 = Callable[[np.ndarray], np.ndarray]


def _tetrahedra(cells: tuple[int, int, int]) -> np.ndarray:
    """(6 * cells, 4, 3) lattice vertices, in units of half a cell (all even)."""
    corner = np.stack(np.meshgrid(*(np.arange(n) for n in cells), indexing="ij"), -1).reshape(-1, 1, 3)
    paths = []
    for order in permutations(range(3)):
        path = [np.zeros(3, int)]
        for axis in order:
            path.append(path[-1] + np.eye(3, dtype=int)[axis])
        paths.append(np.array(path))
    return 2 * (corner[:, None] + np.array(paths)[None]).reshape(-1, 4, 3)


def faces_of(tets: np.ndarray) -> np.ndarray:
    """(m, 4, 6) quadratic triangles of each tetrahedron, VTK order, normals outward."""
    middle = {frozenset(edge): 4 + q for q, edge in enumerate(_EDGES)}
    local = [[*f, *(middle[frozenset((f[a], f[b]))] for a, b in ((0, 1), (1, 2), (2, 0)))] for f in _FACES]
    return tets[:, np.array(local)]


def structured(
    cells: tuple[int, int, int],
    mapping: Mapping3,
    faces: Mapping[tuple[int, int], str],
    *,
    region: Callable[[np.ndarray], np.ndarray] | None = None,
    keep: Callable[[np.ndarray], np.ndarray] | None = None,
    periodic: bool = False,
    ends: tuple[End, ...] = (),
    wall_thickness_mm: float = 1.0,
) -> WallMesh:
    """A mapped box as a ``WallMesh``.

    Parameters
    ----------
    cells : three numbers of cells
    mapping : callable (n, 3) parameters in [0, 1]³ -> (n, 3) points in mm
    faces : mapping (axis, side) -> facet name, side 0 or 1; several sides may share a name
    region, keep : callable (m, 3) parameters of cell centres -> (m,) region, or whether the cell exists
    periodic : bool
        Join the two sides of axis 1.
    """
    lattice = _tetrahedra(cells)
    size = np.array(cells)
    centre = (np.floor(lattice.mean(1) / 2) + 0.5) / size
    if keep is not None:
        kept = keep(centre)
        lattice, centre = lattice[kept], centre[kept]
    full = np.concatenate([lattice, np.stack([(lattice[:, a] + lattice[:, b]) // 2 for a, b in _EDGES], 1)], 1)
    joined = full.copy()
    if periodic:
        joined[..., 1] %= 2 * cells[1]
    shape = 2 * size + 1
    used, tets = np.unique(np.ravel_multi_index(tuple(joined.reshape(-1, 3).T), tuple(shape)), return_inverse=True)
    tets = tets.reshape(-1, 10)
    points = mapping(np.stack(np.unravel_index(used, tuple(shape)), -1) / (2.0 * size))
    edges = points[tets[:, 1:4]] - points[tets[:, :1]]
    flipped = np.linalg.det(edges) < 0
    swap = [0, 2, 1, 3, 6, 5, 4, 7, 9, 8]  # exchange vertices 1 and 2
    tets[flipped], full[flipped] = tets[flipped][:, swap], full[flipped][:, swap]
    tissue = np.full(len(tets), WALL, np.uint8) if region is None else region(centre).astype(np.uint8)
    facets = _named_facets(tets, full, tissue, size, faces)
    count = len(points)
    wall_nodes = np.unique(tets[tissue == WALL])
    thickness = np.zeros(count)
    thickness[wall_nodes] = wall_thickness_mm
    return WallMesh(points, tets, tissue, facets, ends, np.zeros(count), thickness)


def _named_facets(tets, lattice, tissue, size, faces) -> dict[str, np.ndarray]:
    """Facets by name: sides of the box, what blood touches, and the wall's inner face."""
    quads, corners = faces_of(tets).reshape(-1, 6), faces_of(np.broadcast_to(np.arange(10), tets.shape))
    owner = np.repeat(np.arange(len(tets)), 4)
    places = lattice[owner[:, None], corners.reshape(-1, 6)[:, :3]]  # (4m, 3, 3)
    _, first, inverse, count = np.unique(
        np.sort(quads[:, :3], 1), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    outside = count[inverse.ravel()] == 1
    partner_sum = np.zeros(len(first), int)
    np.add.at(partner_sum, inverse.ravel(), tissue[owner].astype(int))
    interface = (partner_sum[inverse.ravel()] == WALL + THROMBUS) & ~outside & (tissue[owner] == WALL)
    named: dict[str, list[np.ndarray]] = {}
    taken = np.zeros(len(quads), bool)
    for (axis, side), name in faces.items():
        on = outside & (places[:, :, axis] == 2 * size[axis] * side).all(1)
        named.setdefault(name, []).append(quads[on])
        taken |= on & (name != "blood")
    bare = outside & ~taken  # whatever no other side claims is touched by blood, also where cells were left out
    named["blood"] = [quads[bare]]
    named["wall_inner"] = [quads[(bare & (tissue[owner] == WALL)) | interface]]
    named.setdefault("outer", [np.zeros((0, 6), int)])
    return {name: np.concatenate(parts) for name, parts in named.items()}


# --------------------------------------------------------------------------------------- bodies


def box(cells=(1, 1, 1), lengths=(1.0, 1.0, 1.0), distort: float = 0.0, seed: int = 1) -> WallMesh:
    """A box with sides "x0", "x1", "y0" ... of straight-edged elements; ``distort`` (share of a cell) moves inner vertices."""
    lengths = np.asarray(lengths, float)

    def mapping(s):
        return s * lengths

    names = {(axis, side): f"{'xyz'[axis]}{side}" for axis in range(3) for side in (0, 1)}
    mesh = structured(cells, mapping, names)
    if distort:
        points, vertices = mesh.points.copy(), np.unique(mesh.tets[:, :4])
        inner = vertices[((points[vertices] > 1e-9) & (points[vertices] < lengths - 1e-9)).all(1)]
        points[inner] += np.random.default_rng(seed).uniform(-1, 1, (len(inner), 3)) * distort * lengths / np.array(cells)
        for q, (a, b) in enumerate(_EDGES):
            points[mesh.tets[:, 4 + q]] = (points[mesh.tets[:, a]] + points[mesh.tets[:, b]]) / 2
        mesh = WallMesh(points, mesh.tets, mesh.region, mesh.facets, (), mesh.thrombus_thickness_mm, mesh.wall_thickness_mm)
    return mesh


def tube_sector(inner: float, outer: float, cells=(2, 2, 1), angle_deg: float = 30.0, height: float | None = None) -> WallMesh:
    """Sector of a thick tube about z; symmetry faces "theta0", "theta1", "z0", "z1"; blood inside."""
    angle = np.radians(angle_deg)
    height = (outer - inner) if height is None else height

    def mapping(s):
        r, t = inner + (outer - inner) * s[:, 0], angle * s[:, 1]
        return np.stack([r * np.cos(t), r * np.sin(t), height * s[:, 2]], -1)

    names = {(0, 1): "outer", (1, 0): "theta0", (1, 1): "theta1", (2, 0): "z0", (2, 1): "z1"}
    return structured(cells, mapping, names, wall_thickness_mm=outer - inner)


def sphere_sector(inner: float, outer: float, cells=(2, 2, 2), angle_deg: float = 30.0) -> WallMesh:
    """Sector of a thick sphere between four planes through its centre: "a0", "a1", "b0", "b1" (a gnomonic patch)."""
    angle = np.radians(angle_deg)

    def mapping(s):
        direction = np.stack([np.ones(len(s)), np.tan(angle * s[:, 1]), np.tan(angle * s[:, 2])], -1)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        return (inner + (outer - inner) * s[:, :1]) * direction

    names = {(0, 1): "outer", (1, 0): "a0", (1, 1): "a1", (2, 0): "b0", (2, 1): "b1"}
    return structured(cells, mapping, names, wall_thickness_mm=outer - inner)


def _ends(half_length: float, radius: float) -> tuple[End, ...]:
    z = np.array([0.0, 0.0, half_length])
    return (End("proximal", z, np.array([0.0, 0, 1]), radius), End("distal", -z, np.array([0.0, 0, -1]), radius))


def aneurysm(cells=(1, 24, 20), neck: float = 10.0, sac: float = 27.0, wall: float = 1.5, half_length: float = 60.0) -> WallMesh:
    """Idealised fusiform aneurysm, bulging forward (+y) as in Vorp 1998 with beta = 0.3, wall of even thickness along the normal.

    Inner radius R(z) = neck + (sac - neck) cos²(πz/100) for |z| < 50 mm, centre at y = 0.8552 (R - neck).
    """
    slope = 0.7 / 1.3  # (R_ant - r_post) / (R_ant + r_post) for beta = 0.3
    shift = slope * sac / (sac - neck)

    def mapping(s):
        t, th, z = s[:, 0] * wall, 2 * np.pi * s[:, 1], half_length * (2 * s[:, 2] - 1)
        inside = np.abs(z) < 50
        bulge = np.where(inside, np.cos(np.pi * z / 100) ** 2, 0)
        steep = np.where(inside, -np.pi / 100 * np.sin(2 * np.pi * z / 100), 0)
        radius, centre = neck + (sac - neck) * bulge, shift * (sac - neck) * bulge
        normal = np.stack([np.cos(th), np.sin(th), -(sac - neck) * steep * (1 + shift * np.sin(th))], -1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        return np.stack([radius * np.cos(th), centre + radius * np.sin(th), z], -1) + t[:, None] * normal

    names = {(0, 1): "outer", (2, 0): "end_distal", (2, 1): "end_proximal"}
    return structured(cells, mapping, names, periodic=True, ends=_ends(half_length, sac + 10), wall_thickness_mm=wall)


def thrombosed_tube(
    cells=(3, 12, 8),
    *,
    lumen: float = 8.0,
    neck: float = 12.0,
    sac: float = 20.0,
    wall: float = 1.5,
    half_length: float = 30.0,
    bare: float = 0.0,
) -> WallMesh:
    """Bulging wall lined by eccentric thrombus: the lumen is a tube off the wall's axis.

    The outermost layer of cells is wall, the others thrombus. ``bare`` is the share of the
    circumference without thrombus (the cells are left out, with a step).
    """
    layers = cells[0]
    wall_layers = 1
    share = 1 - wall_layers / layers

    def mapping(s):
        th, z = 2 * np.pi * s[:, 1], half_length * (2 * s[:, 2] - 1)
        radius = neck + (sac - neck) * np.cos(np.pi * z / (2 * half_length)) ** 2
        eccentric = 0.5 * (radius - lumen)
        inside = s[:, 0] < share
        depth = np.where(inside, s[:, 0] / max(share, 1e-9), 1.0)  # one layer: all wall
        out = np.where(inside, 0.0, (s[:, 0] - share) / (1 - share) * wall)
        r = lumen + depth * (radius - lumen) + out
        return np.stack([r * np.cos(th), eccentric * (1 - depth) + r * np.sin(th), z], -1)

    def region(c):
        return np.where(c[:, 0] > share, WALL, THROMBUS)

    def keep(c):
        return (c[:, 0] > share) | (c[:, 1] > bare)

    names = {(0, 1): "outer", (2, 0): "end_distal", (2, 1): "end_proximal"}
    ends = _ends(half_length, sac + 10)
    return structured(cells, mapping, names, region=region, keep=keep, periodic=True, ends=ends, wall_thickness_mm=wall)
