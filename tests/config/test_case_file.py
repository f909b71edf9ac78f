"""Reading a case file: every mistake at once, each at its line and column."""

import pytest

from aorta.config.case_file import load_case, parse_case
from aorta.errors import CaseFileError
from aorta.units import MMHG_IN_MPA

HEAD = "schema_version: 1\ncase_id: A-1\n"
GOOD = HEAD + "image: {path: ct.nii.gz}\n"
MR = HEAD + "image: {path: mr.nii.gz, modality: MR}\n"


def details(text):
    with pytest.raises(CaseFileError) as caught:
        parse_case(text, "c.yaml")
    assert caught.value.exit_status == 3
    return caught.value.details


def only(text):
    told = details(text)
    assert len(told) == 1, told
    return told[0]


def test_good_file_has_units_converted():
    case = parse_case(GOOD + "pressure: {systolic: 120 mmHg, diastolic: 10.6 kPa}\nwall: {thickness: 0.15 cm}\n")
    assert case.pressure.systolic == pytest.approx(120 * MMHG_IN_MPA, rel=1e-12)
    assert case.pressure.diastolic == pytest.approx(0.0106, rel=1e-12)
    assert case.wall.thickness == pytest.approx(1.5, rel=1e-12)
    assert case.pressure.imaging is None and case.patient.age is None


def test_lists_become_tuples_and_whole_numbers_become_floats():
    case = parse_case(GOOD + "segmentation: {seeds: [[1, 2, 3.5]]}\n")
    assert case.segmentation.seeds == ((1.0, 2.0, 3.5),)
    assert isinstance(case.segmentation.seeds[0][0], float)


def test_empty_section_means_its_defaults():
    case = parse_case(GOOD + "patient:\npressure:\nwall:\n")
    assert case.pressure is None and case.wall.thickness == 1.5


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("foo: 1", "c.yaml:4:1: foo: unknown key; known here: schema_version, case_id"),
        ("wall: {thicknes: 1 mm}", "c.yaml:4:8: wall.thicknes: unknown key; did you mean 'thickness'?"),
        ("mechanics: {ends: elastic}", "c.yaml:4:19: mechanics.ends: elastic ends need a stiffness"),
        (
            "mechanics: {end_stiffness_normal: 20 kPa/mm}",
            "c.yaml:4:35: mechanics.end_stiffness_normal: contradicts 'ends: fixed'",
        ),
        (
            "mechanics: {pressure_on: wall, wall_pressure_share: 0.4}",
            "c.yaml:4:53: mechanics.wall_pressure_share: contradicts 'pressure_on: wall'",
        ),
        (
            "mechanics: {wall_pressure_share: 1.4}",
            "c.yaml:4:34: mechanics.wall_pressure_share: 1.4 is outside the plausible range 0 to 1",
        ),
        ("tissue: {damping: 1 kPa s/mm}", "c.yaml:4:19: tissue.damping: acts along a waveform only"),
        ("tissue: {stiffness: 5 kPa}", "c.yaml:4:21: tissue.stiffness: '5 kPa' is a pressure; expected a foundation in MPa/mm"),
        ("tissue: {stiffness: 5 MPa/mm}", "c.yaml:4:21: tissue.stiffness: 5 MPa/mm is outside the plausible range 0 to 0.1 MPa/mm"),
        ("systolic: 120 mmHg", "c.yaml:4:1: systolic: unknown key here; it belongs in 'pressure:'"),
        ("wall: {}\nwall: {}", "c.yaml:5:1: wall: duplicate key, first written on line 4"),
        ("wall:\n  thickness: 1.5", "c.yaml:5:14: wall.thickness: 1.5 has no unit; write e.g. '1.5 mm'"),
        ("wall: {thickness: 1.5 kPa}", "'1.5 kPa' is a pressure; expected a length"),
        ("wall: {thickness: -1.5 mm}", "c.yaml:4:19: wall.thickness: -1.5 mm is outside the plausible range 0.2 to 10 mm"),
        ("wall: {thickness: 1.5 meter}", "unknown unit 'meter'"),
        ("pressure: {systolic: 120 mm, diastolic: 80 mmHg}", "pressure.systolic: '120 mm' is a length; expected a pressure"),
        ("pressure: {systolic: 120 kPa, diastolic: 80 mmHg}", "120 kPa is outside the plausible range 2 to 45 kPa"),
        ("pressure: {systolic: 80 mmHg, diastolic: 120 mmHg}", "pressure.diastolic: 120 mmHg is not below systolic (80 mmHg)"),
        ("pressure: {systolic: 80 mmHg, diastolic: 80 mmHg}", "80 mmHg is not below systolic"),
        ("pressure: {systolic: 120 mmHg, diastolic: 80 mmHg, imaging: 130 mmHg}", "pressure.imaging: 130 mmHg is not between"),
        ("pressure: {systolic: 120 mmHg}", "c.yaml:4:1: pressure.diastolic: this key is required; write e.g."),
        ("patient: {family_history: yes}", "expected true or false, got 'yes'"),
        ("patient: {sex: Male}", "'Male' is not a known value; did you mean 'male'?"),
        ("mesh: {layers: '2'}", "mesh.layers: expected a whole number, got '2'"),
        ("mesh: {layers: 2.5}", "mesh.layers: expected a whole number, got the number 2.5"),
        ("mesh: {layers: 9}", "mesh.layers: 9 is outside the plausible range 1 to 4"),
        ("mesh: [1]", "expected keys and values below it, one a line; got a list"),
        ("segmentation: {seeds: [[1, 2]]}", "segmentation.seeds[0]: a point has three numbers"),
        ("segmentation: {seeds: [[1, 2, 3, 4]]}", "segmentation.seeds[0]: a point has three numbers"),
        ("segmentation: {seeds: [[1, 2, .nan]]}", "c.yaml:4:31: segmentation.seeds[0][2]: must be a finite number"),
        ("segmentation: {seeds: 3}", "expected a list in [brackets]"),
        ("overrides: {neck_diameter: 22}", "overrides.neck_diameter: not a measured finding; did you mean 'neck_diameter_mm'?"),
        ("overrides: {wall_stress_max_kPa: 200}", "overrides.wall_stress_max_kPa: not a measured finding"),
        ("landmarks: {lowest_kidney: [1, 2, 3]}", "landmarks.lowest_kidney: unknown landmark"),
        ("wall: {material: raghavan-vorp}", "unknown law 'raghavan-vorp'; did you mean 'raghavan-vorp-2000'?"),
        ("wall: {parameters: {alhpa: 1.0}}", "c.yaml:4:20: wall.parameters: 'alhpa' is not a parameter of raghavan-vorp-2000"),
        ("surfaces: {lumen: a.stl, unit: mm, frame: LPS}", "surfaces: cannot stand beside 'image:'"),
        ("labels: {path: l.nii, classes: {lumen: 1, wall: 1}}", "labels.classes.wall: 1 is already 'lumen'"),
        (
            "segmentation: {method: nnunet, weights: w, classes: {thrombus: 1, lumen: 1}}",
            "segmentation.classes.lumen: 1 is already 'thrombus'",
        ),
        ("labels: {path: l.nii, classes: {lumen: 0}}", "0 is background"),
        ("labels: {path: l.nii, classes: {limen: 2}}", "not one of our classes; did you mean 'lumen'?"),
        ("labels: {path: l.nii, convention: custom}", "'custom' needs 'classes:'"),
        ("labels: {path: 'https://x.org/l.nii'}", "addresses are not opened"),
        ("labels: {path: ' '}", "the path is empty"),
        ("segmentation: &a {}\nanatomy: *a", "c.yaml:5:1: anatomy: '*a' repeats another value"),
        ("wall: !!python/object/apply:os.system ['true']", "is not allowed; write a plain value"),
        ("wall: {thickness: \"1.5\\x00 mm\"}", "control character"),
        ("3: x", "c.yaml:4:1: a key must be plain text"),
        ("a: [", "not valid YAML"),
    ],
)  # fmt: skip
def test_one_mistake_is_told_once_with_its_place(lines, message):
    assert message in only(GOOD + lines + "\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the case starts from nothing"),
        ("just text", "expected keys and values"),
        ("%YAML 1.1\n---\n" + GOOD, "only YAML 1.2 is read"),
        (GOOD + "---\n" + GOOD, "another document"),
        ("schema_version: 2\ncase_id: a\nimage: {path: x}\n", "schema_version: the number 2 is not a known value; write 1"),
        ("schema_version: 1\ncase_id: 014\nimage: {path: x}", "c.yaml:2:10: case_id: expected text, got the number 14; put it in"),
        ("schema_version: 1\ncase_id: ../a\nimage: {path: x}\n", "case_id: names a folder"),
        ("schema_version: 1\ncase_id: .a\nimage: {path: x}\n", "case_id: names a folder"),
        ("schema_version: 1\ncase_id: a\nimage: {path: x, modality: MR}\nsegmentation: {method: ct-contrast}", "does not read MR"),
        ("schema_version: 1\ncase_id: a\nimage: {path: x, modality: MR}\nsegmentation: {blood: 300 HU}", "no Hounsfield units"),
        (MR + "segmentation: {contrast: portal-venous}", "segmentation.contrast: 'portal-venous' is a kind of CT, the image is MR"),
        (GOOD + "segmentation: {method: mr-angiography, contrast: arterial}", "'arterial' is a kind of CT, the image is MR"),
        (GOOD + "segmentation: {method: nnunet, contrast: arterial}", "'nnunet' does not use it"),
        (GOOD + "second: {path: y, modality: CT, contrast: bright-blood}", "second.contrast: 'bright-blood' is a kind of MR"),
        (GOOD + "segmentation: {contrast: venous}", "segmentation.contrast"),
        (HEAD + "surfaces: {lumen: x, outer: y, thrombus: z, unit: mm, frame: LPS}", "stands instead of 'outer'"),
        (HEAD + "surfaces: {lumen: x, unit: inch, frame: LPS}", "surfaces.unit: 'inch' is not a known value; write mm, cm or m"),
        ("[" * 5000, "nested too deeply"),
    ],
)  # fmt: skip
def test_files_that_are_wrong_as_a_whole(text, message):
    assert any(message in detail for detail in details(text)), details(text)


def test_all_mistakes_at_once_in_the_order_of_lines():
    text = (
        "schema_version: 1\ncase_id: x y\nimage: {path: 3, pth: 1}\npatient:\n  age: 72\n  sx: male\n"
        "pressure: {systolic: 80 mmHg, diastolic: 120 mmHg}\nmesh:\n  layers: 1\n  layers: 2\nwall: {thickness: 1}\n"
    )
    places = [detail.split(": ")[:2] for detail in details(text)]
    assert places == [
        ["c.yaml:2:10", "case_id"],
        ["c.yaml:3:15", "image.path"],
        ["c.yaml:3:18", "image.pth"],
        ["c.yaml:5:8", "patient.age"],
        ["c.yaml:6:3", "patient.sx"],
        ["c.yaml:7:42", "pressure.diastolic"],
        ["c.yaml:10:3", "mesh.layers"],
        ["c.yaml:11:19", "wall.thickness"],
    ]


def test_yaml_is_version_1_2():
    assert parse_case(GOOD.replace("A-1", "no")).case_id == "no"  # PyYAML: False
    case = parse_case(GOOD + "segmentation: {seeds: [[1e1, 1.0e1, -2]]}")
    assert case.segmentation.seeds == ((10.0, 10.0, -2.0),)
    assert parse_case(GOOD.replace("A-1", "2020-01-01")).case_id == "2020-01-01"


def test_billion_laughs_is_refused_without_expanding_it():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert any("repeats another value" in detail for detail in details("\n".join(lines)))


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"\xff\xfe\x00", "not text in UTF-8"), (b"#" * (300 * 1024), "too large"), (None, "cannot be read")],
)
def test_file_that_is_no_case_file(tmp_path, content, what):
    path = tmp_path / "case.yaml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(CaseFileError, match=what):
        load_case(path)


def test_missing_file(tmp_path):
    with pytest.raises(CaseFileError, match="cannot be read"):
        load_case(tmp_path / "none.yaml")


def test_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_case(path).case_id == "A-1"
