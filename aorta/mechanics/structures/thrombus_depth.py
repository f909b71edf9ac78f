"""How deep in the thrombus a place is: 0 at the blood, 1 at the wall, linear in between along the shortest ways."""

from __future__ import annotations

import numpy as np

from aorta.mechanics import tet10
from aorta.records import THROMBUS, WallMesh


def thrombus_depth(mesh: WallMesh, at: np.ndarray) -> np.ndarray:
    """(m, q) share of the thickness at reference points (q, 3): d(blood) / (d(blood) + d(wall)); 0 in the wall."""
    inside = mesh.region == THROMBUS
    places = np.einsum("qn,mni->mqi", tet10.shape(at), mesh.points[mesh.tets[inside]])
    blood, wall = (_distance(places.reshape(-1, 3), mesh, name) for name in ("blood", "wall_inner"))
    depth = np.zeros((len(mesh.tets), len(at)))
    depth[inside] = (blood / (blood + wall)).reshape(places.shape[:2])
    return depth


def _distance(places: np.ndarray, mesh: WallMesh, name: str) -> np.ndarray:
    """(n,) distance of places (n, 3) from the named facets, each taken as four flat triangles; of the blood's
    only those of the thrombus count."""
    import pyvista as pv

    facets = mesh.facets[name]
    if name == "blood":
        facets = facets[np.isin(facets, np.unique(mesh.tets[mesh.region == THROMBUS])).all(1)]
    flat = facets[:, [0, 3, 5, 3, 1, 4, 5, 4, 2, 3, 4, 5]].reshape(-1, 3)
    surface = pv.PolyData.from_regular_faces(mesh.points, flat)
    _, nearest = surface.find_closest_cell(places, return_closest_point=True)
    return np.linalg.norm(places - nearest, axis=1)
