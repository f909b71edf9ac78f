"""A manufactured solution: a smooth deformation chosen first, its body force and tractions derived, and found again.

The Cauchy stress of the chosen deformation is written in numpy; its divergence is differentiated to
rounding by complex steps (Squire & Trapp 1998), so that nothing is typed by hand:
b = -Div P on the undeformed cube, t = P N on three of its faces, P = J σ F⁻ᵀ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.mechanics.materials.registry import Material
from aorta.mechanics.supports import Prescribed
from aorta.records import WallMesh
from aorta.verify import closed_forms as exact
from aorta.verify import dead_loads, solving
from aorta.verify import reference_meshes as meshes
from aorta.verify.check import Check, rate

_STEP = 1e-30
_TWINS = {"neo-hookean": exact.neo_hookean(), "raghavan-vorp-2000": exact.raghavan_vorp()}
_THEORY = "h{}, quadratic (Ciarlet 1978)"
_LOADED = ("x1", "y1", "z1")


@dataclass(frozen=True)
class Chosen:
    """x = X + two shears of constant volume + a change of volume of ``swelling`` / κ, so that the mean stress is of order one."""

    law: str
    bulk: float
    swelling: float = 0.1

    def displacement(self, X: np.ndarray) -> np.ndarray:
        """(k, 3) in mm at (k, 3); takes complex places."""
        x, y, z = X.T
        small = self.swelling / self.bulk
        first = 0.12 * np.sin(2 * y + 0.5) * np.cos(1.5 * z) + small * np.sin(1.7 * x + 0.3) * np.cos(y)
        second = 0.1 * np.sin(2.2 * z + 0.2) + small * np.sin(x + 1.3 * y)
        return np.stack([first, second, small * np.cos(x - z)], -1)

    def gradient(self, X: np.ndarray) -> np.ndarray:
        """(k, 3, 3) F = I + ∂u/∂X; takes complex places."""
        x, y, z = X.T
        s, none = self.swelling / self.bulk, np.zeros_like(x)
        sheared = [
            [none, 0.24 * np.cos(2 * y + 0.5) * np.cos(1.5 * z), -0.18 * np.sin(2 * y + 0.5) * np.sin(1.5 * z)],
            [none, none, 0.22 * np.cos(2.2 * z + 0.2)],
            [none, none, none],
        ]
        swollen = [
            [1.7 * np.cos(1.7 * x + 0.3) * np.cos(y), -np.sin(1.7 * x + 0.3) * np.sin(y), none],
            [np.cos(x + 1.3 * y), 1.3 * np.cos(x + 1.3 * y), none],
            [-np.sin(x - z), none, np.sin(x - z)],
        ]
        return np.eye(3) + np.moveaxis(np.array(sheared) + s * np.array(swollen), -1, 0)

    def cauchy(self, X: np.ndarray) -> np.ndarray:
        """(k, 3, 3) σ = 2/J dev[W1 b̄] + κ (J-1) I in MPa."""
        F = self.gradient(X)
        J = np.linalg.det(F)[:, None, None]
        b = J ** (-2 / 3) * F @ np.swapaxes(F, 1, 2)
        i1 = np.trace(b, axis1=1, axis2=2)
        w1 = _TWINS[self.law](i1, 0.0)[0] * np.ones_like(i1)
        deviator = b - i1[:, None, None] / 3 * np.eye(3)
        return 2 / J * w1[:, None, None] * deviator + self.bulk * (J - 1) * np.eye(3)

    def first_piola(self, X: np.ndarray) -> np.ndarray:
        """(k, 3, 3) P = J σ F⁻ᵀ in MPa."""
        F = self.gradient(X)
        return np.linalg.det(F)[:, None, None] * self.cauchy(X) @ np.swapaxes(np.linalg.inv(F), 1, 2)

    def body_force(self, X: np.ndarray) -> np.ndarray:
        """(k, 3) -Div P in N/mm³."""
        steps = (self.first_piola(X + 1j * _STEP * np.eye(3)[j])[:, :, j].imag / _STEP for j in range(3))
        return -sum(steps)

    def traction(self, X: np.ndarray, N: np.ndarray) -> np.ndarray:
        """(k, 3) P N in MPa."""
        return np.einsum("kij,kj->ki", self.first_piola(X), N)


@dataclass(frozen=True)
class Errors:
    """Root mean square over the volume: displacement over displacement, stress and mean stress over stress."""

    displacement: float
    stress: float
    mean_stress: float


def problem(chosen: Chosen, cells: int) -> tuple[WallMesh, Prescribed, np.ndarray]:
    """A distorted unit cube, the displacements given on three faces, and the nodal forces (n, 3) in N."""
    mesh = meshes.box((cells,) * 3, distort=0.15)
    held = np.zeros(mesh.points.shape, bool)
    held[np.unique(np.concatenate([mesh.facets[f"{axis}0"] for axis in "xyz"]))] = True
    forces = dead_loads.body_forces(mesh, chosen.body_force)
    for facets in _LOADED:
        forces += dead_loads.tractions(mesh, facets, chosen.traction)
    return mesh, Prescribed(held, chosen.displacement(mesh.points)), forces


def errors(chosen: Chosen, cells: int, formulation: str = "displacement") -> Errors:
    """Solve on ``cells``³ cells and compare."""
    mesh, prescribed, forces = problem(chosen, cells)
    what = solving.body(
        mesh,
        wall=Material(solving.wall_law(chosen.law, 1e4).law, solving.wall_law(chosen.law, 1e4).values, chosen.bulk),
        prescribed=prescribed,
        forces=forces,
        formulation=formulation,
    )
    state, newton = solving.inflate(what, 0.0, first_step=1.0, start=prescribed.values)
    newton.release()
    points, weights = dead_loads.tetrahedron_rule()
    places = dead_loads.at_points(mesh, mesh.points, points)
    off = dead_loads.at_points(mesh, state.displacement_mm, points).reshape(-1, 3) - chosen.displacement(places.reshape(-1, 3))
    measure = (np.abs(np.linalg.det(mesh.points[mesh.tets[:, 1:4]] - mesh.points[mesh.tets[:, :1]]))[:, None] * weights).ravel()
    size = np.sqrt(measure @ (chosen.displacement(places.reshape(-1, 3)) ** 2).sum(1))
    at = solving.quadrature_places(mesh)
    true = chosen.cauchy(at.reshape(-1, 3)).reshape(*at.shape, 3)
    wrong, volume = state.cauchy_quadrature_MPa[..., solving.TENSOR] - true, state.quadrature_volume_mm3
    scale = np.sqrt((volume * (true**2).sum((-1, -2))).sum())
    mean = np.trace(wrong, axis1=-2, axis2=-1) / 3
    return Errors(
        float(np.sqrt(measure @ (off**2).sum(1)) / size),
        float(np.sqrt((volume * (wrong**2).sum((-1, -2))).sum()) / scale),
        float(np.sqrt((volume * 3 * mean**2).sum()) / scale),
    )


def solution(law: str, formulation: str, ratio: float) -> tuple[Check, ...]:
    """Errors on the finest of three meshes of a distorted cube, and rates between the finest two.

    Where the bulk modulus is large the displacement form's mean stress is worse than its rate (docs/theory/mechanics.md),
    which is why the mixed form exists: only that is asked for rates there.
    """
    name = f"manufactured solution, {law}, {formulation} form, bulk/shear {ratio:g}"
    chosen = Chosen(law, ratio * solving.wall_law(law, 1e4).shear_modulus)
    _, coarse, fine = (errors(chosen, cells, formulation) for cells in (2, 4, 8))
    source = "the chosen deformation"
    return (
        Check(name, "displacement, root mean square", fine.displacement, 2e-4, "share", source),
        Check(name, "stress, root mean square", fine.stress, 6e-3, "share", source),
        rate(name, "rate of displacement", float(np.log2(coarse.displacement / fine.displacement)), 3.0, _THEORY.format("³")),
        rate(name, "rate of stress", float(np.log2(coarse.stress / fine.stress)), 2.0, _THEORY.format("²")),
    )
