"""The volumetric part of the stress, in both formulations, from one energy U(J) = κ/2 (J - 1)².

``displacement``: the mean stress is κ (J - 1) at every point. ``mixed``: it is an unknown p, tied to the
volume in the mean over the shape functions q of each corner (perturbed Lagrangian; Sussman & Bathe 1987,
Comput Struct 26:357),

    ∫ q (J - 1 - p/κ) dV = 0    over the unloaded volume dV,

so that both have the same exact solution for every κ; the second holds for 1/κ = 0, too. Rows and unknowns
of p are in units of the tissue's shear modulus, which makes them of the size of the displacements' and
keeps the matrix symmetric.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from dolfinx import fem

from aorta.mechanics.materials.registry import Material
from aorta.mechanics.unknowns import Unknowns

NOWHERE: Mapping[int, object] = {}


class MeanStress:
    """Mean stress of each region and, where it is an unknown, the equation for it.

    ``stiffer`` are regions' factors of the bulk modulus, from place to place (``structures/inclusions.py``).
    """

    def __init__(self, unknowns: Unknowns, mesh, materials: Mapping[int, Material], stiffer: Mapping[int, object] = NOWHERE):
        def constants(values):
            return {region: fem.Constant(mesh, np.float64(value)) for region, value in values.items()}

        self._unknowns, self._stiffer = unknowns, stiffer
        self._bulk = constants({region: m.bulk_modulus for region, m in materials.items()})
        self._compliance = constants({region: m.shear_modulus / m.bulk_modulus for region, m in materials.items()})
        self._unit = constants({region: m.shear_modulus for region, m in materials.items()})

    def of(self, region: int, function, J):
        """Mean stress in MPa, positive in tension, of the state that ``function`` holds; J is its volume ratio."""
        if self._unknowns.mixed:
            return self._unit[region] * self._unknowns.pressure_of(function, region)
        bulk = self._bulk[region]
        return (bulk * self._stiffer[region] if region in self._stiffer else bulk) * (J - 1)

    def _softness(self, region: int):
        """Shear modulus of the tissue over the bulk modulus there."""
        own = self._compliance[region]
        return own / self._stiffer[region] if region in self._stiffer else own

    def volume_ratio(self, region: int, function, J):
        """The volume ratio that belongs to the mean stress."""
        if self._unknowns.mixed:
            return 1 + self._softness(region) * self._unknowns.pressure_of(function, region)
        return J

    def equation(self, region: int, function, J, test):
        """Integrand over the unloaded volume of the equation for p."""
        p, q = (self._unknowns.pressure_of(f, region) for f in (function, test))
        return self._unit[region] * q * (J - 1 - self._softness(region) * p)
