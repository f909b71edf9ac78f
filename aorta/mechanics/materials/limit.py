"""Whether a law has a limit pressure: what a thin closed membrane of it bears at most.

A thin sphere of radius R and wall t, stretched by λ, is in equilibrium at p = (t/R) W'(λ) / λ² (incompressible; Holzapfel 2000,
section 6.2). Where that rises for good, a vessel has an equilibrium at every pressure, though perhaps at a very
different shape; where it falls, as of rubber beyond λ = 7^(1/6), there may be none.
"""

from __future__ import annotations

import numpy as np

from aorta.mechanics.materials.registry import Material

FARTHEST = 1.6
"""Stretch up to which it is followed: no artery is stretched further, and Ogden's approximants hold no further."""
_CROSSING = 0.1
"""Sine of the angle between two families below which they count as one."""


def limit_stretch(material: Material) -> float | None:
    """The stretch at which a thin sphere of the wall's law bears most; None where it still bears more at the farthest."""
    stretch = np.linspace(1.0, FARTHEST, 601)
    with np.errstate(over="ignore", invalid="ignore"):  # exponentials
        pressure = np.gradient(_energy(material, stretch), stretch) / stretch**2
    pressure = pressure[np.isfinite(pressure)]
    highest = int(np.argmax(pressure))
    return None if highest == len(pressure) - 1 else float(stretch[highest])


def limit_told(material: Material, inverse: bool) -> str:
    """What is known beforehand of an equilibrium that was not found, "" if nothing.

    Of a law with one direction, or two that are nearly the same, a sphere says nothing: across it nothing stiffens.
    """
    if inverse:
        return "not every shape is that of some vessel under this pressure"
    crossing = abs(np.sin(2 * np.radians(material.values.get("angle", 45.0)))) > _CROSSING
    if material.law.aligned_energy is not None or "depth" in material.law.fields or not crossing:
        return ""
    most = limit_stretch(material)
    if most is None:
        return "there is one, since the wall's law stiffens for good: these steps did not reach it, it may be far off"
    return f"there may be none, since a thin sphere of the wall's law bears no more beyond a stretch of {most:.2f}"


def _energy(material: Material, stretch: np.ndarray) -> np.ndarray:
    """W in MPa of a membrane stretched alike in all its directions."""
    law, values = material.law, material.law.complete(material.values)
    i1, i2, i4 = 2 * stretch**2 + stretch**-4, stretch**4 + 2 * stretch**-2, stretch**2
    energy = law.energy(i1, i2, values)
    if law.fibre_energy is not None:
        energy = energy + 2 * law.fibre_energy(i1, i4, values)
    if law.aligned_energy is not None:
        energy = energy + law.aligned_energy(i1, i2, i4, i4**2, values)
    return energy
