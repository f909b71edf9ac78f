"""``load_cohort``: a table of cases, one a row.

The column ``case`` has the path of a case file, relative to the table. ``case_id``, if there is
one, must agree with the case file's. Every other column is copied into the results.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aorta.config.case_file import read_text
from aorta.config.mistakes import Mistake, did_you_mean, refuse
from aorta.config.rules import safe_name

MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class CohortRow:
    """One case of a cohort.

    Parameters
    ----------
    line : int
        In the table, from 1.
    case : Path
        The case file, joined to the table's folder.
    case_id : str
        "" where the table does not say.
    extra : mapping of column to text
        The other columns.
    """

    line: int
    case: Path
    case_id: str
    extra: Mapping[str, str]


def load_cohort(path: Path) -> list[CohortRow]:
    """Reads a CSV table (comma or semicolon, UTF-8, first line names the columns).

    Raises
    ------
    CaseFileError
        Unreadable, no ``case`` column, no rows, or wrong rows: every mistake with its line.
    """
    text = read_text(path, "cohort table", MAX_BYTES)
    first_line = text.partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in first_line and "," not in first_line else ",", strict=True
    )
    mistakes: list[Mistake] = []
    rows: list[CohortRow] = []
    try:
        columns = [column.strip() for column in next(reader, [])]
        mistakes += _wrong_columns(columns)
        for cells in reader if not mistakes else ():
            if any(cell.strip() for cell in cells):
                rows += _row(columns, [cell.strip() for cell in cells], reader.line_num, path.parent, mistakes)
    except csv.Error as error:
        mistakes.append(Mistake(reader.line_num, 1, "", f"not a CSV table: {error}"))
    mistakes += _repeated(rows)
    if not rows and not mistakes:
        mistakes.append(Mistake(2, 1, "", "the table has no rows"))
    if mistakes:
        raise refuse(
            path.name, "cohort table", mistakes, "the table needs a column 'case' with the path of a case file in each row"
        )
    return rows


def _wrong_columns(columns: list[str]) -> list[Mistake]:
    wrong = [
        Mistake(1, 1, column, "this column appears twice")
        for column in sorted({c for c in columns if columns.count(c) > 1})
        if column
    ]
    if "case" not in columns:
        near = next((f"; did you mean 'case' by '{column}'?" for column in columns if did_you_mean(column, ["case"])), "")
        wrong.append(Mistake(1, 1, "case", f"this column is missing{near}"))
    if "" in columns:
        wrong.append(Mistake(1, 1, "", f"column {columns.index('') + 1} has no name"))
    return wrong


def _row(columns: list[str], cells: list[str], line: int, folder: Path, mistakes: list[Mistake]) -> list[CohortRow]:
    """The row in a list, or an empty list with its mistakes appended."""
    if len(cells) != len(columns):
        mistakes.append(Mistake(line, 1, "", f"{len(cells)} cells, but the table has {len(columns)} columns"))
        return []
    values = dict(zip(columns, cells))
    case, case_id = values.pop("case"), values.pop("case_id", "")
    before = len(mistakes)
    if not case:
        mistakes.append(Mistake(line, 1, "case", "the path of the case file is missing"))
    if case_id and not safe_name(case_id):
        mistakes.append(Mistake(line, 1, "case_id", "use letters, digits, '-', '_' and '.' only"))
    return [] if len(mistakes) > before else [CohortRow(line, folder / case, case_id, values)]


def _repeated(rows: list[CohortRow]) -> list[Mistake]:
    mistakes, files, ids = [], {}, {}
    for row in rows:
        if row.case in files:
            mistakes.append(Mistake(row.line, 1, "case", f"the same case file as in line {files[row.case]}"))
        elif row.case_id and row.case_id in ids:
            mistakes.append(Mistake(row.line, 1, "case_id", f"the same case_id as in line {ids[row.case_id]}"))
        files.setdefault(row.case, row.line)
        ids.setdefault(row.case_id, row.line)
    return mistakes
