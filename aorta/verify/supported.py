"""Elastic ends, surrounding tissue and contact against solutions in one dimension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from aorta.mechanics import balance, stress, tet10
from aorta.mechanics.contact import Contact
from aorta.mechanics.equilibrium import Body, Equilibrium
from aorta.mechanics.newton import Newton
from aorta.mechanics.obstacles import HalfSpace
from aorta.mechanics.support_forces import all_forces, touch
from aorta.mechanics.supports import Support, fixed, sliding
from aorta.mechanics.surroundings import Surroundings, Tissue
from aorta.records import WallMesh
from aorta.verify import closed_forms as exact
from aorta.verify import reference_meshes as meshes
from aorta.verify import shells, solving
from aorta.verify.check import Check, relative

_LENGTH, _SIDES = 4.0, ("y0", "y1", "z0", "z1")
_LAW = exact.raghavan_vorp()
_BAR = "wall's law in one dimension"


def _body(mesh: WallMesh, supports: tuple[Support, ...], around: Surroundings | None, pressed: str = "blood") -> Body:
    return replace(solving.body(mesh, supports, pressure_facets=pressed), surroundings=around)


def _bar() -> WallMesh:
    return meshes.box((3, 2, 2), (_LENGTH, 1.0, 1.0), distort=0.2)


def _pressed_bar(pressure: float, lateral: float = 0.0, pull: Callable[[float, float], float] | None = None) -> tuple[float, float]:
    """Stretch along and across a bar; ``pull(stretch, across)`` is the true stress along it (None: minus ``pressure``)."""

    def across(stretch: float) -> float:
        near = 1 / np.sqrt(stretch)
        return brentq(
            lambda t: exact.principal_cauchy((stretch, t, t), _LAW, solving.BULK)[1] + lateral, 0.8 * near, 1.2 * near, xtol=1e-15
        )

    def excess(stretch: float) -> float:
        t = across(stretch)
        return exact.principal_cauchy((stretch, t, t), _LAW, solving.BULK)[0] - (pull(stretch, t) if pull else -pressure)

    stretch = brentq(excess, 0.7, 1.4, xtol=1e-15)
    return stretch, across(stretch)


def elastic_end() -> tuple[Check, ...]:
    """A bar pressed against its elastic end: the spring bears the pressure on the deformed face."""
    p, k, mesh = 0.1, 0.05, _bar()
    supports = (Support("x0", "elastic", k), sliding("y0"), sliding("z0"))
    state, _ = solving.inflate(solving.body(mesh, supports, pressure_facets="x1"), p)
    stretch, across = _pressed_bar(p)
    at = {name: np.unique(mesh.facets[name]) for name in ("x0", "x1")}
    end, far = (state.displacement_mm[at[name], 0].mean() for name in ("x0", "x1"))
    spring = -p * across**2 / k
    name = "bar of 4 mm on an elastic end of 50 kPa/mm, 100 kPa"
    others = all_forces(mesh, supports, None, state, None)
    free = np.ones(len(mesh.points), bool)
    free[np.unique(np.concatenate([mesh.facets["y0"], mesh.facets["z0"]]))] = False
    return (
        relative(name, "displacement of the elastic end, mm", end, spring, 1e-8, "p λt² / k"),
        relative(name, "displacement of the loaded end, mm", far, spring + (stretch - 1) * _LENGTH, 1e-8, _BAR),
        Check(
            name,
            "traction of the reported stress and the spring",
            balance.traction_error(mesh, state, "x1", ~free, others),
            1e-8,
            "share",
            "numpy",
        ),
    )


@dataclass(frozen=True)
class _Pipe:
    """A rigid pipe about z, from within."""

    radius: float

    def distance(self, points: np.ndarray) -> np.ndarray:
        return self.radius - np.hypot(points[:, 0], points[:, 1])

    def slopes(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Towards the axis; curved as the circle through the point is."""
        flat = points * np.array([1.0, 1.0, 0.0])
        radius = np.linalg.norm(flat, axis=1)[:, None]
        out = flat / radius
        return -out, (out[:, :, None] * out[:, None, :] - np.diag([1.0, 1.0, 0.0])) / radius[:, :, None]


def _tube(A: float, B: float, p: float, outside: Callable[[float], float]) -> tuple[float, float]:
    """Radii a, b of a tube in plane strain whose outer face bears ``outside(b)`` MPa per undeformed area."""
    law, bulk = _LAW, solving.BULK

    def left(a: float) -> float:
        radius, radial = exact.integrate(exact.TUBE, A, B, a, p, law, bulk).y[:, -1]
        return radial + outside(radius) * B / radius

    alone = exact.inflate_compressible(exact.TUBE, A, B, p, law, bulk)
    a = brentq(left, A, float(alone.radius(A)) * (1 + 1e-9), xtol=1e-13)
    return a, float(exact.integrate(exact.TUBE, A, B, a, p, law, bulk).y[0, -1])


def tube_in_tissue() -> tuple[Check, ...]:
    """A tube in tissue, and one that meets a rigid pipe: radial equilibrium with what the outside bears."""
    A, B, p = 10.0, 11.5, 0.016
    gap, penalty, k = 0.2, 1.0, 0.005
    mesh, supports = shells.sector(exact.TUBE, A, B, 2)
    cases = (
        ("in tissue of 5 kPa/mm", Surroundings(Tissue(k)), lambda b: k * (b - B)),
        (
            "in a rigid pipe, 0.2 mm away",
            Surroundings(contact=Contact(_Pipe(B + gap), penalty)),
            lambda b: penalty * max(b - B - gap, 0.0),
        ),
    )
    checks = []
    for what, around, outside in cases:
        name = f"tube of 10/11.5 mm {what}, 16 kPa"
        state, _ = solving.inflate(_body(mesh, supports, around), p)
        before = shells.outward(exact.TUBE, mesh.points)[0]
        after = shells.outward(exact.TUBE, mesh.points + state.displacement_mm)[0]
        radii = _tube(A, B, p, outside)
        for start, expected, label in ((A, radii[0], "inner"), (B, radii[1], "outer")):
            found = float(after[np.abs(before - start) < 1e-6].mean()) - start
            checks.append(
                relative(
                    name, f"displacement of the {label} face, mm", found, expected - start, 3e-5, "radial equilibrium, shooting"
                )
            )
    return tuple(checks)


def wall_with_gap() -> tuple[Check, ...]:
    """A bar squeezed from its sides until it meets a wall: free, then stopped, with the kink where it must be."""
    gap, penalty, mesh = 0.1, 1.0, _bar()
    supports = (sliding("x0"), sliding("y0"), sliding("z0"))
    both = {"y1": 1.0, "z1": 1.0}
    contact = Contact(HalfSpace(np.array([_LENGTH + gap, 0, 0]), np.array([-1.0, 0, 0])), penalty)
    name, checks = "bar of 4 mm squeezed against a wall 0.1 mm away", []
    for p in (0.01, 0.03, 0.1):

        def stopped(stretch: float, across: float) -> float:
            return -penalty * max((stretch - 1) * _LENGTH - gap, 0.0) / across**2

        stretch, _ = _pressed_bar(0.0, p, stopped)
        state, _ = solving.inflate(_body(mesh, supports, Surroundings(contact=contact, facets="x1"), both), p)
        found = state.displacement_mm[np.unique(mesh.facets["x1"]), 0].mean()
        checks.append(relative(name, f"elongation at {p * 1e3:g} kPa, mm", found, (stretch - 1) * _LENGTH, 1e-7, _BAR))
        force = float((touch(mesh, contact, "x1", state.displacement_mm).pressure).max())
        expected = penalty * max((stretch - 1) * _LENGTH - gap, 0.0)
        checks.append(
            relative(name, f"contact pressure at {p * 1e3:g} kPa, MPa", force, expected, 1e-6, _BAR)
            if expected
            else Check(name, f"contact pressure at {p * 1e3:g} kPa, MPa", abs(force), 0.0, "MPa", "none")
        )
    return tuple(checks)


def _relaxation(steps: int, duration: float, p: float, tissue: Tissue) -> tuple[float, float]:
    """Displacement of a bar's end in spring-dashpot tissue after some steps, and of its other end."""
    mesh = meshes.box((1, 1, 1), (1.0, 1.0, 1.0))
    what = _body(mesh, tuple(sliding(side) for side in _SIDES), Surroundings(tissue, facets="x1"), "x0")
    equilibrium = Equilibrium(what, prestressed=False)
    newton, before = Newton(equilibrium, "forward"), np.zeros(mesh.points.shape)
    for _ in range(steps):
        equilibrium.around.set_time_step(duration / steps, before)
        newton.run(0.0, p)
        before = what.domain.read(equilibrium.u.x.array)
    newton.release()
    return tuple(before[np.unique(mesh.facets[side]), 0].mean() for side in ("x1", "x0"))


def dashpot() -> tuple[Check, ...]:
    """A bar pushed into spring-dashpot tissue: exponential in time, at the rate of backward Euler."""
    tissue, p, duration = Tissue(0.02, 0.004), 0.016, 0.3
    tau = tissue.damping / tissue.stiffness
    name = "bar pushed into tissue of 20 kPa/mm and 4 kPa s/mm, 16 kPa, after 0.3 s"
    final, errors, checks = p / tissue.stiffness, [], []
    for steps in (8, 16, 32):
        found, _ = _relaxation(steps, duration, p, tissue)
        discrete = final * (1 - (1 + duration / steps / tau) ** -steps)
        checks.append(
            relative(
                name, f"displacement after {steps} steps, mm", found, discrete, 1e-8, "p/k (1 - (1 + Δt k/c)^-n), backward Euler"
            )
        )
        errors.append(abs(found - final * (1 - np.exp(-duration / tau))))
    observed = float(np.log2(errors[1] / errors[2]))
    return (*checks, relative(name, "rate against p/k (1 - exp(-t k/c))", observed, 1.0, 0.05, "first order in time"))


def there_and_back() -> tuple[Check, ...]:
    """The unloaded shape of an aneurysm on elastic ends, in tissue, pressed on the spine, and the way back to the image."""
    p, mesh = 80 * 133.322387415e-6, meshes.aneurysm((1, 16, 12))
    behind = mesh.points[:, 1].min()
    spine = HalfSpace(np.array([0.0, behind + 0.2, 0.0]), np.array([0.0, 1.0, 0.0]))
    around = Surroundings(Tissue(0.001, at_rest="unloaded"), Contact(spine, 0.2, silent=False))
    supports = (Support("end_proximal", "elastic", 0.05, 0.02), fixed("end_distal"))
    what = _body(mesh, supports, around)
    equilibrium = Equilibrium(what, prestressed=True)
    Newton(equilibrium, "inverse").run(0.0, p)
    unloaded = what.domain.read(equilibrium.w.x.array)
    forward = Newton(equilibrium, "forward")
    forward.set_load(p, 1.0)
    imaged, _ = stress.state(equilibrium, "imaging", reaction_N=forward.reactions())
    pressed = touch(mesh, around.contact, "outer", imaged.displacement_mm).pressure.max()
    equilibrium.u.x.array[:] = equilibrium.w.x.array  # the unloaded shape, then the ordinary solver
    forward.run(0.0, p, first_step=0.5)
    state, _ = stress.state(equilibrium, "imaging again")
    value, _ = tet10.triangle_shape(tet10.TRIANGLE_6)
    depth = behind + 0.2 - (mesh.points[mesh.facets["outer"], 1] @ value.T).min()
    size = np.abs(unloaded).max()
    off = np.abs(state.cauchy_quadrature_MPa - imaged.cauchy_quadrature_MPa).max() / np.abs(imaged.cauchy_quadrature_MPa).max()
    held = np.zeros(len(mesh.points), bool)
    held[np.unique(mesh.facets["end_distal"])] = True
    others = all_forces(mesh, supports, around, imaged, unloaded)
    name, source = (
        "there and back: aneurysm with elastic end, tissue and spine, 80 mmHg",
        "the ordinary solver from the unloaded shape",
    )
    return (
        Check(
            name,
            "imaged nodes recovered, over the largest displacement",
            np.abs(state.displacement_mm).max() / size,
            1e-6,
            "share",
            source,
        ),
        Check(name, "imaged stress recovered, largest component", float(off), 1e-5, "share", source),
        Check(
            name,
            "traction in the image, with supports",
            balance.traction_error(mesh, imaged, "blood", held, others),
            1e-7,
            "share",
            "numpy",
        ),
        Check(
            name,
            "reaction in the image, with supports",
            balance.reaction_error(mesh, imaged, "blood", held, others),
            1e-9,
            "share",
            "numpy",
        ),
        relative(name, "contact in the image: largest pressure, MPa", pressed, 0.2 * depth, 1e-9, "stiffness × overlap"),
    )
