"""The triage run: coarser, linear, marked as an estimate, beside the full run."""

from dataclasses import replace

import numpy as np
import pytest

from aorta.pipeline import run as run_module
from aorta.pipeline import triage
from aorta.pipeline.context import Stage
from aorta.pipeline.run import run_case
from aorta.pipeline.stages import GRAPH
from aorta.records import Finding, Grid, Labels, Segmentation
from aorta.settings import Case, CycleSettings, LabelInput, MeshSettings

CASE = Case(1, "toy", labels=LabelInput("labels.nii.gz"))


def record(value):
    labels = Labels(Grid((2, 2, 2), np.eye(4)), np.full((2, 2, 2), value, np.uint8))
    findings = (Finding("wall_stress_p99_kPa", float(value), "kPa", "toy", caution="old"), Finding("diameter_x", 1.0, "1", "toy"))
    return Segmentation(labels, "toy", None, (), findings, ("first",))


def toys(calls):
    def stage(name, value):
        def run(context, progress):
            calls.append(name)
            return record(value(context.case))

        parts = {"segment": lambda c: {}, "mechanics": lambda c: {"prestress": c.case.mechanics.prestress}}
        return Stage(name, ("units",), (), (), parts[name], lambda c: "", run)

    return stage("segment", lambda case: 1), stage("mechanics", lambda case: 2 if case.mechanics.prestress == "linear" else 3)


@pytest.fixture
def calls(monkeypatch, tmp_path):
    calls = []
    (tmp_path / "labels.nii.gz").touch()
    stages = toys(calls)
    monkeypatch.setattr(run_module, "GRAPH", stages)
    monkeypatch.setattr(run_module, "STAGES", ("segment", "mechanics", "report"))
    monkeypatch.setattr(run_module, "export_labels", lambda out, labels: calls.append("labels"))
    return calls


def test_settings_of_a_triage():
    fine = replace(CASE, cycle=CycleSettings(("diastole",)), mesh=MeshSettings(size=2.0, layers=2))
    quick = triage.quick(fine)
    assert (quick.mesh.size, quick.mesh.thrombus_size, quick.mesh.layers) == (triage.SIZE_MM, triage.THROMBUS_SIZE_MM, 1)
    assert (quick.mechanics.prestress, quick.stent.enabled, quick.cycle) == ("linear", False, CycleSettings())
    assert triage.quick(replace(CASE, mesh=MeshSettings(size=8.0))).mesh.size == 8.0  # never finer than asked


def test_estimates_are_marked_and_measures_are_not():
    stress = triage.doubted(Finding("wall_stress_p99_kPa", 1.0, "kPa", "m", caution="old"))
    assert not stress.valid
    assert stress.caution.startswith("triage estimate")
    assert stress.caution.endswith("; old")
    measured = Finding("diameter_to_treatment_threshold_ratio", 1.0, "1", "m")
    assert triage.doubted(measured) is measured
    missing = Finding("peak_wall_rupture_index", None, "1", "m", caution="no sex")
    assert triage.doubted(missing) is missing


def test_only_mechanics_and_risk_differ_from_the_graph():
    assert [s.name for s in triage.TRIAGE_GRAPH] == [s.name for s in GRAPH]
    assert [t.name for t, s in zip(triage.TRIAGE_GRAPH, GRAPH) if t is not s] == ["mechanics", "risk"]


def test_runs_beside_the_full_run(calls, tmp_path):
    out = tmp_path / "out"
    full = run_case(CASE, tmp_path, out, until="mechanics")
    assert calls == ["segment", "labels", "mechanics"]
    start = run_case(CASE, tmp_path, out, until="segment")
    graph = tuple(triage._as_triage(s) if s.name == "mechanics" else s for s in run_module.GRAPH)
    quick = run_case(triage.quick(CASE), tmp_path, out, until="mechanics", graph=graph, subfolder=triage.FOLDER, earlier=start)
    assert [call for call in calls[3:] if call != "labels"] == ["mechanics"]
    assert [s.name for s in quick.stages] == ["segment", "mechanics"]
    assert quick.cautions[1] == ("mechanics", triage.CAUTION)
    assert quick.folder == out / "toy" / "triage"
    assert not (quick.folder / "labels.nii.gz").exists()
    again = run_case(CASE, tmp_path, out, until="mechanics")
    assert {s.status for s in again.stages} == {"cached"}  # the full run's stages are still there
    assert again.findings == full.findings
