"""The rabbit's carotid artery of two layers with fibres, stretched and inflated: the solver against the semi-inverse solution."""

from __future__ import annotations

from functools import cache

import numpy as np

from aorta.mechanics import backend, stress
from aorta.mechanics.equilibrium import VOLUME_DEGREE, Body, Equilibrium
from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.registry import material
from aorta.mechanics.newton import Newton
from aorta.mechanics.structures.wall_frame import wall_frame
from aorta.mechanics.supports import Prescribed, sliding
from aorta.records import THROMBUS, WALL, WallMesh
from aorta.verify import closed_forms as exact
from aorta.verify import reference_meshes as meshes
from aorta.verify import shells, solving, two_layers
from aorta.verify.check import Check, rate, relative

PRESSURE, STRETCH, BULK = 13.33e-3, 1.7, 3.0
"""MPa, 1, MPa. The bulk modulus is 300 times the stiffest fibres' shear modulus at rest."""
_LAW = "holzapfel-gasser-ogden-2000"
_MEDIA, _ADVENTITIA = THROMBUS, WALL  # the two region numbers that a mesh has
_ODE = "radial equilibrium with the same bulk modulus, DOP853 shooting"
_PAPER = "independent runs of the incompressible solution"


def sector(fine: int) -> WallMesh:
    """A sector of 30 degrees: 2 ``fine`` layers of media, ``fine`` of adventitia, as high as a layer is thick."""
    inner, between, outer = two_layers.carotid().radii
    media, layers, angle, height = 2 * fine, 3 * fine, np.radians(30.0), 0.13 / fine

    def mapping(s):
        q = s[:, 0] * layers
        r = np.where(q < media, inner + (between - inner) * q / media, between + (outer - between) * (q - media) / (layers - media))
        t = angle * s[:, 1]
        return np.stack([r * np.cos(t), r * np.sin(t), height * s[:, 2]], -1)

    names = {(0, 1): "outer", (1, 0): "theta0", (1, 1): "theta1", (2, 0): "z0", (2, 1): "z1"}
    region = lambda c: np.where(c[:, 0] * layers < media, _MEDIA, _ADVENTITIA)  # noqa: E731
    return meshes.structured((layers, 2 * fine, 1), mapping, names, region=region)


def solve(fine: int) -> tuple[WallMesh, np.ndarray, np.ndarray]:
    """Mesh, displacement (n, 3) and stress (m, q, 6) of the loaded sector; directions from harmonic fields."""
    mesh = sector(fine)
    frame = wall_frame(mesh, np.ones(len(mesh.tets), bool), backend.quadrature(VOLUME_DEGREE)[0], "blood", "outer", "z1", ("z0",))
    held, values = np.zeros(mesh.points.shape, bool), np.zeros(mesh.points.shape)
    top = np.unique(mesh.facets["z1"])
    held[top, 2], values[top, 2] = True, (STRETCH - 1) * mesh.points[top, 2]
    materials = {
        _MEDIA: material(_LAW, {}, BULK),
        _ADVENTITIA: material(f"{_LAW}/rabbit-carotid-adventitia", {}, BULK),
    }
    fields = {fibres.CIRCUMFERENTIAL: frame.circumferential, fibres.AXIAL: frame.axial}
    supports = tuple(sliding(name) for name in ("theta0", "theta1", "z0"))
    body = Body(solving.domain(mesh), materials, supports, "blood", Prescribed(held, values), fields)
    equilibrium = Equilibrium(body, prestressed=False)
    body.domain.write(equilibrium.u, _incompressible(mesh))  # where to start; stretching the top alone would be far off
    newton = Newton(equilibrium, "forward")
    newton.run(0.0, PRESSURE)
    newton.release()
    return mesh, body.domain.read(equilibrium.u.x.array), stress.at_quadrature(equilibrium)[0]


def _incompressible(mesh: WallMesh) -> np.ndarray:
    """(n, 3) displacement of the incompressible artery: r² = ri² + (R² - Ri²)/λz."""
    artery = two_layers.carotid()
    inner = two_layers.inflate(artery, PRESSURE, STRETCH).inner
    R, radial = shells.outward(exact.TUBE, mesh.points)
    r = np.sqrt(inner**2 + (R**2 - artery.radii[0] ** 2) / STRETCH)
    return (r - R)[:, None] * radial + (STRETCH - 1) * mesh.points * [0, 0, 1]


@cache
def reference() -> two_layers.Compressible:
    """The semi-inverse solution with the solver's bulk modulus."""
    return two_layers.inflate_compressible(two_layers.carotid(), PRESSURE, STRETCH, BULK)


def errors(fine: int) -> tuple[float, float, float, float]:
    """Inner and outer radius, and root-mean-square errors of circumferential and axial stress, over those stresses."""
    mesh, moved, sigma = solve(fine)
    R = shells.outward(exact.TUBE, mesh.points)[0]
    r = shells.outward(exact.TUBE, mesh.points + moved)[0]
    places = solving.quadrature_places(mesh)
    radius = shells.outward(exact.TUBE, places)[0]
    grid = np.linspace(*np.array(two_layers.carotid().radii)[[0, 2]], 400)
    grid = np.sort(np.concatenate([grid, [0.97 - 1e-9]]))
    true = reference().stress(grid)
    hoop = solving.along(sigma, shells.hoop_direction(exact.TUBE, places))
    rms = lambda x: float(np.sqrt(np.mean(x**2)))  # noqa: E731
    off = []
    for found, q in ((hoop, 0), (sigma[..., 2], 1)):
        expected = np.interp(radius, grid, true[:, q])
        off.append(rms(found - expected) / rms(expected))
    inner, outer = np.abs(R - R.min()) < 1e-9, np.abs(R - R.max()) < 1e-9
    return float(r[inner].mean()), float(r[outer].mean()), *off


def inflation() -> tuple[Check, ...]:
    """Without residual stress; the incompressible solution also with an opening angle of 160 degrees."""
    name, known = "two-layer carotid artery, 13.33 kPa, axial stretch 1.7", reference()
    coarse, found = errors(1), errors(2)
    inner, outer = known.radius(np.array(two_layers.carotid().radii)[[0, 2]])
    checks = [
        relative(name, "inner radius", found[0], inner, 1.5e-5, _ODE),
        relative(name, "outer radius", found[1], outer, 1e-5, _ODE),
        Check(name, "circumferential stress, root mean square", found[2], 2e-3, "share", _ODE),
        Check(name, "axial stress, root mean square", found[3], 6e-3, "share", _ODE),
        rate(
            name, "rate of circumferential stress", float(np.log2(coarse[2] / found[2])), 2.0, "h², quadratic (Ciarlet 1978)", 0.5
        ),
    ]
    for radius, opening, figures in (
        (0.71, 0.0, (1.18929, 1.35264, 13.265e-3)),
        (1.43, 160.0, (1.27435, 1.42765, 16.666e-3)),
    ):
        closed = two_layers.inflate(two_layers.carotid(radius), PRESSURE, STRETCH, opening)
        for label, value, figure in zip(
            ("inner radius", "outer radius", "axial force"), (closed.inner, closed.outer, closed.axial_force), figures
        ):
            checks.append(relative(f"{name}, opening angle {opening:g}", f"closed form: {label}", value, figure, 5e-5, _PAPER))
    return tuple(checks)
