"""Random vessels, laws, pressures and supports from a seed, solved by the whole stage and checked without the solver's forms.

A case converges, or ends with one of the program's own errors; a converged one is wrong where one of these
checks, all in numpy (``energy.py``, ``mechanics/balance.py``), is missed: nodal forces of the reported stress against the
pressure, the supports' reaction, nodal forces of the law's energy against the pressure, reported stress against the energy's,
and the work of pressure and springs along the path against the stored energy.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from aorta.errors import AortaError
from aorta.mechanics import balance, tet10
from aorta.mechanics.holding import end_supports
from aorta.mechanics.materials.registry import NAMES, Material, find, material
from aorta.mechanics.solve import solve
from aorta.mechanics.structures.fields import material_fields
from aorta.mechanics.support_forces import all_forces
from aorta.records import THROMBUS, WALL, End, HeartCycle, Solution, WallMesh
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, WallSettings
from aorta.units import MMHG_IN_MPA
from aorta.verify import energy
from aorta.verify import reference_meshes as meshes

SHAPES = ("tube", "fusiform", "saccular", "curved")
WALL_LAWS = tuple(name for name in NAMES if "depth" not in find(name)[0].fields and "thrombus" not in find(name)[0].tissue)
THROMBUS_LAWS = tuple(name for name in NAMES if "thrombus" in find(name)[0].tissue)
BOUNDS = {"traction": 1e-7, "reaction": 1e-7, "energy_forces": 1e-5, "energy_stress": 1e-5, "work": 1e-5}
"""Shares; beyond them a converged answer is wrong."""
_KINDS = 48
_STATES = (5, 9)
"""Equilibria along the path from the imaging pressure to systole; more where work and energy do not meet with few."""


@dataclass(frozen=True)
class Case:
    """What is drawn; mm, mmHg, N/mm³."""

    seed: int
    shape: str
    neck: float
    sac: float
    thickness: float
    thrombus: bool
    cells: tuple[int, int]
    diastolic: float
    systolic: float
    wall: str
    thrombus_law: str
    bulk_ratio: float
    prestress: str
    ends: str
    end_stiffness: float
    pressure_on: str
    formulation: str


def draw(seed: int) -> Case:
    """The case of a seed. What decides the equations' form is one of ``_KINDS``, so that each is compiled for several cases."""
    rng = np.random.default_rng(seed)
    kind = int(rng.integers(_KINDS))
    form = np.random.default_rng(10_000 + kind)
    family = sorted({name.partition("/")[0] for name in WALL_LAWS})
    family = family[kind % len(family)]
    thrombus, soft = bool(form.random() < 0.5), str(form.choice(sorted({name.partition("/")[0] for name in THROMBUS_LAWS})))
    prestress, held = str(form.choice(["inverse", "none"])), str(form.choice(["fixed", "on springs"]))
    pressure_on, formulation = str(form.choice(["lumen", "wall"])), str(form.choice(["displacement", "displacement", "mixed"]))
    neck, systolic = rng.uniform(7, 13), rng.uniform(70, 220)
    return Case(
        seed=seed,
        shape=str(rng.choice(SHAPES)),
        neck=neck,
        sac=rng.uniform(neck + 3, 30),
        thickness=rng.uniform(0.8, 3.0),
        thrombus=thrombus,
        cells=(int(rng.integers(8, 12)), int(rng.integers(5, 8))),
        diastolic=max(60.0, systolic - rng.uniform(10, 60)),
        systolic=systolic,
        wall=str(rng.choice([name for name in WALL_LAWS if name.partition("/")[0] == family])),
        thrombus_law=str(rng.choice([name for name in THROMBUS_LAWS if name.partition("/")[0] == soft])),
        bulk_ratio=float(10 ** rng.uniform(np.log10(15), 3)),
        prestress=prestress,
        ends="fixed" if held == "fixed" else str(rng.choice(["sliding", "elastic"])),
        end_stiffness=float(10 ** rng.uniform(-2.5, -0.5)),
        pressure_on=pressure_on,
        formulation=formulation,
    )


def vessel(case: Case) -> WallMesh:
    """The case's mesh: a bulge of even radial wall about a straight or curved line, lined with eccentric thrombus if it has any."""
    half, bend = 30.0, 45.0
    layers = 2 if case.thrombus else 1
    share = (layers - 1) / layers

    def mapping(s):
        angle, z = 2 * np.pi * s[:, 1], half * (2 * s[:, 2] - 1)
        swell = np.cos(np.pi * z / (2 * half)) ** 2
        if case.shape == "tube":
            swell = 0 * swell
        if case.shape == "saccular":
            swell = swell**2 * np.clip(np.cos(angle / 2 - np.pi / 4), 0, 1) ** 4
        radius = case.neck + (case.sac - case.neck) * swell
        lumen = np.minimum(0.75 * case.neck, radius - 1.5) if case.thrombus else radius
        inside = s[:, 0] < share
        depth = np.where(inside, s[:, 0] / max(share, 1e-9), 1.0)
        out = np.where(inside, 0.0, (s[:, 0] - share) / (1 - share) * case.thickness)
        r, aside = lumen + depth * (radius - lumen) + out, 0.3 * (radius - lumen) * (1 - depth)
        x, y = r * np.cos(angle), r * np.sin(angle) + aside
        if case.shape != "curved":
            return np.stack([x, y, z], -1)
        turn = z / bend
        return np.stack([(bend + x) * np.cos(turn) - bend, y, (bend + x) * np.sin(turn)], -1)

    turn = half / bend if case.shape == "curved" else 0.0
    ends = []
    for name, sign in (("proximal", 1), ("distal", -1)):
        centre = np.array([bend * np.cos(turn) - bend, 0, sign * bend * np.sin(turn)]) if turn else np.array([0, 0, sign * half])
        normal = np.array([-np.sin(turn), 0, sign * np.cos(turn)]) if turn else np.array([0.0, 0, sign])
        ends.append(End(name, centre, normal, case.neck + 10))
    names = {(0, 1): "outer", (2, 0): "end_distal", (2, 1): "end_proximal"}
    tissue = lambda c: np.where(c[:, 0] > share, WALL, THROMBUS)  # noqa: E731
    return meshes.structured(
        (layers, *case.cells), mapping, names, region=tissue, periodic=True, ends=tuple(ends), wall_thickness_mm=case.thickness
    )


@dataclass(frozen=True)
class Outcome:
    """What became of a case: ``kind`` is "converged", the code of the program's error, or "crash"; errors by check."""

    case: Case
    kind: str
    told: str = ""
    errors: dict[str, float] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[str, ...]:
        """The checks that are missed; an error that is not a number misses."""
        return tuple(name for name, error in self.errors.items() if not error <= BOUNDS[name])


def attempt(case: Case) -> Outcome:
    """Solve and check a case."""
    for states in _STATES:
        try:
            mesh = vessel(case)
            solution, settings, materials = solved(case, mesh, states)
        except AortaError as error:
            return Outcome(case, error.code, str(error).splitlines()[0])
        cautions = tuple(finding.name for finding in solution.findings if not finding.valid)
        outcome = Outcome(case, "converged", "", check(mesh, solution, settings, materials), cautions)
        if outcome.wrong != ("work",):
            break
    return outcome


def solved(case: Case, mesh: WallMesh, states: int = _STATES[0]) -> tuple[Solution, MechanicsSettings, dict[int, Material]]:
    """The stage on the case, with states between imaging pressure and systole.

    Raises
    ------
    AortaError
    """
    bulk = case.bulk_ratio * material(case.wall, {}, 1e6).shear_modulus
    soft = case.bulk_ratio * material(case.thrombus_law, {}, 1e6).shear_modulus
    settings = MechanicsSettings(
        prestress=case.prestress,
        ends=case.ends,
        end_stiffness_normal=case.end_stiffness if case.ends == "elastic" else None,
        pressure_on=case.pressure_on,
        formulation=case.formulation,
        bulk_modulus=bulk,
        thrombus_bulk_modulus=soft,
    )
    low, high = case.diastolic * MMHG_IN_MPA, case.systolic * MMHG_IN_MPA
    between = np.linspace(high, low, states)[1:-1]
    cycle = HeartCycle({}, np.arange(states - 2.0), between)
    wall, thrombus = WallSettings(material=case.wall), ThrombusSettings(material=case.thrombus_law)
    solution = solve(mesh, BloodPressure(systolic=high, diastolic=low, imaging=low), settings, wall, thrombus, cycle=cycle)
    materials = {WALL: material(case.wall, {}, bulk, "wall")}
    if case.thrombus:
        materials[THROMBUS] = material(case.thrombus_law, {}, soft, "thrombus")
    return solution, settings, materials


def check(mesh: WallMesh, solution: Solution, settings: MechanicsSettings, materials: dict[int, Material]) -> dict[str, float]:
    """Errors by check, the largest of all states."""
    facets = "blood" if settings.pressure_on == "lumen" else "wall_inner"
    supports = end_supports(mesh, settings)
    held = np.zeros(len(mesh.points), bool)
    held[np.unique(np.concatenate([mesh.facets[s.facets] for s in supports]))] = True
    fields, _ = material_fields(mesh, materials, tet10.GAUSS_4)
    body = energy.Stored(mesh, materials, fields, solution.unloaded_displacement_mm, settings.formulation == "mixed")
    states = sorted(solution.states, key=lambda state: state.pressure_MPa)
    found = {name: 0.0 for name in BOUNDS}
    for state in states:
        load = balance.pressure_forces(mesh, state, facets)
        others = all_forces(mesh, supports, None, state, solution.unloaded_displacement_mm)
        forces, stress = body.forces(state)
        free = ~held
        errors = {
            "traction": balance.traction_error(mesh, state, facets, held),
            "reaction": balance.reaction_error(mesh, state, facets, held, others),
            "energy_forces": np.linalg.norm((forces - load)[free]) / np.linalg.norm(load[free]),
            "energy_stress": np.abs(stress - state.cauchy_quadrature_MPa).max() / np.abs(stress).max(),
        }
        found |= {name: float(np.maximum(found[name], error)) for name, error in errors.items()}
    found["work"] = body.work_error(states, facets, supports)
    return found
