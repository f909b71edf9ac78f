"""Every material law: a stretched cube against its twin in numpy, and its tangent against differences."""

from __future__ import annotations

import numpy as np

from aorta.mechanics import backend, stress
from aorta.mechanics.equilibrium import VOLUME_DEGREE, Equilibrium
from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.registry import Material, material
from aorta.mechanics.newton import Newton
from aorta.mechanics.supports import Prescribed
from aorta.verify import closed_forms as exact
from aorta.verify import reference_meshes as meshes
from aorta.verify import solving, tangents
from aorta.verify.check import Check, relative
from aorta.verify.fibre_stress import Fibred
from aorta.verify.law_twins import DEPTH, twin


def bulk_of(name: str) -> float:
    """A hundred times the shear modulus at rest, MPa."""
    return 100 * material(name, {}, 1e4).shear_modulus


def cube(name: str, cells=(1, 1, 1), prescribed: Prescribed | None = None, distort: float = 0.0) -> Equilibrium:
    """A unit cube of a law; circumferential is x, axial y, and the depth even."""
    mesh = meshes.box(cells, distort=distort)
    shape = (len(mesh.tets), len(backend.quadrature(VOLUME_DEGREE)[0]))
    fields = {
        fibres.CIRCUMFERENTIAL: np.broadcast_to([1.0, 0, 0], (*shape, 3)),
        fibres.AXIAL: np.broadcast_to([0, 1.0, 0], (*shape, 3)),
        "depth": np.full(shape, DEPTH),
    }
    what: Material = material(name, {}, bulk_of(name))
    needed = {field: fields[field] for field in what.law.fields}
    return Equilibrium(solving.body(mesh, wall=what, prescribed=prescribed, fields=needed), prestressed=False)


Pull = tuple[tuple[float, ...], tuple[int, ...]]
"""Stretches and the axes along which a cube is pulled by them; it is free along the others."""


def stretched(name: str, cases: tuple[Pull, ...]) -> np.ndarray:
    """(cases, 6) mean Cauchy stress of a pulled cube."""
    mesh, found = meshes.box(), []
    held = np.zeros(mesh.points.shape, bool)
    for axis in range(3):
        held[np.unique(mesh.facets[f"{'xyz'[axis]}0"]), axis] = True
    for stretches, axes in cases:
        now, values = held.copy(), np.zeros(mesh.points.shape)
        for stretch, axis in zip(stretches, axes):
            far = np.unique(mesh.facets[f"{'xyz'[axis]}1"])
            now[far, axis], values[far, axis] = True, stretch - 1
        equilibrium = cube(name, prescribed=Prescribed(now, values))
        newton = Newton(equilibrium, "forward")
        newton.run(0.0, 0.0, first_step=0.25)
        newton.release()
        found.append(stress.at_quadrature(equilibrium)[0].reshape(-1, 6).mean(0))
    return np.array(found)


def pulls(name: str) -> tuple[float, float]:
    """A uniaxial and an equibiaxial stretch that the law's tissue may see: fibres of 500 times stiffening stay short."""
    return (1.05, 1.03) if name == "gasser-ogden-holzapfel-2006" else (1.25, 1.12)


def stretches(name: str) -> tuple[Check, ...]:
    """Uniaxial along x (and y where that differs), equibiaxial and unequally biaxial in x, y."""
    law, bulk, (one, two) = twin(name), bulk_of(name), pulls(name)
    both, unequal = ((two, two), (0, 1)), ((two, 1 + (two - 1) / 3), (0, 1))
    cases = (((one,), (0,)), *((((one,), (1,)),) if isinstance(law, Fibred) else ()), both, unequal)
    checks = []
    for (stretch, axes), found in zip(cases, stretched(name, cases)):
        way = "uniaxial " + "xy"[axes[0]] if len(axes) == 1 else "equibiaxial" if stretch[0] == stretch[1] else "biaxial"
        kind = f"{way} stretch {' and '.join(f'{s:.4g}' for s in sorted(set(stretch), reverse=True))}, {name}"
        if isinstance(law, Fibred):
            expected = law.pulled(stretch, axes, bulk)[0]
        elif way == "biaxial":
            expected = exact.biaxial(stretch, law, bulk)
        else:
            along = (exact.equibiaxial if len(axes) == 2 else exact.uniaxial)(stretch[0], law, bulk)[0]
            expected = np.where(np.isin(np.arange(3), axes), along, 0.0)
        for axis in axes:
            checks.append(relative(kind, f"stress along {'xyz'[axis]}", found[axis], expected[axis], 1e-7, "the law in numpy"))
    return tuple(checks)


def tangent(name: str) -> tuple[Check, ...]:
    """Assembled tangent of a distorted, strained cube against central differences of its residual."""
    equilibrium = cube(name, (2, 1, 1))
    u, rng = equilibrium.u, np.random.default_rng(3)
    points = equilibrium.body.domain.source.points
    share = 0.2 if name == "gasser-ogden-holzapfel-2006" else 1.0
    F = np.array([[0.15, 0.04, -0.03], [0.02, 0.08, 0.05], [-0.04, 0.01, -0.16]])
    equilibrium.body.domain.write(u, share * (points @ F.T + rng.uniform(-0.01, 0.01, points.shape)))
    return (tangents.check(name, equilibrium, equilibrium.forward(), u, 1e-6, rng),)


def one_law(name: str) -> tuple[Check, ...]:
    """Stretches and tangent."""
    return (*stretches(name), *tangent(name))
