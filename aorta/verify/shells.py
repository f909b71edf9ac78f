"""Thick tube and sphere under inner pressure: errors and rates on three meshes, and no locking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from aorta.mechanics.supports import Support, sliding
from aorta.records import WallMesh
from aorta.verify import closed_forms as exact
from aorta.verify import reference_meshes as meshes
from aorta.verify import solving
from aorta.verify.check import Check, rate, relative
from aorta.verify.law_twins import through_thickness

P120 = 120 * 133.322387415e-6
"""120 mmHg in MPa."""
LAWS = {"raghavan-vorp-2000": exact.raghavan_vorp(), "neo-hookean": exact.neo_hookean()}
_ODE = "radial equilibrium with the same bulk modulus, DOP853 shooting"


def sector(shell: exact.Shell, inner: float, outer: float, layers: int) -> tuple[WallMesh, tuple[Support, ...]]:
    """Mesh and symmetry of a sector with elements about as long as thick: a slice of the tube, a wedge of the sphere."""
    wall = outer - inner
    if shell is exact.TUBE:
        mesh = meshes.tube_sector(inner, outer, (layers, 2 * layers, 1), np.degrees(2 * wall / inner), wall / layers)
        return mesh, tuple(sliding(name) for name in ("theta0", "theta1", "z0", "z1"))
    mesh = meshes.sphere_sector(inner, outer, (layers, layers, layers), np.degrees(wall / inner))
    return mesh, tuple(sliding(name) for name in ("a0", "a1", "b0", "b1"))


def outward(shell: exact.Shell, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance from the axis or centre, and the unit radial direction, of points (..., 3)."""
    flat = points * np.array([1.0, 1.0, 0.0]) if shell is exact.TUBE else points
    radius = np.linalg.norm(flat, axis=-1)
    return radius, flat / radius[..., None]


def hoop_direction(shell: exact.Shell, points: np.ndarray) -> np.ndarray:
    """A unit circumferential direction at points (..., 3)."""
    _, radial = outward(shell, points)
    direction = np.cross(np.array([0.0, 0.0, 1.0]), radial)
    return direction / np.linalg.norm(direction, axis=-1, keepdims=True)


@dataclass(frozen=True)
class Errors:
    """Relative errors, root mean square unless said, against the exact compressible solution."""

    inner: float  # mean displacement of the inner face
    displacement: float
    hoop: float  # at quadrature points
    deviator: float  # of the hoop stress, over the hoop stress


def errors(shell: exact.Shell, law: str, A: float, B: float, p: float, layers: int, bulk: float = solving.BULK) -> Errors:
    """Inflate a sector and compare."""
    mesh, supports = sector(shell, A, B, layers)
    what = solving.wall_law(law, bulk)
    fields = {"depth": (outward(shell, solving.quadrature_places(mesh))[0] - A) / (B - A)} if what.law.fields else {}
    state, newton = solving.inflate(solving.body(mesh, supports, what, fields=fields), p)
    newton.release()
    profile = exact.inflate_compressible(shell, A, B, p, through_thickness(law), bulk)
    R, radial = outward(shell, mesh.points)
    moved = np.einsum("ni,ni->n", state.displacement_mm, radial)
    true = profile.radius(R) - R
    inner = np.abs(R - A) < 1e-9
    places = solving.quadrature_places(mesh)
    hoop = solving.along(state.cauchy_quadrature_MPa, hoop_direction(shell, places))
    mean = state.cauchy_quadrature_MPa[..., :3].mean(-1)
    grid = np.linspace(A, B, 201)
    expected = CubicSpline(grid, profile.stress(grid))(outward(shell, places)[0])
    rms = lambda x: float(np.sqrt(np.mean(x**2)))  # noqa: E731
    size = rms(expected[..., 1])
    return Errors(
        abs(moved[inner].mean() / true[inner].mean() - 1),
        rms(moved - true) / rms(true),
        rms(hoop - expected[..., 1]) / size,
        rms((hoop - mean) - (expected[..., 1] - expected.mean(-1))) / size,
    )


def shell_problem(
    shell: exact.Shell, law: str, A: float, B: float, bounds: tuple[float, float, float], slack: float = 0.35
) -> tuple[Check, ...]:
    """Errors on the finest of three meshes, rates between the finest two.

    The rate of the whole stress is taken at a bulk modulus of ten times the shear modulus: at the
    product's hundred times, the mean stress is still on its way to that rate on these meshes
    (docs/theory/mechanics.md), while its error is as bounded here. In the sphere it still is at ten times (1.61 and 1.67): its
    ``slack`` is the largest with which h^1.5 does not pass as h².
    """
    name = f"{'tube' if shell is exact.TUBE else 'sphere'} {A:g}/{B:g} mm, {law}, 120 mmHg"
    found = [errors(shell, law, A, B, P120, layers) for layers in (2, 4, 8)]
    softer = [errors(shell, law, A, B, P120, layers, solving.BULK / 10) for layers in (4, 8)]
    limit = exact.inflate_compressible(shell, A, B, P120, LAWS[law], 1e5).radius(np.array(A)) - A
    incompressible = exact.inflate(shell, A, B, P120, LAWS[law])[0] - A
    return (
        Check(name, "inner displacement", found[2].inner, bounds[0], "share", _ODE),
        Check(name, "displacement, root mean square", found[2].displacement, bounds[1], "share", _ODE),
        Check(name, "hoop stress, root mean square", found[2].hoop, bounds[2], "share", _ODE),
        rate(
            name,
            "rate of displacement",
            np.log2(found[1].displacement / found[2].displacement),
            3.0,
            "h³, quadratic (Ciarlet 1978)",
        ),
        rate(
            name, "rate of deviatoric stress", np.log2(found[1].deviator / found[2].deviator), 2.0, "h², quadratic (Ciarlet 1978)"
        ),
        rate(
            name,
            "rate of stress, bulk/shear 10",
            np.log2(softer[0].hoop / softer[1].hoop),
            2.0,
            "h², quadratic (Ciarlet 1978)",
            slack,
        ),
        relative(
            name, "its exact solution at large bulk modulus", float(limit), incompressible, 1e-5, "incompressible closed form"
        ),
    )


def tube_rv() -> tuple[Check, ...]:
    """Raghavan–Vorp tube."""
    return shell_problem(exact.TUBE, "raghavan-vorp-2000", 10.0, 11.5, (1e-6, 2e-6, 1e-3))


def tube_nh() -> tuple[Check, ...]:
    """Neo-Hookean tube."""
    return shell_problem(exact.TUBE, "neo-hookean", 10.0, 11.5, (1e-6, 2e-6, 1e-3))


def sphere_rv() -> tuple[Check, ...]:
    """Raghavan–Vorp sphere."""
    return shell_problem(exact.SPHERE, "raghavan-vorp-2000", 10.0, 11.5, (1e-5, 1e-5, 4e-3), slack=0.4)


def sphere_nh() -> tuple[Check, ...]:
    """Neo-Hookean sphere."""
    return shell_problem(exact.SPHERE, "neo-hookean", 10.0, 11.5, (1e-5, 1e-5, 4e-3), slack=0.4)


OTHERS = {"yeoh-1993": P120, "demiray-1972": P120 / 4, "ogden-1972": P120, "wang-2001": P120 / 10, "gasser-2008": P120 / 40}
"""Pressures in MPa at which the remaining isotropic laws stretch a wall of 10/11.5 mm by some 5 to 20 %."""


def other_law(law: str) -> tuple[Check, ...]:
    """Tube and sphere of one of the other laws, at a bulk modulus of a hundred times its shear modulus, four layers."""
    p, bulk, checks = OTHERS[law], 100 * solving.wall_law(law, 1e4).shear_modulus, []
    for shell, bounds in ((exact.TUBE, (1e-5, 3e-3)), (exact.SPHERE, (4e-5, 6e-3))):
        name = f"{'tube' if shell is exact.TUBE else 'sphere'} 10/11.5 mm, {law}, {p * 1e3:.3g} kPa"
        found = errors(shell, law, 10.0, 11.5, p, 4, bulk)
        checks += [
            Check(name, "inner displacement", found.inner, bounds[0], "share", _ODE),
            Check(name, "hoop stress, root mean square", found.hoop, bounds[1], "share", _ODE),
        ]
    return tuple(checks)


def no_locking() -> tuple[Check, ...]:
    """One coarse mesh, two elements through the wall, ever larger bulk modulus: a locking element would stop moving."""
    checks = []
    for share in (1e2, 1e3, 1e4):
        found = errors(exact.TUBE, "neo-hookean", 10.0, 11.5, P120, 2, 0.348 * share)
        name = f"no locking: tube, two layers, bulk/shear {share:g}"
        checks += [
            Check(name, "inner displacement", found.inner, 1e-4, "share", _ODE),
            Check(name, "deviatoric stress, root mean square", found.deviator, 1e-3, "share", _ODE),
        ]
    return tuple(checks)
