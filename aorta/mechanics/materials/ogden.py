"""Ogden: powers of the principal stretches, up to three terms, with any real exponents - without eigenvalues.

Stress from eigenvalues is singular in form, though not in value, where two stretches are equal, as
they are in every unloaded place. But W is a sum of traces of powers of b̄, and these are smooth
functions of its invariants: with x the squares of the stretches and |α|/2 = n + s, n whole, 0 ≤ s < 1,

    xˢ = sin(πs)/π ∫₀^∞ tˢ⁻¹ x/(x + t) dt   ≈ Σ_j w_j x/(a_j x + b_j)

by Gauss-Jacobi quadrature in v = (1 - t)/(1 + t), a = 1 + v, b = 1 - v. This is the Padé approximant
of xˢ about 1: with 8 points the energy is right to 1e-8 for stretches between 0.6 and 1.6, and at rest
all derivatives to order 15 are exact. Σᵢ xᵢᵏ/(a xᵢ + b) is rational in the invariants because
x₁x₂x₃ = 1. Negative exponents are positive ones of b̄⁻¹, whose invariants are Ī2, Ī1. Whole s = 0
needs no approximation.
"""

from math import floor, pi, sin

import numpy as np

from aorta.mechanics.materials.law import Law, Parameter, ParameterSet

TERMS = (1, 2, 3)
POINTS = 8


def derive(values):
    """Per term with a modulus: ``power<p>`` n with the sign of α, and ``pade<p>`` (8, 3) rows w, a, b where s is not 0."""
    from scipy.special import roots_jacobi

    out = {}
    for p in TERMS:
        mu, alpha = values[f"mu{p}"], values[f"alpha{p}"]
        if mu == 0 or alpha == 0:
            continue
        half = abs(alpha) / 2
        n, s = floor(half), half - floor(half)
        out[f"power{p}"], out[f"inverse{p}"] = int(n), int(alpha < 0)
        if s > 1e-12:
            with np.errstate(all="ignore"):  # scipy divides by the sum of the exponents plus one, which is 0, and mends it
                v, w = roots_jacobi(POINTS, s - 1, -s)
            out[f"pade{p}"] = np.stack([2 * sin(pi * s) / pi * w, 1 + v, 1 - v], 1)
    return out


def power_sums(i1, i2, count):
    """Σ xᵢᵏ for k = 0 ... count, of numbers with x₁x₂x₃ = 1 (Newton's identities)."""
    sums = [3, i1, i1 * i1 - 2 * i2]
    while len(sums) <= count:
        sums.append(i1 * sums[-1] - i2 * sums[-2] + sums[-3])
    return sums


def energy(i1, i2, values):
    """W = Σp μp/αp (λ̄1^αp + λ̄2^αp + λ̄3^αp - 3)."""
    total = 0 * i1
    for p in TERMS:
        if f"power{p}" not in values:
            continue
        n = values[f"power{p}"]
        first, second = (i2, i1) if values[f"inverse{p}"] else (i1, i2)
        sums = power_sums(first, second, n + 2)
        if f"pade{p}" in values:
            table = values[f"pade{p}"]
            trace = 0
            for j in range(POINTS):
                w, a, b = table[j, 0], table[j, 1], table[j, 2]
                below = a**3 + a**2 * b * second + a * b**2 * first + b**3
                trace = trace + w * (a**2 * sums[n] + a * b * (first * sums[n + 1] - sums[n + 2]) + b**2 * sums[n + 1]) / below
        else:
            trace = sums[n]
        total = total + values[f"mu{p}"] / values[f"alpha{p}"] * (trace - 3)
    return total


def refuse(values):
    """Each term must stiffen (μα > 0: Hill's inequality), and one must be there."""
    wrong = [
        f"mu{p} = {values[f'mu{p}']:g} MPa with alpha{p} = {values[f'alpha{p}']:g}: their product must be above 0"
        for p in TERMS
        if values[f"mu{p}"] != 0 and not values[f"mu{p}"] * values[f"alpha{p}"] > 0
    ]
    return (*wrong, *(("all moduli are 0",) if not any(values[f"mu{p}"] for p in TERMS) else ()))


LAW = Law(
    name="ogden-1972",
    tissue="any; verification",
    energy=energy,
    shear_modulus=lambda values: 0.5 * sum(values[f"mu{p}"] * values[f"alpha{p}"] for p in TERMS),
    parameters=tuple(
        parameter
        for p in TERMS
        for parameter in (
            Parameter(f"mu{p}", "MPa", f"modulus of term {p}; 0 leaves the term out", low=-1e3, high=1e3),
            Parameter(f"alpha{p}", "1", f"exponent of term {p}", low=-30.0, high=30.0),
        )
    ),
    default=ParameterSet(
        {"mu1": 0.63, "alpha1": 1.3, "mu2": 0.0012, "alpha2": 5.0, "mu3": -0.01, "alpha3": -2.0},
        population="none: vulcanised natural rubber (Treloar's data), for verification",
        source="Ogden 1972, Proc R Soc Lond A 326:565 (6.3, 0.012 and -0.1 kg/cm², as 0.63, 0.0012 and -0.01 MPa; from memory)",
        verified=False,
    ),
    sets={
        "neo-hookean": ParameterSet(
            {"mu1": 0.348, "alpha1": 2.0, "mu2": 0.0, "alpha2": 2.0, "mu3": 0.0, "alpha3": 2.0},
            population="none: the shear modulus at rest of raghavan-vorp-2000",
            source="derived from Raghavan & Vorp 2000, J Biomech 33:475",
            verified=True,
        ),
    },
    equation="W = sum over p of mu_p/alpha_p (l1^alpha_p + l2^alpha_p + l3^alpha_p - 3), l the isochoric principal stretches",
    derive=derive,
    refuse=refuse,
)
