"""Whether supports go together and hold the body, found before anything is solved."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from aorta.errors import CaseFileError, MeshError, SolverError
from aorta.mechanics.loads import Loads, facet_keys, shares
from aorta.mechanics.supports import STEADYING_STIFFNESS, Prescribed, Support, fixed, sliding
from aorta.mechanics.surroundings import Surroundings
from aorta.records import WallMesh
from aorta.settings import MechanicsSettings

_WEAKEST = 1e-6
"""Share of the strongest hold below which a rigid motion counts as free."""


def end_supports(mesh: WallMesh, settings: MechanicsSettings) -> tuple[Support, ...]:
    """How the cut ends are held: every facet group "end_<name>".

    Raises
    ------
    CaseFileError
        Elastic ends without a stiffness, or a stiffness without elastic ends.
    """
    names = sorted(name for name in mesh.facets if name.startswith("end_") and len(mesh.facets[name]))
    across, along = settings.end_stiffness_normal, settings.end_stiffness_tangential
    if settings.ends != "elastic" and (across is not None or along is not None):
        raise CaseFileError(
            f"`mechanics: {{ends: {settings.ends}}}` and a stiffness of the ends contradict each other",
            where="mechanics",
            fix="write `ends: elastic`, or leave out `end_stiffness_normal` and `end_stiffness_tangential`",
        )
    if settings.ends == "elastic" and across is None:
        raise CaseFileError(
            "elastic ends need a stiffness", where="mechanics", fix="add e.g. `end_stiffness_normal: 20 kPa/mm`, or `ends: fixed`"
        )
    if settings.ends == "elastic" and settings.prestress != "linear":  # whose displacements mean nothing
        return tuple(Support(name, "elastic", across, across if along is None else along) for name in names)
    return tuple(sliding(name, STEADYING_STIFFNESS) if settings.ends == "sliding" else fixed(name) for name in names)


def check_supports(mesh: WallMesh, supports: tuple[Support, ...], loads: Loads, around: Surroundings | None = None) -> None:
    """That no facet has two supports, or is loaded by blood and supported.

    Raises
    ------
    MeshError
    """
    roles = {f"'{s.facets}', {s.kind}": s.facets for s in supports}
    if around is not None:
        roles[f"'{around.facets}', by surrounding tissue or spine"] = around.facets
    keys = {role: facet_keys(mesh.facets[name], len(mesh.points)) for role, name in roles.items()}
    for (a, first), (b, second) in combinations(keys.items(), 2):
        common = len(np.intersect1d(first, second))
        if common:
            raise MeshError(
                "contradictory supports",
                where="mechanics",
                why=f"{common} facets are held twice: {a}; {b}",
                fix="hold every facet one way",
            )
    for name in shares(loads):
        loaded = facet_keys(mesh.facets[name], len(mesh.points))
        for role, held in keys.items():
            common = len(np.intersect1d(loaded, held))
            if common:
                raise MeshError(
                    "blood presses on facets that are supported",
                    where="mechanics",
                    why=f"{common} facets of '{name}' belong to the support {role}",
                    fix="give every facet one role: loaded by blood, or support",
                )


def check_held(
    mesh: WallMesh, supports: tuple[Support, ...], prescribed: Prescribed | None, around: Surroundings | None, inverse: bool
) -> None:
    """That no motion of the rigid body is free. The spine does not count: it only pushes.

    Parameters
    ----------
    inverse : bool
        Whether an unloaded shape is sought; tissue at rest in the image holds nothing then.

    Raises
    ------
    SolverError
        Names the motion.
    """
    centre = mesh.points.mean(0)
    size = float(np.linalg.norm(mesh.points - centre, axis=1).max())
    gram = np.zeros((6, 6))
    for places, axes in _directions(mesh, supports, prescribed, around, inverse):
        # a rigid motion of shift t and turn r moves a place along its axis by axis·t + axis·(r × arm)
        rows = np.concatenate([axes, np.cross((places - centre) / size, axes)], 1)
        gram += rows.T @ rows / max(len(rows), 1)
    strength, motions = np.linalg.eigh(gram)
    if strength[0] > _WEAKEST * max(strength[-1], 1e-300):
        return
    free = int((strength <= _WEAKEST * max(strength[-1], 1e-300)).sum())
    shift, turn = motions[:3, 0], motions[3:, 0]
    way = shift if np.linalg.norm(shift) > np.linalg.norm(turn) else turn
    way = way / np.linalg.norm(way)
    verb = "move along" if np.linalg.norm(shift) > np.linalg.norm(turn) else "turn about"
    motion = "in every way" if free == 6 else f"in {free} ways; one is to {verb} ({', '.join(f'{x:.2f}' for x in way)}) LPS"
    raise SolverError(
        "the vessel is not held" if free == 6 else "the vessel is only partly held",
        where="mechanics, supports",
        why=f"as a rigid body it can still move {motion}" + (", before it is loaded" if inverse and around is not None else ""),
        fix="hold the vessel at its ends",
    )


def _directions(
    mesh: WallMesh, supports: tuple[Support, ...], prescribed: Prescribed | None, around: Surroundings | None, inverse: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places (k, 3) and the unit direction (k, 3) or (3,) in which each is held."""
    every = np.eye(3)
    for support in supports:
        triangles = mesh.facets[support.facets]
        corners = mesh.points[triangles[:, :3]]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        fixed_kind, places = support.kind == "fixed", corners.mean(1)
        for axis in every if fixed_kind or support.tangential > 0 else ():
            yield places, axis - (0 if fixed_kind else (normals @ axis)[:, None] * normals) + 0 * normals
        if support.kind == "sliding" or support.normal > 0:
            yield places, normals
    if prescribed is not None:
        for component in range(3):
            places = mesh.points[prescribed.held[:, component]]
            yield places, np.broadcast_to(every[component], places.shape)
    tissue = around.tissue if around is not None else None
    if tissue is not None and tissue.stiffness > 0 and not (inverse and tissue.at_rest == "imaged"):
        places = mesh.points[np.unique(mesh.facets[around.facets])]
        for axis in every:
            yield places, np.broadcast_to(axis, places.shape)
