"""Percentile, invariants, ends, local diameter, equivalent diameter and thresholds, each alone."""

import numpy as np
import pytest
from pytest import approx
from scipy.spatial.transform import Rotation
from tube_records import sections_of, tube_anatomy

from aorta.records import End
from aorta.risk.ends import away_from_ends, distance_from_disc_mm
from aorta.risk.equivalent_diameter import rupture_risk_equivalent_diameter_mm
from aorta.risk.laplace import implausible, tube_stress_MPa
from aorta.risk.local_diameter import local_outer_diameter_mm
from aorta.risk.percentile import weighted_percentile
from aorta.risk.stress import first_principal, von_mises
from aorta.risk.thresholds import threshold_findings
from aorta.settings import Patient


def slow_percentile(values, weights, percent):
    """The definition, word by word."""
    total = sum(weights)
    for v in sorted(values):
        if sum(w for x, w in zip(values, weights) if x <= v) >= percent / 100.0 * total - 1e-12 * total:
            return v


@pytest.mark.parametrize("percent", [0.0, 12.5, 50.0, 90.0, 99.0, 100.0])
@pytest.mark.parametrize("seed", range(5))
def test_percentile_is_that_of_its_definition(seed, percent):
    rng = np.random.default_rng(seed)
    values, weights = rng.normal(size=80).round(1), rng.exponential(size=80)
    assert weighted_percentile(values, weights, percent) == slow_percentile(values, weights, percent)


def test_percentile_counts_volume_not_points():
    values = np.array([1.0, 2.0, 100.0])
    assert weighted_percentile(values, np.array([1.0, 98.5, 0.5]), 99.0) == 2.0
    assert weighted_percentile(values, np.ones(3), 99.0) == 100.0


def test_percentile_does_not_change_when_an_element_is_divided():
    rng = np.random.default_rng(3)
    values, weights = rng.normal(size=50), rng.exponential(size=50)
    split = weighted_percentile(np.repeat(values, 4), np.repeat(weights / 4, 4), 99.0)
    assert split == weighted_percentile(values, weights, 99.0)


def test_percentile_of_equal_weights():
    assert weighted_percentile(np.arange(1.0, 11.0), np.full(10, 0.1), 90.0) == 9.0


def test_stress_measures_by_hand():
    uniaxial, shear = [0.3, 0, 0, 0, 0, 0], [0, 0, 0, 0.2, 0, 0]
    np.testing.assert_allclose(first_principal([uniaxial, shear]), [0.3, 0.2], rtol=1e-14)
    np.testing.assert_allclose(von_mises([uniaxial, shear]), [0.3, 0.2 * np.sqrt(3)], rtol=1e-14)
    yz, xz = [0, 0, 0, 0, 0.2, 0], [0, 0, 0, 0, 0, 0.2]
    np.testing.assert_allclose(first_principal([yz, xz]), [0.2, 0.2], rtol=1e-14)


def test_stress_measures_do_not_depend_on_the_frame():
    rng = np.random.default_rng(0)
    tensor = rng.normal(size=(20, 3, 3))
    tensor = tensor + tensor.transpose(0, 2, 1)
    turn = Rotation.random(random_state=1).as_matrix()
    turned = turn @ tensor @ turn.T

    def voigt(t):
        return np.stack([t[:, 0, 0], t[:, 1, 1], t[:, 2, 2], t[:, 0, 1], t[:, 1, 2], t[:, 0, 2]], axis=1)

    np.testing.assert_allclose(first_principal(voigt(turned)), first_principal(voigt(tensor)), rtol=1e-12, atol=0)
    np.testing.assert_allclose(von_mises(voigt(turned)), von_mises(voigt(tensor)), rtol=1e-12, atol=0)
    deviator = tensor - np.trace(tensor, axis1=1, axis2=2)[:, None, None] * np.eye(3) / 3
    by_definition = np.sqrt(1.5 * np.einsum("nij,nij->n", deviator, deviator))
    np.testing.assert_allclose(von_mises(voigt(tensor)), by_definition, rtol=1e-12, atol=0)


def test_end_is_a_disc_not_an_infinite_plane():
    end = End("left_iliac", np.array([10.0, 0, 0]), np.array([0, 0, -2.0]), 8.0)
    points = np.array([[10.0, 0, 5], [18, 0, 5], [22, 0, 3], [40, 0, 0]])
    np.testing.assert_allclose(distance_from_disc_mm(points, end), [5, 5, 5, 22], rtol=1e-14)
    assert away_from_ends(points, (end,), 5.1).tolist() == [False, False, False, True]
    assert away_from_ends(points, (end,), 4.9).all()


def test_sac_wall_takes_the_diameter_of_its_own_section():
    """A wall point of a wide sac is nearer to an iliac's centre than to its own section's centre."""
    s = np.arange(0.0, 41.0, 2.0)
    centre = np.stack([15 + 0 * s, 0 * s, -60 - s], axis=1)
    iliac = sections_of("left_iliac", s, centre, np.tile([0.0, 0, -1], (len(s), 1)), 6.0, 5.0)
    anatomy = tube_anatomy(28.0, 26.0, 60.0, more_sections=(iliac,))
    on_sac, on_iliac = [28.0, 0, -58.0], [21.0, 0, -80.0]
    nearest = np.linalg.norm(centre - on_sac, axis=1).min()
    assert nearest < 28.0  # what makes the nearest centre wrong
    np.testing.assert_allclose(local_outer_diameter_mm(np.array([on_sac, on_iliac]), anatomy), [56.0, 12.0], rtol=1e-14)


def test_no_section_no_local_diameter():
    s = np.array([0.0])
    empty = sections_of("aorta", s, np.full((1, 3), np.nan), np.zeros((1, 3)), np.nan, np.nan)
    anatomy = tube_anatomy(10.0, 9.0, 10.0)
    assert local_outer_diameter_mm(np.zeros((1, 3)), type(anatomy)(**{**vars(anatomy), "sections": (empty,)})) is None


def test_equivalent_diameter_anchor_and_slope():
    assert rupture_risk_equivalent_diameter_mm(0.48) == approx(55.0, abs=1e-12)
    assert rupture_risk_equivalent_diameter_mm(0.48 * np.exp(0.2)) == approx(65.0, abs=1e-9)
    assert rupture_risk_equivalent_diameter_mm(0.40) == approx(45.88392, abs=1e-5)


def test_laplace_of_the_reference_tube():
    """55 mm outer diameter, 1.5 mm wall, 16 kPa: 277.333 kPa, the mean of the Lame tube."""
    assert tube_stress_MPa(0.016, 55.0, 1.5) == approx(0.277333333, abs=1e-9)
    assert implausible(0.2, 0.277) == "" and implausible(0.13, 0.277) != "" and implausible(0.56, 0.277) != ""


@pytest.mark.parametrize(("sex", "diameter", "ratio", "cautioned"), [("male", 54.9, 0.998182, False), ("female", 50.0, 1.0, True)])
def test_treatment_threshold(sex, diameter, ratio, cautioned):
    finding = threshold_findings(diameter, Patient(sex=sex))[0]
    assert finding.value == approx(ratio, abs=1e-6)
    assert bool(finding.caution) is cautioned
    assert "ESVS" in finding.source


def test_annual_risk_by_diameter():
    expected = {("male", 55.0): 1.0, ("female", 59.9): 3.9, ("male", 60.0): 14.1, ("female", 80.0): 22.3, ("male", 49.0): None}
    for (sex, diameter), value in expected.items():
        assert threshold_findings(diameter, Patient(sex=sex))[1].value == value


@pytest.mark.parametrize(
    ("diameter", "patient", "word"), [(55.0, Patient(), "patient.sex"), (None, Patient(sex="male"), "diameter")]
)
def test_thresholds_are_withheld_without_facts(diameter, patient, word):
    for finding in threshold_findings(diameter, patient):
        assert finding.value is None and word in finding.caution
