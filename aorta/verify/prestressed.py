"""The unloaded shape: known radii recovered, and the ordinary problem run from it back to the image."""

from __future__ import annotations

import numpy as np

from aorta.mechanics import tet10
from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.registry import material
from aorta.mechanics.structures.wall_frame import WallFrame, wall_frame
from aorta.mechanics.supports import fixed, sliding
from aorta.records import WallMesh
from aorta.verify import closed_forms as exact
from aorta.verify import reference_meshes as meshes
from aorta.verify import shells, solving
from aorta.verify.check import Check, relative

_KNOWN = {exact.TUBE: (23.267699, 24.932625), exact.SPHERE: (24.718683, 26.363877)}
"""Incompressible zero-pressure radii in mm of 26/27.5 mm at 16 kPa from independent runs."""


def radii() -> tuple[Check, ...]:
    """Zero-pressure radii of a vessel imaged with 26/27.5 mm at 16 kPa."""
    a, b, p, law, checks = 26.0, 27.5, 0.016, exact.raghavan_vorp(), []
    for shell in (exact.TUBE, exact.SPHERE):
        name = f"zero-pressure {'tube' if shell is exact.TUBE else 'sphere'} of 26/27.5 mm, 16 kPa"
        mesh, supports = shells.sector(shell, a, b, 2)
        unloaded, _ = solving.unload(solving.body(mesh, supports), p)
        before = shells.outward(shell, mesh.points)[0]
        after = shells.outward(shell, mesh.points + unloaded)[0]
        expected = exact.deflate_compressible(shell, a, b, p, law, solving.BULK)
        closed = exact.deflate(shell, a, b, p, law)
        stiff = exact.deflate_compressible(shell, a, b, p, law, 1e5)
        for q, (radius, label) in enumerate(((a, "A"), (b, "B"))):
            found = float(after[np.abs(before - radius) < 1e-6].mean())
            checks += [
                relative(
                    name, f"{label} with bulk modulus 34.8 MPa", found, expected[q], 1e-5, "radial equilibrium, DOP853 shooting"
                ),
                relative(
                    name,
                    f"{label}: its exact solution at large bulk modulus",
                    stiff[q],
                    closed[q],
                    1e-6,
                    "incompressible closed form",
                ),
                relative(name, f"{label}: closed form", closed[q], _KNOWN[shell][q], 1e-7, "independent runs"),
            ]
    return tuple(checks)


def _there_and_back(name: str, mesh: WallMesh, supports: tuple, p: float) -> tuple[Check, ...]:
    unloaded, imaged = solving.unload(solving.body(mesh, supports), p)
    start = solving.moved(mesh, unloaded)
    state, _ = solving.inflate(solving.body(start, supports), p, first_step=0.5)
    apart = (
        np.linalg.norm(start.points + state.displacement_mm - mesh.points, axis=1).max() / np.linalg.norm(unloaded, axis=1).max()
    )
    off = np.abs(state.cauchy_quadrature_MPa - imaged.cauchy_quadrature_MPa).max() / np.abs(imaged.cauchy_quadrature_MPa).max()
    source = "the ordinary solver, run from the unloaded mesh"
    return (
        Check(name, "imaged nodes recovered, over the largest displacement", float(apart), 1e-6, "share", source),
        Check(name, "imaged stress recovered, largest component", float(off), 1e-5, "share", source),
    )


def _convected(mesh: WallMesh, unloaded: np.ndarray, frame: WallFrame, angle_deg: float) -> dict[str, np.ndarray]:
    """Fields of the unloaded mesh whose fibres are the imaged ones carried along: unit vectors along (I+∇w) d of each
    family d = cos c ± sin a, put together to a frame again."""
    slopes, _ = tet10.physical_gradients(mesh.points[mesh.tets], tet10.GAUSS_4)
    carry = np.eye(3) + np.einsum("mqnj,mni->mqij", slopes, unloaded[mesh.tets])
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    families = []
    for sign in (1, -1):
        moved = np.einsum("mqij,mqj->mqi", carry, cos * frame.circumferential + sign * sin * frame.axial)
        families.append(moved / np.linalg.norm(moved, axis=-1, keepdims=True))
    return {
        fibres.CIRCUMFERENTIAL: (families[0] + families[1]) / (2 * cos),
        fibres.AXIAL: (families[0] - families[1]) / (2 * sin),
    }


def fibres_carried() -> tuple[Check, ...]:
    """There and back with fibres: given in the image, they lie along (I+∇w) d in the unloaded shape."""
    angle, p = 40.0, 80 * 133.322387415e-6
    law = material("gasser-ogden-holzapfel-2006", {"c": 0.3, "k1": 1.0, "k2": 5.0, "kappa": 0.1, "angle": angle}, 34.8)
    mesh, supports = meshes.aneurysm((1, 16, 12)), (fixed("end_proximal"), fixed("end_distal"))
    frame = wall_frame(mesh, np.ones(len(mesh.tets), bool), tet10.GAUSS_4)
    fields = {fibres.CIRCUMFERENTIAL: frame.circumferential, fibres.AXIAL: frame.axial}
    unloaded, imaged = solving.unload(solving.body(mesh, supports, law, fields=fields), p)
    start = solving.moved(mesh, unloaded)
    name, source = (
        "there and back: aneurysm with fibres, 80 mmHg",
        "the ordinary solver from the unloaded mesh, fibres carried in numpy",
    )
    state, _ = solving.inflate(solving.body(start, supports, law, fields=_convected(mesh, unloaded, frame, angle)), p)
    apart = np.abs(start.points + state.displacement_mm - mesh.points).max() / np.abs(unloaded).max()
    off = np.abs(state.cauchy_quadrature_MPa - imaged.cauchy_quadrature_MPa).max() / np.abs(imaged.cauchy_quadrature_MPa).max()
    return (
        Check(name, "imaged nodes recovered, over the largest displacement", float(apart), 1e-6, "share", source),
        Check(name, "imaged stress recovered, largest component", float(off), 1e-5, "share", source),
    )


def round_trip() -> tuple[Check, ...]:
    """Nodes moved to the unloaded shape, an ordinary forward solve, the imaged nodes recovered."""
    ends = (fixed("end_proximal"), fixed("end_distal"))
    return (
        *_there_and_back("there and back: aneurysm, 80 mmHg", meshes.aneurysm((1, 16, 12)), ends, 80 * 133.322387415e-6),
        *_there_and_back(
            "there and back: wall with thrombus, sliding ends, 80 mmHg",
            meshes.thrombosed_tube((3, 10, 6), bare=0.2),
            (sliding("end_proximal"), fixed("end_distal")),
            80 * 133.322387415e-6,
        ),
    )
