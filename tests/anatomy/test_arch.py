"""An aorta over the arch, made of a straight piece, half a ring and a longer straight piece."""

import numpy as np
import pytest
from vessel_shapes import distance_to_segment, finding, grid, labels_of, value, voxel_points

from aorta.anatomy.measure import measure
from aorta.settings import AnatomySettings

BEND, RADIUS = 30.0, 12.0  # mm, of the arch's axis and of the vessel


@pytest.fixture(scope="module")
def made():
    """Ascending in front (y = -30) from z = -50, descending behind (y = 30) to z = -100, three branches upward."""
    g = grid([-16, -46, -100], [16, 46, 64], [1.6, 1.6, 1.6])
    p = voxel_points(g)
    ring = np.hypot(np.hypot(p[..., 1], p[..., 2]) - BEND, p[..., 0])
    inside = (ring < RADIUS) & (p[..., 2] >= 0)
    for y, low in ((-BEND, -50.0), (BEND, -300.0)):
        column = np.hypot(p[..., 0], p[..., 1] - y) < RADIUS
        inside |= column & (p[..., 2] < 0) & (p[..., 2] >= low)
    branches = np.zeros_like(inside)
    for angle in (50.0, 80.0, 110.0):
        towards = np.array([0.0, -np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        branches |= distance_to_segment(p, BEND * towards, BEND * towards + [0, 0, 60.0]) < 3.5
    labels = labels_of(g, branch=branches, lumen=inside)
    given = {"sinotubular_junction": (0.0, -BEND, -25.0), "diaphragm": (3.0, BEND, -60.0)}
    return measure(labels, given, AnatomySettings(section_spacing=3.0), {}), BEND


def counted_diameter(y):
    """Of the circle with the area of the voxels that stand for it: 23.7 in front and 24.0 mm behind, for 24."""
    points = voxel_points(grid([-16, -46, 0], [16, 46, 1.6], [1.6, 1.6, 1.6]))
    return 2.0 * np.sqrt((np.hypot(points[..., 0], points[..., 1] - y) < RADIUS).sum() * 1.6**2 / np.pi)


def test_the_way_goes_from_the_front_over_the_top_to_the_back(made):
    anatomy, bend = made
    aorta = anatomy.branch("aorta")
    assert aorta.points[0] == pytest.approx([0.0, -bend, -50.0], abs=2.5)
    assert aorta.points[-1] == pytest.approx([0.0, bend, -100.0], abs=2.5)
    assert aorta.arc_length_mm[-1] == pytest.approx(150.0 + np.pi * bend, rel=0.02)


def test_arch_branches_are_named_and_bound_the_arch_and_its_zones(made):
    anatomy, bend = made
    names = ("brachiocephalic", "left_common_carotid", "left_subclavian")
    assert set(names) <= {b.name for b in anatomy.branches}
    # a vertical branch's distal edge: 3.5 mm further back than its axis, on the arch's outer face
    edges = [np.arccos((bend * np.cos(np.radians(angle)) - 3.5) / (bend + RADIUS)) for angle in (50.0, 80.0, 110.0)]
    assert value(anatomy, "zone_1_length_mm") == pytest.approx(bend * (edges[1] - edges[0]), abs=3.0)
    assert value(anatomy, "zone_2_length_mm") == pytest.approx(bend * (edges[2] - edges[1]), abs=3.0)
    assert value(anatomy, "zone_3_length_mm") == pytest.approx(20.0, rel=1e-9)
    for zone in range(1, 5):
        assert value(anatomy, f"zone_{zone}_diameter_mm") == pytest.approx(2 * RADIUS, abs=0.8), zone
    assert finding(anatomy, "arch_length_mm").caution == ""


def test_standard_levels_and_what_does_not_apply(made):
    anatomy, bend = made
    counted = {"mid_ascending": -BEND, "mid_descending": BEND, "proximal_descending": BEND}
    for level, y in counted.items():
        assert value(anatomy, f"{level}_equal_area_diameter_mm") == pytest.approx(counted_diameter(y), abs=0.3), level
    for level in ("sinotubular_junction", "diaphragm"):
        assert value(anatomy, f"{level}_max_diameter_mm") == pytest.approx(2 * RADIUS, abs=0.8), level
    assert finding(anatomy, "sinuses_max_diameter_mm").value is None
    assert "give the landmark 'sinuses'" in finding(anatomy, "sinuses_max_diameter_mm").caution
    assert value(anatomy, "neck_length_mm") is None
    turned = 10 * np.pi / (150.0 + np.pi * bend - 24.0)  # half a turn over all but the half windows at both ends
    assert value(anatomy, "aorta_mean_curvature_per_cm") == pytest.approx(turned, rel=0.08)
