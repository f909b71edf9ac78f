"""Scalar measures of the Cauchy stress: first principal stress and von Mises stress.

``sigma_1 = max eigenvalue of sigma``; ``sigma_vM = sqrt(3/2 s:s)`` with the deviator ``s``.
Unit: that of the stress given. Valid for any symmetric stress tensor. Both are invariant under
rotation of the frame. Which of the two a rupture index uses differs between programs (first
principal: Vande Geest 2006, BioPARR; von Mises: A4clinics), so every number names its measure.
"""

from __future__ import annotations

import numpy as np

from aorta.records import Array

VOIGT = ((0, 3, 5), (3, 1, 4), (5, 4, 2))
"""Where xx, yy, zz, xy, yz, xz stand in the (3, 3) tensor."""


def tensors(voigt: Array) -> Array:
    """Symmetric tensors (..., 3, 3) of components (..., 6) in the order xx, yy, zz, xy, yz, xz."""
    return np.asarray(voigt, float)[..., np.array(VOIGT)]


def first_principal(voigt: Array) -> Array:
    """Largest eigenvalue (...) of stresses (..., 6), in their unit."""
    return np.linalg.eigvalsh(tensors(voigt))[..., -1]


def von_mises(voigt: Array) -> Array:
    """Von Mises stress (...) of stresses (..., 6), in their unit."""
    xx, yy, zz, xy, yz, xz = np.moveaxis(np.asarray(voigt, float), -1, 0)
    normal = 0.5 * ((xx - yy) ** 2 + (yy - zz) ** 2 + (zz - xx) ** 2)
    return np.sqrt(normal + 3.0 * (xy**2 + yz**2 + xz**2))
