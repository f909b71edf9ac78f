"""The heart benchmark's law against itself written in strains, and its meshes."""

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from aorta.mechanics import stress, tet10  # noqa: E402
from aorta.mechanics.equilibrium import Equilibrium  # noqa: E402
from aorta.mechanics.materials import guccione  # noqa: E402
from aorta.mechanics.materials.registry import LAWS  # noqa: E402
from aorta.verify import heart, heart_meshes, manufactured, solving  # noqa: E402
from aorta.verify import reference_meshes as meshes  # noqa: E402

pytestmark = pytest.mark.fem
VALUES = {"C": 2e-3, "bf": 8.0, "bt": 2.0, "bfs": 4.0, "angle": 0.0}


def in_strains(F):
    """The published energy, written in the components of E; fibres along x, the volume's change taken out."""
    E = (F.T @ F * np.linalg.det(F) ** (-2 / 3) - np.eye(3)) / 2
    q = VALUES["bf"] * E[0, 0] ** 2 + VALUES["bt"] * (E[1, 1] ** 2 + E[2, 2] ** 2 + 2 * E[1, 2] ** 2)
    q += 2 * VALUES["bfs"] * (E[0, 1] ** 2 + E[0, 2] ** 2)
    return VALUES["C"] / 2 * np.expm1(q)


def gradient(seed):
    return np.eye(3) + np.random.default_rng(seed).uniform(-0.15, 0.15, (3, 3))


@pytest.mark.parametrize("seed", range(5))
def test_energy_in_invariants_is_that_in_strains(seed):
    F = gradient(seed)
    C = F.T @ F * np.linalg.det(F) ** (-2 / 3)
    i1, i2 = np.trace(C), (np.trace(C) ** 2 - np.trace(C @ C)) / 2
    assert guccione.aligned_energy(i1, i2, C[0, 0], (C @ C)[0, 0], VALUES) == pytest.approx(in_strains(F), rel=1e-12)


def test_stress_of_a_strained_cube_is_the_slope_of_the_energy():
    F, mesh = gradient(11), meshes.box()
    law = heart.muscle(VALUES)
    equilibrium = Equilibrium(solving.body(mesh, wall=law, fields=heart.along_x(mesh)), prestressed=False)
    equilibrium.body.domain.write(equilibrium.u, mesh.points @ (F - np.eye(3)).T)
    found = stress.at_quadrature(equilibrium)[0][..., solving.TENSOR]
    slope, h = np.zeros((3, 3)), 1e-5
    for i in range(3):
        for j in range(3):
            step = np.zeros((3, 3))
            step[i, j] = h
            slope[i, j] = (in_strains(F + step) - in_strains(F - step)) / (2 * h)
    J = np.linalg.det(F)
    expected = slope @ F.T / J + law.bulk_modulus * (J - 1) * np.eye(3)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=0, atol=1e-8 * np.abs(expected).max())


def test_shear_modulus_is_that_of_the_stiffest_direction():
    e = 1e-4
    shear = [np.eye(3) + e * np.outer(np.eye(3)[a], np.eye(3)[b]) for a, b in ((0, 1), (1, 2))]
    pull = np.diag([1 + e, (1 + e) ** -0.5, (1 + e) ** -0.5])
    moduli = [2 * in_strains(F) / e**2 for F in shear] + [2 * in_strains(pull) / (3 * e**2)]
    assert guccione.LAW.shear_modulus(VALUES) == pytest.approx(max(moduli), rel=1e-3)


def test_law_of_the_heart_is_not_offered_for_a_wall():
    assert guccione.LAW.name not in LAWS


def test_ventricle_has_the_benchmark_s_volumes():
    mesh = heart_meshes.ellipsoid(8, 2)

    def below_base(short, long):
        return np.pi * short**2 * (5 + long - (125 + long**3) / (3 * long**2))

    assert 4 * heart.cavity(mesh.points, mesh) == pytest.approx(below_base(7, 17), rel=2e-4)
    solid = 4 * (tet10.jacobians(mesh.points[mesh.tets], tet10.GAUSS_5) * tet10.GAUSS_5_WEIGHTS).sum()
    assert solid == pytest.approx(below_base(10, 20) - below_base(7, 17), rel=2e-4)
    assert tet10.jacobians(mesh.points[mesh.tets], tet10.CORNERS_AND_GAUSS).min() > 0
    assert sum(len(mesh.facets[name]) for name in ("blood", "outer", "base", "x0", "y0")) == 192 * 2 + 96 + 64


def test_manufactured_gradient_and_force_are_those_of_its_displacement():
    chosen, X, h = manufactured.Chosen("raghavan-vorp-2000", 3.48), np.random.default_rng(2).random((4, 3)), 1e-5
    slope = np.stack([(chosen.displacement(X + h * d) - chosen.displacement(X - h * d)) / (2 * h) for d in np.eye(3)], -1)
    np.testing.assert_allclose(chosen.gradient(X), np.eye(3) + slope, rtol=0, atol=1e-9)
    divergence = sum(((chosen.first_piola(X + h * d) - chosen.first_piola(X - h * d)) / (2 * h)) @ d for d in np.eye(3))
    np.testing.assert_allclose(chosen.body_force(X), -divergence, rtol=0, atol=1e-7)
