"""Every problem of ``aorta verify``: its errors within their bounds, and a wrong answer outside them."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from aorta.errors import CaseFileError, SetupError  # noqa: E402
from aorta.verify import calculix  # noqa: E402
from aorta.verify.check import Check  # noqa: E402
from aorta.verify.run import PROBLEMS, left_out, run_all  # noqa: E402

pytestmark = pytest.mark.fem
_SLOW = ("sphere-neo-hookean", "sphere-raghavan-vorp", "round-trip", "round-trip-fibres", "two-layer-carotid", "calculix")


def _named(name):
    return pytest.param(name, marks=[pytest.mark.slow] if name in _SLOW else [])


@pytest.mark.parametrize("name", [_named(name) for name in PROBLEMS])
def test_problem_is_within_its_bounds(name):
    if name in left_out():
        pytest.skip(left_out()[name])
    checks = run_all([name])
    assert checks, "a problem without checks verifies nothing"
    missed = [f"{c.problem}, {c.quantity}: {c.error:.3g} > {c.bound:.3g}" for c in checks if not c.passed]
    assert not missed, "\n".join(missed)


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
    assert list(left_out()) == ["calculix"]
    with pytest.raises(SetupError, match="CalculiX is not installed"):  # asked for by name, it cannot be left out
        run_all(["calculix"])
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
