"""The cohort table: rows with lines, mistakes with lines."""

import pytest

from aorta.config.cohort import load_cohort
from aorta.errors import CaseFileError


def write(tmp_path, text, name="cohort.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_keep_their_line_and_their_other_columns(tmp_path):
    rows = load_cohort(write(tmp_path, 'case,case_id,site,note\na/case.yaml,A,x,"one, two"\n\nb/case.yaml,,y,\n'))
    assert [(row.line, row.case, row.case_id, dict(row.extra)) for row in rows] == [
        (2, tmp_path / "a/case.yaml", "A", {"site": "x", "note": "one, two"}),
        (4, tmp_path / "b/case.yaml", "", {"site": "y", "note": ""}),
    ]


def test_semicolons_and_byte_order_mark_of_a_spreadsheet(tmp_path):
    rows = load_cohort(write(tmp_path, "\ufeffcase;site\na.yaml;x\n"))
    assert rows[0].case == tmp_path / "a.yaml" and rows[0].extra == {"site": "x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cohort.csv:1:1: case: this column is missing"),
        ("cases,x\na,b\n", "did you mean 'case' by 'cases'?"),
        ("case\n", "the table has no rows"),
        ("case,x,x\na,b,c\n", "cohort.csv:1:1: x: this column appears twice"),
        ("case,\na,b\n", "column 2 has no name"),
        ("case,x\na\n", "cohort.csv:2:1: 1 cells, but the table has 2 columns"),
        ("case,x\n,b\n", "cohort.csv:2:1: case: the path of the case file is missing"),
        ("case,case_id\na,../x\n", "cohort.csv:2:1: case_id: use letters"),
        ("case\na\nb\na\n", "cohort.csv:4:1: case: the same case file as in line 2"),
        ("case,case_id\na,A\nb,A\n", "cohort.csv:3:1: case_id: the same case_id as in line 2"),
        ('case\n"a\n', "not a CSV table"),
    ],
)
def test_mistakes_have_lines(tmp_path, text, message):
    with pytest.raises(CaseFileError) as caught:
        load_cohort(write(tmp_path, text))
    assert any(message in detail for detail in caught.value.details), caught.value.details


def test_all_wrong_rows_are_told_at_once(tmp_path):
    with pytest.raises(CaseFileError) as caught:
        load_cohort(write(tmp_path, "case,x\n,1\nb\nc,1\n"))
    assert [detail.split(":")[1] for detail in caught.value.details] == ["2", "3"]
