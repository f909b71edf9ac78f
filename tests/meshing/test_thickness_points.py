"""Measured wall thickness, from its file to the function the mesh is made with."""

import numpy as np
import pytest

from aorta.errors import InputError
from aorta.meshing.thickness_points import REACH_MM, interpolated, read_points
from aorta.records import ThicknessPoints

ANGLE = np.linspace(0, 2 * np.pi, 48, endpoint=False)
Z = np.arange(-60.0, 61.0, 3.0)
CYLINDER = np.array([[15 * np.cos(a), 15 * np.sin(a), z] for z in Z for a in ANGLE])


def stated(points):
    return np.full(len(points), 1.5)


def test_points_are_met_and_stay_within_range():
    at = CYLINDER[::37]
    values = 1.0 + 0.8 * np.sin(at[:, 2] / 10.0) ** 2
    thickness, cautions = interpolated(ThicknessPoints(at, values), CYLINDER, stated)
    np.testing.assert_allclose(thickness(at), values, rtol=1e-9)
    between = thickness(CYLINDER)
    assert values.min() <= between.min() and between.max() <= values.max()
    assert len(cautions) == 1


def test_a_linear_field_is_followed():
    at = CYLINDER[::5]
    thickness, _ = interpolated(ThicknessPoints(at, 1.5 + at[:, 2] / 100.0), CYLINDER, stated)
    inside = np.abs(CYLINDER[:, 2]) < 50
    error = thickness(CYLINDER[inside]) - (1.5 + CYLINDER[inside, 2] / 100.0)
    assert np.sqrt((error**2).mean()) < 0.012  # the points are 1 to 10 mm apart, over which the field changes by 0.1 mm


def test_far_from_points_the_stated_thickness_stands():
    at = CYLINDER[CYLINDER[:, 2] < -40]
    thickness, cautions = interpolated(ThicknessPoints(at, np.full(len(at), 2.2)), CYLINDER, stated)
    far = CYLINDER[CYLINDER[:, 2] > -42 + REACH_MM]
    np.testing.assert_allclose(thickness(far), 1.5, rtol=1e-12)
    near = CYLINDER[CYLINDER[:, 2] < -42 + REACH_MM / 2 - 1]
    np.testing.assert_allclose(thickness(near), 2.2, rtol=1e-12)
    assert "no point is within" in cautions[1]


def test_points_off_the_vessel_are_refused():
    at = CYLINDER[::50] * np.array([-1.0, -1.0, 1.0]) + np.array([40.0, 0, 0])
    with pytest.raises(InputError, match="do not lie on the vessel") as caught:
        interpolated(ThicknessPoints(at, np.full(len(at), 1.5)), CYLINDER, stated)
    assert "thickness_frame" in caught.value.fix


def test_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x_mm,y_mm,z_mm,thickness_mm\n1,2,3,1.5\n\n-4,5.5,6,2\n")
    read = read_points(path, "LPS")
    np.testing.assert_array_equal(read.points, [[1, 2, 3], [-4, 5.5, 6]])
    np.testing.assert_array_equal(read.thickness_mm, [1.5, 2.0])
    np.testing.assert_array_equal(read_points(path, "RAS").points, [[-1, -2, 3], [4, -5.5, 6]])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x,y,z,t\n1,2,3,1.5\n", "its header is not"),
        ("x_mm,y_mm,z_mm,thickness_mm\n", "no points"),
        ("x_mm,y_mm,z_mm,thickness_mm\n1,2,3\n", "line 2 is not four numbers"),
        ("x_mm,y_mm,z_mm,thickness_mm\n1,2,3,nan\n", "line 2 is not four numbers"),
        ("x_mm,y_mm,z_mm,thickness_mm\n1,2,3,1.5\n1,2,3,0.0015\n", "line 3: a wall of 0.0015 mm"),
    ],
)
def test_bad_files(tmp_path, text, why):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_points(path, "LPS")
    assert why in caught.value.why
