"""External and internal iliac arteries are told apart by where they go, whichever the traced path follows."""

import numpy as np
import pytest
from vessel_shapes import distance_to_segment, grid, labels_of, voxel_points

from aorta.anatomy.measure import measure
from aorta.settings import AnatomySettings

LEFT, RIGHT = np.array([24.0, 4.0, -38.0]), np.array([-24.0, 4.0, -38.0])  # where the common iliac arteries end


def made(spread: float):
    """``spread``: how far the two go apart; the left external is the wider, the right internal the longer one."""
    g = grid([-60, -30, -95], [60, 40, 50], [1.0, 1.0, 1.5])
    points = voxel_points(g)
    lumen = distance_to_segment(points, [0, 0, 80], [0, 0, 0]) < 9
    for side, fork in ((1.0, LEFT), (-1.0, RIGHT)):
        lumen |= distance_to_segment(points, [0, 0, 0], fork) < 5.5
        outer_end = fork + np.array([side * 0.6, -0.4, -1.0]) * [spread, spread, 42 if side > 0 else 34]
        inner_end = fork + np.array([-side * 0.25, 0.8, -1.0]) * [spread, spread, 30 if side > 0 else 50]
        lumen |= distance_to_segment(points, fork, outer_end) < 4.2
        lumen |= distance_to_segment(points, fork, inner_end) < 3.4
    return measure(labels_of(g, lumen=lumen), {}, AnatomySettings(), {})


@pytest.fixture(scope="module")
def parted():
    return made(26.0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_both_are_named_and_start_at_the_fork(parted, side):
    outward = 1.0 if side == "left" else -1.0
    external, internal = parted.branch(f"{side}_external_iliac"), parted.branch(f"{side}_internal_iliac")
    assert external.parent == internal.parent == f"{side}_iliac"
    assert (external.points[-1] - external.points[0]) @ [outward, -1.0, 0.0] == pytest.approx(24.0, abs=7.0)
    assert (internal.points[-1] - internal.points[0]) @ [-outward, 1.0, 0.0] == pytest.approx(24.0, abs=7.0)
    fork = parted.landmark(f"{side}_iliac_bifurcation").point
    np.testing.assert_allclose(fork, LEFT if side == "left" else RIGHT, atol=5.0)


def test_what_hardly_parts_is_not_named():
    names = {b.name for b in made(3.0).branches}
    assert not any("ternal" in name for name in names)
