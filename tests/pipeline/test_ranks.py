"""The mechanics on several MPI processes: the same answer, and the same errors."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from aorta.cli.main import main  # noqa: E402
from aorta.errors import CaseFileError, SetupError, SolverError  # noqa: E402
from aorta.mechanics.solve import solve  # noqa: E402
from aorta.pipeline import ranks  # noqa: E402
from aorta.pipeline import run as run_module  # noqa: E402
from aorta.pipeline.context import Stage  # noqa: E402
from aorta.pipeline.stages import GRAPH  # noqa: E402
from aorta.records import HeartCycle, Surface, silent  # noqa: E402
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, TissueSettings, WallSettings  # noqa: E402
from aorta.units import MMHG_IN_MPA  # noqa: E402
from aorta.verify import reference_meshes as meshes  # noqa: E402

pytestmark = [pytest.mark.fem, pytest.mark.skipif(shutil.which("mpirun") is None, reason="there is no mpirun")]
PRESSURE = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)
FIBRES = WallSettings(material="holzapfel-gasser-ogden-2000", parameters={"c": 0.2, "k1": 0.5, "k2": 5.0, "angle": 30.0})


@pytest.fixture(scope="module")
def vessel():
    """With thrombus, and leaning, so that its ends are oblique to the axes."""
    mesh = meshes.thrombosed_tube((2, 6, 3), bare=0.3)
    a, b = np.radians([25.0, 15.0])
    tilt = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    turn = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    return dataclasses.replace(mesh, points=mesh.points @ (tilt @ turn).T)


def settings_of(wall=FIBRES, **mechanics):
    return {
        "pressure": PRESSURE,
        "settings": MechanicsSettings(**mechanics),
        "wall": wall,
        "thrombus": ThrombusSettings(material="gasser-2008"),
        "tissue": TissueSettings(),
    }


@pytest.mark.parametrize("formulation", ["displacement", "mixed"])
def test_two_processes_give_the_answer_of_one(vessel, formulation):
    settings, heard = settings_of(ends="sliding", formulation=formulation), []
    cycle = HeartCycle({"mean": 90 * MMHG_IN_MPA}, np.zeros(0), np.zeros(0))
    alone = solve(vessel, **settings, cycle=cycle)
    shared = ranks.solve_on(2, vessel, settings, cycle, lambda message, fraction=None: heard.append(message))
    assert [s.name for s in shared.states] == [s.name for s in alone.states] == ["imaging", "systole", "mean"]
    for one, two in zip(alone.states, shared.states):
        size = np.abs(alone.states[1].displacement_mm).max()
        np.testing.assert_allclose(two.displacement_mm, one.displacement_mm, rtol=0, atol=1e-8 * size)
        # nodal stress is projected by conjugate gradients, which stop at 1e-9 of the residual
        for name, share in (("cauchy_quadrature_MPa", 1e-7), ("cauchy_nodal_MPa", 2e-6)):
            expected = getattr(one, name)
            np.testing.assert_allclose(getattr(two, name), expected, rtol=0, atol=share * np.abs(expected).max())
    size = np.abs(alone.unloaded_displacement_mm).max()
    np.testing.assert_allclose(shared.unloaded_displacement_mm, alone.unloaded_displacement_mm, rtol=0, atol=1e-8 * size)
    assert all(f.valid for f in shared.findings)
    assert [f.name for f in shared.findings] == [f.name for f in alone.findings]
    assert "preparing the mesh" in heard and heard[-1] != heard[0]


def test_pressure_inside_the_solid_and_linear_stress(vessel):
    for settings in (settings_of(WallSettings(), pressure_on="wall"), settings_of(WallSettings(), prestress="linear")):
        alone, shared = solve(vessel, **settings), ranks.solve_on(2, vessel, settings, None, silent)
        expected = alone.state("systole").cauchy_quadrature_MPa
        found = shared.state("systole").cauchy_quadrature_MPa
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7 * np.abs(expected).max())


def test_calcification_spine_and_tissue_are_shared_too():
    """A bulge with a calcified patch that leans on a column, in tissue that damps its beat."""
    mesh = meshes.aneurysm((1, 8, 4))
    angle, up = np.meshgrid(np.linspace(0, 2 * np.pi, 81), np.linspace(-30, 30, 31), indexing="ij")
    column = np.stack([25 * np.cos(angle), 25 * np.sin(angle) + mesh.points[:, 1].min() - 25.0, up], -1).reshape(-1, 3)
    corner = (31 * np.arange(80)[:, None] + np.arange(30)).ravel()
    triangles = np.concatenate([corner[:, None] + [0, 31, 32], corner[:, None] + [0, 32, 1]])
    spine = Surface(column, triangles)
    patch = np.clip((16.0 - np.linalg.norm(mesh.points - mesh.points[mesh.points[:, 0].argmax()], axis=1)) / 2.0, 0.0, 1.0)
    mesh = dataclasses.replace(mesh, spine=spine, calcified_share=patch)
    settings = settings_of(WallSettings(calcification="stiff"), prestress="none") | {"tissue": TissueSettings(0.001, 0.0002)}
    beat = HeartCycle({}, np.array([0.0, 0.4]), np.array([80.0, 120.0]) * MMHG_IN_MPA, period_s=0.8)
    alone, shared = solve(mesh, **settings, cycle=beat), ranks.solve_on(2, mesh, settings, beat, silent)
    told, found = ({f.name: f.value for f in solution.findings} for solution in (alone, shared))
    assert told["spine_contact_force_N"] > 0.1 and told["tissue_traction_max_kPa"] > 0.1
    for name in ("spine_contact_force_N", "spine_penetration_max_mm", "tissue_traction_max_kPa", "beats_until_periodic"):
        assert found[name] == pytest.approx(told[name], rel=1e-6)
    assert all(f.valid for f in shared.findings)
    for one, two in zip(alone.states, shared.states):
        np.testing.assert_allclose(two.displacement_mm, one.displacement_mm, rtol=0, atol=1e-7 * np.abs(one.displacement_mm).max())
        expected = one.cauchy_quadrature_MPa
        np.testing.assert_allclose(two.cauchy_quadrature_MPa, expected, rtol=0, atol=1e-7 * np.abs(expected).max())
    np.testing.assert_allclose(shared.states[-1].velocity_mm_per_s, alone.states[-1].velocity_mm_per_s, rtol=0, atol=1e-5)


def test_a_compiler_that_fails_is_told_as_without_ranks(vessel, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", "/bin/false")
    with pytest.raises(SetupError, match="the C compiler failed") as told:
        ranks.solve_on(2, vessel, settings_of(), None, silent)
    assert "aorta doctor" in told.value.fix


def test_no_equilibrium_comes_back_as_itself(vessel):
    settings = settings_of(WallSettings(), prestress="none", max_iterations=1, minimum_step=0.25)
    with pytest.raises(SolverError) as alone:
        solve(vessel, **settings)
    with pytest.raises(SolverError) as shared:
        ranks.solve_on(2, vessel, settings, None, silent)
    assert shared.value.what == alone.value.what
    assert shared.value.where == alone.value.where
    assert shared.value.fix == alone.value.fix
    assert shared.value.last_state[0] == alone.value.last_state[0]
    np.testing.assert_array_equal(shared.value.last_state[1].shape, vessel.points.shape)


def test_a_mistake_of_the_case_comes_back_as_itself(vessel):
    settings = settings_of(WallSettings(material="neo-hookean", parameters={"mu": -1.0}))
    with pytest.raises(CaseFileError) as told:
        ranks.solve_on(2, vessel, settings, None, silent)
    assert told.value.exit_status == 3
    assert "mu = -1" in told.value.details[0]


def test_no_mpirun_is_told(vessel, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SetupError, match="there is no mpirun") as told:
        ranks.solve_on(2, vessel, settings_of(), None, silent)
    assert told.value.exit_status == 8


def workers():
    """Process numbers of this test's workers that run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone by now
            words = (folder / "cmdline").read_bytes().split(b"\0")
            ours = str(os.getpid()).encode() in b" ".join(words) and b"aorta.pipeline.ranks_worker" in words
            if ours and b"mpirun" not in words[0]:
                found.append(int(folder.name))
    return found


@pytest.fixture
def marked(monkeypatch):
    """Folders of this test's workers have its process number in their name."""
    prefix = f"aorta-ranks-{os.getpid()}-"
    real = ranks.tempfile.TemporaryDirectory
    monkeypatch.setattr(ranks.tempfile, "TemporaryDirectory", lambda prefix="", _p=prefix: real(prefix=_p))


def test_a_killed_worker_is_told(vessel, marked):
    def kill(message, fraction=None):
        os.kill(workers()[-1], signal.SIGKILL)

    with pytest.raises(SetupError, match="was killed") as told:
        ranks.solve_on(2, vessel, settings_of(), None, kill)
    assert told.value.why == "ended by SIGKILL"
    assert workers() == []


def test_an_interrupt_ends_the_workers(vessel, marked):
    def interrupt(message, fraction=None):
        assert len(workers()) == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ranks.solve_on(2, vessel, settings_of(), None, interrupt)
    assert workers() == []


def test_through_the_command_line(monkeypatch, tmp_path, capsys):
    """`aorta plan --ranks 2`; the result is then found again by a run of one process."""
    mesh = meshes.aneurysm((1, 8, 4))
    stages = (
        Stage("mesh", ("units",), (), (), lambda c: {}, lambda c: "", lambda context, progress: mesh),
        next(stage for stage in GRAPH if stage.name == "mechanics"),
    )
    monkeypatch.setattr(run_module, "GRAPH", stages)
    monkeypatch.setattr(run_module, "STAGES", ("mesh", "mechanics", "report"))
    (tmp_path / "labels.nii.gz").touch()
    case = tmp_path / "case.yaml"
    case.write_text(
        "schema_version: 1\ncase_id: shared\nlabels: {path: labels.nii.gz}\n"
        "pressure: {systolic: 120 mmHg, diastolic: 80 mmHg}\nmechanics: {formulation: mixed}\n"
    )
    asked = []
    real = ranks.solve_on
    monkeypatch.setattr(ranks, "solve_on", lambda count, *rest: asked.append(count) or real(count, *rest))
    for count, status in ((2, "done"), (1, "cached")):
        words = ["plan", str(case), "-o", str(tmp_path / "out"), "--until", "mechanics", "--ranks", str(count), "--json"]
        assert main(words) == 0
        told = json.loads(capsys.readouterr().out)["result"]
        assert {s["name"]: s["status"] for s in told["stages"]}["mechanics"] == status
        found = {f["name"]: f["value"] for f in told["findings"]}
        assert found["traction_balance_error"] == pytest.approx(0, abs=1e-8)
    assert asked == [2]
