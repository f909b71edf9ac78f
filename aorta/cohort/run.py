"""One subprocess per case, one after the other: a crash or a leak in one case cannot reach the next."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aorta.config.case_file import load_case
from aorta.config.cohort import CohortRow
from aorta.config.mistakes import Mistake, refuse
from aorta.errors import AortaError, SetupError, on_os_error


@dataclass(frozen=True)
class CaseOutcome:
    """How one row of the cohort went.

    Parameters
    ----------
    status : "ok", "caution", "failed" or "not run"
    exit_status : int
        Of ``aorta plan``; negative: killed by that signal.
    problem : str
        One sentence on a failure, without paths.
    findings : mapping of name to value
    """

    line: int
    case_id: str
    status: str
    exit_status: int
    problem: str = ""
    findings: Mapping[str, Any] = field(default_factory=dict)
    cautions: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)
    details: tuple[str, ...] = ()  # of a failure: each mistake, or which file; names the case file, so for the terminal only


def run_cohort(
    rows: Sequence[CohortRow], out: Path, options: Sequence[str], keep_going: bool, tell: Callable[[str], None]
) -> Iterator[CaseOutcome]:
    """Plans every row and yields its outcome as soon as it is known.

    A case file with mistakes is a failed row, not a failed cohort; two rows that would write into
    the same folder are refused before anything runs.

    Raises
    ------
    CaseFileError
        Repeated or disagreeing ``case_id``.
    SetupError
        The output folder cannot be made.
    """
    known = _case_ids(rows)
    make_folder(out)
    stopped = False
    for number, row in enumerate(rows, 1):
        case_id = known[row.line]
        if stopped:
            yield CaseOutcome(row.line, case_id, "not run", 1, "an earlier case failed", extra=row.extra)
            continue
        tell(f"case {number} of {len(rows)}: {case_id or f'line {row.line}'}")
        outcome = _plan(row, case_id, out, options)
        tell(f"case {number} of {len(rows)}: {outcome.status}" + (f", {outcome.problem}" if outcome.problem else ""))
        stopped = outcome.exit_status != 0 and not keep_going
        yield outcome


def make_folder(out: Path) -> None:
    """The cohort's output folder, before anything is computed for it.

    Raises
    ------
    SetupError
    """
    with on_os_error(SetupError("the output folder cannot be made", where="output folder", fix="choose another with -o")):
        out.mkdir(parents=True, exist_ok=True)


def _case_ids(rows: Sequence[CohortRow]) -> dict[int, str]:
    """Line -> case_id as the case file says, "" where it cannot be read."""
    result: dict[int, str] = {}
    first: dict[str, int] = {}
    mistakes = []
    for row in rows:
        try:
            case_id = load_case(row.case).case_id
        except AortaError:
            result[row.line] = row.case_id
            continue
        if row.case_id and row.case_id != case_id:
            mistakes.append(Mistake(row.line, 1, "case_id", f"'{row.case_id}' here, '{case_id}' in the case file; make them agree"))
        if case_id in first:
            mistakes.append(
                Mistake(row.line, 1, "case", f"case_id '{case_id}' is already that of line {first[case_id]}; rename one")
            )
        first.setdefault(case_id, row.line)
        result[row.line] = case_id
    if mistakes:
        raise refuse("cohort table", "cohort table", mistakes, "two cases cannot write into one folder")
    return result


def _plan(row: CohortRow, case_id: str, out: Path, options: Sequence[str]) -> CaseOutcome:
    command = [sys.executable, "-m", "aorta", "plan", str(row.case), "-o", str(out), "--json", *options]
    finished = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    if finished.returncode == 130:
        raise KeyboardInterrupt
    told = _answer(finished.stdout)
    result = told.get("result") or {}
    cautions = len(result.get("cautions", ())) + sum(bool(finding["caution"]) for finding in result.get("findings", ()))
    error = told.get("error") or {}
    if finished.returncode < 0:
        problem = f"killed by signal {-finished.returncode}" + (" (out of memory?)" if finished.returncode == -9 else "")
    else:
        problem = str(error.get("what", "")) or ("no answer" if finished.returncode else "")
    details = tuple(error.get("details") or ()) or tuple(error[key] for key in ("where", "why") if error.get(key))
    status = "failed" if finished.returncode else "caution" if cautions else "ok"
    findings = {finding["name"]: finding["value"] for finding in result.get("findings", ())}
    return CaseOutcome(row.line, case_id, status, finished.returncode, problem, findings, cautions, row.extra, details)


def _answer(stdout: bytes) -> dict[str, Any]:
    try:
        told = json.loads(stdout)
    except ValueError:  # killed before it could answer
        return {}
    return told if isinstance(told, dict) else {}
