"""A Y with renal arteries: who is who, where it parts, where it is cut."""

import numpy as np
import pytest
from vessel_shapes import distance_to_segment, grid, labels_of, value, voxel_points

from aorta.anatomy.measure import measure
from aorta.settings import AnatomySettings

LEFT_END, RIGHT_END = np.array([35.0, 5, -70]), np.array([-40.0, 8, -70])


def make(branches_as: str, spacing=(1.0, 1.0, 1.5)):
    """Aorta of radius 9 from z = 90 to the parting at 0; iliacs of radius 5.5 and 6; renals at z = 60 and 50."""
    g = grid([-60, -25, -55], [60, 25, 85], spacing)
    points = voxel_points(g)
    lumen = distance_to_segment(points, [0, 0, 200], [0, 0, 0]) < 9
    lumen |= distance_to_segment(points, [0, 0, 0], LEFT_END) < 5.5
    lumen |= distance_to_segment(points, [0, 0, 0], RIGHT_END) < 6.0
    renal = distance_to_segment(points, [0, 0, 60], [-50, 10, 60]) < 3.0
    renal |= distance_to_segment(points, [0, 0, 50], [50, 10, 50]) < 2.8
    return labels_of(
        g,
        **{branches_as: renal & ~lumen} if branches_as == "branch" else {},
        lumen=lumen | (renal if branches_as == "lumen" else False),
    )


@pytest.fixture(scope="module", params=["branch", "lumen"])
def forked(request):
    """Renal arteries in their own class, or labelled as lumen."""
    return measure(make(request.param), {}, AnatomySettings(iliac_length=40.0), {})


def test_branches_are_named_by_side(forked):
    names = {b.name for b in forked.branches}
    assert names == {"aorta", "left_iliac", "right_iliac", "left_renal", "right_renal"}
    assert forked.branch("left_iliac").points[-1, 0] > 20  # LPS: +x is the patient's left
    assert forked.branch("right_iliac").points[-1, 0] < -20
    assert forked.branch("left_renal").points[-1, 0] > 30
    assert forked.branch("right_renal").points[-1, 0] < -30


def test_tangents_point_away_from_the_heart(forked):
    for name in ("aorta", "left_iliac", "right_iliac"):
        branch = forked.branch(name)
        assert branch.tangents[:, 2].max() < 0
        np.testing.assert_allclose(np.linalg.norm(branch.tangents, axis=1), 1, rtol=1e-9)
        np.testing.assert_allclose(np.diff(branch.arc_length_mm), 0.5, atol=0.02)


def test_bifurcation_is_where_the_axes_part(forked):
    point = forked.landmark("aortic_bifurcation").point
    np.testing.assert_allclose(point, [0, 0, 0], atol=3.0)
    for name in ("left_iliac", "right_iliac"):
        np.testing.assert_allclose(forked.branch(name).points[0], point, atol=1e-6)


def test_iliac_centrelines_run_on_their_axes(forked):
    for name, end in (("left_iliac", LEFT_END), ("right_iliac", RIGHT_END)):
        points = forked.branch(name).points
        body = points[(points[:, 2] < -15) & (points[:, 2] > -48)]
        assert distance_to_segment(body, [0, 0, 0], end).max() < 0.6


def test_diameters(forked):
    assert value(forked, "max_equivalent_diameter_mm") == pytest.approx(18.0, abs=0.3)
    assert value(forked, "left_iliac_diameter_mm") == pytest.approx(11.0, abs=0.25)
    assert value(forked, "right_iliac_diameter_mm") == pytest.approx(12.0, abs=0.25)


def test_lowest_renal_is_the_left_ones_lower_edge(forked):
    assert forked.landmark("lowest_renal").point[2] == pytest.approx(50 - 2.8, abs=1.2)
    assert forked.branch("right_renal").parent == "aorta"


def test_no_sac_means_no_neck_length(forked):
    assert value(forked, "neck_length_mm") is None
    assert value(forked, "neck_diameter_mm") == pytest.approx(18.0, abs=0.25)


def test_renal_arteries_leave_no_mark_on_the_surface(forked):
    """Cut at the ostium and smoothed: the aorta's surface stays within a millimetre of its cylinder."""
    points = forked.lumen.points
    aorta = points[(points[:, 2] > 35) & (points[:, 2] < 75)]
    assert np.abs(np.hypot(aorta[:, 0], aorta[:, 1]) - 9).max() < 1.0


def test_three_ends_each_cutting_one_vessel(forked):
    ends = {e.name: e for e in forked.ends}
    assert set(ends) == {"proximal", "left_iliac", "right_iliac"}
    assert ends["proximal"].normal[2] == pytest.approx(1.0, abs=0.01)
    assert ends["proximal"].point[2] == pytest.approx(50 - 2.8 + 30, abs=2.0)  # proximal_length above the lowest renal
    for name, end in (("left_iliac", LEFT_END), ("right_iliac", RIGHT_END)):
        direction = end / np.linalg.norm(end)
        assert np.degrees(np.arccos(ends[name].normal @ direction)) == pytest.approx(0, abs=4.0)
        assert np.linalg.norm(ends[name].point) == pytest.approx(40.0, abs=3.5)  # iliac_length
        assert distance_to_segment(ends[name].point, [0, 0, 0], end) < 0.6


def test_modelled_volume_is_what_lies_between_the_ends(forked):
    """Counted by hand: the label's lumen between the three planes, renal arteries left out."""
    ends = {e.name: e for e in forked.ends}
    labels = make("none")
    points = voxel_points(labels.grid)[labels.mask("lumen")]
    keep = (points - ends["proximal"].point) @ ends["proximal"].normal < 0
    for name, side in (("left_iliac", 1), ("right_iliac", -1)):
        beyond = ((points - ends[name].point) @ ends[name].normal > 0) & (side * points[:, 0] > 0)
        keep &= ~beyond
    exact = keep.sum() * labels.grid.voxel_volume_mm3 / 1000
    assert value(forked, "lumen_volume_modelled_mL") == pytest.approx(exact, rel=0.012)


def test_short_iliacs_end_the_model_above_the_bifurcation():
    anatomy = measure(make("branch"), {}, AnatomySettings(iliac_length=2.0), {})
    assert [e.name for e in anatomy.ends] == ["proximal", "distal"]
    assert anatomy.ends[1].point[2] > 10
    assert any("iliac" in caution for caution in anatomy.cautions)
