"""Records of a tube made by hand: a structured mesh of quadratic tetrahedra with a stress of choice.

The tube's axis is z, pointing down (blood flows towards -z as in a patient lying in LPS); the mesh
is exact at all nodes. Used by the tests of risk and of stent, which meet the other stages only
through records.
"""

from itertools import permutations

import numpy as np

from aorta.records import WALL, Anatomy, Branch, End, Finding, Landmark, Sections, Solution, State, Surface, WallMesh

EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
# four-point rule of degree 2 on the reference tetrahedron
A, B = (5.0 - np.sqrt(5.0)) / 20.0, (5.0 + 3.0 * np.sqrt(5.0)) / 20.0
QUADRATURE = np.array([[B, A, A], [A, B, A], [A, A, B], [A, A, A]])  # as records.State says


def shape_functions(x):
    """Values (10,) and gradients (10, 3) of the quadratic tetrahedron in VTK order at x (3,)."""
    barycentric = np.array([1.0 - x.sum(), *x])
    gradient = np.array([[-1.0, -1, -1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    value = np.concatenate(
        [barycentric * (2 * barycentric - 1), [4 * barycentric[i] * barycentric[j] for i, j in EDGES]],
    )
    slope = [(4 * barycentric[i] - 1) * gradient[i] for i in range(4)]
    slope += [4 * (barycentric[i] * gradient[j] + barycentric[j] * gradient[i]) for i, j in EDGES]
    return value, np.array(slope)


def tube_mesh(inner, thickness, length, *, around=32, along=12, through=1, thrombus_mm=0.0, end_radius=None):
    """A tube's wall from z = 0 (proximal) to z = -length.

    ``inner`` is a radius, or a function of the angle (n,) that gives one.
    """
    radius = inner if callable(inner) else (lambda angle: np.full_like(angle, float(inner)))
    nodes, points, tets = {}, [], []

    def node(ijk2):
        """Index of the node at doubled grid coordinates (through, around, along)."""
        key = (ijk2[0], ijk2[1] % (2 * around), ijk2[2])
        if key not in nodes:
            nodes[key] = len(points)
            angle = np.pi * key[1] / around
            r = radius(np.array([angle]))[0] + thickness * key[0] / (2 * through)
            points.append((r * np.cos(angle), r * np.sin(angle), -length * key[2] / (2 * along)))
        return nodes[key]

    for i in range(through):
        for j in range(around):
            for k in range(along):
                for order in permutations(range(3)):  # Kuhn: six tetrahedra per hexahedron
                    corner = [np.array([2 * i, 2 * j, 2 * k])]
                    for axis in order:
                        corner.append(corner[-1] + 2 * np.eye(3, dtype=int)[axis])
                    middle = [(corner[p] + corner[q]) // 2 for p, q in EDGES]
                    tets.append([node(tuple(c)) for c in corner + middle])
    points, tets = np.array(points), np.array(tets)
    x = points[tets[:, :4]]
    turned = np.linalg.det(x[:, 1:] - x[:, :1]) < 0
    tets[turned] = tets[turned][:, [0, 2, 1, 3, 6, 5, 4, 7, 9, 8]]

    grid = {index: key for key, index in nodes.items()}
    layer = np.array([grid[q] for q in range(len(points))])
    ends = (
        End("proximal", np.array([0.0, 0, 0]), np.array([0.0, 0, 1]), end_radius or 1.5 * radius(np.zeros(1))[0] + thickness),
        End("distal", np.array([0.0, 0, -length]), np.array([0.0, 0, -1]), end_radius or 1.5 * radius(np.zeros(1))[0] + thickness),
    )
    inner_faces = faces(tets, layer[:, 0] == 0)[:, [0, 2, 1, 5, 4, 3]]
    facets = {
        "blood": inner_faces,
        "wall_inner": inner_faces,
        "outer": faces(tets, layer[:, 0] == 2 * through),
        "end_proximal": faces(tets, layer[:, 2] == 0),
        "end_distal": faces(tets, layer[:, 2] == 2 * along),
    }
    return WallMesh(
        points,
        tets,
        np.full(len(tets), WALL, np.uint8),
        facets,
        ends,
        np.full(len(points), float(thrombus_mm)),
        np.full(len(points), float(thickness)),
    )


def faces(tets, on):
    """(k, 6) faces of the tetrahedra whose nodes all lie on a boundary (n,) bool, in VTK order."""
    local = ((0, 1, 2, 4, 5, 6), (0, 1, 3, 4, 8, 7), (1, 2, 3, 5, 9, 8), (0, 2, 3, 6, 9, 7))
    found = [tets[:, list(f)][on[tets[:, list(f)]].all(axis=1)] for f in local]
    return np.concatenate(found)


def quadrature(mesh):
    """Positions (m, 4, 3) and volumes (m, 4) of the quadrature points."""
    x = mesh.points[mesh.tets]
    position, volume = [], []
    for point in QUADRATURE:
        value, slope = shape_functions(point)
        position.append(np.einsum("a,max->mx", value, x))
        volume.append(np.linalg.det(np.einsum("max,ar->mxr", x, slope)) / 24.0)
    return np.stack(position, axis=1), np.stack(volume, axis=1)


def cylindrical_stress(points, radial, hoop, axial):
    """Stress components (..., 6) of cylindrical ones at points (..., 3) about the z axis."""
    angle = np.arctan2(points[..., 1], points[..., 0])
    c, s = np.cos(angle), np.sin(angle)
    xx, yy, xy = radial * c**2 + hoop * s**2, radial * s**2 + hoop * c**2, (radial - hoop) * c * s
    zero = np.zeros_like(xx)
    return np.stack([xx, yy, axial + zero, xy, zero, zero], axis=-1)


def lame(points, inner, outer, pressure):
    """Stress (..., 6) of an elastic tube with closed ends under inner pressure (Lame)."""
    r = np.hypot(points[..., 0], points[..., 1])
    base = pressure * inner**2 / (outer**2 - inner**2)
    return cylindrical_stress(points, base * (1 - outer**2 / r**2), base * (1 + outer**2 / r**2), base)


def state(mesh, stress_of, pressure, *, name="systole", displacement=None):
    """A state whose stress is a function of position."""
    positions, volumes = quadrature(mesh)
    moved = np.zeros_like(mesh.points) if displacement is None else displacement
    return State(name, pressure, moved, stress_of(positions), volumes, stress_of(mesh.points))


def solution(*states, unloaded=True):
    """A solution of these states."""
    return Solution(states, np.zeros_like(states[0].displacement_mm) if unloaded else None)


def tube_anatomy(outer, inner, length, findings=None, *, spacing=2.0, landmarks=(), more_branches=(), more_sections=()):
    """An anatomy with one straight aorta from z = 0 to -length; findings is a mapping of name to value."""
    s = np.arange(0.0, length + 0.5 * spacing, spacing)
    n = len(s)
    points = np.stack([0 * s, 0 * s, -s], axis=1)
    down = np.tile([0.0, 0, -1], (n, 1))
    aorta = Branch("aorta", points, down, s, np.full(n, inner))
    surface = Surface(np.array([[outer, 0, 0], [0, outer, 0], [0, 0, -length]]), np.array([[0, 1, 2]]))
    marks = tuple(Landmark(name, np.array([0.0, 0, -at]), "found", branch, at) for name, branch, at in landmarks)
    found = tuple(Finding(name, value, "", "given by the test") for name, value in (findings or {}).items())
    sections = sections_of("aorta", s, points, down, outer, inner)
    return Anatomy(surface, surface, (aorta, *more_branches), (sections, *more_sections), marks, (), found)


def sections_of(branch, s, centre, normal, outer, inner):
    """Sections with outer and inner radii: numbers or arrays (n,)."""
    out, lumen = 2.0 * outer + 0 * s, 2.0 * inner + 0 * s
    return Sections(branch, s, centre, normal, out, out, out, out, lumen, lumen, lumen, 0 * s, 0 * s, 0 * s)
