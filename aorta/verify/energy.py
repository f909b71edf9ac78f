"""Stored energy of a solution in numpy, its nodal forces and its balance with the work of the pressure.

Only the law's energy as a number is used, at the deformation of the reported displacements; forces and stress are its central
differences. Nothing comes from the solver's forms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aorta.mechanics import balance, tet10
from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.registry import Material
from aorta.mechanics.supports import Support
from aorta.records import State, WallMesh

_STEP = 1e-6


@dataclass(frozen=True)
class Stored:
    """Energy of a mesh's tissues: ``fields`` as the laws need them, ``unloaded`` (n, 3) mm or None.

    In the mixed form the mean stress is not that of the volume at a point: it is taken as reported, and the
    energy is that of the change of shape plus p²/2κ.
    """

    mesh: WallMesh
    materials: Mapping[int, Material]
    fields: Mapping[str, np.ndarray]
    unloaded: np.ndarray | None
    mixed: bool = False

    def deformation(self, state: State) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """F (m, q, 3, 3) from the unloaded shape, I + ∇w, and the unloaded volume (m, q) of the points."""
        slopes, jacobian = tet10.physical_gradients(self.mesh.points[self.mesh.tets], tet10.GAUSS_4)

        def gradient(u):
            return np.eye(3) + np.einsum("mqnj,mni->mqij", slopes, u[self.mesh.tets], optimize=True)

        back = gradient(np.zeros_like(self.mesh.points) if self.unloaded is None else self.unloaded)
        volume = jacobian * tet10.GAUSS_4_WEIGHTS * np.linalg.det(back)
        return gradient(state.displacement_mm) @ np.linalg.inv(back), back, volume

    def density(self, F: np.ndarray, back: np.ndarray, volumetric: bool = True) -> np.ndarray:
        """(m, q) energy in MPa per unloaded volume."""
        J = np.linalg.det(F)
        C = np.swapaxes(F, -1, -2) @ F * J[..., None, None] ** (-2 / 3)
        i1 = np.trace(C, axis1=-2, axis2=-1)
        i2 = (i1**2 - np.einsum("mqij,mqji->mq", C, C)) / 2
        out = np.zeros_like(J)
        for region, tissue in self.materials.items():
            inside = self.mesh.region == region
            law, values = tissue.law, tissue.law.complete(tissue.values)
            values |= {name: self.fields[name][inside] for name in law.fields if name in self.fields}
            psi = law.energy(i1[inside], i2[inside], values)
            if law.fibre_energy is not None:
                angle = np.radians(values["angle"])
                around, along = (self.fields[name][inside] for name in fibres.FIELDS)
                for sign in (1, -1):
                    a = np.einsum("mqij,mqj->mqi", back[inside], np.cos(angle) * around + sign * np.sin(angle) * along)
                    a /= np.linalg.norm(a, axis=-1, keepdims=True)
                    psi = psi + law.fibre_energy(i1[inside], np.einsum("mqi,mqij,mqj->mq", a, C[inside], a), values)
            out[inside] = psi + (tissue.bulk_modulus / 2 * (J[inside] - 1) ** 2 if volumetric else 0.0)
        return out

    def total(self, state: State) -> float:
        """Stored energy in N mm."""
        F, back, volume = self.deformation(state)
        density = self.density(F, back, not self.mixed)
        if self.mixed:
            mean = state.cauchy_quadrature_MPa[..., :3].mean(-1)
            for region, tissue in self.materials.items():
                inside = self.mesh.region == region
                density[inside] += mean[inside] ** 2 / (2 * tissue.bulk_modulus)
        return float((density * volume).sum())

    def forces(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) nodal forces in N and (m, q, 6) Cauchy stress in MPa: central differences of the energy in F."""
        F, back, volume = self.deformation(state)
        first = np.empty_like(F)
        for i in range(3):
            for j in range(3):
                step = np.zeros((3, 3))
                step[i, j] = _STEP
                apart = self.density(F + step, back, not self.mixed) - self.density(F - step, back, not self.mixed)
                first[..., i, j] = apart / (2 * _STEP)
        J = np.linalg.det(F)[..., None, None]
        cauchy = first @ np.swapaxes(F, -1, -2) / J
        if self.mixed:
            cauchy = cauchy + state.cauchy_quadrature_MPa[..., :3].mean(-1)[..., None, None] * np.eye(3)
        slopes, _ = tet10.physical_gradients((self.mesh.points + state.displacement_mm)[self.mesh.tets], tet10.GAUSS_4)
        nodal = np.einsum("mqij,mqnj,mq->mni", cauchy, slopes, volume * J[..., 0, 0], optimize=True)
        flat = self.mesh.tets.ravel()
        gathered = np.stack([np.bincount(flat, nodal[..., i].ravel(), len(self.mesh.points)) for i in range(3)], 1)
        return gathered, np.stack([cauchy[..., i, j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))], -1)

    def work_error(self, states: Sequence[State], facets: str, supports: Sequence[Support]) -> float:
        """Share by which the pressure's work along equally spaced pressures differs from what tissues and springs store.

        Displacements and forces are polynomials of the pressure through the states, five of them: their work is exact then.
        """
        pressure = np.array([state.pressure_MPa for state in states])
        s = (pressure - pressure[0]) / (pressure[-1] - pressure[0])
        x, w = np.polynomial.legendre.leggauss(2 * len(s))
        x, w = (x + 1) / 2, w / 2
        powers = np.linalg.inv(np.vander(s, increasing=True))  # coefficients of the polynomial through values at s
        value = np.vander(x, len(s), increasing=True) @ powers
        slope = (np.vander(x, len(s), increasing=True)[:, :-1] * np.arange(1, len(s))) @ powers[1:]
        moved = np.array([state.displacement_mm for state in states])
        load = np.array([balance.pressure_forces(self.mesh, state, facets) for state in states])
        work = np.einsum("x,xa,xb,ani,bni->", w, value, slope, load, moved, optimize=True)
        stored = sum(
            sign * (self.total(state) + self.springs(state, supports)) for sign, state in ((1, states[-1]), (-1, states[0]))
        )
        return float(abs(work - stored) / max(abs(work), abs(stored)))

    def springs(self, state: State, supports: Sequence[Support]) -> float:
        """Energy of elastic supports in N mm: ½ ∫ kn (d·n)² + kt |d - (d·n)n|² over the imaged area, d from the unloaded shape."""
        moved, total = state.displacement_mm - (0 if self.unloaded is None else self.unloaded), 0.0
        value, slope = tet10.triangle_shape(tet10.TRIANGLE_6)
        for support in supports:
            triangles = self.mesh.facets[support.facets]
            tangents = np.einsum("fni,qnj->fqij", self.mesh.points[triangles], slope)
            area = np.cross(tangents[..., 0], tangents[..., 1])
            size = np.linalg.norm(area, axis=-1)
            d = np.einsum("qn,fni->fqi", value, moved[triangles])
            across = np.einsum("fqi,fqi->fq", d, area / size[..., None])
            density = support.normal * across**2 + support.tangential * ((d**2).sum(-1) - across**2)
            total += float((density / 2 * size * tet10.TRIANGLE_6_WEIGHTS).sum())
        return total
