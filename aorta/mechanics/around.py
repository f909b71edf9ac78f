"""What surrounds this vessel, from the case file's words and the mesh's spine, and what it does to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aorta.mechanics.contact import Contact
from aorta.mechanics.obstacles import Sampled, sampled
from aorta.mechanics.support_forces import tissue as tissue_tractions
from aorta.mechanics.support_forces import touch
from aorta.mechanics.surroundings import Surroundings, Tissue
from aorta.records import Finding, State, WallMesh
from aorta.settings import MechanicsSettings, TissueSettings
from aorta.units import kpa

_DEEPEST_MM = 0.1
"""Penetration of the spine above which the penalty no longer stands for a rigid body: an eighth of a voxel of 0.8 mm."""
_TOUCHING_MM = 1.0
"""Overlap in the image up to which bone and wall touch: two labels' voxels, smoothed apart, lie about one voxel over each other."""
_STATE = "systole"


def surroundings_of(
    mesh: WallMesh, settings: MechanicsSettings, soft: TissueSettings
) -> tuple[Surroundings | None, tuple[str, ...]]:
    """Tissue and spine, None where there is neither, and cautions."""
    wanted = soft.stiffness > 0 or soft.damping > 0
    near = mesh.spine is not None and settings.spine == "contact"
    if settings.prestress == "linear":
        left_out = [name for name, there in (("surrounding tissue", wanted), ("the spine", near)) if there]
        left_out += ["the stiffness of elastic ends"] if settings.ends == "elastic" else []
        return None, ((f"linear stress leaves out {' and '.join(left_out)}: they act on displacements",) if left_out else ())
    obstacle, cautions = _spine_of(mesh) if near else (None, ())
    if obstacle is None and not wanted:
        return None, cautions
    tissue = Tissue(soft.stiffness, soft.damping, soft.at_rest) if wanted else None
    return Surroundings(tissue, None if obstacle is None else Contact(obstacle)), cautions


def _spine_of(mesh: WallMesh) -> tuple[Sampled | None, tuple[str, ...]]:
    """The vertebrae in reach, and what is wrong with them; None where they are not, or cannot be where they are labelled.

    Bone within the wall's thickness can be a wall that was drawn outwards from the blood it touches; bone in what the wall
    surrounds is a label that is wrong, and would hold back a wall that is free.
    """
    nodes = np.unique(mesh.facets["outer"])
    obstacle = sampled(mesh.spine, mesh.points[nodes])
    if obstacle is None:
        return None, ()
    depth = -obstacle.distance(mesh.points[nodes])
    beyond = depth - mesh.wall_thickness_mm[nodes]
    worst = int(beyond.argmax())
    if beyond[worst] <= _TOUCHING_MM:
        return obstacle, ()
    place = ", ".join(f"{x:.0f}" for x in mesh.points[nodes[worst]])
    return None, (
        f"the spine is left out: labelled vertebrae reach {depth[worst]:.1f} mm into the vessel, through its wall, "
        f"at ({place}) mm LPS; correct the labels there",
    )


def surrounding_findings(
    mesh: WallMesh, around: Surroundings | None, states: Sequence[State], unloaded: np.ndarray | None
) -> tuple[Finding, ...]:
    """How hard tissue and spine press at systole."""
    state = next((s for s in states if s.name == _STATE), None)
    if around is None or state is None:
        return ()
    found: list[Finding] = []
    if around.tissue is not None:
        on_faces = tissue_tractions(mesh, around.tissue, around.facets, state, unloaded)
        largest = float(np.linalg.norm(on_faces.traction, axis=-1).max())
        found.append(Finding("tissue_traction_max_kPa", kpa(largest), "kPa", "largest traction of surrounding tissue at systole"))
    if around.contact is not None:
        found += _of_spine(mesh, around, state)
    return tuple(found)


def _of_spine(mesh: WallMesh, around: Surroundings, state: State) -> list[Finding]:
    nodes = np.unique(mesh.facets[around.facets])
    gap = float(around.contact.obstacle.distance(mesh.points[nodes]).min())
    at = touch(mesh, around.contact, around.facets, state.displacement_mm)
    push = (at.on_faces.traction * at.area[..., None]).sum((0, 1))
    deepest = max(float(at.depth.max()), 0.0)
    text = (
        ""
        if deepest <= _DEEPEST_MM
        else f"the wall sinks more than {_DEEPEST_MM:g} mm into the spine: its pressure there is too low"
    )
    here = "wall's outer face against the vertebrae at systole, imaged area; no force at imaging pressure"
    overlap = "least distance of the wall's outer face from the vertebrae in the image; an overlap (negative) counts as touching"
    doubt = (
        f"vertebrae and wall overlap by more than {_TOUCHING_MM:g} mm in the image: look at the labels there; "
        "`spine: ignore` shows what contact changes"
    )
    ahead = (
        "it pushes the vessel to the back: bone is labelled in front of it, or the image's axes are wrong" if push[1] > 0 else ""
    )
    return [
        Finding("spine_gap_min_mm", gap, "mm", overlap, caution=doubt if gap < -_TOUCHING_MM else ""),
        Finding("spine_contact_area_mm2", float(at.area[at.pressure > 0].sum()), "mm²", here),
        Finding("spine_contact_force_N", float(np.linalg.norm(push)), "N", f"resultant, {here}", caution=ahead),
        Finding("spine_contact_pressure_max_kPa", kpa(float(at.pressure.max())), "kPa", f"largest, {here}"),
        Finding("spine_penetration_max_mm", deepest, "mm", "of the wall into the spine, by penalty", valid=not text, caution=text),
    ]
