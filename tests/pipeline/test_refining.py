"""A mesh made finer until its stress is as accurate as asked: rounds, what stops them, and what then counts."""

from dataclasses import replace

import numpy as np
import pytest

from aorta.errors import MeshError, RiskError, SetupError, SolverError
from aorta.pipeline import building, refining
from aorta.pipeline.context import Context
from aorta.records import FinerMesh, WallMesh
from aorta.risk.discretisation import Readings
from aorta.risk.refinement import finer
from aorta.settings import BloodPressure, Case, CycleSettings, LabelInput, MechanicsSettings, MeshSettings

CASE = Case(
    1, "toy", labels=LabelInput("x"), pressure=BloodPressure(0.016, 0.011), mesh=MeshSettings(size=6.0, layers=1, accuracy=3.0)
)


class Vessel:
    """Meshes and solutions without geometry: only how many nodes, and how large the estimate is."""

    findings, cautions = (), ()

    def __init__(self, nodes, readings):
        self.points, self.readings = np.zeros((nodes, 3)), readings

    def state(self, name):
        return self


def readings(recovered, kPa=100.0):
    """``recovered`` in per cent above what is reported."""
    value = kPa / 1e3
    return Readings(value, value * (1 + recovered / 100), value, np.arange(1), np.zeros(1), np.ones(1))


def solved(what, whole=False):
    """A vessel is its own solution; ``what`` that is an error is raised."""
    problem = getattr(what, "failing", None) if whole else what
    if isinstance(problem, Exception):
        raise problem
    return what


@pytest.fixture
def refine(monkeypatch):
    """``refine(first, *later)``: the stage on vessels instead of meshes; an error among them is raised in place of a mesh."""

    def run(*vessels, solve=lambda context, progress: solved(context.load("mesh")), ranks=1):
        later, asked = iter(vessels[1:]), []

        def mesh(context, progress, where=None):
            asked.append((context.case.mesh.layers, None if where is None else where.share.min()))
            found = next(later)
            if isinstance(found, Exception):
                raise found
            return found

        share = iter((2 / 3) ** np.arange(1, 9))
        monkeypatch.setattr(building, "mesh", mesh)
        monkeypatch.setattr(building, "solve_systole", solve)
        monkeypatch.setattr(building, "complete", lambda context, found, progress: solved(found, whole=True))
        monkeypatch.setattr("aorta.risk.fields.wall_places", lambda mesh, exclusion: type("Places", (), {"elements": None}))
        monkeypatch.setattr("aorta.risk.discretisation.read_percentile", lambda mesh, state, elements: solved(state.readings))
        monkeypatch.setattr("aorta.risk.refinement.finer", lambda *_: FinerMesh(np.zeros((1, 3)), np.array([next(share)])))
        context = Context(CASE, None, None, lambda name: vessels[0] if name in ("mesh", "mechanics") else None, None, ranks)
        return refining.refine(context, lambda *_: None), asked

    return run


def told(refined):
    return {f.name: f for f in refined.own}


def test_another_layer_and_shorter_edges_are_both_tried(refine):
    """From 100 to 103 kPa by a second layer leaves a third of that, from 103 to 102 by edges a third shorter 4/5 of that."""
    last = Vessel(400, readings(0.3, 102.0))
    refined, asked = refine(Vessel(100, readings(0.4)), Vessel(200, readings(0.5, 103.0)), last)
    assert refined.mesh is last
    assert asked == [(2, None), (2, pytest.approx(2 / 3))]
    rounds, accuracy = told(refined)["mesh_refinement_rounds"], told(refined)["mesh_accuracy_percent"]
    assert rounds.value == 2
    assert "0: 6 mm where it matters, 1 layer, 100 nodes: 100 kPa to 0.4 %" in rounds.method
    assert accuracy.value == pytest.approx(max(100 * 3 / 103 / 3, 100 / 102 * 0.8, 0.3), rel=1e-12)
    assert accuracy.valid and accuracy.caution == ""


def test_what_is_left_falls_with_the_layers(refine):
    """A third layer leaves 4/9 of the second's error, 4/5 of its step."""
    steps = [Vessel(2, readings(0.1, 110.0)), Vessel(3, readings(0.1, 110.0)), Vessel(4, readings(0.1, 111.0))]
    refined, asked = refine(Vessel(1, readings(0.1)), *steps)
    assert [layers for layers, _ in asked] == [2, 2, 3]
    assert told(refined)["mesh_accuracy_percent"].value == pytest.approx(100 / 111 * 0.8, rel=1e-12)
    assert told(refined)["mesh_refinement_rounds"].method.count(" nodes: ") == 4


def test_the_estimate_of_the_last_mesh_counts_too(refine):
    steps = [Vessel(2, readings(4.0)), Vessel(3, readings(3.5)), Vessel(4, readings(2.0))]
    refined, asked = refine(Vessel(1, readings(9.0)), *steps)
    assert len(asked) == 3 and refined.mesh is steps[-1]
    assert told(refined)["mesh_accuracy_percent"].value == pytest.approx(2.0, rel=1e-12)


@pytest.mark.parametrize(
    ("later", "why", "percent"),
    [
        ([Vessel(refining.MOST_NODES + 1, None)], "150001 nodes, more than 150000", 9.0),
        ([MeshError("the wall folds", where="mesh")], "the next mesh failed (the wall folds)", 9.0),
        ([SetupError("a process of the solver was killed", where="--ranks")], "a process of the solver was killed", 9.0),
        ([MemoryError()], "the next mesh failed (memory ran out)", 9.0),
        ([Vessel(2, RiskError("no wall", where="risk"))], "the next mesh failed (no wall)", 9.0),
        ([Vessel(2, readings(8.0))] * 9, "4 rounds were not enough", 8.0),
    ],
)
def test_what_stops_it_short_is_a_caution(refine, later, why, percent):
    first = Vessel(1, readings(9.0))
    refined, _ = refine(first, *later)
    accuracy = told(refined)["mesh_accuracy_percent"]
    assert not accuracy.valid and why in accuracy.caution and "3 %" in accuracy.caution
    assert refined.mesh is (first if len(later) == 1 else later[0])
    assert accuracy.value == pytest.approx(percent, rel=1e-12)


def test_every_round_is_solved_by_the_processes_asked_for(refine, monkeypatch):
    """`aorta plan --ranks 3`: the rounds' meshes go the same way as the first one."""
    real, told_to = building.solve_systole, []
    last = Vessel(400, readings(0.3, 102.0))

    def solve_on(ranks, mesh, settings, cycle, progress):
        told_to.append((ranks, len(mesh.points)))
        return mesh

    monkeypatch.setattr("aorta.pipeline.ranks.solve_on", solve_on)
    refine(Vessel(100, readings(0.4)), Vessel(200, readings(0.5, 103.0)), last, solve=real, ranks=3)
    assert told_to == [(3, 200), (3, 400)]


def test_a_heart_cycle_that_fails_on_the_last_mesh_leaves_the_one_before(refine):
    """The first has its whole solution from the stages before."""
    first, good, last = Vessel(1, readings(0.4)), Vessel(2, readings(0.5)), Vessel(3, readings(0.3))
    last.failing = SolverError("no equilibrium found", where="wave_03")
    refined, _ = refine(first, good, last)
    assert refined.mesh is good and not refined.reached
    assert "failed over the heart cycle (no equilibrium found)" in told(refined)["mesh_accuracy_percent"].caution
    good.failing = MemoryError()
    refined, _ = refine(first, good, last)
    assert refined.mesh is first and "(memory ran out)" in told(refined)["mesh_accuracy_percent"].caution


@pytest.mark.fem
def test_rounds_solve_for_systole_alone(monkeypatch):
    """The heart cycle is left to the last mesh, and where there is none, that is not solved again."""
    pytest.importorskip("dolfinx")
    asked, case = [], replace(CASE, cycle=CycleSettings(states=("diastole",)), mechanics=MechanicsSettings(prestress="linear"))
    monkeypatch.setattr("aorta.mechanics.solve.solve", lambda *arguments: asked.append(arguments[6]) or "solved")
    for one in (case, CASE):
        context = Context(one, None, None, lambda name: None, None)
        building.solve_systole(context, lambda *_: None)
    assert asked == [None, None]
    context = Context(case, None, None, lambda name: None, None)
    assert building.complete(context, "found", lambda *_: None) == "solved"
    assert list(asked.pop().named) == ["diastole"]
    plain = replace(context, case=replace(case, cycle=CycleSettings()))
    assert building.complete(plain, "found", lambda *_: None) == "found" and len(asked) == 2


def test_skipped_unless_asked_for():
    plain = Context(replace(CASE, mesh=MeshSettings()), None, None, lambda name: None, None)
    assert refining.skip(plain) == "no mesh.accuracy in the case file"
    assert refining.skip(replace(plain, case=CASE)) == ""
    assert refining.skip(replace(plain, case=replace(CASE, pressure=None))) == "no blood pressure in the case file"


def test_the_first_mesh_does_not_depend_on_the_accuracy():
    parts = [
        building.mesh_parts(Context(case, None, None, lambda name: None, None))
        for case in (CASE, replace(CASE, mesh=MeshSettings(size=6.0)))
    ]
    assert parts[0] == parts[1]


def test_finer_where_stress_with_its_error_comes_near():
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    points = np.concatenate([corners + [10.0 * q, 0, 0] for q in range(3)])
    tets = np.repeat(np.arange(12).reshape(3, 4), [1, 1, 1], axis=0)
    facets = dict.fromkeys(("blood", "wall_inner", "outer"), np.zeros((0, 6), int))
    mesh = WallMesh(
        points, np.hstack([tets, tets[:, :1].repeat(6, 1)]), np.ones(3, np.uint8), facets, (), np.zeros(12), np.ones(12)
    )
    found = Readings(100.0, 100.0, 100.0, np.arange(3), np.array([1.0, 15.0, 1.0]), np.array([90.0, 70.0, 70.0]))
    once = finer(mesh, found, None)
    np.testing.assert_allclose(once.share, [2 / 3, 2 / 3, 1.0])
    np.testing.assert_allclose(finer(mesh, found, once).share, [4 / 9, 4 / 9, 1.0])
    np.testing.assert_allclose(once.at(np.array([[9.0, 0, 0], [21.0, 0, 0]])), [2 / 3, 1.0])


@pytest.mark.fem
def test_a_label_map_to_the_accuracy_asked_for(tmp_path):
    """A bulging tube of voxels: the estimate falls below what is asked, risk and report take the finer mesh, and
    nothing is computed again in a second run."""
    pytest.importorskip("dolfinx")
    import nibabel

    from aorta.config.case_file import load_case
    from aorta.pipeline.run import run_case

    k, j, i = np.mgrid[:44, :30, :30]
    radius = 6.0 + 4.0 * np.exp(-(((k - 22.0) / 8.0) ** 2))
    voxels = ((np.hypot(j - 14.5, i - 14.5) < radius) & (k >= 2) & (k < 42)).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(voxels.transpose(2, 1, 0), np.diag([1.5, 1.5, 1.5, 1.0])), tmp_path / "l.nii.gz")
    (tmp_path / "case.yaml").write_text(
        "schema_version: 1\ncase_id: K\nlabels: {path: l.nii.gz}\nstent: {enabled: false}\n"
        "pressure: {systolic: 120 mmHg, diastolic: 80 mmHg, imaging: 80 mmHg}\n"
        "mesh: {size: 10 mm, thrombus_size: 10 mm, accuracy: 6 %}\n"
    )
    case = load_case(tmp_path / "case.yaml")
    run = run_case(case, tmp_path, tmp_path / "out", until="risk")
    found = {f.name: f for f in run.findings}
    assert len(found) == len(run.findings)  # those of the first mesh are not told beside the last's
    estimate = found["wall_stress_p99_discretisation_error_percent"].value
    accuracy = found["mesh_accuracy_percent"].value
    assert estimate == pytest.approx(FOUND[1], rel=0.1)
    assert accuracy == pytest.approx(FOUND[2], rel=0.1)
    assert found["mesh_refinement_rounds"].value == FOUND[0] and found["mesh_accuracy_percent"].valid
    first, last = run.finished["mesh"].load(), run.results.mesh
    assert len(last.points) > 1.5 * len(first.points)
    assert len(run.results.risk.node_fields["max_principal_kPa"]) == len(last.points)
    assert "mesh_refinement_rounds" in {f.name for f in last.findings}
    again = run_case(case, tmp_path, tmp_path / "out", until="risk")
    assert {record.status for record in again.stages} == {"cached", "skipped"}
    looser = replace(case, mesh=replace(case.mesh, accuracy=None))
    plain = run_case(looser, tmp_path, tmp_path / "out", until="mechanics")
    assert next(r for r in plain.stages if r.name == "mechanics").status == "cached"
    assert found["mesh_refinement_rounds"].method.count("nodes") == FOUND[0] + 1


FOUND = (2.0, 2.03, 2.03)
"""Rounds, the estimate and the accuracy in per cent that they end with: frozen, nothing predicts them."""
