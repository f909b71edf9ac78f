"""Case files and cohort tables with mistakes: all told at once, each with its place, and nothing is run."""

import json

import pytest
from refusal import refused
from small_inputs import HEAD, labels

from aorta.cli.main import main

CT = "image: {path: ct.nii.gz, modality: CT}\n"
MISTAKES = {  # the lines after HEAD and CT, which are three, and what is said of them
    "unknown keys": ("presure: {systolic: 120 mmHg}\nwall: {thicknes: 1 mm}\n",
        ["4:1: presure: unknown key; did you mean 'pressure'?", "5:8: wall.thicknes: unknown key; did you mean 'thickness'?"]),
    "duplicate keys": ("wall:\n  thickness: 1 mm\n  thickness: 2 mm\nwall:\n  thickness: 1 mm\n",
        ["6:3: wall.thickness: duplicate key, first written on line 5", "7:1: wall: duplicate key, first written on line 4"]),
    "unit missing": ("wall: {thickness: 1.5}\npatient: {age: 72}\n",
        ["4:19: wall.thickness: 1.5 has no unit; write e.g. '1.5 mm'", "5:16: patient.age: 72 has no unit; write e.g. '72 years'"]),
    "pressure in another unit": ("pressure: {systolic: 120 mm, diastolic: 80 kPa}\n",
        ["4:22: pressure.systolic: '120 mm' is a length", "80 kPa is outside the plausible range 2 to 45 kPa; is it 80 mmHg?"]),
    "unknown unit": ("pressure: {systolic: 16 kPa, diastolic: 80 cmH2O}\n", ["4:41: pressure.diastolic: unknown unit 'cmH2O'"]),
    "diastolic above systolic": ("pressure: {systolic: 80 mmHg, diastolic: 120 mmHg}\n",
        ["4:42: pressure.diastolic: 120 mmHg is not below systolic (80 mmHg); are they swapped?"]),
    "diastolic missing": ("pressure: {systolic: 120 mmHg}\n", ["4:1: pressure.diastolic: this key is required"]),
    "negative thickness": ("wall: {thickness: -1.5 mm}\n", ["4:19: wall.thickness: -1.5 mm is outside the plausible range"]),
    "thickness in metres": ("wall: {thickness: 1.5 m}\n", ["4:19: wall.thickness: 1.5 m is outside", "is it 1.5 mm?"]),
    "not a value": ("patient: {sex: F, family_history: no}\n",
        ["4:16: patient.sex: 'F' is not a known value; write male or female", "4:35: patient.family_history: expected true"]),
    "law": ("wall: {material: raghavan}\n", ["4:18: wall.material: unknown law 'raghavan'; did you mean 'raghavan-vorp-2000'?"]),
    "point of two numbers": ("landmarks: {lowest_renal: [1, 2]}\n", ["4:27: landmarks.lowest_renal: a point has three numbers"]),
    "not finite": ("anatomy: {neck_growth: .nan}\n", ["4:24: anatomy.neck_growth: must be a finite number"]),
    "alias": ("wall: &a {thickness: 1 mm}\nthrombus: *a\n", ["5:1: thrombus: '*a' repeats another value"]),
    "code": ("wall: !!python/object/apply:os.system [ls]\n", ["4:7: wall: tag", "is not allowed"]),
    "two beginnings": ("surfaces: {lumen: a.stl, unit: mm, frame: LPS}\n", ["4:11: surfaces: cannot stand beside 'image:'"]),
    "brackets": ("wall: [1, 2\nrisk: }\n", ["not valid YAML"]),
    "tab": ("wall:\n\tthickness: 1 mm\n", ["5:1: not valid YAML"]),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told_at_once_with_their_places(name, tmp_path, capfd):
    lines, told = MISTAKES[name]
    (tmp_path / "case.yaml").write_text(HEAD + CT + lines)
    error = refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 3, "E100", "mistake")
    assert not (tmp_path / "out").exists()
    for part in told:
        assert any(part in line for line in error["details"]), part
    assert all(line.startswith("case.yaml:") for line in error["details"])


WHOLE = {
    "a list": (b"- a\n- b\n", "expected keys and values"),
    "one word": (b"hello\n", "expected keys and values"),
    "empty": (b"", "the case starts from nothing"),
    "only comments": (b"# nothing\n", "the case starts from nothing"),
    "zero byte": (b"schema_version: 1\0\n", "a character that YAML does not allow"),
    "another version": (b"schema_version: 2\ncase_id: K\nimage: {path: x}\n", "the number 2 is not a known value"),
    "climbing name": (b"schema_version: 1\ncase_id: ../K\nimage: {path: x}\n", "names a folder"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_file_that_is_no_case(name, tmp_path, capfd):
    content, told = WHOLE[name]
    (tmp_path / "case.yaml").write_bytes(content)
    error = refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 3, "E100", "mistake")
    assert any(told in line for line in error["details"])


def binary(path):
    path.write_bytes(bytes(range(256)) * 2000)


def latin(path):
    path.write_bytes("schema_version: 1\ncase_id: café\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("make", "phrase", "why"),
    [
        (lambda path: None, "cannot be read", "no such file or directory"),
        (lambda path: path.mkdir(), "cannot be read", "is a directory"),
        (lambda path: path.symlink_to(path), "cannot be read", "too many levels of symbolic links"),
        (binary, "too large to be one", "more than 256 kB"),
        (latin, "not text in UTF-8", "byte 0xe9 is not UTF-8"),
    ],
    ids=["missing", "folder", "link to itself", "binary", "latin-1"],
)
def test_case_file_that_cannot_be_read(make, phrase, why, tmp_path, capfd):
    make(tmp_path / "case.yaml")
    error = refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 3, "E100", phrase, commands=("check", "plan", "status"))
    assert error["why"] == why


@pytest.mark.parametrize(
    ("lines", "content", "phrase"),
    [
        ("stent: {catalogue: devices}\n", None, "The stent catalogue is empty"),
        ("stent: {catalogue: devices}\n", "maker: [1", "A stent catalogue file cannot be read"),
        ("stent: {catalogue: devices}\n", "maker: A\n", "A stent catalogue file is not valid"),
        ("stent: {makers: [Nobody]}\n", None, "Unknown maker Nobody"),
    ],
    ids=["empty", "not YAML", "keys missing", "unknown maker"],
)
def test_stent_catalogue_is_read_before_anything_runs(lines, content, phrase, tmp_path, capfd):
    (tmp_path / "devices").mkdir()
    if content is not None:
        (tmp_path / "devices" / "a.yaml").write_text(content)
    (tmp_path / "case.yaml").write_text(HEAD + labels(tmp_path) + lines)
    refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 7, "E510", phrase)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", "1:1: case: this column is missing"),
        ("case\n", "2:1: the table has no rows"),
        ("file\na.yaml\n", "1:1: case: this column is missing"),
        ("case,group\na.yaml\n", "2:1: 1 cells, but the table has 2 columns"),
        ("case\na.yaml\na.yaml\n", "3:1: case: the same case file as in line 2"),
    ],
)
def test_cohort_table_with_a_mistake(table, told, tmp_path, capfd):
    (tmp_path / "cohort.csv").write_text(table)
    assert main(["batch", str(tmp_path / "cohort.csv"), "-o", str(tmp_path / "out"), "--json"]) == 3
    assert json.loads(capfd.readouterr().out)["error"]["details"] == [f"cohort.csv:{told}"]
    assert not (tmp_path / "out").exists()


def test_cohort_with_missing_files_says_which_and_why(tmp_path, capfd):
    (tmp_path / "a.yaml").write_text("schema_version: 1\ncase_id: A\nlabels: {path: gone.nii.gz}\n")
    (tmp_path / "cohort.csv").write_text("case\na.yaml\nnone.yaml\n")
    assert main(["batch", str(tmp_path / "cohort.csv"), "-o", str(tmp_path / "out"), "--json"]) == 9
    answer = json.loads(capfd.readouterr().out)
    assert answer["error"]["code"] == "E700"
    assert answer["error"]["details"][:3] == [
        "cohort.csv:2: A: exit 4, a file that the case file names cannot be found",
        "  labels.path of the case file",
        "  no such file or directory",
    ]
    assert answer["error"]["details"][3] == "cohort.csv:3: case: exit 3, the case file cannot be read"
    table = (tmp_path / "out" / "results.csv").read_text()
    assert "gone" not in table and "none.yaml" not in table
