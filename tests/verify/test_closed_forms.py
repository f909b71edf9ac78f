"""The closed forms against figures computed independently (there in kPa, here in MPa)."""

import numpy as np
import pytest

from aorta.verify import closed_forms as exact

P120 = 120 * 0.13332236842105263e-3  # the figure's mmHg
RV, NH = exact.raghavan_vorp(), exact.neo_hookean(0.348)

TABLE = [
    # shell, law, A, B, a, b, hoop stress inside, in the middle, outside in kPa
    (exact.TUBE, RV, 10.0, 11.5, 10.793005, 12.195858, (144.4561, 121.9187, 106.4624)),
    (exact.TUBE, RV, 25.0, 26.5, 28.208204, 29.545774, (368.6923, 336.5487, 309.5127)),
    (exact.SPHERE, RV, 10.0, 11.5, 10.318823, 11.743646, (63.5306, 53.7393, 47.7210)),
    (exact.SPHERE, RV, 25.0, 26.5, 26.373816, 27.732866, (166.6934, 150.8973, 138.4533)),
    (exact.TUBE, NH, 10.0, 11.5, 11.195805, 12.553726, (142.5741, 131.5519, 122.6636)),
    (exact.SPHERE, NH, 10.0, 11.5, 10.383574, 11.793738, (59.8515, 55.0573, 51.4002)),
]


@pytest.mark.parametrize("shell, law, A, B, a, b, hoop", TABLE)
def test_inflated_shell(shell, law, A, B, a, b, hoop):
    found = exact.inflate(shell, A, B, P120, law)
    np.testing.assert_allclose(found, (a, b), rtol=0, atol=6e-7)
    at = (found[0], sum(found) / 2, found[1])
    np.testing.assert_allclose([1e3 * exact.hoop_stress(shell, A, B, found[0], law, r) for r in at], hoop, rtol=0, atol=6e-5)


@pytest.mark.parametrize("shell, a", [(exact.TUBE, 11.195805), (exact.SPHERE, 10.383574)])
def test_neo_hookean_closed_form_is_the_integral(shell, a):
    """Tube μ[ln(aB/bA) + (a²-A²)/2 (1/a²-1/b²)], sphere μ[2/λb + 1/(2λb⁴) - 2/λa - 1/(2λa⁴)]."""
    A, B, mu = 10.0, 11.5, 0.348
    b = shell.other_radius(a, A, B)
    la, lb = a / A, b / B
    tube = mu * (np.log(a * B / (b * A)) + 0.5 * (a * a - A * A) * (1 / a**2 - 1 / b**2))
    sphere = mu * (2 / lb + 1 / (2 * lb**4) - 2 / la - 1 / (2 * la**4))
    closed = {exact.TUBE: tube, exact.SPHERE: sphere}[shell]
    np.testing.assert_allclose(exact.pressure_of(shell, A, B, a, NH), closed, rtol=1e-10)


@pytest.mark.parametrize(
    "shell, p, A, B",
    [
        (exact.TUBE, 0.016, 23.267699, 24.932625),
        (exact.TUBE, 80 / 120 * P120, 23.776707, 25.408302),
        (exact.SPHERE, 0.016, 24.718683, 26.363877),
    ],
)
def test_zero_pressure_radii(shell, p, A, B):
    np.testing.assert_allclose(exact.deflate(shell, 26.0, 27.5, p, RV), (A, B), rtol=0, atol=6e-7)


@pytest.mark.parametrize("shell", [exact.TUBE, exact.SPHERE])
def test_compressible_shell_inflates_what_it_deflates(shell):
    A, B = exact.deflate_compressible(shell, 26.0, 27.5, 0.016, RV, 34.8)
    profile = exact.inflate_compressible(shell, A, B, 0.016, RV, 34.8)
    np.testing.assert_allclose(profile.radius(np.array([A, B])), (26.0, 27.5), rtol=1e-9)
    np.testing.assert_allclose(profile.stress(np.array([A]))[0, 0], -0.016, rtol=1e-9)


def test_lame():
    np.testing.assert_allclose(1e3 * exact.lame_hoop(26.0, 27.5, 0.016, [26.0, 27.5]), (285.557632, 269.557632), rtol=1e-8)
    sphere = 1e3 * exact.lame_hoop(26.0, 27.5, 0.016, [26.0, 27.5], exact.SPHERE)
    np.testing.assert_allclose(sphere, (138.965654, 130.965654), rtol=1e-8)
    np.testing.assert_allclose(exact.lame_displacement(26.0, 27.5, 0.016, 26.0, 2.0, 0.45), 3.09623875, rtol=1e-8)


def test_wang_law_in_stretches():
    """I2 of an incompressible uniaxial stretch is 2λ + λ⁻²: σ = 2 (λ² - 1/λ) W2/λ."""
    lam, c = 1.3, 0.026
    expected = 2 * (lam**2 - 1 / lam) * (c + 2 * c * (2 * lam + lam**-2 - 3)) / lam
    np.testing.assert_allclose(exact.uniaxial(lam, exact.wang(), 1e4)[0], expected, rtol=1e-5)
