"""Surfaces from files: unit, frame, closedness."""

import re
import subprocess
import sys

import numpy as np
import pytest
import pyvista as pv
from published import published

from aorta.errors import InputError
from aorta.meshing.surfaces_in import read_surface
from aorta.meshing.surfaces_out import write_surface
from aorta.records import Surface

VOLUME = 4 / 3 * np.pi * 20.0 * 15.0 * 30.0


@pytest.fixture
def ellipsoid():
    ball = pv.Sphere(radius=1.0, theta_resolution=80, phi_resolution=80).triangulate()
    return pv.PolyData.from_regular_faces(
        np.asarray(ball.points, float) * [20.0, 15.0, 30.0] + [5.0, 50.0, -7.0], ball.regular_faces
    )


@pytest.mark.parametrize("suffix", ["stl", "vtp", "ply"])
@pytest.mark.parametrize("unit, scale", [("mm", 1.0), ("cm", 0.1), ("m", 1e-3)])
def test_unit_is_applied(tmp_path, ellipsoid, suffix, unit, scale):
    path = tmp_path / f"v.{suffix}"
    ellipsoid.scale(scale, inplace=False).save(path)
    surface = read_surface(path, unit, "LPS")
    assert surface.volume_mm3 == pytest.approx(VOLUME, rel=4e-3)
    np.testing.assert_allclose(surface.points.mean(axis=0), [5.0, 50.0, -7.0], atol=0.6)


def test_ras_is_turned_and_stays_outward(tmp_path, ellipsoid):
    path = tmp_path / "v.stl"
    ellipsoid.save(path)
    surface = read_surface(path, "mm", "RAS")
    assert surface.volume_mm3 == pytest.approx(VOLUME, rel=4e-3)
    np.testing.assert_allclose(surface.points.mean(axis=0), [-5.0, -50.0, -7.0], atol=0.6)


def test_inward_triangles_are_turned(tmp_path, ellipsoid):
    path = tmp_path / "v.stl"
    pv.PolyData.from_regular_faces(ellipsoid.points, ellipsoid.regular_faces[:, ::-1]).save(path)
    assert read_surface(path, "mm", "LPS").volume_mm3 == pytest.approx(VOLUME, rel=4e-3)


@pytest.mark.parametrize("suffix", ["stl", "vtp", "ply"])
def test_a_file_that_states_another_frame_is_refused(tmp_path, ellipsoid, suffix):
    path = tmp_path / f"v.{suffix}"
    write_surface(Surface(np.asarray(ellipsoid.points), ellipsoid.regular_faces), path)
    assert read_surface(path, "mm", "LPS").volume_mm3 == pytest.approx(VOLUME, rel=4e-3)
    with pytest.raises(InputError, match="frame is LPS, not RAS"):
        read_surface(path, "mm", "RAS")


@pytest.mark.parametrize("unit, scale, right", [("mm", 1e-3, "to m$"), ("m", 1.0, "to mm$")])
def test_wrong_unit_is_named(tmp_path, ellipsoid, unit, scale, right):
    path = tmp_path / "v.vtp"
    ellipsoid.scale(scale * 2.0, inplace=False).save(path)
    with pytest.raises(InputError, match="far too (small|large)") as caught:
        read_surface(path, unit, "LPS")
    assert re.search(right, caught.value.fix)


def test_open_surface_gives_the_number_of_edges(tmp_path, ellipsoid):
    path = tmp_path / "v.vtp"
    keep = np.linalg.norm(ellipsoid.cell_centers().points - ellipsoid.points[np.argmax(ellipsoid.points[:, 0])], axis=1) > 4.0
    opened = ellipsoid.extract_cells(keep).extract_surface(algorithm=None).triangulate()  # a hole in its side
    opened.save(path)
    with pytest.raises(InputError, match="open") as caught:
        read_surface(path, "mm", "LPS")
    assert caught.value.why.startswith(f"{opened.n_open_edges} open edges")


def test_truncated_stl_is_refused(tmp_path, ellipsoid):
    path = tmp_path / "v.stl"
    ellipsoid.save(path)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(InputError, match="cannot be read"):
        read_surface(path, "mm", "LPS")


@pytest.mark.parametrize(
    "name, content", [("v.stl", b"no"), ("v.ply", b"ply\n"), ("v.vtp", b"<x/>"), ("v.step", b"ISO"), ("v.obj", b"")]
)
def test_what_is_no_surface_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError):
        read_surface(tmp_path / name, "mm", "LPS")


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_surface(tmp_path / "none.stl", "mm", "LPS")


@pytest.mark.parametrize("unit, factor", [("mm", 1.0), ("cm", 10.0)])
def test_step_numbers_are_in_the_stated_unit(tmp_path, unit, factor):
    path = tmp_path / "cylinder.step"
    write = (
        "import gmsh, sys; gmsh.initialize(); gmsh.model.occ.addCylinder(0, 0, 0, 0, 0, float(sys.argv[2]), float(sys.argv[3])); "
    )
    write += "gmsh.model.occ.synchronize(); gmsh.write(sys.argv[1])"
    # another process: OpenCASCADE keeps the unit of the last STEP file that a process has read
    subprocess.run(
        [sys.executable, "-c", write, str(path), str(40.0 / factor), str(10.0 / factor)], check=True, capture_output=True
    )
    surface = read_surface(path, unit, "LPS")
    assert surface.volume_mm3 == pytest.approx(np.pi * 100.0 * 40.0, rel=6e-3)
    metres = path.read_text().replace("SI_UNIT(.MILLI.,.METRE.)", "SI_UNIT($,.METRE.)")
    path.write_text(metres)
    assert read_surface(path, unit, "LPS").volume_mm3 == pytest.approx(surface.volume_mm3, rel=1e-3)


@pytest.mark.real
@pytest.mark.parametrize("name, expected_mL", [("Lumen.step", 76.0235), ("ILT.step", 59.6776), ("Lumen.stl", 76.0235)])
def test_aneupy_solids(name, expected_mL):
    surface = read_surface(published("aneupy-aaa") / name, "mm", "LPS")
    assert surface.volume_mm3 / 1000 == pytest.approx(expected_mL, rel=2e-3)
