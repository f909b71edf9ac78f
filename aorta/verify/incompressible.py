"""Nearly and fully incompressible tissue in both formulations: no locking, no oscillation of the mean stress.

On one sector of a thick tube or sphere, ever finer and at ever larger bulk modulus, against the exact
solution with the same bulk modulus. Oscillation is what differs between neighbouring elements in the
*error* of their mean stress: a field that is wrong, but smooth, has little of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from aorta.verify import closed_forms as exact
from aorta.verify import shells, solving
from aorta.verify.check import Check, rate

_LAW, _MU, _A, _B = "neo-hookean", 0.348, 10.0, 11.5
SHARES = (1e2, 1e3, 1e4)
"""Bulk over shear modulus."""
_SOURCE = "radial equilibrium with the same bulk modulus, DOP853 shooting"


@dataclass(frozen=True)
class Errors:
    """Root mean squares: of the displacement over the exact one's, of stresses over the hoop stress's."""

    displacement: float
    hoop: float
    mean: float
    oscillation: float
    iterations: int


def errors(shell: exact.Shell, formulation: str, layers: int, share: float) -> Errors:
    """Inflate a neo-Hookean sector of 10/11.5 mm to 120 mmHg and compare."""
    mesh, supports = shells.sector(shell, _A, _B, layers)
    body = solving.body(mesh, supports, solving.wall_law(_LAW, _MU * share), formulation=formulation)
    state, newton = solving.inflate(body, shells.P120)
    newton.release()
    law = exact.neo_hookean(_MU)
    profile = exact.inflate_compressible(shell, _A, _B, shells.P120, law, _MU * share)
    R, radial = shells.outward(shell, mesh.points)
    true = profile.radius(R) - R
    moved = np.einsum("ni,ni->n", state.displacement_mm, radial)
    places = solving.quadrature_places(mesh)
    grid = np.linspace(_A, _B, 201)
    expected = CubicSpline(grid, profile.stress(grid))(shells.outward(shell, places)[0])
    hoop = solving.along(state.cauchy_quadrature_MPa, shells.hoop_direction(shell, places))
    wrong = state.cauchy_quadrature_MPa[..., :3].mean(-1) - expected.mean(-1)
    one, other = neighbours(mesh.tets)
    jump = wrong.mean(1)[one] - wrong.mean(1)[other]
    rms = lambda x: float(np.sqrt(np.mean(x**2)))  # noqa: E731
    size = rms(expected[..., 1])
    return Errors(
        rms(moved - true) / rms(true),
        rms(hoop - expected[..., 1]) / size,
        rms(wrong) / size,
        rms(jump) / size,
        newton.path.iterations,
    )


def neighbours(tets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of elements with a common face."""
    faces = np.sort(np.concatenate([np.delete(tets[:, :4], q, axis=1) for q in range(4)]), axis=1)
    owner = np.tile(np.arange(len(tets)), 4)
    order = np.lexsort(faces.T)
    faces, owner = faces[order], owner[order]
    same = (faces[1:] == faces[:-1]).all(1)
    return owner[:-1][same], owner[1:][same]


BOUNDS = {
    ("tube", "displacement"): {1e2: (8e-6, 2e-3, 1.2e-3), 1e3: (1.4e-5, 5e-3, 1.6e-3), 1e4: (1.5e-5, 2e-2, 1.5e-2)},
    ("tube", "mixed"): dict.fromkeys(SHARES, (1e-6, 1e-5, 8e-6)),
    ("sphere", "displacement"): {1e2: (5e-5, 5e-3, 4e-3), 1e3: (6e-5, 1e-2, 3e-3), 1e4: (6e-5, 7e-2, 6e-2)},
    ("sphere", "mixed"): dict.fromkeys(SHARES, (4e-6, 1.3e-5, 1e-5)),
}
"""Of displacement, mean stress and oscillation with four layers: about 1.3 times what was found."""


def both_forms(name: str) -> tuple[Check, ...]:
    """``name`` "tube" or "sphere": errors with four layers; in the mixed form also the rates between two and four."""
    shell, checks = (exact.TUBE if name == "tube" else exact.SPHERE), []
    for (body, formulation), bounds in BOUNDS.items():
        for share in SHARES if body == name else ():
            problem = f"{name} 10/11.5 mm, {formulation} form, bulk/shear {share:g}"
            fine = errors(shell, formulation, 4, share)
            found = (fine.displacement, fine.mean, fine.oscillation)
            what = ("displacement, root mean square", "mean stress, root mean square", "mean stress, between neighbouring elements")
            checks += [Check(problem, w, f, b, "share", _SOURCE) for w, f, b in zip(what, found, bounds[share])]
            if formulation == "mixed":
                coarse = errors(shell, formulation, 2, share)
                checks.append(
                    rate(problem, "rate of mean stress", np.log2(coarse.mean / fine.mean), 2.0, "h² (Taylor & Hood 1973)", 0.2)
                )
    return tuple(checks)
