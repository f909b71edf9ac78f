"""A straight neck with two iliacs, hand-made, and how its plan is asked for and read."""

import numpy as np
from tube_records import sections_of, solution, state, tube_anatomy

from aorta.records import Branch, State
from aorta.settings import StentSettings, WallSettings
from aorta.stent.plan import plan_stent
from aorta.units import MMHG_IN_MPA

OUTER, INNER, LENGTH = 12.75, 11.25, 90.0
LOW, HIGH = 80 * MMHG_IN_MPA, 120 * MMHG_IN_MPA
FINDINGS = {"neck_diameter_mm": 25.5, "neck_length_mm": 22.0, "neck_angulation_deg": 40.0, "suprarenal_angulation_deg": 20.0}
COMPLIANCE = 40.0  # mm/MPa


def iliac(side, diameter=14.0, length=45.0):
    s = np.arange(0.0, length + 0.5)
    centre = np.stack([(20.0 if side == "left" else -20.0) + 0 * s, 0 * s, -100 - s], axis=1)
    down = np.tile([0.0, 0, -1], (len(s), 1))
    name = f"{side}_iliac"
    return Branch(name, centre, down, s, 0 * s + diameter / 2), sections_of(name, s, centre, down, diameter / 2, diameter / 2 - 1)


def vessel(findings=None, *, left=14.0, right=14.0, bifurcations=True, renal=True):
    both = (iliac("left", left), iliac("right", right))
    marks = [("lowest_renal", "aorta", 30.0)] if renal else []
    if bifurcations:
        marks += [("left_iliac_bifurcation", "left_iliac", 40.0), ("right_iliac_bifurcation", "right_iliac", 40.0)]
    return tube_anatomy(
        OUTER,
        INNER,
        LENGTH,
        FINDINGS if findings is None else findings,
        landmarks=marks,
        more_branches=[b for b, _ in both],
        more_sections=[s for _, s in both],
    )


def without(**changes):
    return {name: value for name, value in {**FINDINGS, **changes}.items() if value is not None}


def breathing(mesh, compliance=COMPLIANCE, shift=0.0, **kwargs):
    """Two states in which every node moves outwards by compliance times the pressure's rise, and all by a shift."""
    radial = mesh.points * [1, 1, 0] / np.hypot(*mesh.points[:, :2].T)[:, None]
    still = state(mesh, lambda x: np.zeros((*x.shape[:-1], 6)), LOW, name="imaging")
    moved = radial * compliance * (HIGH - LOW) + [shift, 0, 0]
    return solution(still, State("systole", HIGH, moved, *[getattr(still, n) for n in REST]), **kwargs)


REST = ("cauchy_quadrature_MPa", "quadrature_volume_mm3", "cauchy_nodal_MPa")


def plan(anatomy=None, mesh=None, found=None, settings=None):
    return plan_stent(anatomy or vessel(), mesh, found, settings or StentSettings(), WallSettings())


def values(fit):
    return {f.name: f.value for f in fit.findings}


def row(fit, maker, size):
    return next(c for c in fit.candidates if (c.maker, c.size) == (maker, size))


def criterion(candidate, name):
    return next(c for c in candidate.criteria if c.criterion == name)
