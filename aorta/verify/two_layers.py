"""An artery of two layers with fibres under pressure and axial stretch: semi-inverse solutions, numpy and scipy alone.

r = r(R), θ = kΘ with k = 2π/(2π - α) for an opening angle α, z = λz Z (Holzapfel, Gasser & Ogden 2000, section 5).
Any consistent units; the program uses mm and MPa.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad, solve_ivp
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

from aorta.verify.fibre_stress import Fibred


@dataclass(frozen=True)
class Layers:
    """Reference radii (n+1,) of n concentric layers from inside out, and their laws."""

    radii: tuple[float, ...]
    laws: tuple[Fibred, ...]


RABBIT_CAROTID = (Fibred(3.0e-3, 2.3632e-3, 0.8393, 29.0), Fibred(0.3e-3, 0.5620e-3, 0.7112, 62.0))
"""Media and adventitia, MPa (Holzapfel, Gasser & Ogden 2000, from memory)."""


def carotid(inner: float = 0.71) -> Layers:
    """The rabbit's carotid artery in mm: media 0.26, adventitia 0.13; inner radius 0.71 closed, 1.43 opened by 160 degrees."""
    return Layers((inner, inner + 0.26, inner + 0.39), RABBIT_CAROTID)


@dataclass(frozen=True)
class Inflated:
    """An incompressible artery under pressure: radii, reduced axial force, and stresses at both faces of each layer.

    ``stress`` (n, 2, 3): circumferential, axial, radial.
    """

    inner: float
    outer: float
    axial_force: float
    stress: np.ndarray


def inflate(artery: Layers, pressure: float, axial: float, opening_deg: float = 0.0) -> Inflated:
    """The incompressible artery: p = Σ ∫ (σθθ - σrr) dr/r, r² = ri² + (R² - Ri²)/(k λz)."""
    k = 2 * np.pi / (2 * np.pi - np.radians(opening_deg))
    spans = list(zip(artery.radii[:-1], artery.radii[1:], artery.laws))
    first = artery.radii[0]

    def extra(R: float, law: Fibred, ri: float) -> tuple[float, np.ndarray]:
        """r and the stresses less the radial one."""
        r = np.sqrt(ri**2 + (R**2 - first**2) / (k * axial))
        hoop = k * r / R
        stress = law.principal((hoop, axial, 1 / (hoop * axial)), 0.0)
        return r, stress - stress[2]

    def integral(what, low: float, high: float, law: Fibred, ri: float) -> float:
        def slope(R):
            r, stress = extra(R, law, ri)
            return what(r, stress) * R / (k * axial * r)

        return quad(slope, low, high, epsabs=1e-14, epsrel=1e-12)[0]

    def hold(r, stress):
        return stress[0] / r

    ri = brentq(lambda x: sum(integral(hold, *span, x) for span in spans) - pressure, 0.3 * first, 3 * first, xtol=1e-14)
    stresses = []
    for q, (low, high, law) in enumerate(spans):
        beyond = sum(integral(hold, *span, ri) for span in spans[q + 1 :])
        inside, outside = extra(low, law, ri)[1], extra(high, law, ri)[1]
        stresses.append((inside - beyond - integral(hold, low, high, law, ri), outside - beyond))
    force = np.pi * sum(integral(lambda r, s: (2 * s[1] - s[0]) * r, *span, ri) for span in spans)
    outer = extra(artery.radii[-1], artery.laws[-1], ri)[0]
    return Inflated(float(ri), float(outer), float(force), np.array(stresses))


def circumferential(artery: Layers, inner: float, axial: float, opening_deg: float, count: int = 401) -> list[np.ndarray]:
    """For each layer (count, 2) radii and circumferential stresses of the loaded incompressible artery."""
    k = 2 * np.pi / (2 * np.pi - np.radians(opening_deg))
    found, beyond = [], 0.0
    for low, high, law in reversed(list(zip(artery.radii[:-1], artery.radii[1:], artery.laws))):
        R = np.linspace(low, high, count)
        r = np.sqrt(inner**2 + (R**2 - artery.radii[0] ** 2) / (k * axial))
        stress = np.array([law.principal((h, axial, 1 / (h * axial)), 0.0) for h in k * r / R])
        extra = stress[:, 0] - stress[:, 2]
        integral = CubicSpline(r, extra / r).antiderivative()
        held = integral(r[-1]) - integral(r)
        found.append(np.stack([r, extra - beyond - held], 1))
        beyond += held[0]
    return found[::-1]


@dataclass(frozen=True)
class Compressible:
    """The same artery with a finite bulk modulus and no opening angle: r(R), and stresses (n, 3) at R (n,)."""

    artery: Layers
    axial: float
    bulk: float
    paths: tuple

    def layer(self, R: float) -> int:
        """Which layer R is in; the outer one on an interface."""
        return int(np.clip(np.searchsorted(self.artery.radii, R, "right") - 1, 0, len(self.artery.laws) - 1))

    def radius(self, R: np.ndarray) -> np.ndarray:
        """r(R)."""
        return np.array([self.paths[self.layer(x)].sol(x)[0] for x in np.atleast_1d(R)])

    def stress(self, R: np.ndarray) -> np.ndarray:
        """Circumferential, axial, radial."""
        out = []
        for x in np.atleast_1d(R):
            q = self.layer(x)
            r, radial = self.paths[q].sol(x)
            through = _through(r / x, self.axial, radial, self.artery.laws[q], self.bulk)
            out.append(self.artery.laws[q].principal((r / x, self.axial, through), self.bulk))
        return np.array(out)


def _through(hoop: float, axial: float, radial_stress: float, law: Fibred, bulk: float) -> float:
    """Radial stretch that gives the radial stress."""
    guess = 1 / (hoop * axial)
    return brentq(lambda t: law.principal((hoop, axial, t), bulk)[2] - radial_stress, 0.6 * guess, 1.6 * guess, xtol=1e-14)


def inflate_compressible(artery: Layers, pressure: float, axial: float, bulk: float) -> Compressible:
    """dr/dR = λr, dσrr/dR = (σθθ - σrr) λr / r layer by layer from σrr = -p, by shooting for σrr = 0 outside."""

    def march(ri: float, dense: bool = False) -> list:
        state, paths = [ri, -pressure], []
        for low, high, law in zip(artery.radii[:-1], artery.radii[1:], artery.laws):

            def slope(R, y, law=law):
                hoop = y[0] / R
                through = _through(hoop, axial, y[1], law, bulk)
                stress = law.principal((hoop, axial, through), bulk)
                return [through, (stress[0] - y[1]) * through / y[0]]

            paths.append(solve_ivp(slope, (low, high), state, method="DOP853", rtol=1e-10, atol=1e-13, dense_output=dense))
            state = paths[-1].y[:, -1]
        return paths

    def rest(ri: float) -> float:
        return march(ri)[-1].y[1, -1]

    near, reach = inflate(artery, pressure, axial).inner, 1e-4
    while rest(near * (1 - reach)) * rest(near * (1 + reach)) > 0:
        reach *= 2
    ri = brentq(rest, near * (1 - reach), near * (1 + reach), xtol=1e-12)
    return Compressible(artery, axial, bulk, tuple(march(ri, True)))
