"""Where blood pressure acts, and with which share of it.

Thrombus is a porous solid full of blood plasma. Pressure measured in it is the blood's (Polzer et al.
2012, Biomed Eng Online 11:62, who cite measurements in patients and find that a poroelastic model
transmits the whole mean pressure to the wall and yet relieves it as a single-phase solid does; Meyer
et al. 2010, J Biomech Eng 132:071005, who find 1 to 3 % between the two places of loading). The
single-phase solid takes all pressure on the face that blood touches; a skeleton without resistance to
pressure leaves it all to the wall. In between, a share s of the pressure acts on the wall's inner face
under thrombus and 1 - s on the thrombus: the wall and its thrombus together bear the same force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from aorta.errors import CaseFileError
from aorta.records import WallMesh
from aorta.settings import MechanicsSettings

BARE, LUMINAL, COVERED = "blood_on_wall", "blood_on_thrombus", "wall_under_thrombus"
"""Names of the parts of "blood" and "wall_inner": in both, in the first alone, in the second alone."""

Loads = str | Mapping[str, float]
"""Facets that the whole pressure acts on, or the share of it for each of several."""


def shares(loads: Loads) -> Mapping[str, float]:
    """The share of the pressure for each group of facets."""
    return {loads: 1.0} if isinstance(loads, str) else loads


def loaded(mesh: WallMesh, settings: MechanicsSettings) -> tuple[WallMesh, Loads]:
    """The mesh, with facets added where the load is shared, and what pressure acts on.

    Raises
    ------
    CaseFileError
        A share that contradicts ``pressure_on``.
    """
    share = settings.wall_pressure_share
    if settings.pressure_on == "wall":
        if share not in (None, 1.0):
            raise CaseFileError(
                "`mechanics: {pressure_on: wall}` and `wall_pressure_share` contradict each other",
                where="mechanics",
                why=f"the one leaves all pressure to the wall, the other {share:g} of it",
                fix="leave out `pressure_on`, or the share",
            )
        return mesh, "wall_inner"
    if not share:
        return mesh, "blood"
    if share == 1.0:
        return mesh, "wall_inner"
    parts = {BARE: 1.0, LUMINAL: 1.0 - share, COVERED: share}
    split = replace(mesh, facets={**mesh.facets, **split_facets(mesh)})
    return split, {name: value for name, value in parts.items() if len(split.facets[name])}


def split_facets(mesh: WallMesh) -> dict[str, np.ndarray]:
    """The three parts of the faces that can be loaded."""
    blood, wall = mesh.facets["blood"], mesh.facets["wall_inner"]
    common = np.isin(facet_keys(blood, len(mesh.points)), facet_keys(wall, len(mesh.points)))
    covered = ~np.isin(facet_keys(wall, len(mesh.points)), facet_keys(blood, len(mesh.points)))
    return {BARE: blood[common], LUMINAL: blood[~common], COVERED: wall[covered]}


def facet_keys(triangles: np.ndarray, count: int) -> np.ndarray:
    """(k,) one number for each triangle's vertices, whatever their order."""
    a, b, c = np.sort(triangles[:, :3], axis=1).astype(np.int64).T
    return (a * count + b) * count + c
