"""Radial force of a zig-zag ring against its diameter: struts of superelastic wire that bend.

A ring with n peaks is a chain of 2 n struts of length L, joined at stiff apices. Compressed from
its free diameter D0 to D, each strut turns from the angle phi0 to phi (from the vessel's axis),
``sin phi = pi D / (2 n L)``, and bends to an S: two cantilevers of length L/2 joined at their tips,
with the moment M0 at each apex. Virtual work over the turn gives the hoop force

    T = 2 M0 / (L cos phi),

and the sum of the radial forces is ``F = 2 pi T``; on a height h it is a pressure ``T / (R h)``. For
elastic wire ``M0 = 6 E I (phi0 - phi) / L`` (clamped-guided beam).

The wire is superelastic. A ring released from its sheath unloads, so fibres follow the lower
(unloading) path of the loop: elastic with E up to the lower plateau, then with the plateau's slope
s E. The moment of a round wire of radius a at curvature k is, with ky = plateau / (E a) and
c = ky / k < 1,

    M = s E I k + (1 - s) E I ky * (2 / pi) * [ asin(c) / c + (5 - 2 c^2) sqrt(1 - c^2) / 3 ]

(integral of the stress over the circle), and the chord rotation of the cantilever follows by
integrating the curvature along it. Without slope the bend would collapse to a hinge.

Left out: bends of the apices, overlap of the struts, hysteresis between loading and unloading.
Material, all **unverified** (commonly used nitinol values): E = 50 GPa, lower plateau 200 MPa
with a slope of 2 GPa, up to 6 % strain. Tension above the free diameter is carried by the fabric sewn to the ring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from aorta.errors import StentError

MODULUS_MPA = 50_000.0
PLATEAU_MPA = 200.0
PLATEAU_SLOPE = 0.04
STRAIN_LIMIT = 0.06
POISSON = 0.3
FABRIC_N = 450.0
"""Tension per unit strain of the fabric: about 500 MPa x 0.1 mm x 9 mm (woven polyester, unverified)."""
_XI, _WEIGHT = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True)
class ZigZagRing:
    """A ring at rest.

    Parameters
    ----------
    free_diameter_mm, height_mm, wire_diameter_mm : float
    peaks : int
    modulus_MPa, plateau_MPa : float
        Of the wire; a plateau never reached is an elastic wire.
    plateau_slope : float
        Modulus beyond the plateau over the modulus below, 0 < s <= 1.
    """

    free_diameter_mm: float
    height_mm: float
    peaks: int
    wire_diameter_mm: float
    modulus_MPa: float = MODULUS_MPA
    plateau_MPa: float = PLATEAU_MPA
    plateau_slope: float = PLATEAU_SLOPE

    def __post_init__(self) -> None:
        positive = (
            self.free_diameter_mm,
            self.height_mm,
            self.wire_diameter_mm,
            self.modulus_MPa,
            self.plateau_MPa,
            self.plateau_slope,
        )
        if min(positive) <= 0 or self.plateau_slope > 1 or self.peaks < 3:
            raise StentError("A stent ring needs positive dimensions and at least three peaks.", where="stent catalogue")

    @property
    def strut_length_mm(self) -> float:
        """Length of one strut, kept in compression."""
        return float(np.hypot(self.height_mm, np.pi * self.free_diameter_mm / (2 * self.peaks)))

    @property
    def bending_stiffness_Nmm2(self) -> float:
        """E I of the round wire."""
        return self.modulus_MPa * np.pi * self.wire_diameter_mm**4 / 64.0

    @property
    def smallest_diameter_mm(self) -> float:
        """Where the wires of neighbouring struts touch: 2 n wires side by side."""
        return 2 * self.peaks * self.wire_diameter_mm / np.pi

    def angle(self, diameter_mm: float) -> float:
        """Angle of the struts from the vessel's axis, rad."""
        return float(np.arcsin(min(np.pi * diameter_mm / (2 * self.peaks * self.strut_length_mm), 1.0)))

    def height_at_mm(self, diameter_mm: float) -> float:
        """Height of the ring at a diameter."""
        return self.strut_length_mm * float(np.cos(self.angle(diameter_mm)))

    def hoop_force_N(self, diameter_mm: float) -> float:
        """Compression T in the ring, N; negative (tension of the fabric) above the free diameter."""
        if diameter_mm >= self.free_diameter_mm:
            return -FABRIC_N * (diameter_mm / self.free_diameter_mm - 1.0)
        turn = self.angle(self.free_diameter_mm) - self.angle(diameter_mm)
        return 2.0 * self._moment(self._apex_curvature(turn)) / (self.strut_length_mm * np.cos(self.angle(diameter_mm)))

    def radial_force_N(self, diameter_mm: float) -> float:
        """Sum of radial forces on the vessel, 2 pi T, N; 0 above the free diameter."""
        return max(2.0 * np.pi * self.hoop_force_N(diameter_mm), 0.0)

    def peak_strain(self, diameter_mm: float) -> float:
        """Largest strain of the wire, at the apices."""
        turn = self.angle(self.free_diameter_mm) - self.angle(min(diameter_mm, self.free_diameter_mm))
        return self._apex_curvature(turn) * self.wire_diameter_mm / 2.0

    def ovalisation_stiffness_Nmm2(self, diameter_mm: float) -> float:
        """Bending stiffness of the ring as a curve around the vessel.

        A moment about the vessel's axis passes through all struts in series; on a strut at the
        angle phi it bends with sin(phi) and twists with cos(phi):
        ``sin / (sin^2 / EI + cos^2 / GJ)``, with GJ = EI / (1 + nu) for a round wire.
        """
        phi = self.angle(diameter_mm)
        return self.bending_stiffness_Nmm2 * np.sin(phi) / (np.sin(phi) ** 2 + (1.0 + POISSON) * np.cos(phi) ** 2)

    @property
    def _yield_curvature(self) -> float:
        """Curvature at which the outermost fibre reaches the plateau, 1/mm."""
        return self.plateau_MPa / (self.modulus_MPa * self.wire_diameter_mm / 2.0)

    def _moment(self, curvature: np.ndarray | float) -> np.ndarray | float:
        """Bending moment of the wire in N mm at a curvature >= 0 in 1/mm."""
        stiffness, limit = self.bending_stiffness_Nmm2, self._yield_curvature
        c = np.minimum(limit / np.maximum(curvature, 1e-300), 1.0)
        flat = stiffness * limit * (2.0 / np.pi) * (np.arcsin(c) / c + (5.0 - 2.0 * c**2) * np.sqrt(1.0 - c**2) / 3.0)
        elastic = stiffness * np.asarray(curvature, float)
        return np.where(c < 1.0, self.plateau_slope * elastic + (1.0 - self.plateau_slope) * flat, elastic)[()]

    def _turn(self, curvature: float) -> float:
        """Chord rotation, rad, of a strut whose apices have this curvature."""
        apex = self._moment(curvature)
        if apex == 0.0:
            return 0.0
        # l (k0/2 - 1/(2 M0^2) int_0^k0 M^2 dk): the integral of k(M) M dM by parts, elastic part in closed form
        elastic = min(curvature, self._yield_curvature)
        k = elastic + (curvature - elastic) * (_XI + 1.0) / 2.0
        integral = self.bending_stiffness_Nmm2**2 * elastic**3 / 3.0
        integral += (curvature - elastic) / 2.0 * float(np.sum(_WEIGHT * self._moment(k) ** 2))
        return self.strut_length_mm / 2.0 * (curvature / 2.0 - integral / (2.0 * apex**2))

    def _apex_curvature(self, turn: float) -> float:
        """The curvature at the apices that gives a chord rotation >= 0."""
        if turn <= 0.0:
            return 0.0
        elastic = 6.0 * turn / self.strut_length_mm
        if elastic * self.wire_diameter_mm / 2.0 * self.modulus_MPa <= self.plateau_MPa:
            return elastic
        upper = elastic
        while self._turn(upper) < turn:
            upper *= 2.0
            if upper * self.wire_diameter_mm > 2.0:  # strain over 100 %: no such ring
                raise StentError(
                    "The stent ring cannot be compressed that far.", where="ring law", why=f"strut turns by {turn:.2f} rad"
                )
        return float(brentq(lambda k: self._turn(k) - turn, elastic / 2.0, upper, xtol=1e-14))


def law(ring: ZigZagRing, count: int = 41) -> dict[str, np.ndarray]:
    """``diameter_mm`` and ``radial_force_N`` (count,) from 60 % of the free diameter up to it."""
    low = max(0.6 * ring.free_diameter_mm, ring.smallest_diameter_mm)
    diameter = np.linspace(low, ring.free_diameter_mm, count)
    return {"diameter_mm": diameter, "radial_force_N": np.array([ring.radial_force_N(d) for d in diameter])}
