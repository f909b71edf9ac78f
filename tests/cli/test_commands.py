"""Commands around a run: check, show, status, verify, doctor, phantom, convert."""

import json
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from aorta.cli import doctor
from aorta.cli.main import main
from aorta.cli.phantom import phantom_case
from aorta.config.case_file import parse_case
from aorta.imaging.labelmap import read_labels, write_labels
from aorta.records import CLASSES, Grid, Labels, Surface
from aorta.settings import LabelInput
from aorta.units import MMHG_IN_MPA


def answer(capsys):
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def labels_case(tmp_path):
    k, j, i = np.mgrid[:40, :40, :40]
    radius = np.hypot(j - 20, i - 20)
    voxels = np.zeros((40, 40, 40), np.uint8)
    voxels[(radius < 9) & (k > 2) & (k < 37)] = CLASSES["thrombus"]
    voxels[(radius < 6) & (k > 2) & (k < 37)] = CLASSES["lumen"]
    write_labels(Labels(Grid((40, 40, 40), np.eye(4)), voxels), tmp_path / "labels.nii.gz")
    path = tmp_path / "case.yaml"
    path.write_text("schema_version: 1\ncase_id: L\nlabels: {path: labels.nii.gz}\n", encoding="utf-8")
    return path


def test_check_says_what_runs_and_what_it_costs(labels_case, tmp_path, capsys):
    assert main(["check", str(labels_case), "-o", str(tmp_path / "out"), "--json"]) == 0
    result = answer(capsys)["result"]
    assert result["input"]["shape_kji"] == [40, 40, 40]
    status = {stage["name"]: (stage["status"], stage["reason"]) for stage in result["stages"]}
    assert status["image"] == ("skipped", "no image in the case file")
    assert status["segment"][0] == "stale" and status["mesh"][0] == "stale"
    assert status["mechanics"] == ("skipped", "no blood pressure in the case file")
    assert status["risk"][0] == "skipped"
    names = [stage["name"] for stage in result["estimate"]["stages"]]
    assert names == ["segment", "anatomy", "mesh", "stent", "report"]
    assert result["estimate"]["seconds"] == pytest.approx(sum(stage["seconds"] for stage in result["estimate"]["stages"]))
    assert any("no blood pressure" in caution for caution in result["cautions"])
    assert not (tmp_path / "out").exists()
    assert main(["check", str(labels_case), "-o", str(tmp_path / "out")]) == 0
    assert "the case is valid" in capsys.readouterr().out


def test_status_computes_nothing(labels_case, tmp_path, capsys):
    assert main(["status", str(labels_case), "-o", str(tmp_path / "out"), "--json"]) == 0
    assert answer(capsys)["result"]["stages"][2] == {"name": "segment", "status": "stale", "reason": "not run before"}
    assert not (tmp_path / "out").exists()


def test_show(tmp_path, capsys):
    finding = {"name": "max_diameter_mm", "value": 53.214, "unit": "mm", "method": "m", "source": "s", "valid": True, "caution": ""}
    missing = {
        "name": "neck_length_mm",
        "value": None,
        "unit": "mm",
        "method": "m",
        "source": "s",
        "valid": False,
        "caution": "no neck",
    }
    (tmp_path / "result.json").write_text(json.dumps({"findings": [finding, missing]}))
    assert main(["show", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "max_diameter_mm  53.21  mm" in text and "neck_length_mm   -      mm  no neck" in text
    assert main(["show", str(tmp_path), "--json"]) == 0
    assert answer(capsys)["result"]["findings"][0]["value"] == 53.214


@pytest.mark.parametrize("content", [None, "{", "[]", '{"findings": [3]}'])
def test_show_without_a_result(content, tmp_path, capsys):
    if content is not None:
        (tmp_path / "result.json").write_text(content)
    assert main(["show", str(tmp_path)]) == 4


def check(passed):
    error = 0.05 if passed else 0.5
    return SimpleNamespace(problem="tube", quantity="displacement", error=error, bound=0.1, passed=passed, unit="%", source="Lamé")


@pytest.mark.parametrize(("checks", "status"), [((True, True), 0), ((True, False), 11), ((), 11)])
def test_verify(checks, status, monkeypatch, capsys):
    import sys

    absent = {"other-code": "it is not installed"}
    run = SimpleNamespace(run_all=lambda names, progress, quick: tuple(map(check, checks)), left_out=lambda names, quick: absent)
    monkeypatch.setitem(sys.modules, "aorta.verify.run", run)
    assert main(["verify"]) == status
    told = capsys.readouterr()
    assert told.out.count("displacement") == len(checks)
    assert ("tube, displacement: error 0.5 %, bound 0.1" in told.err) == (False in checks)
    assert main(["verify", "--json"]) == status
    result = answer(capsys)["result"]
    assert [one["passed"] for one in result["checks"]] == list(checks)
    assert result["left_out"] == absent
    assert "left out" in told.out and "it is not installed" in told.out


def finished(stdout="", code=0):
    return lambda *args, **kwargs: subprocess.CompletedProcess([], code, stdout, "")


def out_of_time(*args, **kwargs):
    raise subprocess.TimeoutExpired("probe", 1)


@pytest.mark.parametrize(
    ("start", "status", "fact"),
    [
        (finished("noise\nok\tdone\n"), "ok", "done"),
        (finished("warn\tslow\n"), "warn", "slow"),
        (finished("fail\tImportError: no\n"), "fail", "ImportError: no"),
        (finished("half of it", 1), "fail", "ended without an answer, exit status 1"),
        (finished("", -11), "fail", "crashed (SIGSEGV)"),
        (out_of_time, "fail", "no answer within 300 s"),
    ],
)
def test_a_probe_is_reported_whatever_happens_to_it(start, status, fact):
    line = doctor.run_probe("gmsh", start)
    assert (line.status, line.fact) == (status, fact)
    assert bool(line.fix) == (status != "ok")


@pytest.mark.parametrize(("statuses", "code"), [(("ok", "warn"), 0), (("ok", "fail"), 8)])
def test_doctor_fails_if_a_part_fails(statuses, code, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: [doctor.Line(f"part{n}", s, "fact", "do this") for n, s in enumerate(statuses)])
    assert main(["doctor", "--json"]) == code
    told = answer(capsys)
    assert told["ok"] is (code == 0)
    assert [line["status"] for line in told["result"]["lines"]] == list(statuses)


FEM = [pytest.param(name, marks=pytest.mark.fem) for name in ("mechanics", "cache")]


@pytest.mark.parametrize("name", ["images", "gmsh", "rendering", "pdf", *FEM])
def test_probes_work_here(name):
    line = doctor.run_probe(name)
    assert line.status == "ok", line


def test_probe_that_fails_says_so():
    done = subprocess.run([*doctor_command("none")], capture_output=True, text=True)
    assert done.stdout.strip().startswith("fail\tKeyError")


def doctor_command(name):
    import sys

    return [sys.executable, "-m", "aorta.cli.probes", name]


def test_phantoms_case_has_its_facts():
    case = parse_case(phantom_case())
    assert (case.case_id, case.image.path, case.patient.sex, case.patient.age) == ("phantom", "dicom", "male", 72.0)
    assert case.pressure.systolic == pytest.approx(120 * MMHG_IN_MPA, rel=1e-12)
    assert case.pressure.diastolic == pytest.approx(80 * MMHG_IN_MPA, rel=1e-12)
    assert case.patient.family_history is False and case.patient.smoking == "former"
    assert case.pressure.imaging is None


def test_phantom_is_not_overwritten(tmp_path, capsys):
    (tmp_path / "case.yaml").write_text("mine")
    assert main(["phantom", str(tmp_path)]) == 8
    assert (tmp_path / "case.yaml").read_text() == "mine"


def cube(size, centre=0.0):
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float) * size - size / 2 + centre
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return Surface(corners, np.array([t for a, b, c, d in faces for t in ((a, b, c), (a, c, d))]))


@pytest.mark.parametrize("suffix", [".vtp", ".stl", ".ply"])
def test_convert_keeps_the_volume_and_turns_into_lps_millimetres(suffix, tmp_path, capsys):
    from aorta.meshing.surfaces_in import read_surface
    from aorta.meshing.surfaces_out import write_surface

    source, target = tmp_path / "in.stl", tmp_path / f"out{suffix}"
    write_surface(cube(2.0, centre=3.0), source)
    source.write_bytes(source.read_bytes().replace(b"SPACE=LPS UNIT=mm", b"made by hand     "))  # a file that does not say
    assert main(["convert", str(source), str(target), "--unit", "cm", "--frame", "RAS", "--json"]) == 0
    assert answer(capsys)["result"]["volume_mL"] == pytest.approx(8.0, rel=1e-6)
    back = read_surface(target, "mm", "LPS")
    np.testing.assert_allclose(back.points.mean(axis=0), [-30, -30, 30], rtol=1e-6)
    assert back.volume_mm3 == pytest.approx(8000.0, rel=1e-6)
    assert b"SPACE" in target.read_bytes()


def test_convert_tells_that_ends_were_closed(tmp_path, capsys):
    import pyvista as pv

    source = tmp_path / "open.stl"
    tube = pv.CylinderStructured(radius=10.0, height=60.0, theta_resolution=60, z_resolution=40)
    tube.extract_surface(algorithm=None).triangulate().save(source)
    for target in ("closed.vtp", "labels.nii.gz"):
        arguments = ["convert", str(source), str(tmp_path / target), "--unit", "mm", "--frame", "LPS"]
        assert main([*arguments, "--json"]) == 0
        assert any("closed flat" in text for text in answer(capsys)["result"]["cautions"])
        assert main([*arguments, "-q"]) == 0
        assert "caution: " in capsys.readouterr().out


def test_convert_to_a_label_map(tmp_path, capsys):
    from aorta.meshing.surfaces_out import write_surface

    write_surface(cube(20.0), tmp_path / "lumen.stl")
    write_surface(cube(30.0), tmp_path / "outer.stl")
    arguments = ["convert", str(tmp_path / "lumen.stl"), str(tmp_path / "l.nii.gz"), "--outer", str(tmp_path / "outer.stl")]
    assert main([*arguments, "--unit", "mm", "--frame", "LPS", "--voxel", "0.05 cm", "--json"]) == 0
    result = answer(capsys)["result"]
    assert result["lumen_volume_mL"] == pytest.approx(8.0, rel=0.02)
    labels = read_labels(tmp_path / "l.nii.gz", LabelInput("l.nii.gz"))
    assert labels.volume_mL("lumen") == pytest.approx(result["lumen_volume_mL"], rel=1e-9)
    np.testing.assert_allclose(labels.grid.spacing_kji, 0.5, rtol=1e-6)


@pytest.mark.parametrize("voxel", ["0.7", "0.7 kPa", "90 mm"])
def test_convert_wants_a_length(voxel, tmp_path, capsys):
    assert main(["convert", "a.stl", str(tmp_path / "b.nii.gz"), "--unit", "mm", "--frame", "LPS", "--voxel", voxel]) == 2
