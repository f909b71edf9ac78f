"""Exact and one-dimensional solutions that the solver is tested against. numpy and scipy only.

The laws are written anew here, in stretches; nothing is shared with the solver. Symbols: reference
radii A, B, deformed a, b; p inner pressure; κ bulk modulus (None: incompressible). Any consistent
units; the program uses mm and MPa.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

Slopes = Callable[[float, float], tuple[float, float]]
"""(Ī1, Ī2) -> (∂W/∂Ī1, ∂W/∂Ī2)."""


def raghavan_vorp(alpha: float = 0.174, beta: float = 1.881) -> Slopes:
    """W = α(I1-3) + β(I1-3)² (Raghavan & Vorp 2000), MPa."""
    return lambda i1, i2: (alpha + 2 * beta * (i1 - 3), 0.0)


def neo_hookean(mu: float = 0.348) -> Slopes:
    """W = μ/2 (I1-3), MPa."""
    return lambda i1, i2: (mu / 2, 0.0)


def wang(c1: float = 0.026, c2: float = 0.026) -> Slopes:
    """W = c1(I2-3) + c2(I2-3)² (Wang et al. 2001), MPa."""
    return lambda i1, i2: (0.0, c1 + 2 * c2 * (i2 - 3))


@dataclass(frozen=True)
class InStretches:
    """A law written in principal stretches: (3,) isochoric λ̄ -> (3,) ∂W/∂λ̄."""

    slopes: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Graded:
    """A law that changes through a wall: share of the undeformed thickness, from inside, -> law there."""

    at: Callable[[float], Slopes]


def ogden(*terms: tuple[float, float]) -> InStretches:
    """W = Σ μ/α (Σ λ^α - 3) with terms (μ, α), MPa (Ogden 1972)."""
    return InStretches(lambda stretch: sum(mu * stretch ** (alpha - 1) for mu, alpha in terms))


def half_slopes(b: np.ndarray, law: Slopes | InStretches) -> np.ndarray:
    """(3,) λ̄/2 ∂W/∂λ̄ of squared isochoric stretches b (3,): b W1 + b (Ī1 - b) W2."""
    if isinstance(law, InStretches):
        return np.sqrt(b) * law.slopes(np.sqrt(b)) / 2
    i1, i2 = b.sum(), b[0] * b[1] + b[1] * b[2] + b[2] * b[0]
    w1, w2 = law(i1, i2)
    return w1 * b + w2 * b * (i1 - b)


def yeoh(c1: float = 0.177, c2: float = 1.881, c3: float = 0.0) -> Slopes:
    """W = c1(I1-3) + c2(I1-3)² + c3(I1-3)³, MPa."""
    return lambda i1, i2: (c1 + (i1 - 3) * (2 * c2 + 3 * c3 * (i1 - 3)), 0.0)


def demiray(a: float = 0.0442, b: float = 16.7) -> Slopes:
    """W = a/b {exp[b(I1-3)/2] - 1} (Delfino et al. 1997), MPa."""
    return lambda i1, i2: (a / 2 * np.exp(b * (i1 - 3) / 2), 0.0)


def gasser_thrombus(c: float) -> Slopes:
    """W = c(I1² - 2 I2 - 3) (Gasser et al. 2008), MPa; c at the place in question."""
    return lambda i1, i2: (2 * c * i1, -2 * c)


def principal_cauchy(stretches, law: Slopes | InStretches, bulk: float) -> np.ndarray:
    """(3,) principal Cauchy stresses of principal stretches: σi = (λi ∂W/∂λi)/J + κ(J-1), W isochoric.

    With λ̄ = J^(-1/3) λ: twice the deviator of λ̄/2 ∂W/∂λ̄ over J.
    """
    stretches = np.asarray(stretches, float)
    J = stretches.prod()
    b = stretches**2 * J ** (-2 / 3)
    tau = half_slopes(b, law)
    return 2 / J * (tau - tau.mean()) + bulk * (J - 1)


def uniaxial(stretch: float, law: Slopes, bulk: float) -> tuple[float, float]:
    """Stress along the pull and the lateral stretch, from zero lateral stress."""
    lateral = brentq(
        lambda t: principal_cauchy((stretch, t, t), law, bulk)[1], 0.5 / np.sqrt(stretch), 1.5 / np.sqrt(stretch), xtol=1e-15
    )
    return float(principal_cauchy((stretch, lateral, lateral), law, bulk)[0]), lateral


def equibiaxial(stretch: float, law: Slopes, bulk: float) -> tuple[float, float]:
    """Stress in the plane and the stretch through the thickness, from zero stress there."""
    through = brentq(
        lambda t: principal_cauchy((stretch, stretch, t), law, bulk)[2], 0.5 / stretch**2, 1.5 / stretch**2, xtol=1e-15
    )
    return float(principal_cauchy((stretch, stretch, through), law, bulk)[0]), through


def biaxial(stretches: tuple[float, float], law: Slopes, bulk: float) -> np.ndarray:
    """(3,) stresses of two given stretches, with none through the thickness."""
    one, two = stretches
    guess = 1 / (one * two)
    through = brentq(lambda t: principal_cauchy((one, two, t), law, bulk)[2], 0.5 * guess, 1.5 * guess, xtol=1e-15)
    return principal_cauchy((one, two, through), law, bulk)


def at_radius(law: Slopes | InStretches | Graded, R: float, A: float, B: float) -> Slopes | InStretches:
    """The law at the reference radius R of a wall from A to B."""
    return law.at((R - A) / (B - A)) if isinstance(law, Graded) else law


# ------------------------------------------------------------------ incompressible tube and sphere


@dataclass(frozen=True)
class Shell:
    """Which body: a tube in plane strain (``curvatures`` 1) or a sphere (2)."""

    curvatures: int

    def other_radius(self, a: float, A: float, B: float) -> float:
        """b from volume conservation: b² - a² = B² - A² (tube), with cubes for the sphere."""
        n = self.curvatures + 1
        return (a**n + B**n - A**n) ** (1 / n)

    def stretches(self, hoop: float) -> tuple[float, float, float]:
        """Radial, hoop, third stretch of an incompressible shell."""
        return (1 / hoop, hoop, 1.0) if self.curvatures == 1 else (hoop**-2, hoop, hoop)

    def difference(self, hoop: float, law: Slopes) -> float:
        """σθθ - σrr of the incompressible material."""
        b = np.array(self.stretches(hoop)) ** 2
        half = half_slopes(b, law)
        return 2 * (half[1] - half[0])


TUBE, SPHERE = Shell(1), Shell(2)


def pressure_of(shell: Shell, A: float, B: float, a: float, law: Slopes) -> float:
    """p = ∫_a^b m (σθθ - σrr) dr/r with m = 1 (tube) or 2 (sphere): radial equilibrium, incompressible."""
    n, b = shell.curvatures + 1, shell.other_radius(a, A, B)
    hoop = lambda r: r / (r**n - a**n + A**n) ** (1 / n)  # noqa: E731
    local = lambda r: at_radius(law, r / hoop(r), A, B)  # noqa: E731
    return quad(lambda r: shell.curvatures * shell.difference(hoop(r), local(r)) / r, a, b, epsabs=1e-14, epsrel=1e-12)[0]


def inflate(shell: Shell, A: float, B: float, p: float, law: Slopes) -> tuple[float, float]:
    """Deformed radii a, b of the incompressible shell."""
    a = brentq(lambda a: pressure_of(shell, A, B, a, law) - p, A * (1 + 1e-9), 3 * A, xtol=1e-14)
    return a, shell.other_radius(a, A, B)


def deflate(shell: Shell, a: float, b: float, p: float, law: Slopes) -> tuple[float, float]:
    """Zero-pressure radii A, B of an incompressible shell imaged with a, b under p."""
    A = brentq(lambda A: pressure_of(shell, A, shell.other_radius(A, a, b), a, law) - p, 0.5 * a, a * (1 - 1e-9), xtol=1e-14)
    return A, shell.other_radius(A, a, b)


def hoop_stress(shell: Shell, A: float, B: float, a: float, law: Slopes, r: float) -> float:
    """σθθ(r) = σrr(r) + difference, σrr(r) = -∫_r^b; incompressible."""
    n, b = shell.curvatures + 1, shell.other_radius(a, A, B)
    hoop = lambda r: r / (r**n - a**n + A**n) ** (1 / n)  # noqa: E731
    radial = -quad(lambda x: shell.curvatures * shell.difference(hoop(x), law) / x, r, b, epsabs=1e-14, epsrel=1e-12)[0]
    return radial + shell.difference(hoop(r), law)


# --------------------------------------------------------------------- compressible tube and sphere


@dataclass(frozen=True)
class Profile:
    """A compressible shell in equilibrium: current radius r(R) and stresses, for R in [A, B]."""

    A: float
    B: float
    radius: Callable[[np.ndarray], np.ndarray]
    stress: Callable[[np.ndarray], np.ndarray]
    """(n,) R -> (n, 3) radial, hoop, third principal Cauchy stress."""


def _radial_stretch(shell: Shell, hoop: float, radial_stress: float, law: Slopes, bulk: float) -> float:
    third = 1.0 if shell.curvatures == 1 else hoop
    guess = 1 / (hoop * third)
    return brentq(lambda t: principal_cauchy((t, hoop, third), law, bulk)[0] - radial_stress, 0.7 * guess, 1.4 * guess, xtol=1e-15)


def integrate(shell: Shell, A: float, B: float, a: float, p: float, law: Slopes, bulk: float):
    """dr/dR = λr, dσrr/dR = -m (σrr - σθθ) λr / r, from R = A with r = a, σrr = -p."""

    def slope(R, y):
        hoop, local = y[0] / R, at_radius(law, R, A, B)
        radial = _radial_stretch(shell, hoop, y[1], local, bulk)
        stress = principal_cauchy((radial, hoop, 1.0 if shell.curvatures == 1 else hoop), local, bulk)
        return [radial, -shell.curvatures * (y[1] - stress[1]) * radial / y[0]]

    return solve_ivp(slope, (A, B), [a, -p], method="DOP853", rtol=1e-11, atol=1e-13, dense_output=True)


def inflate_compressible(shell: Shell, A: float, B: float, p: float, law: Slopes, bulk: float) -> Profile:
    """The shell under pressure p, by shooting for the inner radius from the incompressible solution."""
    near = inflate(shell, A, B, p, law)[0]
    spread = 0.05 * (near - A) + 20 * p / bulk * A
    a = brentq(lambda a: integrate(shell, A, B, a, p, law, bulk).y[1, -1], near - 0.1 * spread, near + spread, xtol=1e-13)
    path = integrate(shell, A, B, a, p, law, bulk)

    def stress(R):
        out = []
        for at in np.atleast_1d(R):
            r, radial = path.sol(at)
            hoop, local = r / at, at_radius(law, at, A, B)
            stretch = _radial_stretch(shell, hoop, radial, local, bulk)
            out.append(principal_cauchy((stretch, hoop, 1.0 if shell.curvatures == 1 else hoop), local, bulk))
        return np.array(out)

    return Profile(A, B, lambda R: path.sol(np.asarray(R, float))[0], stress)


def deflate_compressible(shell: Shell, a: float, b: float, p: float, law: Slopes, bulk: float) -> tuple[float, float]:
    """Zero-pressure radii A, B of a compressible shell imaged with a, b under p: dR/dr = 1/λr from r = a."""

    def end(A):
        def slope(r, y):
            hoop = r / y[0]
            radial = _radial_stretch(shell, hoop, y[1], law, bulk)
            stress = principal_cauchy((radial, hoop, 1.0 if shell.curvatures == 1 else hoop), law, bulk)
            return [1 / radial, -shell.curvatures * (y[1] - stress[1]) / r]

        return solve_ivp(slope, (a, b), [A, -p], method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]

    near = deflate(shell, a, b, p, law)[0]
    spread = 0.05 * (a - near) + 20 * p / bulk * a
    A = brentq(lambda A: end(A)[1], near - spread, near + spread, xtol=1e-13)
    return A, float(end(A)[0])


# ------------------------------------------------------------------------------------- small strain


def lame_hoop(a: float, b: float, p: float, r, shell: Shell = TUBE):
    """Lamé's σθθ(r) of a thick tube or sphere under inner pressure."""
    if shell.curvatures == 1:
        return p * a**2 / (b**2 - a**2) * (1 + b**2 / np.asarray(r) ** 2)
    return p * a**3 / (b**3 - a**3) * (1 + b**3 / (2 * np.asarray(r) ** 3))


def lame_displacement(a: float, b: float, p: float, r, young: float, poisson: float):
    """Lamé's radial displacement of a thick tube in plane strain."""
    r = np.asarray(r)
    return (1 + poisson) / young * p * a**2 / (b**2 - a**2) * ((1 - 2 * poisson) * r + b**2 / r)
