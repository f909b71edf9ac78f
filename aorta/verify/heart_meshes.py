"""Meshes of the cardiac mechanics benchmark (Land et al. 2015): a bar, and a quarter of a truncated ellipsoid.

The ellipsoid's surface is a disc of rings about the apex, each ring with three triangles more than the last one in a
quarter circle, extruded through the wall into prisms of three tetrahedra each.
"""

from __future__ import annotations

import numpy as np

from aorta.records import WALL, WallMesh
from aorta.verify.reference_meshes import faces_of

_EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))
_QUARTER = np.pi / 2


def disc(rings: int, sectors: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Quarter disc: (n, 2) radius share and angle of its points, (m, 3) triangles; ring i has i * ``sectors`` segments."""
    start = np.cumsum([0, 1] + [q * sectors + 1 for q in range(1, rings + 1)])
    points = [(0.0, _QUARTER / 2)]
    points += [(q / rings, _QUARTER * k / (q * sectors)) for q in range(1, rings + 1) for k in range(q * sectors + 1)]
    triangles = []
    for q in range(rings):
        inner, outer, few, many = start[q], start[q + 1], q * sectors, (q + 1) * sectors
        a = b = 0
        while b < many or a < few:  # advance on the ring that lags behind
            if a == few or (b < many and (b + 1) / many <= (a + 1) / max(few, 1)):
                triangles.append((inner + a, outer + b, outer + b + 1))
                b += 1
            else:
                triangles.append((inner + a, outer + b, inner + a + 1))
                a += 1
    return np.array(points), np.array(triangles)


def ellipsoid(rings: int, layers: int) -> WallMesh:
    """Quarter of the ventricle: endocardium 7/17 mm "blood", epicardium 10/20 mm "outer", base at z = 5 mm "base", "x0", "y0"."""
    flat, triangles = disc(rings)
    count = len(flat)
    prisms = np.concatenate([triangles + layer * count for layer in range(layers)])
    prisms = np.concatenate([prisms, prisms + count], 1)
    tets = np.concatenate([_split(prism) for prism in prisms])
    place = np.concatenate([np.column_stack([flat, np.full(count, layer / layers)]) for layer in range(layers + 1)])
    corners = place[tets]
    # an edge from the axis keeps the angle of its other end
    axis = corners[..., 0] == 0
    middles = []
    for a, b in _EDGES:
        middle = (corners[:, a] + corners[:, b]) / 2
        middle[:, 1] = np.where(axis[:, a], corners[:, b, 1], np.where(axis[:, b], corners[:, a, 1], middle[:, 1]))
        middles.append(middle)
    keys, node = np.unique(
        np.sort(np.stack([tets[:, [a, b]] for a, b in _EDGES], 1).reshape(-1, 2), 1), axis=0, return_inverse=True
    )
    between = np.zeros((len(keys), 3))
    between[node.ravel()] = np.stack(middles, 1).reshape(-1, 3)
    tets = np.concatenate([tets, len(place) + node.reshape(-1, 6)], 1)
    place = np.concatenate([place, between])
    points = _on_ellipsoid(place)
    flipped = np.linalg.det(points[tets[:, 1:4]] - points[tets[:, :1]]) < 0
    tets[flipped] = tets[flipped][:, [0, 2, 1, 3, 6, 5, 4, 7, 9, 8]]
    facets = faces_of(tets).reshape(-1, 6)
    _, first, times = np.unique(np.sort(facets[:, :3], 1), axis=0, return_index=True, return_counts=True)
    surface = facets[first[times == 1]]
    on = lambda column, value: (np.abs(place[surface, column] - value) < 1e-9).all(1)  # noqa: E731
    plane = lambda axis: (np.abs(points[surface, axis]) < 1e-9).all(1)  # noqa: E731
    sides = {"blood": on(2, 0.0), "outer": on(2, 1.0), "base": on(0, 1.0), "x0": plane(0), "y0": plane(1)}
    named = {name: surface[inside] for name, inside in sides.items()}
    named["wall_inner"] = named["blood"]
    zero = np.zeros(len(points))
    return WallMesh(points, tets, np.full(len(tets), WALL, np.uint8), named, (), zero, zero + 3.0)


def _split(prism: np.ndarray) -> np.ndarray:
    """(3, 4) tetrahedra of a prism whose upper corners are later in number than the lower: conforms by order of number."""
    a, b, c = np.argsort(prism[:3])
    return np.array([[prism[a], prism[b], prism[c], prism[3 + c]], [prism[a], prism[b], prism[3 + b], prism[3 + c]],
                     [prism[a], prism[3 + a], prism[3 + b], prism[3 + c]]])  # fmt: skip


def _on_ellipsoid(place: np.ndarray) -> np.ndarray:
    """(n, 3) mm of (share from apex to base, angle, share through the wall); every layer ends at z = 5 mm."""
    along, angle, through = place.T
    short, long = 7 + 3 * through, 17 + 3 * through
    u = along * (np.pi - np.arccos(5 / long)) - np.pi
    radius = -short * np.sin(u)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), long * np.cos(u)], -1)
