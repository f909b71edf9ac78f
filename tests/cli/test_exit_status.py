"""Every failure has its exit status, its sentence on stderr, and one object under --json."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from aorta import errors
from aorta.cli.main import main
from aorta.records import Finding, StageRecord

CASE = "schema_version: 1\ncase_id: A\nimage: {path: ct.nii.gz}\n"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "exit-status.md"


@pytest.fixture
def case_file(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(CASE, encoding="utf-8")
    return path


def replace_run(monkeypatch, behaviour):
    monkeypatch.setattr("aorta.pipeline.run.run_case", behaviour)


def raising(problem):
    def run_case(*args, **kwargs):
        raise problem

    return run_case


def finished(cautions=(), findings=()):
    def run_case(case, case_folder, out, *, until, force, progress, ranks=1):
        progress.begin("image", "not run before")
        progress.progress("image", "reading", 0.5)
        progress.end(StageRecord("image", "done", 0.1, "not run before"))
        return SimpleNamespace(
            folder=out / case.case_id, stages=(StageRecord("image", "done", 0.1),), findings=findings, cautions=cautions
        )

    return run_case


FAMILY = sorted(
    {cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.AortaError)}, key=lambda cls: cls.code
)


@pytest.mark.parametrize("cls", FAMILY, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("as_json", [False, True])
def test_each_error_class_has_its_status(cls, as_json, case_file, tmp_path, monkeypatch, capsys):
    replace_run(monkeypatch, raising(cls("it went wrong", where="slice 3", why="a hole", fix="fill it")))
    status = main(["plan", str(case_file), "-o", str(tmp_path / "out"), *(["--json"] if as_json else [])])
    told = capsys.readouterr()
    assert status == cls.exit_status
    if as_json:
        answer = json.loads(told.out)
        assert answer["ok"] is False
        assert answer["error"] == {
            "code": cls.code, "exit_status": cls.exit_status, "what": "it went wrong", "where": "slice 3", "why": "a hole",
            "fix": "fill it", "details": [],
        }  # fmt: skip
    else:
        assert told.out == ""
        assert f"error[{cls.code}]: it went wrong\n  --> slice 3\n  why: a hole\n  fix: fill it\n" in told.err


def test_success(case_file, tmp_path, monkeypatch, capsys):
    finding = Finding("max_diameter_mm", 53.2, "mm", "longest chord")
    replace_run(monkeypatch, finished(findings=(finding,)))
    assert main(["plan", str(case_file), "-o", str(tmp_path), "--json"]) == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer["ok"] is True
    assert answer["result"]["findings"][0]["value"] == 53.2
    assert answer["result"]["stages"] == [{"name": "image", "status": "done", "seconds": 0.1, "reason": ""}]
    assert "image: started (not run before)" in told.err and "image: done in 0.1 s" in told.err
    assert main(["plan", str(case_file), "-o", str(tmp_path), "-q"]) == 0
    told = capsys.readouterr()
    assert told.err == "" and "max_diameter_mm  53.2  mm" in told.out


def test_caution_is_a_failure_only_under_strict(case_file, tmp_path, monkeypatch, capsys):
    invalid = Finding("rrd", 60.0, "mm", "fit", valid=False, caution="not calibrated")
    replace_run(monkeypatch, finished(cautions=(("image", "thick slices"),), findings=(invalid,)))
    assert main(["plan", str(case_file), "-o", str(tmp_path), "--json"]) == 0
    capsys.readouterr()
    assert main(["plan", str(case_file), "-o", str(tmp_path), "--json", "--strict"]) == 10
    answer = json.loads(capsys.readouterr().out)
    assert answer["error"]["details"] == ["image: thick slices", "rrd: not calibrated"]
    assert answer["result"]["case_id"] == "A"
    replace_run(monkeypatch, finished())
    assert main(["plan", str(case_file), "-o", str(tmp_path), "--strict"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [["plan"], ["pln"], ["plan", "x", "--until", "never"], ["plan", "x", "--nope"], ["init"], ["completion", "tcsh"],
     ["convert", "a.stl", "b.vtp", "--unit", "mm"],
     ["convert", "a.stl", "b.vtp", "--unit", "mm", "--frame", "LPS", "--outer", "c.stl"]],
)  # fmt: skip
def test_usage(arguments, capsys):
    assert main(arguments) == 2
    assert "error[E002]" in capsys.readouterr().err
    assert main([*arguments, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["exit_status"] == 2


def test_case_file_with_mistakes(tmp_path, capsys):
    path = tmp_path / "case.yaml"
    path.write_text(CASE + "foo: 1\nfoo: 2\nwall: {thickness: 1}\n", encoding="utf-8")
    for command in ("plan", "check", "status"):
        assert main([command, str(path), "--json"]) == 3
        assert len(json.loads(capsys.readouterr().out)["error"]["details"]) == 3


def test_missing_input_is_told_for_all_files_at_once(tmp_path, capsys):
    path = tmp_path / "case.yaml"
    path.write_text(
        "schema_version: 1\ncase_id: A\nsurfaces: {lumen: a.stl, outer: b.stl, unit: mm, frame: LPS}\n", encoding="utf-8"
    )
    assert main(["check", str(path), "--json", "-o", str(tmp_path / "out")]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["details"] == [
        "surfaces.lumen: no such file or directory", "surfaces.outer: no such file or directory",
    ]  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_interrupted(case_file, tmp_path, monkeypatch, capsys):
    replace_run(monkeypatch, raising(KeyboardInterrupt()))
    assert main(["plan", str(case_file), "-o", str(tmp_path), "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"]["exit_status"] == 130


@pytest.mark.parametrize("problem", [MemoryError(), OSError(28, "full"), OSError(27, "too large"), ImportError("no", name="gmsh")])
def test_what_the_machine_lacks_is_no_bug(problem, case_file, tmp_path, monkeypatch):
    replace_run(monkeypatch, raising(problem))
    assert main(["plan", str(case_file), "-o", str(tmp_path)]) == 8


def test_bug_leaves_a_crash_file_without_patient_data(case_file, tmp_path, monkeypatch, capsys):
    (tmp_path / "A").mkdir()

    def run_case(*args, **kwargs):
        try:
            {}["DOE^JANE"]
        except KeyError as cause:
            raise ValueError("cannot treat DOE^JANE born 19500101") from cause

    replace_run(monkeypatch, run_case)
    assert main(["plan", str(case_file), "-o", str(tmp_path)]) == 1
    told = capsys.readouterr()
    (crash,) = (tmp_path / "A").glob("crash-*.txt")
    text = crash.read_text()
    assert len(told.err.strip().splitlines()) == 2 and str(crash) in told.err  # what, and fix
    assert "builtins.ValueError (message withheld)" in text and "builtins.KeyError (message withheld)" in text
    assert "in run_case" in text
    assert not re.search('DOE\\^JANE(?!"\\])|born 1950', told.err)
    assert "born 1950" not in text.replace('raise ValueError("cannot treat DOE^JANE born 19500101") from cause', "")
    assert os.environ.get("HOME", "/nowhere") + "/" not in text


def test_crash_file_goes_to_the_temporary_folder_before_there_is_another(case_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    replace_run(monkeypatch, raising(RuntimeError("x")))
    assert main(["plan", str(case_file), "-o", str(tmp_path / "none")]) == 1
    assert len(list(tmp_path.glob("crash-*.txt"))) == 1


def test_output_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert main(["init", str(tmp_path / "file" / "case")]) == 8
    assert main(["init", str(tmp_path / "file")]) == 8
    assert main(["init", str(tmp_path / "new")]) == 0
    assert main(["init", str(tmp_path / "new")]) == 8  # never overwritten
    assert "there is something at this place already" in capsys.readouterr().err


def test_answer_that_cannot_be_written_is_no_success():
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "aorta", "schema"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 8
    assert "the answer cannot be written" in done.stderr


def test_libraries_cannot_write_into_the_answer(case_file, tmp_path):
    program = f"""
import os, sys, types
sys.modules["aorta.pipeline.run"] = fake = types.ModuleType("run")
def run_case(case, folder, out, **rest):
    print("from Python"); os.write(1, b"from C")
    return types.SimpleNamespace(folder=out, stages=(), findings=(), cautions=())
fake.run_case = run_case
from aorta.cli.main import main
sys.exit(main(["plan", {str(case_file)!r}, "--json"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True
    assert "from Python" in done.stderr and "from C" in done.stderr


def test_reader_that_stops_early_is_no_failure():
    done = subprocess.run(
        f"set -o pipefail; {sys.executable} -m aorta schema | true", shell=True, executable="/bin/bash", capture_output=True
    )
    assert done.returncode == 0 and done.stderr == b""


def test_status_page_lists_every_class():
    text = PAGE.read_text(encoding="utf-8")
    for cls in FAMILY[1:]:
        assert re.search(rf"^\| {cls.exit_status} \|.*{cls.code}", text, re.MULTILINE), cls
    for status in (0, 1, 2, 130):
        assert re.search(rf"^\| {status} \|", text, re.MULTILINE)
