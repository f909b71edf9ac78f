"""Laws by name, their parameters, and what is refused. Runs without DOLFINx."""

import subprocess
import sys

import numpy as np
import pytest

from aorta.errors import CaseFileError
from aorta.mechanics.materials.registry import LAWS, NAMES, material
from aorta.verify import closed_forms as exact

TWINS = {"raghavan-vorp-2000": exact.raghavan_vorp(), "neo-hookean": exact.neo_hookean(), "wang-2001": exact.wang()}


@pytest.mark.parametrize("name", NAMES)
def test_energy_has_the_slopes_of_its_independent_twin(name):
    law, h = LAWS[name], 1e-6
    values = law.default.values
    i1, i2 = 3.21, 3.27
    slope1 = (law.energy(i1 + h, i2, values) - law.energy(i1 - h, i2, values)) / (2 * h)
    slope2 = (law.energy(i1, i2 + h, values) - law.energy(i1, i2 - h, values)) / (2 * h)
    np.testing.assert_allclose((slope1, slope2), TWINS[name](i1, i2), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_shear_modulus_is_that_of_the_energy(name):
    values = LAWS[name].default.values
    np.testing.assert_allclose(LAWS[name].shear_modulus(values), 2 * sum(TWINS[name](3.0, 3.0)), rtol=1e-12)


def test_published_parameters():
    wall = material("raghavan-vorp-2000", {}, 34.8)
    assert wall.values == {"alpha": 0.174, "beta": 1.881}  # 17.4 and 188.1 N/cm²
    np.testing.assert_allclose(wall.shear_modulus, 0.348, rtol=1e-12)
    np.testing.assert_allclose(wall.poisson_ratio, 0.495016611, rtol=1e-8)
    assert not LAWS["wang-2001"].default.verified


@pytest.mark.parametrize("name", NAMES)
def test_every_law_says_where_its_numbers_are_from(name):
    law = LAWS[name]
    assert law.default.source and law.default.population and law.equation
    assert set(law.default.values) == {p.name for p in law.parameters}


@pytest.mark.parametrize(
    "name, given, bulk, part",
    [
        ("raghavan-vorp", {}, 34.8, "did you mean 'raghavan-vorp-2000'"),
        ("raghavan-vorp-2000", {"alfa": 0.2}, 34.8, "did you mean 'alpha'"),
        ("raghavan-vorp-2000", {"alpha": -0.1}, 34.8, "must be above 0"),
        ("raghavan-vorp-2000", {"alpha": 0.0}, 34.8, "must be above 0"),
        ("raghavan-vorp-2000", {"beta": -1e-9}, 34.8, "must be at least 0"),
        ("raghavan-vorp-2000", {"alpha": float("nan")}, 34.8, "must be above 0"),
        ("raghavan-vorp-2000", {"alpha": 174.0}, 34.8, "at most 100"),  # kPa for MPa
        ("wang-2001", {"c1": float("inf")}, 5.2, "at most 10"),
        ("neo-hookean", {"mu": 0.348}, 3.0, "ten times the shear modulus"),
    ],
)
def test_what_no_material_can_have_is_refused(name, given, bulk, part):
    with pytest.raises(CaseFileError) as caught:
        material(name, given, bulk, "wall")
    assert part in str(caught.value) and "wall" in str(caught.value)


def test_all_mistakes_at_once():
    with pytest.raises(CaseFileError) as caught:
        material("raghavan-vorp-2000", {"alpha": -1.0, "beta": -1.0, "gamma": 1.0}, 34.8)
    assert len(caught.value.details) == 3


def test_registry_needs_no_dolfinx():
    code = "import sys, aorta.mechanics.materials.registry; sys.exit(any(m in sys.modules for m in ('dolfinx', 'ufl', 'petsc4py')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
