"""Head up in every picture, also where the file calls the vessel's course anterior-posterior."""

from dataclasses import replace

import numpy as np
import pytest

from aorta.records import Surface
from aorta.report.page import page
from aorta.report.pose import axis, letter, pose


def turned(anatomy, order, signs):
    """The same vessel with its axes exchanged: new x is old axis ``order[0]`` times ``signs[0]`` ..."""
    turn = np.eye(3)[list(order)] * np.array(signs, float)[:, None]

    def surface(old):
        return Surface(old.points @ turn.T, old.triangles)

    branches = tuple(replace(b, points=b.points @ turn.T, tangents=b.tangents @ turn.T) for b in anatomy.branches)
    return replace(anatomy, lumen=surface(anatomy.lumen), outer=surface(anatomy.outer), branches=branches)


def test_usual_pose_is_the_radiologists(full):
    stance = pose(full.anatomy)
    assert stance.usual and list(stance.sides) == ["anterior", "left", "posterior", "right"]
    assert (letter(stance.right), letter(stance.up), letter(stance.towards)) == ("L", "S", "A")
    assert pose(None).usual


def test_upside_down_is_not_lost(full):
    """A head-first vessel whose aorta runs upward in the file is a matter of the anatomy, not of the pictures."""
    assert pose(turned(full.anatomy, (0, 1, 2), (1, -1, -1))).usual


@pytest.mark.parametrize("sense, head", [(1, "P"), (-1, "A")])
def test_vessel_along_y_stands_upright(full, sense, head):
    lying = turned(full.anatomy, (0, 2, 1), (1, sense, -sense))
    stance = pose(lying)
    assert not stance.usual and letter(stance.up) == head
    for rows in stance.sides.values():
        np.testing.assert_allclose(np.cross(rows[0], rows[1]), rows[2], atol=1e-12)  # no mirror
        assert letter(rows[1]) == head
    extent = np.ptp(lying.outer.points, axis=0)
    others = [q for q in range(3) if q != 1]
    assert axis(stance.towards) == min(others, key=lambda q: extent[q])
    assert axis(stance.right) == max(others, key=lambda q: extent[q])


def test_page_names_the_sides_of_its_views(full, full_html):
    lying = replace(full, anatomy=turned(full.anatomy, (0, 2, 1), (1, -1, 1)))
    content = page(lying).content
    assert content["sides"] == list(pose(lying.anatomy).sides)
    assert "which lie across the vessel here" in content["overlays"][0].caption
    assert 'data-side="anterior"' in full_html and "across the vessel here" not in full_html


def test_devices_without_a_measurement_are_one_line(full):
    blank = tuple(replace(c, criteria=tuple(replace(q, measured=None) for q in c.criteria)) for c in full.stent.candidates)
    html = page(replace(full, stent=replace(full.stent, candidates=blank))).html()
    assert "Devices without a single measured criterion" in html and 'class="candidate"' not in html
