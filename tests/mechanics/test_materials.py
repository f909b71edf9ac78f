"""Laws by name, their parameters, and what is refused. Runs without DOLFINx."""

import subprocess
import sys
from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aorta.errors import CaseFileError
from aorta.mechanics.materials.limit import limit_stretch, limit_told
from aorta.mechanics.materials.registry import LAWS, NAMES, find, material
from aorta.settings import MechanicsSettings
from aorta.verify import closed_forms as exact
from aorta.verify.fibre_stress import Fibred
from aorta.verify.law_twins import DEPTH, twin

ISOTROPIC = [name for name in NAMES if not find(name)[0].fibre_energy]
FIBROUS = [name for name in NAMES if name not in ISOTROPIC]


def energy(name, F, directions=()):
    """The law's isochoric energy of F (3, 3), in numpy."""
    law, chosen = find(name)
    values = {**law.complete(chosen.values), "depth": DEPTH}
    C = F.T @ F * np.linalg.det(F) ** (-2 / 3)
    i1, i2 = np.trace(C), (np.trace(C) ** 2 - np.trace(C @ C)) / 2
    return law.energy(i1, i2, values) + sum(law.fibre_energy(i1, a @ C @ a, values) for a in directions)


def gradient(seed, size=0.12):
    F = np.eye(3) + np.random.default_rng(seed).uniform(-size, size, (3, 3))
    return F if np.linalg.det(F) > 0 else gradient(seed + 1000)


def stress_of_energy(name, F, directions=(), h=1e-5):
    """Kirchhoff stress by central differences: τ = ∂W/∂F Fᵀ."""
    first = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            step = np.zeros((3, 3))
            step[i, j] = h
            first[i, j] = (energy(name, F + step, directions) - energy(name, F - step, directions)) / (2 * h)
    return first @ F.T


@pytest.mark.parametrize("name", ISOTROPIC)
@pytest.mark.parametrize("stretches", [(1.2, 0.9, 0.95), (1.1, 1.1, 1 / 1.21), (1.0, 1.0, 1.0), (1.4, 0.8, 0.9)])
def test_energy_has_the_stress_of_its_independent_twin(name, stretches):
    expected = exact.principal_cauchy(stretches, twin(name), 0.0) * np.prod(stretches)
    scale = find(name)[0].shear_modulus(find(name)[1].values)
    np.testing.assert_allclose(np.diag(stress_of_energy(name, np.diag(stretches))), expected, rtol=1e-7, atol=2e-7 * scale)


@pytest.mark.parametrize("name", FIBROUS)
@pytest.mark.parametrize("seed", range(4))
def test_energy_with_fibres_has_the_stress_of_its_independent_twin(name, seed):
    law, F = twin(name), gradient(seed, 0.04)
    expected = law.cauchy(F, 0.0) * np.linalg.det(F)
    np.testing.assert_allclose(
        stress_of_energy(name, F, law.directions(), 1e-6), expected, rtol=2e-6, atol=1e-6 * np.abs(expected).max()
    )


@pytest.mark.parametrize("name", NAMES)
def test_energy_is_zero_at_rest_and_not_changed_by_rotation_or_swelling(name):
    directions = () if name in ISOTROPIC else twin(name).directions()
    assert energy(name, np.eye(3), directions) == pytest.approx(0, abs=1e-14)
    F = gradient(7, 0.05)
    for rotation in Rotation.random(3, random_state=2).as_matrix():
        np.testing.assert_allclose(energy(name, rotation @ F, directions), energy(name, F, directions), rtol=1e-11)
        turned = [rotation.T @ a for a in directions]  # material and fibres turned together
        np.testing.assert_allclose(energy(name, F @ rotation, turned), energy(name, F, directions), rtol=1e-11)
    np.testing.assert_allclose(energy(name, 1.3 * F, directions), energy(name, F, directions), rtol=1e-11)
    assert energy(name, F, directions) > 0


@pytest.mark.parametrize("name", FIBROUS)
def test_fibres_turned_alone_change_the_energy(name):
    F, directions = np.diag([1.1, 1.0, 1 / 1.1]), twin(name).directions()
    turned = [Rotation.from_euler("z", 20, degrees=True).as_matrix() @ a for a in directions]
    assert energy(name, F, turned) != pytest.approx(energy(name, F, directions), rel=1e-3)


@pytest.mark.parametrize("name", FIBROUS)
def test_fibres_do_not_push(name):
    """Squeezed in the plane of the fibres the law is its matrix."""
    F, c = np.diag([0.9, 0.9, 1 / 0.81]), find(name)[1].values["c"]
    kappa = find(name)[1].values.get("kappa", 0.0)
    if kappa == 0:
        np.testing.assert_allclose(energy(name, F, twin(name).directions()), c / 2 * (np.trace(F.T @ F) - 3), rtol=1e-12)
    even = Fibred(c, 1.0, 1.0, 30.0, 1 / 3)  # with even dispersion the direction does not matter
    i1 = np.trace(F.T @ F)
    np.testing.assert_allclose(even.slopes(i1, 0.5), even.slopes(i1, 1.5), rtol=1e-14)


def test_kappa_zero_is_the_law_without_dispersion():
    F, directions = gradient(3), twin("holzapfel-gasser-ogden-2000").directions()
    old, new = (
        energy(n, F, directions) for n in ("holzapfel-gasser-ogden-2000", "gasser-ogden-holzapfel-2006/aligned-rabbit-media")
    )
    np.testing.assert_allclose(new, old, rtol=1e-14)


@pytest.mark.parametrize("alpha", [0.4, 1.0, 1.3, 2.0, 5.0, 9.5, 25.45, -0.7, -2.0, -3.7])
def test_ogden_without_eigenvalues_is_ogden(alpha):
    law, worst = LAWS["ogden-1972"], 0.0
    values = {"mu1": 1.0 if alpha > 0 else -1.0, "alpha1": alpha, "mu2": 0.0, "alpha2": 2.0, "mu3": 0.0, "alpha3": 2.0}
    values = law.complete(values)
    for a, b in ((1.5, 0.8), (0.62, 1.3), (1.25, 1.25), (1.0, 1.0), (1.6, 0.79)):
        stretch = np.array([a, b, 1 / (a * b)])
        x = stretch**2
        found = law.energy(x.sum(), x[0] * x[1] + x[1] * x[2] + x[2] * x[0], values)
        expected = values["mu1"] / alpha * ((stretch**alpha).sum() - 3)
        worst = max(worst, abs(found - expected) / max(abs(expected), 1e-3))
    assert worst == pytest.approx(0, abs=3e-8)


@pytest.mark.parametrize("name", ISOTROPIC)
def test_shear_modulus_is_that_of_the_energy(name):
    """Simple shear: W = μ γ²/2; of a graded law at its stiffest place."""
    law, chosen = find(name)
    values = {**law.complete(chosen.values), "depth": 0.0}
    gamma = 1e-3
    i = 3 + gamma**2
    np.testing.assert_allclose(2 * law.energy(i, i, values) / gamma**2, law.shear_modulus(chosen.values), rtol=2e-5)


@pytest.mark.parametrize("name", FIBROUS)
def test_shear_modulus_bounds_every_direction(name):
    """Uniaxial pull of 0.1 % along fibres of one common direction: W = 3/2 μ ε²."""
    law, chosen = find(name)
    strain = 1e-3
    F, along = np.diag([1 + strain, (1 + strain) ** -0.5, (1 + strain) ** -0.5]), np.array([1.0, 0, 0])
    stiffest = energy(name, F, (along, along)) / (1.5 * strain**2)
    kappa = chosen.values.get("kappa", 0.0)
    np.testing.assert_allclose(stiffest, law.shear_modulus(chosen.values), rtol=5e-3 if kappa == 0 else 2e-2)


def test_thrombus_softens_through_its_thickness():
    law, values = LAWS["gasser-2008"], LAWS["gasser-2008"].default.values
    depth = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    found = law.energy(3.3, 3.2, {**values, "depth": depth}) / (3.3**2 - 2 * 3.2 - 3)
    np.testing.assert_allclose(found, [2.62e-3, 2.375e-3, 2.13e-3, 2.055e-3, 1.98e-3], rtol=1e-12)


def test_published_parameters():
    wall = material("raghavan-vorp-2000", {}, 34.8)
    assert wall.values == {"alpha": 0.174, "beta": 1.881}  # 17.4 and 188.1 N/cm²
    np.testing.assert_allclose(wall.shear_modulus, 0.348, rtol=1e-12)
    np.testing.assert_allclose(MechanicsSettings().bulk_modulus, 100 * wall.shear_modulus, rtol=1e-12)
    assert not LAWS["wang-2001"].default.verified


def test_a_set_is_chosen_by_name():
    adventitia = material("holzapfel-gasser-ogden-2000/rabbit-carotid-adventitia", {"k2": 0.7}, 1.0, "wall")
    assert adventitia.law.name == "holzapfel-gasser-ogden-2000"
    assert (adventitia.values["angle"], adventitia.values["k2"]) == (62.0, 0.7)
    assert "adventitia" in adventitia.published.population


@pytest.mark.parametrize("name", NAMES)
def test_every_set_says_where_its_numbers_are_from(name):
    law, chosen = find(name)
    assert chosen.source and chosen.population and law.equation
    assert set(chosen.values) == {p.name for p in law.parameters}
    material(name, {}, 1e3)  # and is possible


OGDEN = "ogden-1972"
FIBRES = "gasser-ogden-holzapfel-2006"


@pytest.mark.parametrize(
    "name, given, bulk, part",
    [
        ("raghavan-vorp", {}, 34.8, "did you mean 'raghavan-vorp-2000'"),
        ("raghavan-vorp-2000/sof", {}, 34.8, "did you mean 'raghavan-vorp-2000/soft'"),
        ("raghavan-vorp-2000", {"alfa": 0.2}, 34.8, "did you mean 'alpha'"),
        ("raghavan-vorp-2000", {"alpha": -0.1}, 34.8, "must be above 0"),
        ("raghavan-vorp-2000", {"alpha": 0.0}, 34.8, "must be above 0"),
        ("raghavan-vorp-2000", {"beta": -1e-9}, 34.8, "must be at least 0"),
        ("raghavan-vorp-2000", {"alpha": float("nan")}, 34.8, "must be above 0"),
        ("raghavan-vorp-2000", {"alpha": 174.0}, 34.8, "at most 100"),  # kPa for MPa
        ("neo-hookean", {"mu": 0.348}, 3.0, "ten times the shear modulus"),
        ("yeoh-1993", {"c3": -0.1}, 34.8, "must be at least 0"),
        ("demiray-1972", {"b": 0.0}, 34.8, "must be above 0"),
        (OGDEN, {"mu3": 0.01}, 1e3, "their product must be above 0"),
        (OGDEN, {"mu1": 0.0, "mu2": 0.0, "mu3": 0.0}, 1e3, "all moduli are 0"),
        (OGDEN, {"alpha1": 31.0}, 1e3, "at most 30"),
        (FIBRES, {"kappa": 0.34}, 34.8, "at most 0.333333"),
        (FIBRES, {"angle": 91.0}, 34.8, "at most 90"),
        (FIBRES, {"k2": 0.0}, 34.8, "must be above 0"),
        ("gasser-2008", {}, 34.8, "not a law for the wall: depth is not known there"),
    ],
)
def test_what_no_material_can_have_is_refused(name, given, bulk, part):
    with pytest.raises(CaseFileError) as caught:
        material(name, given, bulk, "wall")
    assert part in str(caught.value) and "wall" in str(caught.value)


def test_thrombus_has_no_fibres():
    with pytest.raises(CaseFileError, match="circumferential, axial is not known there"):
        material(FIBRES, {}, 34.8, "thrombus")
    material("gasser-2008", {}, 5.2, "thrombus")
    with pytest.raises(CaseFileError, match="at most 10"):
        material("wang-2001", {"c1": float("inf")}, 5.2, "thrombus")


def test_all_mistakes_at_once():
    with pytest.raises(CaseFileError) as caught:
        material("raghavan-vorp-2000", {"alpha": -1.0, "beta": -1.0, "gamma": 1.0}, 34.8)
    assert len(caught.value.details) == 3


def test_a_law_with_a_limit_pressure_is_known():
    """Neo-Hookean: W' / λ² = μ (2λ⁻¹ - 2λ⁻⁷) is largest at λ⁶ = 7. Aneurysms' laws stiffen."""
    assert limit_stretch(material("neo-hookean", {}, 1e4)) == pytest.approx(7 ** (1 / 6), abs=0.002)
    names = {name: limit_stretch(material(name, {}, 1e4)) for name in NAMES if "depth" not in find(name)[0].fields}
    assert {name for name, most in names.items() if most} == {"neo-hookean", "ogden-1972", "ogden-1972/neo-hookean"}
    rubber, artery = material("neo-hookean", {}, 1e4), material("holzapfel-gasser-ogden-2000", {}, 1e4)
    one_way = material("holzapfel-gasser-ogden-2000", {"angle": 0.0}, 1e4)
    assert "bears no more beyond a stretch of 1.38" in limit_told(rubber, False)
    assert "there is one" in limit_told(artery, False) and limit_told(one_way, False) == ""
    assert limit_told(artery, True).startswith("not every shape")


def test_registry_needs_no_dolfinx():
    code = "import sys, aorta.mechanics.materials.registry; sys.exit(any(m in sys.modules for m in ('dolfinx', 'ufl', 'petsc4py')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("order", list(permutations(range(3)))[1:])
def test_axes_of_an_isotropic_law_are_equal(order):
    stretches = np.array([1.2, 0.95, 0.9])
    for name in ISOTROPIC:
        first = exact.principal_cauchy(stretches, twin(name), 1.0)
        np.testing.assert_allclose(exact.principal_cauchy(stretches[list(order)], twin(name), 1.0), first[list(order)], rtol=1e-12)
