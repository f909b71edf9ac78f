"""Every problem of ``aorta verify``: its errors within their bounds, and a wrong answer outside them."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from aorta.errors import CaseFileError, SetupError  # noqa: E402
from aorta.verify import calculix  # noqa: E402
from aorta.verify.check import Check  # noqa: E402
from aorta.verify.page import fixed_part, page  # noqa: E402
from aorta.verify.problems import GROUPS, PROBLEMS  # noqa: E402
from aorta.verify.run import chosen, left_out, run_all  # noqa: E402

pytestmark = pytest.mark.fem
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "verification.md"


def _named(name):
    return pytest.param(name, marks=[pytest.mark.slow] if PROBLEMS[name].slow else [])


@pytest.mark.parametrize("name", [_named(name) for name in PROBLEMS])
def test_problem_is_within_its_bounds(name):
    if name in left_out():
        pytest.skip(left_out()[name])
    checks = run_all([name])
    assert checks, "a problem without checks verifies nothing"
    missed = [f"{c.problem}, {c.quantity}: {c.error:.3g} > {c.bound:.3g}" for c in checks if not c.passed]
    assert not missed, "\n".join(missed)
    listed = section(name)
    assert f"Mesh: {checks[0].mesh}." in listed
    assert [line for line in listed.splitlines() if line.startswith("| ")][1:] == [matching(c, listed) for c in checks]


def section(name):
    """The page's part on one problem."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^### `{re.escape(name)}`\n(.*?)(?=^##|\Z)", text, re.M | re.S)
    assert found, f"{PAGE.name} lacks {name}: run `aorta verify --page {PAGE.name}`"
    return found[1]


def matching(check, listed):
    """The page's row on a check: same words and bound, an error that was within it."""
    rows = [line for line in listed.splitlines() if line.startswith(fixed_part(check)) and line.endswith(bound(check))]
    assert len(rows) == 1, f"{fixed_part(check)} with{bound(check)} is on the page {len(rows)} times"
    assert float(rows[0].split("|")[-3].split()[0]) <= check.bound * 1.05  # printed with two digits
    return rows[0]


def bound(check):
    unit = "" if check.unit == "1" else f" {check.unit}"
    return f" {check.bound:.2g}{unit} |"


def test_page_lists_the_problems_that_run_and_no_other():
    assert re.findall(r"^### `(.*)`$", PAGE.read_text(encoding="utf-8"), re.M) == [
        name for group in GROUPS for name, entry in PROBLEMS.items() if entry.group == group
    ]
    assert {entry.group for entry in PROBLEMS.values()} == set(GROUPS)


def test_page_of_an_error_is_that_error():
    check = Check("p", "q", 1.25e-3, 1e-2, "share", "s", 2.0, 3.0, "patch", "12 tetrahedra")
    text = page([check])
    assert "| p | q | s | 2 | 3 | 0.0013 share | 0.01 share |" in text
    assert "1 problems, 1 checks, 1 within" in text and "Mesh: 12 tetrahedra." in text
    assert re.findall(r"^## (.*)$", text, re.M) == ["elements"]


def test_groups_and_quick_choose():
    assert chosen(["calculix"]) == tuple(name for name in PROBLEMS if name.startswith("calculix"))
    assert set(PROBLEMS) - set(chosen(None, quick=True)) == {name for name, entry in PROBLEMS.items() if entry.slow}


def test_unknown_problem_is_named():
    with pytest.raises(CaseFileError, match="no verification problem 'tub'"):
        run_all(["tub"])


def test_error_above_bound_or_nan_does_not_pass():
    good = Check("p", "q", 0.9e-3, 1e-3, "share", "s")
    assert good.passed
    assert not dataclasses.replace(good, error=2e-3).passed
    assert not dataclasses.replace(good, error=float("nan")).passed


def test_calculix_absent_is_said(monkeypatch):
    monkeypatch.setattr(calculix.shutil, "which", lambda program: None)
    assert list(left_out()) == [name for name in PROBLEMS if name.startswith("calculix")]
    with pytest.raises(SetupError, match="CalculiX is not installed"):  # asked for by name, it cannot be left out
        run_all(["calculix-ogden-1972"])
    assert left_out(["patch"]) == {}


def test_calculix_present_is_run(monkeypatch):
    monkeypatch.setattr(calculix.shutil, "which", lambda program: "/usr/bin/ccx")
    assert left_out() == {}


def test_calculix_output_is_read_in_our_order():
    text = """
 displacements (vx,vy,vz) for set ALL and time  0.1000000E+01

         1  1.000000E+00  2.000000E+00  3.000000E+00
         2  4.000000E+00  5.000000E+00  6.000000E+00

 stresses (elem, integ.pnt.,sxx,syy,szz,sxy,sxz,syz) for set WALL and time  0.1000000E+01

         1   1  1.0E+06  2.0E+06  3.0E+06  4.0E+06  5.0E+06  6.0E+06
         1   2  1.1E+06  2.0E+06  3.0E+06  4.0E+06  5.0E+06  6.0E+06
         1   3  1.2E+06  2.0E+06  3.0E+06  4.0E+06  5.0E+06  6.0E+06
         1   4  1.3E+06  2.0E+06  3.0E+06  4.0E+06  5.0E+06  6.0E+06
"""
    moved, stress = calculix._parse(text, 2, 1)
    np.testing.assert_array_equal(moved, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(stress[0, 3], [1, 2, 3, 4, 6, 5])  # first point of theirs is our last; yz before xz
    np.testing.assert_array_equal(stress[0, :, 0], [1.1, 1.2, 1.3, 1.0])
