"""The peak over patches of wall: against counting by hand, bending and a single bad element."""

import numpy as np
import pytest
from pytest import approx
from tube_records import QUADRATURE, lame, solution, state, tube_anatomy, tube_mesh

from aorta.records import State, WallMesh
from aorta.risk import patch
from aorta.risk.assess import assess
from aorta.risk.patch import patch_means
from aorta.settings import BloodPressure, Patient, RiskSettings
from aorta.units import MMHG_IN_MPA

INNER, OUTER, LENGTH, P = 26.0, 27.5, 60.0, 0.016


@pytest.fixture(scope="module")
def mesh():
    return tube_mesh(INNER, OUTER - INNER, LENGTH, around=96, along=32, thrombus_mm=10.0)


def found(mesh, loaded):
    anatomy = tube_anatomy(OUTER, INNER, LENGTH, {"max_diameter_mm": 55.0, "neck_diameter_mm": 22.0})
    pressure = BloodPressure(systolic=P, diastolic=80 * MMHG_IN_MPA)
    risk = assess(anatomy, mesh, solution(loaded), Patient(sex="male", family_history=False), pressure, RiskSettings())
    return {f.name: f for f in risk.findings}


def test_the_nearest_wall_is_averaged_the_last_value_in_part():
    places = np.array([[0.0, 0, 0], [1, 0, 0], [3, 0, 0], [7, 0, 0]])
    middles = np.array([[0.0, 0, 0], [1, 0, 0], [3, 0, 0], [6, 0, 0]])
    stress = np.outer([1.0, 2.0, 4.0, 8.0], np.ones(6))
    means = patch_means(middles, places, np.array([1.0, 2.0, 1.0, 1.0]), stress, np.array([2.0, 1.0, 3.5, 99.0]))
    # itself and half the next; itself in part; itself, its neighbour of 2 and half the first; all there is
    expected = [(1 * 1 + 1 * 2) / 2, 2.0, (1 * 4 + 2 * 2 + 0.5 * 1) / 3.5, (1 + 4 + 4 + 8) / 5]
    np.testing.assert_allclose(means, np.outer(expected, np.ones(6)), rtol=1e-12)


def test_a_patch_of_many_small_elements_is_counted_to_its_end():
    generator = np.random.default_rng(3)
    places, volume = generator.uniform(size=(700, 3)), generator.uniform(0.5, 1.5, 700)
    stress, middles = generator.normal(size=(700, 6)), generator.uniform(size=(20, 3))
    wanted = generator.uniform(1.0, 500.0, 20)
    means = patch_means(middles, places, volume, stress, wanted)
    for middle, mean, want in zip(middles, means, wanted):
        order = np.argsort(np.linalg.norm(places - middle, axis=1))
        taken = np.clip(want - (np.cumsum(volume[order]) - volume[order]), 0, volume[order])
        np.testing.assert_allclose(mean, taken @ stress[order] / taken.sum(), rtol=1e-9, atol=1e-12)


def test_quadrature_points_are_where_the_mechanics_puts_them():
    tet10 = pytest.importorskip("aorta.mechanics.tet10")
    barycentric = np.column_stack([1 - tet10.GAUSS_4.sum(axis=1), tet10.GAUSS_4])
    np.testing.assert_allclose(patch.BARYCENTRIC, barycentric, rtol=1e-12)
    np.testing.assert_allclose(patch.BARYCENTRIC[:, 1:], QUADRATURE, rtol=1e-12)


def test_a_tube_carries_pr_over_t_everywhere(mesh):
    told = found(mesh, state(mesh, lambda x: lame(x, INNER, OUTER, P), P))
    assert told["wall_stress_patch_max_kPa"].value == approx(1e3 * P * INNER / (OUTER - INNER), rel=5e-3)
    expected = told["wall_stress_patch_max_kPa"].value / told["wall_strength_min_kPa"].value
    assert told["rupture_index_patch_max"].value == approx(expected, rel=1e-12)
    names = ("wall_stress_max_kPa", "wall_stress_patch_max_kPa", "peak_wall_rupture_index", "rupture_index_patch_max")
    assert all(told[name].caution == "" for name in names)
    assert all(told[name].valid for name in names)
    assert "120 mmHg (systole)" in told["wall_stress_patch_max_kPa"].method


def test_bending_is_in_the_maximum_and_not_in_the_patch(mesh):
    middle = (INNER + OUTER) / 2

    def stress(x):
        bend = 0.4 * (np.hypot(x[..., 0], x[..., 1]) - middle) / (OUTER - middle)
        axial = 0.2 + bend
        return np.stack([0 * bend, 0 * bend, axial, 0 * bend, 0 * bend, 0 * bend], axis=-1)

    told = found(mesh, state(mesh, stress, P))
    assert told["wall_stress_max_kPa"].value > 400.0
    assert told["wall_stress_patch_max_kPa"].value == approx(200.0, rel=0.02)
    for name in ("wall_stress_max_kPa", "peak_wall_rupture_index", "rupture_risk_equivalent_diameter_mm"):
        assert "This maximum is local" in told[name].caution
    assert "local" not in told["wall_stress_patch_max_kPa"].caution


def test_one_bad_element_is_told_and_hardly_counts(mesh):
    loaded = state(mesh, lambda x: lame(x, INNER, OUTER, P), P)
    centre = mesh.points[mesh.tets[:, :4]].mean(axis=1)
    bad = np.argmin(np.linalg.norm(centre - [0, 26.7, -30], axis=1))
    voigt = loaded.cauchy_quadrature_MPa.copy()
    voigt[bad] *= 3.0
    told = found(mesh, State(**{**vars(loaded), "cauchy_quadrature_MPa": voigt}))
    share = loaded.quadrature_volume_mm3[bad].sum() / (10.0 * (OUTER - INNER))
    sound = 1e3 * P * INNER / (OUTER - INNER)
    assert told["wall_stress_max_kPa"].value > 2.9 * sound
    assert "10 mm² of wall around it carry" in told["wall_stress_max_kPa"].caution
    assert told["wall_stress_patch_max_kPa"].value == approx(sound * (1 + 2 * share), rel=0.01)


def test_without_thickness_there_is_no_patch(mesh):
    bare = WallMesh(**{**vars(mesh), "wall_thickness_mm": np.zeros(len(mesh.points))})
    told = found(bare, state(bare, lambda x: lame(x, INNER, OUTER, P), P))
    for name in ("wall_stress_patch_max_kPa", "rupture_index_patch_max"):
        assert told[name].value is None and "no wall thickness" in told[name].caution
    assert told["wall_stress_max_kPa"].value == approx(283.2, rel=5e-3)
