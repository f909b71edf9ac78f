"""Diameters by every definition on an oblique elliptic tube and a ball, the clock, and what lies where in the sac."""

import numpy as np
import pytest
from vessel_shapes import distance_to_segment, finding, grid, labels_of, value, voxel_points

from aorta.anatomy.body import Body
from aorta.anatomy.measure import measure
from aorta.anatomy.sac import clock_hours, ray_length
from aorta.anatomy.slicing import Contour
from aorta.settings import AnatomySettings

BODY = Body(*np.eye(3))
TILT = np.radians(30.0)
ELLIPSE = (15.0, 10.0)  # half axes: in the plane of the tilt (left-right), and front to back


@pytest.fixture(scope="module")
def tilted():
    """A straight elliptic vessel leaning 30° to the left, its round lumen 4 mm in front of its axis."""
    g = grid([-40, -14, -45], [40, 14, 45], [1.0, 1.0, 1.5])
    p = voxel_points(g)
    along = np.array([np.sin(TILT), 0.0, np.cos(TILT)])
    across = np.array([np.cos(TILT), 0.0, -np.sin(TILT)])
    u, v = p @ across, p[..., 1]
    outer = (u / ELLIPSE[0]) ** 2 + (v / ELLIPSE[1]) ** 2 < 1
    lumen = distance_to_segment(p, -300 * along + [0, -4, 0], 300 * along + [0, -4, 0]) < 5.0
    return measure(labels_of(g, thrombus=outer, lumen=lumen), {}, AnatomySettings(section_spacing=3.0), {})


def test_orthogonal_diameters(tilted):
    def size(kind):
        return value(tilted, f"sac_outer_orthogonal_{kind}_diameter_mm")

    a, b = ELLIPSE
    h = ((a - b) / (a + b)) ** 2
    perimeter = np.pi * (a + b) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h)))  # Ramanujan
    assert size("max") == pytest.approx(2 * a, abs=0.4)
    assert size("min") == pytest.approx(2 * b, abs=0.4)
    assert size("equal_area") == pytest.approx(2 * np.sqrt(a * b), abs=0.3)
    assert size("equal_perimeter") == pytest.approx(perimeter / np.pi, abs=0.3)
    assert size("left_right") == pytest.approx(2 * a, abs=0.4)
    assert size("anterior_posterior") == pytest.approx(2 * b, abs=0.4)


def test_axial_diameters_are_longer_along_the_tilt(tilted):
    a, b = ELLIPSE
    assert value(tilted, "sac_outer_axial_left_right_diameter_mm") == pytest.approx(2 * a / np.cos(TILT), abs=0.5)
    assert value(tilted, "sac_outer_axial_anterior_posterior_diameter_mm") == pytest.approx(2 * b, abs=0.4)
    assert value(tilted, "sac_lumen_axial_max_diameter_mm") == pytest.approx(10 / np.cos(TILT), abs=0.55)


def test_inscribed_spheres(tilted):
    assert value(tilted, "sac_outer_inscribed_sphere_diameter_mm") == pytest.approx(2 * ELLIPSE[1], abs=0.4)
    assert value(tilted, "sac_lumen_inscribed_sphere_diameter_mm") == pytest.approx(10.0, abs=0.4)


def test_thrombus_is_thickest_behind(tilted):
    """12 o'clock is in front. The distance of (15 cos t, 10 sin t) from the lumen's axis at (0, -4) is greatest where
    sin t = 40 / 125, which from the middle of the outer contour is at 3.42 or 8.58 o'clock."""
    behind = np.degrees(np.arctan2(10 * 0.32, 15 * np.sqrt(1 - 0.32**2))) / 30.0
    hours = value(tilted, "thrombus_max_thickness_clock_h")
    assert min(abs(hours - 3.0 - behind), abs(hours - 9.0 + behind)) == pytest.approx(0.0, abs=0.3)
    assert finding(tilted, "sac_asymmetry_ratio").value is None  # no neck


@pytest.mark.parametrize(
    ("towards", "hours"), [([0, -1, 0], 12.0), ([1, 0, 0], 3.0), ([0, 1, 0], 6.0), ([-1, 0, 0], 9.0), ([1, -1, 0], 1.5)]
)
@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_clock_as_seen_from_the_feet(towards, hours, sense):
    assert clock_hours(np.array(towards, float), sense * np.eye(3)[2], BODY) == pytest.approx(hours, abs=1e-9)


def test_rays_to_a_circle_from_off_its_centre():
    t = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    flat = 10 * np.stack([np.cos(t), np.sin(t)], axis=1)
    circle = Contour(np.c_[flat, 0 * t], flat)
    front, back = (ray_length(circle, np.array([0, 3.0, 0]), np.array([0, s, 0]), np.eye(3)[2]) for s in (-1.0, 1.0))
    assert (front, back) == (pytest.approx(13.0, rel=1e-4), pytest.approx(7.0, rel=1e-4))
    assert ray_length(circle, np.array([0, 30.0, 0]), np.array([0, 1.0, 0]), np.eye(3)[2]) == 0.0
