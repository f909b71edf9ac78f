"""States of equilibrium, and the mesh refined for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aorta.records.base import Array
from aorta.records.finding import Finding
from aorta.records.mesh import WallMesh


@dataclass(frozen=True)
class State:
    """Equilibrium at one pressure, on the mesh's nodes and at its quadrature points.

    Parameters
    ----------
    name : str
        "imaging", "systole"; with ``cycle:`` also "diastole", "mean" and "wave_00" ... along a waveform.
    displacement_mm : (n, 3) float
        From the imaged position.
    cauchy_quadrature_MPa : (m, q, 6) float
        xx, yy, zz, xy, yz, xz at the q quadrature points of each tetrahedron. With four of them (the rule
        of degree 2), they are nearest to vertices 1, 2, 3, 0 in this order.
    quadrature_volume_mm3 : (m, q) float
        The deformed volume each of these points stands for.
    cauchy_nodal_MPa : (n, 6) float
        Recovered at the nodes by projection within each region (at nodes shared by wall and
        thrombus: the wall's); quadratic within an element.
    time_s : float or None
        Within the heart beat, of a state along a waveform.
    velocity_mm_per_s : (n, 3) float or None
        Of a state along a waveform where tissue with damping surrounds the vessel.
    green_lagrange_nodal : (n, 6) float or None
        Strain of the way from the unloaded shape, along that shape's (LPS) axes: xx, yy, zz, xy, yz, xz,
        components of the tensor. None where displacements mean nothing.
    volume_ratio_nodal : (n,) float or None
        J of the same way.
    reaction_N : (n, 3) float or None
        Force of rigid supports on each node, as the solver's own forms give it (not from the stress above); 0 where none acts.
    """

    name: str
    pressure_MPa: float
    displacement_mm: Array
    cauchy_quadrature_MPa: Array
    quadrature_volume_mm3: Array
    cauchy_nodal_MPa: Array
    time_s: float | None = None
    green_lagrange_nodal: Array | None = None
    volume_ratio_nodal: Array | None = None
    velocity_mm_per_s: Array | None = None
    reaction_N: Array | None = None


@dataclass(frozen=True)
class Solution:
    """All states of one vessel.

    Parameters
    ----------
    unloaded_displacement_mm : (n, 3) float or None
        Imaged node + this = node of the stress-free shape; None without prestress.
    history : tuple of mapping
        One entry per Newton iteration: phase, load factor, iteration, residual, Krylov iterations.
    formulation : str
        As the settings': "displacement" or "mixed".
    """

    states: tuple[State, ...]
    unloaded_displacement_mm: Array | None
    history: tuple[Mapping[str, float | int | str], ...] = ()
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
    formulation: str = "displacement"

    def state(self, name: str) -> State | None:
        """The state of this name, or None."""
        return next((s for s in self.states if s.name == name), None)


@dataclass(frozen=True)
class Refined:
    """A mesh made finer until its stress was as accurate as asked, and its solution: they replace the first ones.

    Parameters
    ----------
    own : tuple of Finding
        Rounds and accuracy; beside those of mesh and solution.
    """

    mesh: WallMesh
    solution: Solution
    own: tuple[Finding, ...] = ()

    @property
    def reached(self) -> bool:
        """Whether the accuracy was."""
        return all(finding.valid for finding in self.own)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that now counts."""
        return (*self.mesh.findings, *self.own, *self.solution.findings)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Of mesh and solution."""
        return (*self.mesh.cautions, *self.solution.cautions)
