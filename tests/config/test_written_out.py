"""Template, resolved file, schema and reference page are made from the settings."""

import dataclasses
import re
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from aorta.config.case_file import parse_case
from aorta.config.json_schema import case_json_schema
from aorta.config.names import LANDMARKS, OVERRIDABLE
from aorta.config.reference import reference_page
from aorta.config.resolved import resolved_yaml
from aorta.config.shape import at, members, sections
from aorta.config.template import template
from aorta.config.written import with_unit
from aorta.errors import CaseFileError
from aorta.settings import Case, ImageInput, Pressure
from aorta.units import Quantity

FULL = """
schema_version: 1
case_id: full
image: {path: "a b/ct #1.nii.gz", modality: CT, series: 2, gated: true}
labels: {path: l.nii, classes: {lumen: 3, wall: 7}, convention: custom}
patient: {sex: female, age: 71.3 years, family_history: false, smoking: never}
pressure: {systolic: 137 mmHg, diastolic: 81.7 mmHg, imaging: 12.1 kPa}
landmarks: {lowest_renal: [1.25, -3, 1e-3]}
overrides: {neck_length_mm: 17.3}
segmentation: {seeds: [[1, 2, 3], [4, 5, 6.7]], blood: 311 HU}
wall: {thickness: 1.37 mm, thickness_by_region: {neck: 0.11 cm}}
mechanics: {bulk_modulus: 33.3 MPa, minimum_step: 0.01}
stent: {makers: [Cook, "W. L. Gore"], catalogue: my/catalogue}
"""


def test_template_is_valid_once_the_path_is_filled_in():
    case = parse_case(template("abc").replace("path:  # FILL IN", "path: ct.nii.gz"))
    assert case == Case(1, "abc", image=ImageInput("ct.nii.gz"))


def test_unfilled_template_is_told_where_to_fill_in():
    with pytest.raises(CaseFileError) as caught:
        parse_case(template())
    (detail,) = caught.value.details
    line = template().splitlines().index("  path:  # FILL IN") + 1
    assert detail.startswith(f"case.yaml:{line}:3: image.path: nothing is written here")


def test_template_shows_every_key_of_every_section():
    text = template()
    for name, section in sections():
        block = re.search(rf"(?ms)^(# )?{name}:\n(.*?)(\n\n|\Z)", text).group(2)
        shown = [line.strip().lstrip("# ").partition(":")[0] for line in block.splitlines()]
        assert shown == [field.name for field in dataclasses.fields(section)], name


GO_WITH = {
    "end_stiffness_normal": ["  ends: elastic"],
    "end_stiffness_tangential": ["  ends: elastic", "  end_stiffness_normal: 20 kPa/mm"],
}
"""Lines without which an example contradicts a default."""


def test_every_example_of_the_template_is_valid():
    lines = template().replace("path:  # FILL IN", "path: ct.nii.gz").splitlines()
    for number, line in enumerate(lines):
        key = re.fullmatch(r"  # (\w+): (.+?)(  #.*)?", line)
        section = next(
            (
                re.fullmatch(r"(# )?(\w+):", before).group(2)
                for before in reversed(lines[:number])
                if re.fullmatch(r"(# )?\w+:", before)
            ),
            "",
        )
        if key is None or section in ("second", "labels", "surfaces", "pressure"):
            continue
        together = GO_WITH.get(key.group(1), ())
        uncommented = [*lines[:number], line.replace("# ", "", 1), *together, *lines[number + 1 :]]
        parse_case("\n".join(uncommented))  # must not raise


def test_resolved_file_reads_back_to_the_same_case():
    case = parse_case(FULL)
    assert parse_case(resolved_yaml(case, show_paths=True)) == case


def test_resolved_file_withholds_paths():
    text = resolved_yaml(parse_case(FULL))
    assert "ct #1" not in text and "l.nii" not in text and "my/catalogue" not in text
    assert "(path withheld)" in text
    parse_case(text)


def test_resolved_file_has_every_default_with_its_unit():
    text = resolved_yaml(parse_case("schema_version: 1\ncase_id: a\nimage: {path: x}\n"))
    for line in (
        "thickness: 1.5 mm",
        "bulk_modulus: 34.8 MPa",
        "section_spacing: 1 mm",
        "prestress: inverse",
        "minimum_step: 0.015625",
    ):
        assert f"  {line}\n" in text


@pytest.mark.parametrize("value", [120 * 133.322387415e-6, 0.0121, 1 / 75])
def test_a_written_quantity_is_exact(value):
    quantity = at(("pressure", "systolic")).quantity
    assert quantity == Pressure.__metadata__[0]
    assert Quantity("MPa").parse(with_unit(value, quantity)) == value


def test_json_schema_accepts_what_the_reader_accepts():
    schema = case_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validate = jsonschema.Draft202012Validator(schema).validate
    validate(YAML(typ="safe").load(FULL))
    for wrong in (
        {"case_id": "a", "image": {"path": "x"}},
        {"schema_version": 1, "case_id": "a"},
        {"schema_version": 1, "case_id": "a", "image": {"path": "x"}, "surfaces": {"lumen": "a", "unit": "mm", "frame": "LPS"}},
        {"schema_version": 1, "case_id": "a", "image": {"path": "x", "pth": 1}},
        {"schema_version": 1, "case_id": "a", "image": {"path": "x"}, "wall": {"thickness": 1.5}},
        {"schema_version": 1, "case_id": "a", "image": {"path": "x"}, "wall": {"thickness": "1.5 kPa"}},
        {"schema_version": 1, "case_id": "a", "image": {"path": "x"}, "wall": {"material": "steel"}},
        {"schema_version": 1, "case_id": "a", "image": {"path": "x"}, "overrides": {"foo": 1}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            validate(wrong)


def test_every_setting_is_explained_or_plain():
    """A comment in settings.py reaches the reference page."""
    page = reference_page()
    for name, section in sections():
        for key, _, _ in members(section):
            assert f"| `{key}` |" in page.partition(f"## `{name}`")[2].partition("\n## ")[0]
    assert "quadratic elements through the wall" in page


def test_reference_page_is_up_to_date():
    page = Path(__file__).parents[2] / "docs" / "reference" / "case-file.md"
    assert page.read_text(encoding="utf-8") == reference_page(), "run: python -m tests.make_reference"


@pytest.mark.slow
def test_names_are_measured_by_the_anatomy(coarse_phantom):
    """An override or a landmark that no stage knows would be ignored in silence."""
    _, anatomy = coarse_phantom
    assert set(OVERRIDABLE) <= {finding.name for finding in anatomy.findings}
    assert {landmark.name for landmark in anatomy.landmarks} <= set(LANDMARKS)
