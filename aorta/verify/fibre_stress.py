"""Laws with fibres, independently of the solver: second Piola-Kirchhoff stress in numpy.

S = J^(-2/3) Dev S̄ + κ J (J-1) C⁻¹, S̄ = 2 W1 I + 2 Σ W4 a0⊗a0, Dev X = X - (X:C)/3 C⁻¹ (Holzapfel 2000, 6.4);
the solver works with b̄ and the Cauchy stress.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import root


@dataclass(frozen=True)
class Fibred:
    """W = c/2 (Ī1-3) + k1/(2 k2) Σ {exp[k2 ⟨κ(Ī1-3) + (1-3κ)(Ī4-1)⟩²] - 1}; MPa, angle in degrees from direction 0 towards 1.

    ``kappa`` 0 is Holzapfel, Gasser & Ogden 2000, else Gasser, Ogden & Holzapfel 2006.
    """

    c: float
    k1: float
    k2: float
    angle: float
    kappa: float = 0.0

    def directions(self) -> np.ndarray:
        """(2, 3) unit vectors of the two families in axes (circumferential, axial, radial)."""
        t = np.radians(self.angle)
        return np.array([[np.cos(t), np.sin(t), 0.0], [np.cos(t), -np.sin(t), 0.0]])

    def slopes(self, i1: float, i4: float) -> tuple[float, float]:
        """∂W/∂Ī1 and ∂W/∂Ī4 of one family."""
        strain = max(self.kappa * (i1 - 3) + (1 - 3 * self.kappa) * (i4 - 1), 0.0)
        force = self.k1 * strain * np.exp(self.k2 * strain**2)
        return self.kappa * force, (1 - 3 * self.kappa) * force

    def cauchy(self, F: np.ndarray, bulk: float, directions: np.ndarray | None = None) -> np.ndarray:
        """(3, 3) Cauchy stress of F (3, 3)."""
        J, C = np.linalg.det(F), F.T @ F
        inverse = np.linalg.inv(C)
        isochoric = J ** (-2 / 3) * C
        stress = self.c * np.eye(3)
        for a in self.directions() if directions is None else directions:
            w1, w4 = self.slopes(np.trace(isochoric), a @ isochoric @ a)
            stress += 2 * w1 * np.eye(3) + 2 * w4 * np.outer(a, a)
        second = J ** (-2 / 3) * (stress - np.sum(stress * C) / 3 * inverse) + bulk * J * (J - 1) * inverse
        return F @ second @ F.T / J

    def principal(self, stretches: Sequence[float], bulk: float) -> np.ndarray:
        """(3,) circumferential, axial, radial Cauchy stress of such stretches."""
        return np.diag(self.cauchy(np.diag(stretches), bulk))

    def pulled(self, stretch: float | Sequence[float], axes: tuple[int, ...], bulk: float) -> tuple[np.ndarray, np.ndarray]:
        """Stresses (3,) and stretches (3,) where some axes have a given stretch and the others are free of stress."""
        free = [axis for axis in range(3) if axis not in axes]
        stretches = np.ones(3)
        stretches[list(axes)] = stretch

        def rest(x):
            stretches[free] = x
            return self.principal(stretches, bulk)[free]

        guess = np.full(len(free), stretches[list(axes)].prod() ** (-1 / len(free)))
        stretches[free] = root(rest, root(rest, guess).x, options={"xtol": 1e-15}).x
        return self.principal(stretches, bulk), stretches.copy()
