"""The rabbit's carotid artery with residual stress: cut open it springs apart by 160 degrees (Holzapfel et al. 2000, section 5).

The mesh is a sector of the *loaded* artery, and w, which the solver has for prestress, takes it to the opened, stress-free one:
θ to θ/k, r to R, z to z/λz. A sector has no cut, so w is a displacement like any other. In the mixed form at a large bulk modulus
the answer is the incompressible one: displacements from the mesh vanish, and stresses and axial force are the published ones.
"""

from __future__ import annotations

import numpy as np

from aorta.mechanics import stress, tet10
from aorta.mechanics.equilibrium import Body, Equilibrium
from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.registry import material
from aorta.mechanics.newton import Newton
from aorta.mechanics.supports import sliding
from aorta.records import THROMBUS, WALL, WallMesh
from aorta.verify import closed_forms as exact
from aorta.verify import reference_meshes as meshes
from aorta.verify import shells, solving, two_layers
from aorta.verify.carotid import PRESSURE, STRETCH
from aorta.verify.check import Check, rate, relative

_OPENING, _RADIUS, _BULK = 160.0, 1.43, 300.0
"""Degrees, mm, MPa: 30 000 times the stiffest fibres' shear modulus at rest."""
_LAW, _MEDIA, _ADVENTITIA = "holzapfel-gasser-ogden-2000", THROMBUS, WALL
_K = 2 * np.pi / (2 * np.pi - np.radians(_OPENING))
_FIGURES = (1.27435, 1.42765, 16.666e-3, (293.140e-3, 93.303e-3, 15.261e-3, 13.366e-3))
"""Radii in mm, axial force in N, circumferential stress in MPa at both faces of media and adventitia, of independent runs."""
_PAPER, _SEMI = "independent runs of the incompressible solution", "semi-inverse incompressible solution"


def _opened_radius(r: np.ndarray, inner: float) -> np.ndarray:
    """R of r: volume is kept."""
    return np.sqrt(_RADIUS**2 + _K * STRETCH * (r**2 - inner**2))


def sector(fine: int, inner: float) -> WallMesh:
    """30 degrees of the loaded artery: 2 ``fine`` layers of media, ``fine`` of adventitia."""
    first, between, last = two_layers.carotid(_RADIUS).radii
    media, layers, angle = 2 * fine, 3 * fine, np.radians(30.0)

    def mapping(s):
        q = s[:, 0] * layers
        outside = between + (last - between) * (q - media) / (layers - media)
        R = np.where(q < media, first + (between - first) * q / media, outside)
        r, t = np.sqrt(inner**2 + (R**2 - first**2) / (_K * STRETCH)), angle * s[:, 1]
        return np.stack([r * np.cos(t), r * np.sin(t), 0.08 / fine * s[:, 2]], -1)

    names = {(0, 1): "outer", (1, 0): "theta0", (1, 1): "theta1", (2, 0): "z0", (2, 1): "z1"}
    region = lambda c: np.where(c[:, 0] * layers < media, _MEDIA, _ADVENTITIA)  # noqa: E731
    return meshes.structured((layers, 4 * fine, 1), mapping, names, region=region)


def solve(fine: int) -> tuple[WallMesh, np.ndarray, np.ndarray]:
    """Mesh of the loaded artery, displacement (n, 3) from it and stress (m, q, 6)."""
    inner = two_layers.inflate(two_layers.carotid(_RADIUS), PRESSURE, STRETCH, _OPENING).inner
    mesh = sector(fine, inner)
    r, _ = shells.outward(exact.TUBE, mesh.points)
    turn, R = np.arctan2(mesh.points[:, 1], mesh.points[:, 0]) / _K, _opened_radius(r, inner)
    opened = np.stack([R * np.cos(turn), R * np.sin(turn), mesh.points[:, 2] / STRETCH], 1)
    places = solving.quadrature_places(mesh)
    at = shells.outward(exact.TUBE, places)[0]
    widened = (_K * at / _opened_radius(at, inner))[..., None]  # vectors longer by the stretch become the opened artery's unit ones
    around = widened * shells.hoop_direction(exact.TUBE, places)
    fields = {fibres.CIRCUMFERENTIAL: around, fibres.AXIAL: np.broadcast_to([0.0, 0.0, STRETCH], around.shape)}
    materials = {
        _MEDIA: material(_LAW, {}, _BULK),
        _ADVENTITIA: material(f"{_LAW}/rabbit-carotid-adventitia", {}, _BULK),
    }
    supports = tuple(sliding(name) for name in ("theta0", "theta1", "z0", "z1"))
    body = Body(solving.domain(mesh, "mixed"), materials, supports, "blood", fields=fields)
    equilibrium = Equilibrium(body, prestressed=True)
    body.domain.write(equilibrium.w, opened - mesh.points)
    newton = Newton(equilibrium, "forward")
    newton.run(PRESSURE, PRESSURE)
    newton.release()
    return mesh, body.domain.read(equilibrium.u.x.array), stress.at_quadrature(equilibrium)[0]


def found(fine: int) -> tuple[float, float, float, float, np.ndarray]:
    """Inner and outer radius in mm, axial force in N, the circumferential stress's root-mean-square error over its size, and
    the exact one in MPa at both faces of media and adventitia."""
    mesh, moved, sigma = solve(fine)
    artery = two_layers.carotid(_RADIUS)
    inner = two_layers.inflate(artery, PRESSURE, STRETCH, _OPENING).inner
    exact_hoop = two_layers.circumferential(artery, inner, STRETCH, _OPENING)
    before, after = (shells.outward(exact.TUBE, points)[0] for points in (mesh.points, mesh.points + moved))
    places = solving.quadrature_places(mesh)
    r, hoop = shells.outward(exact.TUBE, places)[0], solving.along(sigma, shells.hoop_direction(exact.TUBE, places))
    true = np.where((mesh.region == _MEDIA)[:, None], *(np.interp(r, grid[:, 0], grid[:, 1]) for grid in exact_hoop))
    rms = lambda x: float(np.sqrt(np.mean(x**2)))  # noqa: E731
    volume = tet10.jacobians((mesh.points + moved)[mesh.tets], tet10.GAUSS_4) * tet10.GAUSS_4_WEIGHTS
    pull = 12 * float((sigma[..., 2] * volume).sum()) / np.ptp(mesh.points[:, 2])  # of the whole ring
    a, b = (float(after[np.abs(before - radius) < 1e-9].mean()) for radius in (before.min(), before.max()))
    return (
        a,
        b,
        pull - np.pi * a**2 * PRESSURE,
        rms(hoop - true) / rms(true),
        np.array([q[k, 1] for q in exact_hoop for k in (0, -1)]),
    )


def residual() -> tuple[Check, ...]:
    """Residual stress: the opened, stress-free sector is bent shut, stretched and inflated."""
    name = "two-layer carotid artery opened by 160°, 13.33 kPa, axial stretch 1.7, mixed form"
    coarse, fine = found(1), found(2)
    checks = [
        relative(name, label, value, figure, bound, _PAPER)
        for label, value, figure, bound in zip(
            ("inner radius, mm", "outer radius, mm", "reduced axial force, N"), fine, _FIGURES, (2e-4, 2e-4, 2.5e-3)
        )
    ]
    checks.append(Check(name, "circumferential stress, root mean square", fine[3], 5e-3, "share", _SEMI))
    observed = float(np.log2(coarse[3] / fine[3]))
    checks.append(rate(name, "rate of circumferential stress", observed, 2.0, "h², quadratic (Ciarlet 1978)", 0.5))
    faces = ("inside media", "outside media", "inside adventitia", "outside adventitia")
    for label, value, figure in zip(faces, fine[4], _FIGURES[3]):
        checks.append(relative(name, f"semi-inverse solution: circumferential stress {label}, MPa", value, figure, 1e-4, _PAPER))
    return tuple(checks)
