"""Small problems with known answers: patch test, uniaxial and equibiaxial stretch, tangent, Lamé."""

from __future__ import annotations

import numpy as np

from aorta.mechanics.equilibrium import Equilibrium
from aorta.mechanics.linear import linear_states
from aorta.mechanics.supports import Prescribed, fixed, sliding
from aorta.records import WALL
from aorta.verify import closed_forms as exact
from aorta.verify import reference_meshes as meshes
from aorta.verify import shells, solving, tangents
from aorta.verify.check import Check, rate, relative


def patch() -> tuple[Check, ...]:
    """A distorted mesh whose boundary is moved linearly: the inside follows, the stress is even."""
    mesh = meshes.box((3, 3, 3), (3.0, 3.0, 3.0), distort=0.2)
    F = np.array([[1.10, 0.06, -0.03], [0.02, 0.95, 0.05], [-0.04, 0.01, 0.97]])
    wanted = mesh.points @ (F - np.eye(3)).T
    boundary = np.zeros(mesh.points.shape, bool)
    boundary[np.unique(np.concatenate([mesh.facets[f"{axis}{side}"] for axis in "xyz" for side in (0, 1)]))] = True
    state, _ = solving.inflate(solving.body(mesh, prescribed=Prescribed(boundary, wanted)), 0.0, first_step=1.0)
    inside = ~boundary[:, 0]
    b = F @ F.T * np.linalg.det(F) ** (-2 / 3)
    w1, _ = exact.raghavan_vorp()(np.trace(b), 0.0)
    J = np.linalg.det(F)
    sigma = 2 / J * w1 * (b - np.trace(b) / 3 * np.eye(3)) + solving.BULK * (J - 1) * np.eye(3)
    off = np.abs(state.cauchy_quadrature_MPa[..., solving.TENSOR] - sigma).max() / np.abs(sigma).max()
    apart = np.abs(state.displacement_mm - wanted)[inside].max() / np.abs(wanted).max()
    source = "a linear displacement is in the space"
    return (
        Check("patch test", f"displacement of {int(inside.sum())} inner nodes", float(apart), 1e-9, "share", source),
        Check("patch test", "Cauchy stress, largest component", float(off), 1e-8, "share", source),
    )


def _stretched(stretch: float, axes: tuple[int, ...]) -> np.ndarray:
    """Mean Cauchy stress (6,) of a unit cube pulled along some axes, free along the others."""
    mesh = meshes.box()
    held, values = np.zeros(mesh.points.shape, bool), np.zeros(mesh.points.shape)
    for axis in range(3):
        held[np.unique(mesh.facets[f"{'xyz'[axis]}0"]), axis] = True
        if axis in axes:
            far = np.unique(mesh.facets[f"{'xyz'[axis]}1"])
            held[far, axis], values[far, axis] = True, stretch - 1
    state, _ = solving.inflate(solving.body(mesh, prescribed=Prescribed(held, values)), 0.0, first_step=0.25)
    return state.cauchy_quadrature_MPa.reshape(-1, 6).mean(0)


def one_element() -> tuple[Check, ...]:
    """A cube of six elements against the law in stretches; and that against two other codes' figures."""
    law, checks = exact.raghavan_vorp(), []
    for kind, axes, solve, cases in (
        ("uniaxial", (0,), exact.uniaxial, ((1.2, 0.672904), (1.4, 3.543875))),
        ("equibiaxial", (0, 1), exact.equibiaxial, ((1.1, 0.539207), (1.2, 2.280578))),
    ):
        for stretch, published in cases:
            name = f"{kind} stretch {stretch:g}, raghavan-vorp-2000"
            expected = solve(stretch, law, solving.BULK)[0]
            checks.append(
                relative(name, "Cauchy stress", _stretched(stretch, axes)[0], expected, 1e-7, "the law in principal stretches")
            )
            checks.append(relative(name, "the law in stretches", expected, published, 2e-6, "two other codes"))
    return tuple(checks)


def tangent() -> tuple[Check, ...]:
    """Assembled tangents against central differences of the residual, with thrombus, springs and pressure inside the solid."""
    mesh = meshes.thrombosed_tube((2, 6, 2), bare=0.3)
    rng = np.random.default_rng(5)
    body = solving.body(mesh, (fixed("end_proximal"), sliding("end_distal", 0.01)), pressure_facets="wall_inner")
    checks = []
    for phase in ("forward", "inverse"):
        equilibrium = Equilibrium(body, prestressed=True)
        unknown = equilibrium.u if phase == "forward" else equilibrium.w
        equilibrium.pressure.value = 0.016
        for function in (equilibrium.u, equilibrium.w):
            function.x.array[:] = rng.uniform(-0.03, 0.03, len(function.x.array))
        form = equilibrium.forward() if phase == "forward" else equilibrium.inverse()
        checks.append(tangents.check(f"{phase} problem", equilibrium, form, unknown, 1e-5, rng))
    return tuple(checks)


def lame() -> tuple[Check, ...]:
    """``prestress: linear`` on the imaged tube 26/27.5 mm at 16 kPa."""
    a, b, p, young, poisson = 26.0, 27.5, 0.016, 2.0, 0.45
    found = []
    for layers in (1, 2, 4):
        mesh, supports = shells.sector(exact.TUBE, a, b, layers)
        (state,) = linear_states(solving.body(mesh, supports), {"imaging": p}, {WALL: young}, poisson)
        places = solving.quadrature_places(mesh)
        hoop = solving.along(state.cauchy_quadrature_MPa, shells.hoop_direction(exact.TUBE, places))
        expected = exact.lame_hoop(a, b, p, shells.outward(exact.TUBE, places)[0])
        inner = np.abs(shells.outward(exact.TUBE, mesh.points)[0] - a) < 1e-9
        moved = np.einsum("ni,ni->n", state.displacement_mm, shells.outward(exact.TUBE, mesh.points)[1])[inner].mean()
        weight = state.quadrature_volume_mm3
        mean = float(
            (hoop * weight / shells.outward(exact.TUBE, places)[0]).sum() / (weight / shells.outward(exact.TUBE, places)[0]).sum()
        )
        found.append((np.sqrt(np.mean((hoop / expected - 1) ** 2)), moved, mean))
    name, source = "linear stress, tube 26/27.5 mm, 16 kPa", "Lamé"
    true = float(exact.lame_displacement(a, b, p, a, young, poisson))
    return (
        Check(name, "hoop stress, root mean square", float(found[2][0]), 1e-4, "share", source),
        rate(name, "rate of stress", float(np.log2(found[1][0] / found[2][0])), 2.0, "h², quadratic (Ciarlet 1978)", 0.5),
        relative(name, "inner displacement", float(found[2][1]), true, 1e-6, source),
        relative(name, "mean hoop stress", found[2][2], p * a / (b - a), 5e-5, "equilibrium: p a / t"),
    )
