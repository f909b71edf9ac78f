"""Equilibrium of a ring in a yielding neck with one-sided contact.

The ring is a closed smooth curve ``rho(theta)`` of low harmonics. Its energy is that of its hoop
law in its perimeter, and that of bending out of round; the vessel answers the ring angle by angle:

    U = U_hoop(P(rho)) + (pi B / 2 R^3) sum_k (k^2 - 1)^2 |rho_k|^2 + 1/2 sum_i <rho_i - r_i>^2 / C_i * r_i h dtheta

with dU_hoop/dP = -T(P / pi), P the perimeter, B the ring's bending stiffness around the vessel,
R the neck's mean radius, r the neck without the ring, C its compliance, h the ring's height and
<x> = max(x, 0). Contact pressure is ``<rho - r> / C``; where the ring does not reach the wall there
is a gap ``r - rho``. The minimum is found by a trust-region Newton method with exact derivatives.
Sources: ring under compression, Timoshenko and Gere, Theory of Elastic Stability, 7.1; the rest by
the principle of least potential energy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from aorta.errors import StentError
from aorta.records import Array

HARMONICS = 8
LEAST_FORCE_N = 1e-3
"""What the balance is measured against where the ring hangs free and has no force of its own."""


@dataclass(frozen=True)
class Equilibrium:
    """Ring and neck at rest on each other.

    Parameters
    ----------
    ring_radius_mm, wall_radius_mm, pressure_MPa, gap_mm : (n,) float
        At the neck's angles.
    diameter_mm : float
        Of the circle with the ring's perimeter.
    hoop_force_N : float
        Compression in the ring.
    residual : float
        Of the balance between the ring's radial force and the contact pressure, over that force.
    """

    ring_radius_mm: Array
    wall_radius_mm: Array
    pressure_MPa: Array
    gap_mm: Array
    diameter_mm: float
    hoop_force_N: float
    residual: float


def equilibrium(
    hoop_force_N: Callable[[float], float],
    bending_Nmm2: float,
    height_mm: float,
    angle_rad: Array,
    wall_radius_mm: Array,
    compliance_mm_per_MPa: Array,
    start_diameter_mm: float,
) -> Equilibrium:
    """Find the ring's shape.

    Parameters
    ----------
    hoop_force_N : callable
        Compression of the ring at a diameter in mm.
    bending_Nmm2 : float
        Bending stiffness of the ring as a curve around the vessel.
    angle_rad, wall_radius_mm, compliance_mm_per_MPa : (n,) float
        Evenly spaced angles, the neck without the ring, its compliance > 0.
    start_diameter_mm : float
        First guess.

    Raises
    ------
    StentError
        The balance of forces is not met.
    """
    basis, slope, order = _fourier(angle_rad)
    step = 2.0 * np.pi / len(angle_rad)
    mean = float(wall_radius_mm.mean())
    stiffness = wall_radius_mm * height_mm * step / compliance_mm_per_MPa
    bending = bending_Nmm2 * np.pi / mean**3 * (order**2 - 1.0) ** 2
    bending[order == 0] = 0.0  # the mean radius is the hoop law's

    def parts(c: Array) -> tuple[Array, Array, Array, float]:
        rho, rho_s = basis @ c, slope @ c
        arc = np.hypot(rho, rho_s)
        return rho, rho_s, arc, step * float(arc.sum())

    def force(perimeter: float) -> float:
        return hoop_force_N(perimeter / np.pi)

    def energy(c: Array) -> float:
        rho, _, _, perimeter = parts(c)
        pressed = np.maximum(rho - wall_radius_mm, 0.0)
        return float(hoop_energy(perimeter) + 0.5 * bending @ c**2 + 0.5 * stiffness @ pressed**2)

    def hoop_energy(perimeter: float) -> float:
        # Gauss points from the start to here: exact enough for the line of descent, the gradient is exact
        half = 0.5 * (perimeter - np.pi * start_diameter_mm)
        return -half * sum(w * force(np.pi * start_diameter_mm + half * (1.0 + x)) for x, w in zip(_POINTS, _WEIGHTS))

    def gradient(c: Array) -> Array:
        rho, rho_s, arc, perimeter = parts(c)
        pressed = np.maximum(rho - wall_radius_mm, 0.0)
        return -force(perimeter) * _perimeter_gradient(rho, rho_s, arc) + bending * c + basis.T @ (stiffness * pressed)

    def _perimeter_gradient(rho: Array, rho_s: Array, arc: Array) -> Array:
        return step * (basis.T @ (rho / arc) + slope.T @ (rho_s / arc))

    def hessian(c: Array) -> Array:
        rho, rho_s, arc, perimeter = parts(c)
        d1 = _perimeter_gradient(rho, rho_s, arc)
        mixed = rho[:, None] * basis + rho_s[:, None] * slope
        d2 = step * (basis.T @ (basis / arc[:, None]) + slope.T @ (slope / arc[:, None]) - mixed.T @ (mixed / arc[:, None] ** 3))
        width = 1e-6 * perimeter
        softening = (force(perimeter + width) - force(perimeter - width)) / (2.0 * width)
        touching = stiffness * (rho > wall_radius_mm)
        return -softening * np.outer(d1, d1) - force(perimeter) * d2 + np.diag(bending) + basis.T @ (touching[:, None] * basis)

    c = np.zeros(len(order))
    c[0] = start_diameter_mm / 2.0
    found = minimize(energy, c, jac=gradient, hess=hessian, method="trust-exact", options={"gtol": 1e-10, "maxiter": 500})
    c = _polish(found.x, gradient, hessian)
    rho, _, _, perimeter = parts(c)
    pressure = np.maximum(rho - wall_radius_mm, 0.0) / compliance_mm_per_MPa
    hoop = force(perimeter)
    scale = 2.0 * np.pi * max(abs(hoop), abs(hoop_force_N(start_diameter_mm)), LEAST_FORCE_N)
    residual = float(np.abs(gradient(c)).max() / scale)
    if not residual < 1e-4:
        raise StentError(
            "The ring found no equilibrium in the neck.",
            where="fit simulation",
            why=f"forces out of balance by {100 * residual:.2g} % of the ring's radial force",
            fix="check the neck's shape and the ring's data in the catalogue",
        )
    gap = np.maximum(wall_radius_mm - rho, 0.0)
    return Equilibrium(rho, wall_radius_mm + compliance_mm_per_MPa * pressure, pressure, gap, perimeter / np.pi, hoop, residual)


_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def _fourier(angle: Array) -> tuple[Array, Array, Array]:
    """Basis (n, m), its derivative (n, m) and the harmonic (m,) of each column."""
    columns, slopes, order = [np.ones_like(angle)], [np.zeros_like(angle)], [0]
    for k in range(1, HARMONICS + 1):
        columns += [np.cos(k * angle), np.sin(k * angle)]
        slopes += [-k * np.sin(k * angle), k * np.cos(k * angle)]
        order += [k, k]
    return np.stack(columns, axis=1), np.stack(slopes, axis=1), np.array(order, float)


def _polish(c: Array, gradient: Callable, hessian: Callable) -> Array:
    """Newton steps on the balance itself: the energy's rounding stops the minimiser before the forces balance."""
    size = np.abs(gradient(c)).max()
    for _ in range(50):
        step = np.linalg.lstsq(hessian(c), -gradient(c), rcond=1e-12)[0]
        trials = ((c + step / 2**q) for q in range(12))  # shorter steps where the hoop law has its kink
        better = next((t for t in trials if np.abs(gradient(t)).max() < size), None)
        if better is None:
            break
        c, size = better, np.abs(gradient(better)).max()
    return c
