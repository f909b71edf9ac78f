"""Wall strength against the published table and the mistakes of existing tools."""

import numpy as np
import pytest
from pytest import approx

from aorta.risk.strength import FLOOR_N_PER_CM2, regression_N_per_cm2, wall_strength

TABLE = [  # thrombus cm, NORD, male without / female without / male with / female with history, N/cm2
    (0.0, 1.00, 145.675, 126.375, 124.375, 105.075),
    (0.6561, 2.46, 92.200, 72.900, 70.900, 51.600),
    (1.0, 2.46, 84.999, 65.699, 63.699, 44.399),
    (2.0, 3.90, 46.836, 27.536, 25.536, 6.236),
    (3.6, 3.90, 28.525, 9.225, 7.225, -12.075),
]
PERSONS = [(True, False), (False, False), (True, True), (False, True)]
CASES = [(row[0], row[1], *person, value) for row in TABLE for person, value in zip(PERSONS, row[2:])]


@pytest.mark.parametrize(("thrombus", "nord", "male", "history", "expected"), CASES)
def test_regression_reproduces_the_table(thrombus, nord, male, history, expected):
    assert regression_N_per_cm2(thrombus, nord, male=male, family_history=history) == approx(expected, abs=6e-4)


@pytest.mark.parametrize(("thrombus", "nord", "male", "history", "expected"), CASES)
def test_strength_takes_millimetres_and_gives_megapascal(thrombus, nord, male, history, expected):
    result = wall_strength(np.array([10.0 * thrombus]), np.array([nord]), male=male, family_history=history)
    assert result.strength_MPa[0] == approx(max(expected, 20.0) / 100.0, abs=6e-6)


def test_thrombus_is_converted_to_centimetres():
    """BioPARR puts millimetres into a formula of centimetres: 58.2 instead of 92.2 N/cm2."""
    strength = wall_strength(np.array([10.0, 1.0]), np.array([2.0, 2.0]), male=True, family_history=False).strength_MPa
    np.testing.assert_allclose(100.0 * strength, [92.175, 118.090], rtol=0, atol=1e-3)


def test_clamped_nord_is_the_one_that_is_used():
    """BioPARR clamps NORD and then evaluates the formula with the unclamped value."""
    result = wall_strength(np.array([6.561] * 4), np.array([0.6, 1.0, 3.9, 5.0]), male=True, family_history=False)
    np.testing.assert_allclose(100 * result.strength_MPa, [114.976, 114.976, 69.736, 69.736], rtol=0, atol=1e-3)
    assert result.nord_clamped.tolist() == [True, False, False, True]
    assert not result.floored.any()


def test_thick_thrombus_is_clamped():
    result = wall_strength(np.array([36.0, 50.0]), np.array([1.0, 1.0]), male=True, family_history=False)
    assert result.strength_MPa[0] == result.strength_MPa[1]
    assert 100 * result.strength_MPa[0] == approx(145.675 - 37.9 * np.sqrt(3.6), abs=1e-9)
    assert result.thrombus_clamped.tolist() == [False, True]


def test_negative_strength_is_floored_and_flagged():
    """Inside its own bounds the formula gives -12.1 N/cm2."""
    result = wall_strength(np.array([36.0, 0.0]), np.array([3.9, 3.9]), male=False, family_history=True)
    assert regression_N_per_cm2(3.6, 3.9, male=False, family_history=True) == approx(-12.075, abs=6e-4)
    assert 100 * result.strength_MPa[0] == approx(FLOOR_N_PER_CM2, abs=1e-12)
    assert result.floored.tolist() == [True, False]


MUTANTS = {
    "intercept": (71.9, 71.901),
    "thrombus": (37.9, 37.91),
    "root": (0.81, 0.8101),
    "nord": (15.6, 15.61),
    "nord offset": (2.46, 2.461),
    "history": (21.3, 21.31),
    "sex": (19.3, 19.31),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_table_notices_each_coefficient(name):
    """A program with one coefficient slightly wrong does not pass the table at its tolerance."""
    c = {key: (wrong if key == name else right) for key, (right, wrong) in MUTANTS.items()}

    def mutant(t, n, male, history):
        x = c["intercept"] - c["thrombus"] * (np.sqrt(t) - c["root"]) - c["nord"] * (n - c["nord offset"])
        return x - c["history"] * (0.5 if history else -0.5) + c["sex"] * (0.5 if male else -0.5)

    errors = [abs(mutant(t, n, male, history) - value) for t, n, male, history, value in CASES]
    assert max(errors) > 6e-4
