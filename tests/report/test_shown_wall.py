"""The map of a wall that the image shows, on the mesh's nodes."""

from dataclasses import replace

import numpy as np
import pytest
import pyvista as pv

from aorta.records import ThicknessPoints
from aorta.report.fields import write_fields
from aorta.report.fieldspec import wall_fields
from aorta.report.shown_wall import NAME, shown_thickness

SLOPE = 0.02  # mm of thickness per mm of height


def shown(results, keep=slice(None)):
    """As if the image showed a wall that thickens upwards, measured at the outer face."""
    nodes = np.unique(results.mesh.facets["outer"])[keep]
    points = results.mesh.points[nodes]
    return replace(results, anatomy=replace(results.anatomy, wall_thickness=ThicknessPoints(points, 3.0 + SLOPE * points[:, 2])))


def test_nodes_have_what_was_measured_beside_them(full):
    results = shown(full)
    values, mesh = shown_thickness(results), full.mesh
    outer = np.unique(mesh.facets["outer"])
    np.testing.assert_allclose(values[outer], 3.0 + SLOPE * mesh.points[outer, 2], rtol=0, atol=1e-6)
    on_wall = mesh.wall_thickness_mm > 0
    assert np.isnan(values[~on_wall]).all() and np.isfinite(values[on_wall]).all()
    assert np.abs(values - 3.0 - SLOPE * mesh.points[:, 2])[on_wall].max() == pytest.approx(0.0, abs=0.06)


def test_where_nothing_was_measured_there_is_nothing(full):
    results = shown(full, keep=slice(0, 1))
    finite = np.isfinite(shown_thickness(results))
    near = np.linalg.norm(full.mesh.points - results.anatomy.wall_thickness.points, axis=1) <= 2.0 + full.mesh.wall_thickness_mm
    assert (finite == (near & (full.mesh.wall_thickness_mm > 0))).all() and 0 < finite.sum() < 60


def test_it_is_in_the_report_and_in_the_files_where_there_is_one(full, tmp_path):
    assert NAME in wall_fields(shown(full)) and NAME not in wall_fields(full)
    for results, there in ((shown(full), True), (full, False)):
        write_fields(results, tmp_path)
        assert (NAME in pv.read(tmp_path / "fields" / "wall_systole.vtu").point_data) is there
