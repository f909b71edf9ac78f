"""Names and figures of neck profiles known in closed form."""

import numpy as np
import pytest
from test_neck import aorta

from aorta.anatomy.neck import Span
from aorta.anatomy.neck_shape import neck_shape_findings


def of(profile):
    sections, _ = aorta(profile)
    return {f.name: f for f in neck_shape_findings(sections, Span(20.0, 50.0), "")}


X = np.arange(80.0) - 20.0  # below the renal artery


@pytest.mark.parametrize(
    ("profile", "shape"),
    [
        (24.0 + 0.15 * X, "straight"),
        (24.0 + 0.25 * X, "conical, widening downward (reverse taper)"),
        (24.0 - 0.25 * X, "conical, narrowing downward"),
        (24.0 + 3.2 * np.exp(-(((X - 15.0) / 4.0) ** 2)), "bulge"),
        (24.0 - 3.2 * np.exp(-(((X - 15.0) / 4.0) ** 2)), "hourglass"),
    ],
)
def test_shapes(profile, shape):
    assert of(profile)["neck_shape"].value == shape


def test_figures_of_a_cone_and_a_bulge():
    cone = of(24.0 + 0.25 * X)
    assert cone["neck_widening_first_10mm_mm"].value == pytest.approx(2.5, rel=1e-9)
    assert cone["neck_bulge_mm"].value == pytest.approx(0.0, abs=1e-9)
    assert cone["neck_outer_max_diameter_15mm_below_renal_mm"].value == pytest.approx(24 + 0.25 * 15, rel=1e-9)
    bulge = of(24.0 + 3.2 * np.exp(-(((X - 15.0) / 4.0) ** 2)))
    assert bulge["neck_bulge_mm"].value == pytest.approx(3.2, rel=1e-5)
    assert bulge["neck_waist_mm"].value == pytest.approx(0.0, abs=1e-9)


def test_without_a_renal_artery_everything_is_withheld():
    sections, _ = aorta(24.0 + 0 * X)
    found = neck_shape_findings(sections, None, "no renal artery")
    assert {f.value for f in found} == {None} and {f.caution for f in found} == {"no renal artery"}
    assert len(found) == 7 + 4 * 6
