"""The artery of two layers against figures computed independently (mm, kPa and mN there)."""

import numpy as np
import pytest

from aorta.verify import closed_forms as exact
from aorta.verify import two_layers
from aorta.verify.fibre_stress import Fibred

KPA = 1e-3


@pytest.mark.parametrize(
    "radius, opening, inner, outer, force, stress",
    [
        (0.71, 0.0, 1.18929, 1.35264, 13.265, [(602.121, 187.200), (37.290, 24.156), (9.984, 57.422), (7.501, 48.902)]),
        (1.43, 160.0, 1.27435, 1.42765, 16.666, [(293.140, 98.177), (93.303, 44.061), (15.261, 72.861), (13.366, 66.548)]),
    ],
)
def test_with_and_without_opening_angle(radius, opening, inner, outer, force, stress):
    found = two_layers.inflate(two_layers.carotid(radius), 13.33 * KPA, 1.7, opening)
    np.testing.assert_allclose((found.inner, found.outer), (inner, outer), rtol=0, atol=6e-6)
    np.testing.assert_allclose(1e3 * found.axial_force, force, rtol=0, atol=6e-4)
    np.testing.assert_allclose(1e3 * found.stress.reshape(4, 3)[:, :2], stress, rtol=0, atol=1.1e-3)


@pytest.mark.parametrize(
    "opening, axial, pressure, inner",
    [(160, 1.5, 5, 1.17384), (160, 1.5, 10, 1.27663), (160, 1.5, 20, 1.35867), (160, 1.9, 5, 1.01145),
     (160, 1.9, 20, 1.26232), (0, 1.7, 5, 1.06223), (0, 1.7, 10, 1.15696), (0, 1.7, 20, 1.23006)],
)  # fmt: skip
def test_pressure_and_stretch(opening, axial, pressure, inner):
    artery = two_layers.carotid(1.43 if opening else 0.71)
    assert two_layers.inflate(artery, pressure * KPA, axial, opening).inner == pytest.approx(inner, abs=6e-6)


def test_compressible_artery_meets_the_incompressible_one():
    artery = two_layers.carotid()
    stiff = two_layers.inflate_compressible(artery, 13.33 * KPA, 1.7, 3e3)
    closed = two_layers.inflate(artery, 13.33 * KPA, 1.7)
    np.testing.assert_allclose(stiff.radius([0.71, 1.1]), (closed.inner, closed.outer), rtol=5e-5)
    np.testing.assert_allclose(stiff.stress([0.71, 1.1]), closed.stress[[0, 1], [0, 1]], rtol=1e-3, atol=1e-7)


def test_uniaxial_pull_leaves_the_sides_free():
    law = Fibred(3e-3, 2.4e-3, 0.84, 29.0)
    stress, stretches = law.pulled(1.2, (0,), 1.0)
    np.testing.assert_allclose(stress[1:], 0.0, atol=1e-12)
    assert stretches[0] == 1.2
    slack = law.pulled(1.2, (1,), 1.0)[0][1]  # along the axis the fibres are squeezed: the matrix alone
    np.testing.assert_allclose(slack, exact.uniaxial(1.2, exact.neo_hookean(3e-3), 1.0)[0], rtol=1e-10)
