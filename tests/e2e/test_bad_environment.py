"""Output that cannot be written, full disks, closed streams, altered results, Ctrl-C: earlier stages are kept."""

import json
import resource
import shutil
import signal
import subprocess
import sys

import pytest
from command_line import AORTA
from refusal import refused
from small_inputs import HEAD, labels

from aorta.cli.interrupt import interruptible
from aorta.cli.main import main


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A case file, and an output folder in which the anatomy is finished."""
    place = tmp_path_factory.mktemp("planned")
    case = place / "case.yaml"
    case.write_text(HEAD + labels(place))
    assert main(["plan", str(case), "-o", str(place / "out"), "--until", "anatomy", "-q"]) == 0
    return case, place / "out"


@pytest.fixture
def case(planned):
    return planned[0]


@pytest.fixture
def out(planned, tmp_path):
    """A copy of the output folder, to be spoilt."""
    shutil.copytree(planned[1], tmp_path / "out")
    return tmp_path / "out"


def stages(case, out, capfd):
    capfd.readouterr()
    main(["status", str(case), "-o", str(out), "--json"])
    return {stage["name"]: stage["status"] for stage in json.loads(capfd.readouterr().out)["result"]["stages"]}


def again(case, out, capfd):
    """What a run up to the anatomy does with each stage."""
    capfd.readouterr()
    assert main(["plan", str(case), "-o", str(out), "--until", "anatomy", "--json"]) == 0
    return {stage["name"]: stage["status"] for stage in json.loads(capfd.readouterr().out)["result"]["stages"]}


def in_child(*arguments, limit=None, **options):
    """The command in a process that may write no file longer than ``limit`` bytes."""

    def before():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run([*AORTA, *map(str, arguments)], capture_output=True, text=True, preexec_fn=before, timeout=300, **options)


def a_file(out):
    out.write_text("")


def a_file_for_the_case(out):
    out.mkdir()
    (out / "K").write_text("")


def a_file_for_the_stages(out):
    (out / "K").mkdir(parents=True)
    (out / "K" / "stages").write_text("")


def a_link_to_itself(out):
    out.symlink_to(out)


@pytest.mark.parametrize("obstruct", [a_file, a_file_for_the_case, a_file_for_the_stages, a_link_to_itself])
def test_output_that_cannot_be_written(obstruct, case, tmp_path, capfd):
    obstruct(tmp_path / "results")
    error = refused(case, tmp_path / "results", capfd, 8, "E600", "the output folder")
    assert "-o" in error["fix"]
    refused(case, "/dev/full", capfd, 8, "E600", "the output folder")


def test_cohort_output_that_cannot_be_written(case, capfd):
    table = case.with_name("cohort.csv")
    table.write_text("case\ncase.yaml\n")
    assert main(["batch", str(table), "-o", "/dev/full/out", "--json"]) == 8
    assert "cannot be made" in json.loads(capfd.readouterr().out)["error"]["what"]


@pytest.mark.parametrize(
    ("limit", "what", "kept"),
    [
        (1000, "the result of stage 'segment'", []),
        (200_000, "the result of stage 'anatomy'", ["segment"]),
    ],
)
def test_disk_that_fills_up_keeps_the_stages_before(limit, what, kept, case, tmp_path, capfd):
    out = tmp_path / "out"
    run = in_child("plan", case, "-o", out, "--until", "anatomy", "--json", limit=limit)
    assert run.returncode == 8, run.stderr
    error = json.loads(run.stdout)["error"]
    assert (error["code"], error["why"]) == ("E600", "file too large")
    assert error["what"] == f"{what} could not be written"
    assert "Traceback" not in run.stderr
    assert [name for name, status in stages(case, out, capfd).items() if status == "finished"] == kept
    left = [path.name for path in (out / "K").rglob(".*") if path.name != ".lock"]
    assert left == []  # no draft
    assert [name for name, status in again(case, out, capfd).items() if status == "cached"] == kept


def test_labels_that_cannot_be_written_are_written_the_next_time(case, out, capfd):
    (out / "K" / "labels.nii.gz").unlink()
    run = in_child("plan", case, "-o", out, "--until", "segment", "--json", limit=500)
    assert run.returncode == 8, run.stderr
    assert json.loads(run.stdout)["error"]["what"] == "the label map cannot be written"
    assert [path.name for path in (out / "K").iterdir() if path.name.startswith(".")] == [".lock"]
    assert again(case, out, capfd) == {
        "image": "skipped",
        "second": "skipped",
        "segment": "cached",
        "correct": "skipped",
        "anatomy": "cached",
    }
    assert (out / "K" / "labels.nii.gz").stat().st_size > 500


@pytest.mark.parametrize(
    ("arguments", "streams", "status", "said"),
    [
        (["check", "none.yaml", "--json"], {"stdout": "/dev/full"}, 3, "error[E100]"),
        (["check", "none.yaml"], {"stderr": "/dev/full"}, 3, ""),
        (["schema"], {"stdout": "/dev/full"}, 8, "the answer cannot be written"),
        (["schema"], {"stdout": "/dev/full", "stderr": "/dev/full"}, 8, ""),
        (["nothing", "--json"], {"stdout": "/dev/full"}, 2, "error[E002]"),
    ],
)
def test_status_stays_where_nobody_can_be_told(arguments, streams, status, said, tmp_path):
    opened = {name: open(path, "w") for name, path in streams.items()}
    run = subprocess.run(
        [*AORTA, *arguments], cwd=tmp_path, text=True, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **opened}
    )
    for stream in opened.values():
        stream.close()
    assert run.returncode == status
    assert said in (run.stderr or "") and "Traceback" not in (run.stderr or "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
def test_closed_streams_do_no_harm(closed, case, out):
    command = f"{sys.executable} -m aorta plan {case} -o {out} --until anatomy --json {closed}"
    run = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert closed == ">&-" or json.loads(run.stdout)["ok"] is True


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("arrays.npz", b"PK", "its stored arrays.npz was altered since it was written"),
        ("record.json", None, "its stored result lacks record.json"),
        ("stage.json", b"{", "not run before"),
        ("stage.json", b"[]", "not run before"),
        ("stage.json", b'{"digest": 1}', "not run before"),
    ],
)
def test_altered_results_are_computed_again(name, content, why, case, out, capfd):
    (folder,) = (out / "K" / "stages").glob("anatomy-*")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    capfd.readouterr()
    assert main(["status", str(case), "-o", str(out), "--json"]) == 0
    told = {stage["name"]: stage for stage in json.loads(capfd.readouterr().out)["result"]["stages"]}
    assert (told["segment"]["status"], told["anatomy"]["status"], told["anatomy"]["reason"]) == ("finished", "stale", why)
    if content == b"PK":
        assert again(case, out, capfd)["anatomy"] == "done"


def test_corrected_labels_that_cannot_be_read(case, out, capfd):
    """The planner's file is named, and how to go on without it; the automatic stage is kept."""
    (out / "K" / "labels.nii.gz").write_bytes(b"junk")
    error = refused(case, out, capfd, 4, "E200", "the label map cannot be read", commands=("plan",))
    assert error["where"] == "labels.nii.gz in the output folder"
    assert error["fix"].endswith("or remove it to go on from the automatic labels")
    (out / "K" / "labels.nii.gz").unlink()
    assert again(case, out, capfd)["segment"] == "cached"


def test_ctrl_c_leaves_finished_stages(case, out, capfd):
    command = [*AORTA, "plan", str(case), "-o", str(out), "--until", "mesh", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("mesh: started"):
            process.send_signal(signal.SIGINT)
            break
    answer, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert json.loads(answer)["error"]["code"] == "E130"
    assert "Traceback" not in rest
    found = stages(case, out, capfd)
    assert (found["anatomy"], found["mesh"]) == ("finished", "stale")


def test_ctrl_c_waits_for_the_end_of_an_import(tmp_path, monkeypatch):
    """An interrupted import of a compiled library crashes; the interrupt comes right after it."""
    (tmp_path / "slow_to_import.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nwhole = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "slow_to_import", raising=False)
    with pytest.raises(KeyboardInterrupt), interruptible():
        import slow_to_import

        assert slow_to_import.whole
        signal.sigtimedwait([], 5)
    assert sys.modules["slow_to_import"].whole
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
