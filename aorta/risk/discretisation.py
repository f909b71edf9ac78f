"""How far the 99th percentile of stress is off for the mesh's sake: three readings of one solution.

The percentile is reported from the stress at the quadrature points. Two other readings of the same
solution are made over whole elements, at the middles of equal parts of each: of the recovered stress,
continuous and quadratic (in the sense of Zienkiewicz & Zhu 1987, whose estimate is the difference
of recovered and raw stress), and of the raw stress, linear through an element's four points. The
first differs where stress jumps or ripples from element to element, the second where it is steep
within one (bending and curvature through the wall, of which four points miss the faces). On an ever
finer mesh all three agree. The larger difference, over the reported value, is the estimate. Measured
against finer meshes in docs/theory/mesh.md. It says nothing of the shape, which a mesh also rounds, nor of a solution that
is smooth and wrong: a mixed formulation on a bare aneurysm is off by three times the estimate with one layer, by six times
with two. Unless finer meshes have shown how far it is off (``mesh.accuracy``), its finding is cautioned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records import Array, Finding, Solution, State, WallMesh, withheld
from aorta.risk.patch import BARYCENTRIC
from aorta.risk.percentile import weighted_percentile
from aorta.risk.stress import first_principal

NAME = "wall_stress_p99_discretisation_error_percent"
SOURCE = "Zienkiewicz & Zhu 1987, Int J Numer Methods Eng 24:337, applied to a percentile"
BOUND = 0.05
"""Share above which the percentile is cautioned: a choice of ours, below what the wall's unknown thickness makes of stress."""
_PERCENT, _NEAR = 99.0, 0.85
_HALVINGS = 2
_CHUNK = 4096
_EDGES = ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3))


@dataclass(frozen=True)
class Readings:
    """The percentile in MPa by each reading, and per element of ``elements`` how far recovered and raw stress differ.

    Parameters
    ----------
    elements : (e,) int
    difference_MPa : (e,) float
        Root mean square over the element's quadrature points, of the first principal stress.
    stress_MPa : (e,) float
        Largest first principal stress at the element's quadrature points.
    """

    reported: float
    recovered: float
    extrapolated: float
    elements: Array
    difference_MPa: Array
    stress_MPa: Array

    @property
    def error(self) -> float:
        """Share of the reported value."""
        return max(abs(self.recovered - self.reported), abs(self.extrapolated - self.reported)) / abs(self.reported)


def read_percentile(mesh: WallMesh, state: State, elements: Array) -> Readings | None:
    """Read the percentile over some elements (e,) in three ways; None where the four-point rule was not used."""
    raw, volume = state.cauchy_quadrature_MPa[elements], state.quadrature_volume_mm3[elements]
    if raw.shape[1] != 4:
        return None
    nodal = state.cauchy_nodal_MPa[mesh.tets[elements]]
    recovered = np.einsum("qn,enc->eqc", quadratic(BARYCENTRIC), nodal)
    at_points = first_principal(raw)
    reported = weighted_percentile(at_points, volume, _PERCENT)
    difference = np.sqrt(np.mean((first_principal(recovered) - at_points) ** 2, axis=1))

    # what stays below at the points and the nodes has no say in a percentile above
    highest = np.maximum(at_points.max(axis=1), first_principal(nodal).max(axis=1))
    near = highest >= _NEAR * reported
    places = middles(_HALVINGS)
    linear = places @ np.linalg.inv(BARYCENTRIC)

    def over_elements(values: Array, weights: Array) -> float:
        parts = np.array_split(np.flatnonzero(near), max(1, int(near.sum()) // _CHUNK))
        inside = np.concatenate([first_principal(np.einsum("pn,enc->epc", weights, values[part])).ravel() for part in parts])
        shares = np.concatenate([np.repeat(volume[part].sum(axis=1) / len(weights), len(weights)) for part in parts])
        rest = volume[~near].sum()
        return weighted_percentile(np.append(inside, -np.inf), np.append(shares, rest), _PERCENT)

    return Readings(
        reported,
        over_elements(nodal, quadratic(places)),
        over_elements(raw, linear),
        elements,
        difference,
        at_points.max(axis=1),
    )


def hides_error(solution: Solution, confirmed: bool) -> bool:
    """Whether the estimate can be far too small: mean stress as an unknown of its own, and no finer mesh to compare with.

    The displacement form's ripple gives away a wall that is too stiff in bending; the mixed form has none, whatever its layers.
    """
    return solution.formulation == "mixed" and not confirmed


def error_finding(readings: Readings | None, hidden: bool = False) -> Finding:
    """The estimate as a finding beside the stress; ``hidden`` where it can be far too small."""
    if readings is None:
        return withheld(NAME, "%", "the stress was not given at four points an element")
    how = (
        "largest difference of the 99th percentile of first principal stress at quadrature points "
        f"({readings.reported * 1e3:.1f} kPa) from that of the recovered stress ({readings.recovered * 1e3:.1f} kPa) and of the "
        f"stress extrapolated to the whole of each element ({readings.extrapolated * 1e3:.1f} kPa), over the first; what this mesh "
        "cannot show at all, such as sharper bending of the wall, is not in it (mesh.accuracy tests that)"
    )
    caution = " ".join(text for text, said in ((CAUTION, readings.error > BOUND), (HIDDEN, hidden)) if said)
    return Finding(NAME, 100.0 * readings.error, "%", how, SOURCE, caution=caution)


CAUTION = (
    f"The mesh leaves the 99th percentile of stress uncertain by more than {BOUND:.0%}: ask for a smaller mesh.size, "
    "more mesh.layers, or mesh.accuracy."
)
HIDDEN = (
    "The mixed formulation hides how the wall bends from this estimate, which can be a sixth of the true error "
    "(docs/theory/mesh.md): ask for mesh.accuracy, which compares finer meshes."
)


def quadratic(barycentric: Array) -> Array:
    """(p, 10) shape functions of the quadratic tetrahedron, VTK order, at barycentric coordinates (p, 4)."""
    edges = np.stack([4 * barycentric[:, a] * barycentric[:, b] for a, b in _EDGES], axis=1)
    return np.concatenate([barycentric * (2 * barycentric - 1), edges], axis=1)


def middles(halvings: int) -> Array:
    """(8**halvings, 4) barycentric middles of equal parts: every edge halved, four corners and four quarters of the octahedron."""
    parts = np.eye(4)[None]
    for _ in range(halvings):
        c = parts
        m = {pair: (c[:, pair[0]] + c[:, pair[1]]) / 2 for pair in _EDGES}
        corners = [(c[:, 0], m[0, 1], m[0, 2], m[0, 3]), (c[:, 1], m[0, 1], m[1, 2], m[1, 3])]
        corners += [(c[:, 2], m[0, 2], m[1, 2], m[2, 3]), (c[:, 3], m[0, 3], m[1, 3], m[2, 3])]
        ring = (m[0, 2], m[1, 2], m[1, 3], m[0, 3])
        quarters = [(m[0, 1], m[2, 3], ring[q], ring[(q + 1) % 4]) for q in range(4)]
        parts = np.concatenate([np.stack(part, axis=1) for part in corners + quarters])
    return parts.mean(axis=1)
