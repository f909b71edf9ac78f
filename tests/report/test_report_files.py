"""Fields and surfaces as ParaView reads them; files whole or not at all; errors that say what to do."""

import base64
import errno
import os
import resource

import numpy as np
import pytest
import pyvista as pv

from aorta.errors import SetupError
from aorta.records import Results, State
from aorta.report import fields, files
from aorta.report.derived import stresses
from aorta.report.fieldspec import linear_triangles, wall_fields
from aorta.report.pdf import pdf
from aorta.report.write import write_report
from aorta.settings import Case


def test_fields_carry_values_units_and_frame(full, tmp_path):
    assert fields.write_fields(full, tmp_path) == ["fields/wall_imaging.vtu", "fields/wall_systole.vtu"]
    grid = pv.read(tmp_path / "fields/wall_systole.vtu")
    assert list(grid.field_data["SPACE"]) == ["LPS"] and list(grid.field_data["length_unit"]) == ["mm"]
    assert set(grid.celltypes) == {pv.CellType.QUADRATIC_TETRA}
    np.testing.assert_array_equal(grid.points, full.mesh.points)
    np.testing.assert_array_equal(grid.cell_data["region"], full.mesh.region)
    for name in ("max_principal_kPa", "von_mises_kPa", "wall_strength_kPa", "rupture_index"):
        np.testing.assert_array_equal(grid.point_data[name], full.risk.node_fields[name])
    np.testing.assert_array_equal(grid.point_data["displacement_mm"], full.solution.state("systole").displacement_mm)
    np.testing.assert_array_equal(grid.point_data["unloaded_displacement_mm"], full.solution.unloaded_displacement_mm)
    assert "rupture_index" not in pv.read(tmp_path / "fields/wall_imaging.vtu").point_data  # risk is at systole
    np.testing.assert_array_equal(grid.cells_dict[pv.CellType.QUADRATIC_TETRA], full.mesh.tets)


def test_principal_and_mises_of_known_stress():
    rng = np.random.default_rng(1)
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    tensor = axes @ np.diag([0.30, 0.12, -0.02]) @ axes.T  # MPa
    six = tensor[[0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2]]
    empty = np.zeros((1, 3))
    found = stresses(State("systole", 0.016, empty, np.zeros((1, 1, 6)), np.ones((1, 1)), np.array([six])))
    assert found["max_principal_kPa"][0] == pytest.approx(300.0, rel=1e-12)
    assert found["von_mises_kPa"][0] == pytest.approx(1000 * np.sqrt(0.5 * (0.18**2 + 0.14**2 + 0.32**2)), rel=1e-12)


def test_surfaces_and_centreline(full, tmp_path):
    fields.write_surfaces(full.anatomy, tmp_path)
    outer, line = pv.read(tmp_path / "surfaces/outer.vtp"), pv.read(tmp_path / "surfaces/centrelines.vtp")
    np.testing.assert_array_equal(outer.regular_faces, full.anatomy.outer.triangles)
    assert list(outer.field_data["SPACE"]) == ["LPS"]
    np.testing.assert_array_equal(line.point_data["inscribed_radius_mm"], full.anatomy.branches[0].inscribed_radius_mm)
    assert line.n_lines == 1 and list(line.field_data["branch_names"]) == ["aorta"]


def test_last_converged_state(full, tmp_path):
    displacement = np.full_like(full.mesh.points, 0.25)
    fields.write_last_converged(full.mesh, (0.375, displacement), tmp_path)
    grid = pv.read(tmp_path / "last_converged.vtu")
    np.testing.assert_array_equal(grid.point_data["displacement_mm"], displacement)
    assert float(grid.field_data["load_factor"][0]) == 0.375


def test_fields_of_an_earlier_run_go(full, partial, tmp_path):
    fields.write_fields(full, tmp_path)
    (tmp_path / "fields/mine.vtu").write_text("the user's")
    assert fields.write_fields(partial, tmp_path) == ["fields/mesh.vtu"]
    assert sorted(p.name for p in (tmp_path / "fields").iterdir()) == ["mesh.vtu", "mine.vtu"]


def test_wall_fields_are_blank_off_the_wall(full, partial):
    off = full.mesh.wall_thickness_mm == 0
    for name, values in wall_fields(full).items():
        assert np.isnan(values[off]).all() and np.isfinite(values[~off]).all(), name
    assert list(wall_fields(partial)) == ["thrombus_thickness_mm"]


def test_four_triangles_cover_a_quadratic_one():
    points = np.array([[0, 0], [2, 0], [0, 2], [1, 0], [1, 1], [0, 1.0]])
    p = points[linear_triangles(np.array([[0, 1, 2, 3, 4, 5]]))]
    u, v = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    np.testing.assert_array_equal((u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2, [0.5] * 4)


def test_a_file_as_folder(tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(SetupError) as caught:
        write_report(Results(Case(1, "X")), tmp_path / "out")
    assert caught.value.exit_status == 8 and "file stands where a folder is needed" in caught.value.what
    assert str(tmp_path) not in str(caught.value)


def test_file_size_limit_leaves_the_old_file(tmp_path):
    files.write_file(tmp_path, "a/report.html", "old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(SetupError, match="file-size limit"):
            files.write_file(tmp_path, "a/report.html", "n" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "a/report.html").read_text() == "old"
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["report.html"]


def test_full_disk_is_told_as_such(tmp_path, monkeypatch):
    def full_disk(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(SetupError) as caught:
        write_report(Results(Case(1, "X")), tmp_path)
    assert "the disk is full" in caught.value.what and caught.value.exit_status == 8
    assert list(tmp_path.iterdir()) == []


def test_whole_report_of_a_case_without_mechanics(partial, tmp_path):
    told = []
    write_report(partial, tmp_path, lambda message, fraction=None: told.append(fraction))
    found = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert found == [
        "fields/mesh.vtu",
        "methods.md",
        "report.html",
        "report.pdf",
        "result.json",
        "surfaces/centrelines.vtp",
        "surfaces/lumen.vtp",
        "surfaces/outer.vtp",
    ]
    assert told == sorted(told) and told[-1] == 1.0
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_paper_fetches_nothing(tmp_path, caplog):
    picture = tmp_path / "picture.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>')
    inside = "data:image/svg+xml;base64," + base64.b64encode(picture.read_bytes()).decode()
    for address, refused in ((inside, 0), (picture.as_uri(), 1), ("http://127.0.0.1:9/x.png", 1), ("x.png", 1)):
        caplog.clear()
        pdf(f'<img src="{address}">')
        assert len([r for r in caplog.records if r.levelname == "ERROR"]) == refused, address
