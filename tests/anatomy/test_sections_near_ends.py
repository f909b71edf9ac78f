"""Which sections the flat ends of the label map spoil."""

import numpy as np
import pytest

from aorta.anatomy import sections
from aorta.anatomy.axis import Stations
from aorta.anatomy.slicing import Contour


@pytest.mark.parametrize(
    "fails, open_ends, kept",
    [
        ((0, 1, 9), (True, True), range(2, 9)),
        ((0, 1, 3, 9), (True, True), range(2, 9)),  # 3 looks over a bend: not near the end
        ((0, 1, 9), (False, True), range(0, 9)),
        ((0, 1, 9), (True, False), range(2, 10)),
        (range(10), (True, True), range(4, 6)),  # no further than the ends reach
    ],
)
def test_only_an_unbroken_run_from_an_open_end_is_left_out(monkeypatch, fails, open_ends, kept):
    """Ten sections 4 mm apart of a tube of 10 mm radius: the first and last four are within reach of an end."""
    circle = 10.0 * np.stack([np.cos(np.arange(12)), np.sin(np.arange(12))], axis=1)
    arc = 4.0 * np.arange(10)
    centre = np.stack([0 * arc, 0 * arc, -arc], axis=1)
    contours = [Contour(np.c_[circle, np.full(12, z)], circle) for z in -arc]
    places = Stations(arc, centre, np.tile([0.0, 0.0, -1.0], (10, 1)))
    monkeypatch.setattr(sections, "goes_on", lambda contour, normal, lattice, sense: int(-contour.points[0, 2] / 4.0) not in fails)
    found = sections._clear_of_ends(contours, places, None, open_ends)
    assert found == kept
