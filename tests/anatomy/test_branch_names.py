"""Names of side branches from level, side, direction and width."""

import numpy as np
import pytest

from aorta.anatomy.body import Body
from aorta.anatomy.curve import resample
from aorta.anatomy.naming import name_branches
from aorta.anatomy.side_branches import SideBranch

LEFT, BACK, UP = np.eye(3)
BODY = Body(LEFT, BACK, UP)
FRONT, RIGHT = -BACK, -LEFT


def branch(direction, radius=2.5):
    towards = np.asarray(direction, float) / np.linalg.norm(direction)
    curve = resample(np.outer([0.0, 30.0], towards))
    return SideBranch(curve, np.full(len(curve.points), radius), np.zeros((1, 3)), towards)


USUAL = {
    "coeliac": (30.0, FRONT, FRONT, 3.5),
    "superior_mesenteric": (45.0, FRONT - UP, FRONT, 3.5),
    "left_renal": (60.0, LEFT + 0.6 * BACK - 0.3 * UP, LEFT + 0.3 * BACK, 2.6),
    "right_renal": (55.0, RIGHT - 0.3 * UP, RIGHT, 2.6),
    "inferior_mesenteric": (110.0, FRONT + 0.5 * LEFT - UP, FRONT + 0.4 * LEFT, 1.6),
}


def named(cases, sac=120.0):
    rows = list(cases.values())
    branches = [branch(towards, radius) for _, towards, _, radius in rows]
    around = [ostium / np.linalg.norm(ostium) for _, _, ostium, _ in rows]
    return dict(zip(cases, name_branches(branches, [row[0] for row in rows], sac, BODY, around)))


def test_the_usual_five():
    assert named(USUAL) == {name: name for name in USUAL}


def test_lumbar_arteries_below_the_renals_are_not_renals():
    """They leave the back of the aorta and turn sideways, or leave sideways but are narrow."""
    lumbars = {
        "behind left": (75.0, LEFT + 0.5 * BACK, BACK + 0.4 * LEFT, 2.4),
        "behind right": (76.0, RIGHT + 0.5 * BACK, BACK + 0.4 * RIGHT, 2.4),
        "narrow left": (85.0, LEFT, LEFT, 1.0),
        "narrow right": (85.0, RIGHT, RIGHT, 1.0),
    }
    got = named(USUAL | lumbars)
    assert {got[name] for name in lumbars} == {"branch_1", "branch_2", "branch_3", "branch_4"}
    assert all(got[name] == name for name in USUAL)


def test_a_renal_artery_half_as_wide_as_the_other_is_still_one():
    narrow = USUAL | {"left_renal": (60.0, LEFT, LEFT, 1.3)}
    assert named(narrow)["left_renal"] == "left_renal"


@pytest.mark.parametrize(("above_mm", "name"), [(34.0, "superior_mesenteric"), (36.0, "branch_1")])
def test_one_branch_far_above_the_renals_may_be_coeliac_or_mesenteric(above_mm, name):
    cases = {"left_renal": USUAL["left_renal"], "right_renal": USUAL["right_renal"], "one": (55.0 - above_mm, FRONT, FRONT, 3.5)}
    assert named(cases)["one"] == name


def test_what_leaves_right_in_front_below_is_no_inferior_mesenteric():
    cases = USUAL | {"inferior_mesenteric": (110.0, FRONT + 0.5 * RIGHT, FRONT + RIGHT, 1.6)}
    assert named(cases)["inferior_mesenteric"] == "branch_1"
