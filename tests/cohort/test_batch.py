"""A cohort: one process per case, tables at the end, and the part that failed."""

import csv
import json
import os
import stat
import sys

import pytest

from aorta.cli.main import main

PLAN = """#!{python}
import json, os, sys
from pathlib import Path
case, out = Path(sys.argv[sys.argv.index("plan") + 1]), Path(sys.argv[sys.argv.index("-o") + 1])
name = case.parent.name
(out / name).mkdir(parents=True, exist_ok=True)
with (out / "order.txt").open("a") as log:
    log.write(name + " " + str(os.getpid()) + " " + " ".join(sys.argv[1:]) + "\\n")
if name == "bad":
    print(json.dumps({{"ok": False, "error": {{"what": "no equilibrium was found"}}}}))
    sys.exit(6)
if name == "killed":
    os.kill(os.getpid(), 9)
(out / name / "report.html").write_text("x")
caution = "thick slices" if name == "doubtful" else ""
finding = {{"name": "max_diameter_mm", "value": 53.25, "caution": caution}}
print(json.dumps({{"ok": True, "result": {{"findings": [finding], "cautions": []}}}}))
"""


@pytest.fixture
def cohort(tmp_path, monkeypatch):
    """A function that makes a cohort of these names, planned by a stand-in for `python -m aorta plan`."""
    program = tmp_path / "python"
    program.write_text(PLAN.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr("aorta.cohort.run.sys", type("sys", (), {"executable": str(program)}))

    def make(*names, header="case,site", row="{name}/case.yaml,<b>{name}</b>"):
        for name in names:
            (tmp_path / name).mkdir()
            text = f"schema_version: 1\ncase_id: {name}\nimage: {{path: x}}\n" if name != "broken" else "foo: 1\n"
            (tmp_path / name / "case.yaml").write_text(text)
        table = tmp_path / "cohort.csv"
        table.write_text("\n".join([header, *(row.format(name=name) for name in names)]) + "\n")
        return table

    return make


def results(out):
    with (out / "results.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_all_well(cohort, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["batch", str(cohort("a", "doubtful")), "-o", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [case["status"] for case in answer["result"]["cases"]] == ["ok", "caution"]
    rows = results(out)
    assert [row["case_id"] for row in rows] == ["a", "doubtful"]
    assert rows[0]["max_diameter_mm"] == "53.25" and rows[0]["neck_length_mm"] == "" and rows[1]["cautions"] == "1"
    assert rows[0]["site"] == "<b>a</b>"
    order = [line.split()[:2] for line in (out / "order.txt").read_text().splitlines()]
    assert [name for name, _ in order] == ["a", "doubtful"]
    assert len({pid for _, pid in order} | {str(os.getpid())}) == 3
    page = (out / "index.html").read_text()
    assert '<a href="a/report.html">a</a>' in page and "53.25" in page and "Not a medical device" in page


def test_part_fails(cohort, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["batch", str(cohort("bad", "killed", "a")), "-o", str(out), "--json"]) == 9
    answer = json.loads(capsys.readouterr().out)
    assert answer["error"]["details"] == [
        "cohort.csv:2: bad: exit 6, no equilibrium was found",
        "cohort.csv:3: killed: exit -9, killed by signal 9 (out of memory?)",
    ]
    assert [(row["status"], row["exit_status"]) for row in results(out)] == [("failed", "6"), ("failed", "-9"), ("ok", "0")]
    page = (out / "index.html").read_text()
    assert "no equilibrium was found" in page and 'href="bad/' not in page


def test_stop_at_first(cohort, tmp_path):
    out = tmp_path / "out"
    assert main(["batch", str(cohort("a", "bad", "b")), "-o", str(out), "--stop-at-first"]) == 9
    assert [row["status"] for row in results(out)] == ["ok", "failed", "not run"]
    assert len((out / "order.txt").read_text().splitlines()) == 2


def test_options_reach_the_plan(cohort, tmp_path):
    out = tmp_path / "out"
    assert main(["batch", str(cohort("a")), "-o", str(out), "--strict", "-q"]) == 0
    assert (out / "order.txt").read_text().split()[-3:] == ["--json", "--strict", "--quiet"]


def test_two_cases_may_not_share_a_folder(cohort, tmp_path, capsys):
    table = cohort("a", "b")
    (tmp_path / "b" / "case.yaml").write_text("schema_version: 1\ncase_id: a\nimage: {path: x}\n")
    assert main(["batch", str(table), "-o", str(tmp_path / "out")]) == 3
    assert "case_id 'a' is already that of line 2" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_table_and_case_file_must_agree(cohort, tmp_path, capsys):
    assert main(["batch", str(cohort("a", header="case,case_id", row="{name}/case.yaml,other")), "-o", str(tmp_path / "out")]) == 3
    assert "'other' here, 'a' in the case file" in capsys.readouterr().err


def test_tables_that_cannot_be_written(cohort, tmp_path, capsys):
    table = cohort("a")
    out = tmp_path / "out"
    (out / ".results.csv.tmp").mkdir(parents=True)
    assert main(["batch", str(table), "-o", str(out)]) == 8
    assert "the cohort's tables cannot be written" in capsys.readouterr().err
