"""What the pulse does to a section, against closed forms."""

import numpy as np
import pytest

from aorta.records import Anatomy, Sections, Solution, State, Surface
from aorta.risk.fields import wall_places
from aorta.risk.pulsation import cut, pulsation_findings
from aorta.units import MMHG_IN_MPA
from aorta.verify import reference_meshes as meshes

LOW, HIGH = 80 * MMHG_IN_MPA, 120 * MMHG_IN_MPA


@pytest.fixture(scope="module")
def tube():
    return meshes.aneurysm((1, 24, 8))


def widest(mesh):
    outer = mesh.points[np.unique(mesh.facets["outer"])]
    return outer[np.argmax(np.hypot(outer[:, 0], outer[:, 1]))]


def radius_of(mesh):
    """Of the sac, which is a circle that lies off the axis."""
    outer = mesh.points[np.unique(mesh.facets["outer"])]
    return np.ptp(outer[np.abs(outer[:, 2] - widest(mesh)[2]) < 1e-6, 1]) / 2


def anatomy_at(centre, normal):
    one = np.array([1.0])
    fields = dict.fromkeys(
        (
            "outer_max_diameter_mm outer_min_diameter_mm outer_equivalent_diameter_mm outer_perimeter_diameter_mm "
            "lumen_equivalent_diameter_mm lumen_max_diameter_mm lumen_min_diameter_mm thrombus_max_thickness_mm "
            "thrombus_area_share calcified_share"
        ).split(),
        50 * one,
    )
    sections = Sections("aorta", 0 * one, np.array([centre]), np.array([normal]), **fields)
    surface = Surface(np.eye(3), np.array([[0, 1, 2]]))
    return Anatomy(surface, surface, (), (sections,), (), ())


def state(mesh, name, pressure, scale, stress):
    cauchy = np.zeros((len(mesh.tets), 4, 6))
    cauchy[..., 0] = stress
    move = mesh.points * (np.array([scale, scale, 1.0]) - 1)
    return State(name, pressure, move, cauchy, np.ones(cauchy.shape[:2]), np.zeros((len(mesh.points), 6)))


def findings(mesh, low, high, history=({"phase": "forward"},), centre=None):
    centre = np.array([0.0, 0.0, widest(mesh)[2]]) if centre is None else centre
    solution = Solution((low, high), 0 * mesh.points, history)
    found = pulsation_findings(anatomy_at(centre, np.array([0.0, 0.0, 1.0])), mesh, solution, wall_places(mesh, 5.0), "in the wall")
    return {f.name: f for f in found}


def test_cut_of_a_circle(tube):
    top = widest(tube)
    radius = radius_of(tube)
    diameter, area = cut(tube.points, tube.facets["outer"], np.array([1.0, -2.0, top[2] + 1e-6]), np.array([0.0, 0, 2]))
    assert diameter == pytest.approx(2 * radius, rel=2e-3)
    polygon = 48 / 2 * radius**2 * np.sin(2 * np.pi / 48)  # 24 quadratic cells: 48 chords
    assert area == pytest.approx(polygon, rel=1e-3)


def test_oblique_cut_is_an_ellipse():
    """A straight tube cut at 30 degrees: diameter and area grow by 1/cos."""
    tube = meshes.aneurysm((1, 48, 16))
    points = tube.points.copy()
    points[:, :2] *= (10.0 / np.hypot(points[:, 0], points[:, 1]))[:, None]
    middle = np.array([0, 0, points[:, 2].mean()])
    straight = cut(points, tube.facets["outer"], middle, np.array([0.0, 0, 1]))
    oblique = cut(points, tube.facets["outer"], middle, np.array([np.sin(np.pi / 6), 0, np.cos(np.pi / 6)]))
    assert oblique[0] / straight[0] == pytest.approx(2 / np.sqrt(3), rel=1e-3)
    assert oblique[1] / straight[1] == pytest.approx(2 / np.sqrt(3), rel=1e-3)


def test_growth_and_distensibility(tube):
    found = findings(tube, state(tube, "diastole", LOW, 1.0, 0.1), state(tube, "systole", HIGH, 1.02, 0.16))
    radius = radius_of(tube)
    assert found["pulsatile_diameter_change_mm"].value == pytest.approx(0.02 * 2 * radius, rel=2e-3)
    assert found["distensibility_per_mmHg"].value == pytest.approx((1.02**2 - 1) / 40, rel=1e-9)
    assert found["distensibility_per_kPa"].value == pytest.approx((1.02**2 - 1) / (40 * 0.133322387415), rel=1e-9)
    assert found["wall_stress_range_p99_kPa"].value == pytest.approx(60.0, rel=1e-9)


def test_nothing_without_diastole(tube):
    assert findings(tube, state(tube, "imaging", LOW, 1.0, 0.1), state(tube, "systole", HIGH, 1.02, 0.16)) == {}


def test_withheld_where_it_means_nothing(tube):
    states = state(tube, "diastole", LOW, 1.0, 0.1), state(tube, "systole", HIGH, 1.02, 0.16)
    linear = findings(tube, *states, history=())
    assert linear["distensibility_per_kPa"].value is None
    assert "linear" in linear["distensibility_per_kPa"].caution
    assert linear["wall_stress_range_p99_kPa"].value == pytest.approx(60.0, rel=1e-9)
    beside = findings(tube, *states, centre=np.array([200.0, 0.0, widest(tube)[2]]))
    assert beside["pulsatile_diameter_change_mm"].value is None
    assert "does not close" in beside["pulsatile_diameter_change_mm"].caution
