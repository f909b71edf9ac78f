"""The prestressed finite-element neck as the ring feels it: its shape and its stiffness around.

Two states of the solution (imaging pressure and systole) give the radius of the blood face around
the landing zone at two pressures. Its change per pressure, angle by angle, is the tangent
compliance there: the prestress, the material and the neighbouring sac are all in it.

A ring loads a band of the vessel, not all of it: a band of width h on a long tube is deflected less
than the tube under the same pressure, at its middle by ``1 - exp(-x) cos(x)``, with
``x = beta h / 2`` and ``beta^4 = 3 (1 - nu^2) / (R t)^2``, nu = 1/2 (beam on elastic foundation,
Hetenyi 1946; Timoshenko, Theory of Plates and Shells, cylindrical shells).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records import Anatomy, Array, Solution, State, WallMesh
from aorta.stent.measured import arc_length_mm

HARMONICS = 4
"""Of the neck's shape and compliance; what is finer is mesh and image noise."""
COMPLIANCE_BAND = (0.25, 4.0)
"""Local over mean compliance. Where pressure rounds an oval neck, its long axis may even shorten;
such a place is not negatively stiff against a local push, so the local value is kept within this band."""
ANGLES = 180


@dataclass(frozen=True)
class NeckResponse:
    """The neck at one pressure and how it yields.

    Parameters
    ----------
    angle_rad, radius_mm : (n,) float
        Blood face around the neck's centre, evenly spaced, at ``pressure_MPa``.
    compliance_mm_per_MPa : (n,) float
        Radial displacement per extra pressure on the ring's band.
    pressure_MPa : float
    clipped_share : float
        Of the angles at which the local compliance left its band.
    nearest_end_mm : float
        Distance of the landing zone from the nearest cut of the model.
    """

    angle_rad: Array
    radius_mm: Array
    compliance_mm_per_MPa: Array
    pressure_MPa: float
    clipped_share: float
    nearest_end_mm: float


def neck_states(solution: Solution) -> tuple[State, State] | None:
    """Two states at different pressures, lower first, or None.

    Without prestress a single state is compared with the imaged shape, which is then the one
    without pressure.
    """
    states = sorted(
        (s for s in (solution.state("imaging"), solution.state("systole")) if s is not None), key=lambda s: s.pressure_MPa
    )
    if len(states) == 2 and states[1].pressure_MPa > states[0].pressure_MPa:
        return states[0], states[1]
    if states and solution.unloaded_displacement_mm is None and states[-1].pressure_MPa > 0.0:
        last = states[-1]
        empty = State(
            "unloaded",
            0.0,
            np.zeros_like(last.displacement_mm),
            np.zeros_like(last.cauchy_quadrature_MPa),
            last.quadrature_volume_mm3,
            np.zeros_like(last.cauchy_nodal_MPa),
        )
        return empty, last
    return None


def neck_response(
    anatomy: Anatomy, mesh: WallMesh, states: tuple[State, State], at: State, height_mm: float, wall_mm: float
) -> NeckResponse | str:
    """Shape of the neck at the pressure of ``at``, one of two ``states``, and its compliance between them.

    Parameters
    ----------
    height_mm : float
        Of the ring; its band begins at the lowest renal artery.
    wall_mm : float
        Wall thickness where the mesh states none.

    Returns
    -------
    NeckResponse, or a sentence why there is none.
    """
    renal, aorta = anatomy.landmark("lowest_renal"), anatomy.branch("aorta")
    start = arc_length_mm(anatomy, renal) if renal is not None else None
    if aorta is None or start is None:
        return "the lowest renal artery is not known, so there is no landing zone"
    s = start + height_mm / 2.0
    if s > aorta.arc_length_mm[-1]:
        return "the aorta in view ends above the landing zone"
    centre = np.array([np.interp(s, aorta.arc_length_mm, aorta.points[:, q]) for q in range(3)])
    axis = np.array([np.interp(s, aorta.arc_length_mm, aorta.tangents[:, q]) for q in range(3)])
    axis /= np.linalg.norm(axis)
    radius = float(np.interp(s, aorta.arc_length_mm, aorta.inscribed_radius_mm))

    nodes = np.unique(mesh.facets["blood"])
    offset = mesh.points[nodes] - centre
    along = offset @ axis
    nodes = nodes[(np.abs(along) <= height_mm / 2.0) & (np.linalg.norm(offset - np.outer(along, axis), axis=1) <= 2.0 * radius)]
    frame = _frame(axis)
    low, high = (_contour(mesh.points[nodes] + state.displacement_mm[nodes] - centre, frame) for state in states)
    if low is None or high is None:
        return "the mesh does not surround the landing zone"
    angle = np.linspace(0.0, 2.0 * np.pi, ANGLES, endpoint=False)
    shape = low if at is states[0] else high
    rise = states[1].pressure_MPa - states[0].pressure_MPa
    # harmonic 1 is a translation of the section, which no ring resists
    local = _evaluate(np.where(_order() == 1, 0.0, (high - low) / rise), angle)
    mean = float(high[0] - low[0]) / rise
    if mean <= 0.0:
        return "the neck does not widen with pressure in the solution"
    bounded = np.clip(local, *(share * mean for share in COMPLIANCE_BAND))
    thickness = mesh.wall_thickness_mm[nodes]
    wall = float(thickness[thickness > 0].mean()) if (thickness > 0).any() else wall_mm
    ends = [float(np.linalg.norm(end.point - centre)) for end in mesh.ends]
    return NeckResponse(
        angle,
        _evaluate(shape, angle),
        bounded * band_factor(float(shape[0]), wall, height_mm),
        at.pressure_MPa,
        float(np.mean(bounded != local)),
        min(ends, default=float("inf")),
    )


def band_factor(radius_mm: float, wall_mm: float, height_mm: float) -> float:
    """Deflection at the middle of a loaded band over that of a tube loaded all along: 0 to about 1.04."""
    beta = (3.0 * (1.0 - 0.25)) ** 0.25 / np.sqrt(radius_mm * wall_mm)
    x = beta * height_mm / 2.0
    return float(1.0 - np.exp(-x) * np.cos(x))


def _frame(axis: Array) -> Array:
    """(2, 3): the patient's left as seen in the section, and the direction 90 degrees from it."""
    left = np.array([1.0, 0.0, 0.0]) if abs(axis[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    first = left - (left @ axis) * axis
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(axis, first)])


def _order() -> Array:
    """(2 H + 1,) the harmonic of each coefficient: 0, 1, 1, 2, 2 ..."""
    return np.concatenate([[0], np.repeat(np.arange(1, HARMONICS + 1), 2)])


def _basis(angle: Array) -> Array:
    """(n, 2 H + 1): 1, cos, sin, cos 2, sin 2 ..."""
    columns = [np.ones_like(angle)]
    for k in range(1, HARMONICS + 1):
        columns += [np.cos(k * angle), np.sin(k * angle)]
    return np.stack(columns, axis=1)


def _evaluate(coefficients: Array, angle: Array) -> Array:
    return _basis(angle) @ coefficients


def _contour(offset: Array, frame: Array) -> Array | None:
    """Harmonics (2 H + 1,) of the radius of points (n, 3) about the section's own centre; the
    trend along the axis (taper, tilt) is fitted beside them and left out. None if not surrounded."""
    if len(offset) < 4 * (2 * HARMONICS + 1):
        return None
    plane, along = offset @ frame.T, offset @ np.cross(*frame)
    middle = np.zeros(2)
    for _ in range(10):  # the centre at which harmonic 1 vanishes
        x, y = (plane - middle).T
        angle, radius = np.arctan2(y, x), np.hypot(x, y)
        if np.diff(np.sort(np.append(angle, angle.min() + 2 * np.pi))).max() > np.pi / 4:
            return None
        trend = along[:, None] * _basis(angle)[:, :3]
        coefficients = np.linalg.lstsq(np.hstack([_basis(angle), trend]), radius, rcond=None)[0][: 2 * HARMONICS + 1]
        middle = middle + coefficients[1:3]
        if np.abs(coefficients[1:3]).max() < 1e-9 * coefficients[0]:
            break
    return coefficients
