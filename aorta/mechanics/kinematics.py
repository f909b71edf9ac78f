"""Deformation and Cauchy stress in UFL: the one place where a law's energy becomes a stress.

σ = 2/J dev(W1 b̄ + W2 (Ī1 b̄ - b̄²)) + κ (J - 1) I, with b̄ = J^(-2/3) F Fᵀ, Wi = ∂W/∂Īi and the
volumetric energy U = κ/2 (J - 1)² (Holzapfel 2000, section 6.4; there in terms of S). A family of
fibres of unit direction a0 in the unloaded shape adds 2/J dev(W1 b̄ + W4 ā ⊗ ā), ā = J^(-1/3) F a0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ufl

from aorta.mechanics.materials.law import Law

IDENTITY = ufl.Identity(3)


def gradient(displacement):
    """F = I + ∇u on the mesh the displacement lives on."""
    return IDENTITY + ufl.grad(displacement)


def unit(vector):
    """A vector divided by its length."""
    return vector / ufl.sqrt(ufl.dot(vector, vector))


def cauchy(F, law: Law, values: Mapping[str, object], mean_stress, fibres: Sequence = (), stiffening=None):
    """Cauchy stress (3, 3) in MPa of the total deformation gradient F; ``mean_stress`` is U'(J), or takes its place.

    ``fibres`` are unit directions in the unloaded shape, one per family, for laws that have fibres.
    ``stiffening`` (None: nowhere) is the shear modulus in MPa of a neo-Hookean solid that adds to the law.
    """
    J = ufl.det(F)
    b = J ** (-2.0 / 3.0) * F * F.T
    b2 = b * b
    i1 = ufl.variable(ufl.tr(b))
    i2 = ufl.variable((ufl.tr(b) ** 2 - ufl.tr(b2)) / 2)
    energy = law.energy(i1, i2, values)
    isochoric = 2 / J * (ufl.diff(energy, i1) * b + ufl.diff(energy, i2) * (ufl.tr(b) * b - b2))
    if stiffening is not None:
        isochoric += stiffening / J * b
    if law.aligned_energy is not None:
        isochoric += 2 / J * _aligned(F, J, law, values, fibres[0])
        fibres = ()
    for direction in fibres:
        stretched = J ** (-1.0 / 3.0) * F * direction
        i4 = ufl.variable(ufl.dot(stretched, stretched))
        energy = law.fibre_energy(i1, i4, values)
        isochoric += 2 / J * (ufl.diff(energy, i1) * b + ufl.diff(energy, i4) * ufl.outer(stretched, stretched))
    return ufl.dev(isochoric) + mean_stress * IDENTITY


def _aligned(F, J, law: Law, values: Mapping[str, object], direction):
    """Σ Wi ∂Īi/∂b̄ b̄ of an energy of Ī1, Ī2, Ī4 and Ī5 = ā·b̄ā (Holzapfel 2000, section 6.7)."""
    b = J ** (-2.0 / 3.0) * F * F.T
    stretched = J ** (-1.0 / 3.0) * F * direction
    pushed = b * stretched
    i1, i2 = ufl.variable(ufl.tr(b)), ufl.variable((ufl.tr(b) ** 2 - ufl.tr(b * b)) / 2)
    i4, i5 = ufl.variable(ufl.dot(stretched, stretched)), ufl.variable(ufl.dot(stretched, pushed))
    energy = law.aligned_energy(i1, i2, i4, i5, values)
    return (
        ufl.diff(energy, i1) * b
        + ufl.diff(energy, i2) * (ufl.tr(b) * b - b * b)
        + ufl.diff(energy, i4) * ufl.outer(stretched, stretched)
        + ufl.diff(energy, i5) * (ufl.outer(stretched, pushed) + ufl.outer(pushed, stretched))
    )


def pushed_normal(F, normal):
    """cof(F) N: the current area vector per unit area of the surface with normal N (Nanson)."""
    return ufl.det(F) * ufl.inv(F).T * normal
