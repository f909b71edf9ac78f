"""Overrides and landmarks of the case file."""

import numpy as np
import pytest
from vessel_shapes import distance_to_segment, finding, grid, labels_of, value, voxel_points

from aorta.anatomy.measure import measure
from aorta.errors import GeometryError
from aorta.settings import AnatomySettings


@pytest.fixture(scope="module")
def sac():
    """Radius 9, swelling to 18 about z = 40; no branches."""
    g = grid([-22, -22, 0], [22, 22, 130], [1.2, 1.2, 2.0])
    x, y, z = np.moveaxis(voxel_points(g), -1, 0)
    outer = np.hypot(x, y) < 9 + 9 * np.exp(-(((z - 45) / 18) ** 2))
    return labels_of(g, thrombus=outer, lumen=np.hypot(x, y) < 8)


def run(labels, landmarks=None, overrides=None):
    return measure(labels, landmarks or {}, AnatomySettings(), overrides or {})


GIVEN = {"max_diameter_mm": 41.5, "neck_diameter_mm": 19.0, "wall_stress_max_kPa": 200.0}


@pytest.fixture(scope="module")
def overridden(sac):
    return run(sac, overrides=GIVEN)


def test_an_override_keeps_the_measured_value_beside_it(overridden):
    got = finding(overridden, "max_diameter_mm")
    assert got.value == 41.5 and got.valid and got.source == "case file"
    assert got.measured_value == pytest.approx(36.0, abs=0.4)
    assert "measured: 3" in got.method


def test_an_override_fills_in_what_could_not_be_measured(overridden):
    got = finding(overridden, "neck_diameter_mm")
    assert got.value == 19.0 and got.measured_value is None and got.caution == "" and "not measured (no renal" in got.method


def test_overrides_of_other_stages_are_left_alone(overridden):
    assert {f.name for f in overridden.findings if f.source == "case file"} == set(GIVEN) - {"wall_stress_max_kPa"}


def test_a_given_renal_landmark_opens_the_neck(sac, overridden):
    """The sac's radius has grown by 10 % where 9 exp(−((z − 45)/18)²) = 0.9 of the mean diameter's excess."""
    assert value(overridden, "neck_length_mm") is None  # no landmark there
    anatomy = run(sac, {"lowest_renal": (1.0, -2.0, 110.0)})
    assert anatomy.landmark("lowest_renal").source == "case file"
    np.testing.assert_array_equal(anatomy.landmark("lowest_renal").point, [1.0, -2.0, 110.0])
    end = 45 + 18 * np.sqrt(np.log(10.0))  # 0.9 mm more than 9
    assert value(anatomy, "neck_length_mm") == pytest.approx(110 - end, abs=1.5)
    assert value(anatomy, "neck_diameter_mm") == pytest.approx(18.25, abs=0.3)
    assert value(anatomy, "neck_angulation_deg") == pytest.approx(0.0, abs=2.0)


def test_given_neck_end_is_used(sac):
    anatomy = run(sac, {"lowest_renal": (0.0, 0.0, 110.0), "neck_end": (0.0, 0.0, 90.0)})
    assert value(anatomy, "neck_length_mm") == pytest.approx(20.0, abs=0.3)


def test_neck_end_above_the_renal_is_withheld_with_the_reason(sac):
    got = finding(run(sac, {"lowest_renal": (0.0, 0.0, 90.0), "neck_end": (0.0, 0.0, 110.0)}), "neck_length_mm")
    assert got.value is None and "not below" in got.caution


def test_a_landmark_in_the_wrong_frame_is_refused_with_the_hint():
    g = grid([100, 90, 0], [130, 120, 120], [1.2, 1.2, 2.0])
    labels = labels_of(g, lumen=distance_to_segment(voxel_points(g), [115, 105, -50], [115, 105, 300]) < 9)
    with pytest.raises(GeometryError, match="not on the vessel") as caught:
        run(labels, {"lowest_renal": (-115.0, -105.0, 90.0)})
    assert "RAS" in caught.value.why
