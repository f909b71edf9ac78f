"""The phantom's known values against closed forms, and against its own voxels measured another way."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from aorta.phantom.make import COARSE_SHAPE_KJI, make_phantom
from aorta.phantom.scene import Shape, Tube, Vessel, build_vessel
from aorta.phantom.truth import frame, known_values, ostium, profile, tangents, volumes_mL


@pytest.fixture(scope="module")
def full():
    return make_phantom(labels_only=True)


def straight(radius, direction=(0.0, 0.0, -1.0), start=(0.0, 0.0, 200.0), length=120.0, step=0.5):
    s = np.arange(0.0, length + step / 2, step)
    axis = np.array(start) + s[:, None] * np.array(direction) / np.linalg.norm(direction)
    return Tube(axis, radius(s) if callable(radius) else np.full(s.shape, radius))


def test_section_of_a_tilted_tube_is_its_circle():
    sections = profile(straight(15.0, direction=(1.0, 0.0, -1.0)))
    middle = slice(20, -20)  # the tube ends in half balls
    np.testing.assert_allclose(sections.max_diameter[middle], 30.0, rtol=5e-4)
    np.testing.assert_allclose(sections.equivalent_diameter[middle], 30.0, rtol=5e-4)


def test_section_of_a_cone_is_its_envelope():
    slope = 0.4  # envelope of balls of radius R(s): R / sqrt(1 - R'²) in the plane through s
    sections = profile(straight(lambda s: 5.0 + slope * s, length=60.0))
    middle = slice(15, -25)
    expected = 2 * (5.0 + slope * sections.arc_length[middle]) / np.sqrt(1 - slope**2)
    np.testing.assert_allclose(sections.equivalent_diameter[middle], expected, rtol=1e-3)


def test_volume_of_a_capsule():
    tube = straight(12.0, direction=(0.3, 0.2, -1.0), start=(3.0, -5.0, 180.0), length=100.0)
    thin = Tube(tube.axis, tube.radius - 4.0)
    vessel = Vessel(Shape(wall_thickness=1.5), tube, thin, {}, {})
    volumes = volumes_mL(vessel)

    def capsule(r):
        return (np.pi * r**2 * 100.0 + 4 / 3 * np.pi * r**3) / 1000.0

    assert volumes["vessel_volume_mL"] == pytest.approx(capsule(12.0), rel=1.5e-3)
    assert volumes["lumen_volume_mL"] == pytest.approx(capsule(8.0), rel=1.5e-3)
    assert volumes["thrombus_volume_mL"] == pytest.approx(capsule(10.5) - capsule(8.0), rel=3e-3)


def test_lower_edge_of_an_ostium():
    aorta = straight(11.0)
    branch = straight(2.9, direction=(1.0, 0.0, 0.0), start=(0.0, 0.0, 150.0), length=40.0)
    rim = ostium(Vessel(Shape(), aorta, aorta, {}, {"right_renal": branch}), branch)
    assert rim[:, 2].min() == pytest.approx(150.0 - 2.9, abs=0.02)
    np.testing.assert_allclose(np.hypot(rim[:, 0], rim[:, 1]), 11.0 - 1.5, rtol=2e-3)  # on the lumen, a wall's thickness inside


@pytest.mark.parametrize("shape_kji", [COARSE_SHAPE_KJI, (160, 256, 256)])
def test_label_volumes_are_the_known_ones(shape_kji, full):
    phantom = full if shape_kji[0] == 160 else make_phantom(shape_kji=shape_kji, labels_only=True)
    assert phantom.labels.volume_mL("lumen") == pytest.approx(phantom.truth["lumen_volume_mL"], rel=3e-3)
    assert phantom.labels.volume_mL("thrombus") == pytest.approx(phantom.truth["thrombus_volume_mL"], rel=5e-3)
    whole = phantom.labels.volume_mL("lumen", "thrombus", "wall", "calcification")
    assert whole == pytest.approx(phantom.truth["vessel_volume_mL"], rel=2e-3)


def _equivalent_diameters(phantom):
    """Along the centreline: diameters of the circles of equal area, from label voxels in perpendicular planes."""
    line = phantom.centreline[::2]
    inside = phantom.labels.mask("lumen", "thrombus", "wall", "calcification").astype(np.float32)
    first, second = frame(tangents(phantom.centreline)[::2])
    h = 0.5
    u, v = np.meshgrid(np.arange(-33, 33, h), np.arange(-33, 33, h))
    areas = []
    for point, a, b in zip(line, first, second):
        where = phantom.labels.grid.to_ijk(point + u[..., None] * a + v[..., None] * b)
        areas.append((map_coordinates(inside, where[..., ::-1].transpose(2, 0, 1), order=1) > 0.5).sum() * h * h)
    return 2 * np.sqrt(np.array(areas) / np.pi)


def test_diameters_are_those_of_the_voxels(full):
    diameters = _equivalent_diameters(full)
    assert diameters.max() == pytest.approx(full.truth["max_equivalent_diameter_mm"], rel=4e-3)
    line, marks = full.centreline[::2], full.landmarks
    neck = (line[:, 2] <= marks["lowest_renal"][2]) & (line[:, 2] >= marks["neck_end"][2])
    assert diameters[neck].mean() == pytest.approx(full.truth["neck_diameter_mm"], rel=8e-3)
    at_end = np.interp(-marks["neck_end"][2], -line[:, 2], diameters)
    start = neck & (line[:, 2] >= marks["lowest_renal"][2] - 9)
    assert at_end / diameters[start].mean() == pytest.approx(1.10, abs=0.02)


def test_neck_is_long_angulated_and_cylindrical(full):
    truth = full.truth
    assert truth["neck_length_mm"] == pytest.approx(26.0, abs=4.0)
    assert truth["neck_diameter_mm"] == pytest.approx(22.0, abs=0.4)
    assert truth["max_diameter_mm"] == pytest.approx(55.0, abs=0.5)
    marks = full.landmarks
    neck, sac = marks["neck_end"] - marks["lowest_renal"], marks["aortic_bifurcation"] - marks["neck_end"]
    angle = np.degrees(np.arctan2(np.linalg.norm(np.cross(neck, sac)), neck @ sac))
    assert truth["neck_angulation_deg"] == pytest.approx(angle, abs=1e-6)
    assert angle == pytest.approx(35.0, abs=2.5)
    along = np.linalg.norm(neck)
    assert truth["neck_length_mm"] == pytest.approx(along, rel=0.01)  # a straight neck is as long as its chord


def test_a_different_vessel_has_different_known_values():
    changed, _ = known_values(build_vessel(Shape(neck_diameter=25.0, sac_diameter=62.0, neck_tilt_deg=33.0)))
    assert changed["max_diameter_mm"] == pytest.approx(62.0, abs=0.5)
    assert changed["neck_diameter_mm"] == pytest.approx(25.2, abs=0.3)
    assert changed["neck_angulation_deg"] == pytest.approx(44.0, abs=2.5)  # ten degrees more than the default
