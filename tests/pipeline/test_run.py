"""The graph runs what is stale, keeps what holds, and survives failures; on a graph of toys."""

from dataclasses import replace

import numpy as np
import pytest

from aorta.errors import MeshError, SetupError
from aorta.pipeline import run as run_module
from aorta.pipeline.context import Stage
from aorta.pipeline.run import run_case, status
from aorta.records import Finding, Grid, Labels, Segmentation
from aorta.settings import Case, LabelInput, MeshSettings

CASE = Case(1, "toy", labels=LabelInput("labels.nii.gz"))


def record(value):
    labels = Labels(Grid((2, 2, 2), np.eye(4)), np.full((2, 2, 2), value, np.uint8))
    return Segmentation(labels, "toy", None, (), (Finding(f"value_{value}", float(value), "1", "toy"),), (f"caution {value}",))


@pytest.fixture
def graph(monkeypatch, tmp_path):
    """Two stages that count their calls; the second adds one to the first and can be told to fail."""
    calls = []
    (tmp_path / "labels.nii.gz").touch()

    def first(context, progress):
        calls.append("segment")
        return record(context.case.mesh.layers)

    def second(context, progress):
        calls.append("mesh")
        if context.case.case_id == "fails":
            raise MeshError("no mesh")
        return record(int(context.load("segment").labels.voxels.max()) + 1)

    stages = (
        Stage("segment", ("risk",), (), (), lambda c: {"layers": c.case.mesh.layers}, lambda c: "", first),
        Stage("mesh", ("risk",), (), ("segment",), lambda c: {"size": c.case.mesh.size}, lambda c: "", second),
        Stage("risk", ("risk",), (), ("mesh",), lambda c: {}, lambda c: "no blood pressure", None),
    )
    monkeypatch.setattr(run_module, "GRAPH", stages)
    monkeypatch.setattr(run_module, "STAGES", ("segment", "mesh", "risk", "report"))

    def export_labels(out, labels):
        calls.append("labels")
        (out / "labels.nii.gz").touch()

    monkeypatch.setattr(run_module, "export_labels", export_labels)
    return calls


def statuses(result):
    return {s.name: s.status for s in result.stages}


def run(case, tmp_path, **options):
    return run_case(case, tmp_path, tmp_path / "out", until=options.pop("until", "risk"), **options)


def test_second_run_computes_nothing(graph, tmp_path):
    result = run(CASE, tmp_path)
    assert graph == ["segment", "labels", "mesh"]
    assert statuses(result) == {"segment": "done", "mesh": "done", "risk": "skipped"}
    again = run(CASE, tmp_path)
    assert graph == ["segment", "labels", "mesh"]
    assert statuses(again) == {"segment": "cached", "mesh": "cached", "risk": "skipped"}
    assert again.findings == result.findings
    assert again.cautions == (("segment", "caution 1"), ("mesh", "caution 2"))


def test_only_what_depends_on_a_change_is_computed(graph, tmp_path):
    run(CASE, tmp_path)
    result = run(replace(CASE, mesh=MeshSettings(size=2.0)), tmp_path)
    assert graph[3:] == ["mesh"]
    assert result.stages[1].reason == "size: 3.0 -> 2.0"
    assert run(CASE, tmp_path, force=("segment",)).stages[0].reason == "forced"


def test_same_upstream_result_stops_the_wave(graph, tmp_path):
    """Forcing a stage that gives the same result leaves what follows alone."""
    run(CASE, tmp_path)
    assert statuses(run(CASE, tmp_path, force=("segment",)))["mesh"] == "cached"


def test_failure_keeps_finished_stages(graph, tmp_path):
    case = replace(CASE, case_id="fails")
    with pytest.raises(MeshError):
        run(case, tmp_path)
    with pytest.raises(MeshError):
        run(case, tmp_path)
    assert graph.count("segment") == 1


def test_until_leaves_later_stages_alone(graph, tmp_path):
    assert statuses(run(CASE, tmp_path, until="segment")) == {"segment": "done"}


def test_one_process_a_case(graph, tmp_path):
    run(CASE, tmp_path)
    with run_module._alone(tmp_path / "out" / "toy"), pytest.raises(SetupError, match="another process"):
        run(CASE, tmp_path)


def test_output_below_a_file_is_refused(graph, tmp_path):
    (tmp_path / "out").write_text("a file, not a folder")
    with pytest.raises(SetupError) as caught:
        run(CASE, tmp_path)
    assert caught.value.exit_status == 8


def test_status_says_what_is_stale(graph, tmp_path):
    run(CASE, tmp_path)
    told = status(replace(CASE, mesh=MeshSettings(size=2.0)), tmp_path, tmp_path / "out")
    assert [(t.name, t.status) for t in told][:3] == [("segment", "finished"), ("mesh", "stale"), ("risk", "skipped")]
    assert told[1].reason == "size: 3.0 -> 2.0"
