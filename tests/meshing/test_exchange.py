"""The mesh in other programs' files, read back by those programs' readers where there is one."""

import gmsh
import meshio
import numpy as np
import pytest
import pyvista as pv
from analytic_vessels import tube

from aorta.errors import InputError, SetupError
from aorta.meshing.build import build_mesh
from aorta.meshing.exchange import write_exchange
from aorta.meshing.isoparametric import tet_volumes
from aorta.settings import MeshSettings, ThrombusSettings, WallSettings


@pytest.fixture(scope="module")
def mesh():
    return build_mesh(tube(length=15.0), MeshSettings(size=4.0), WallSettings(), ThrombusSettings())


@pytest.fixture(scope="module")
def volume(mesh):
    return tet_volumes(mesh.points, mesh.tets).sum()


@pytest.mark.parametrize("suffix", ["msh", "inp", "vtu"])
def test_volume_survives_a_round_trip(tmp_path, mesh, volume, suffix, capsys):
    path = tmp_path / f"mesh.{suffix}"
    write_exchange(mesh, path)
    assert capsys.readouterr().out == ""
    back = meshio.read(path)
    tets = np.concatenate([block.data for block in back.cells if block.type == "tetra10"])
    assert tet_volumes(back.points, tets).sum() == pytest.approx(volume, rel=1e-9)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_gmsh_sees_the_same_curved_elements(tmp_path, mesh, volume):
    path = tmp_path / "mesh.msh"
    write_exchange(mesh, path)
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.open(str(path))
        points, weights = gmsh.model.mesh.getIntegrationPoints(11, "Gauss4")
        _, determinants, _ = gmsh.model.mesh.getJacobians(11, points)
        names = {gmsh.model.getPhysicalName(*group) for group in gmsh.model.getPhysicalGroups()}
    finally:
        gmsh.finalize()
    determinants = determinants.reshape(len(mesh.tets), -1)
    assert determinants.min() > 0
    assert (determinants @ weights).sum() == pytest.approx(volume, rel=1e-9)
    assert {"wall", "blood", "outer", "end_proximal"} <= names


def test_abaqus_elements_are_plain_and_in_its_order(tmp_path, mesh):
    path = tmp_path / "mesh.inp"
    write_exchange(mesh, path)
    lines = path.read_text().splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("*ELEMENT"))
    assert lines[start] == "*ELEMENT, TYPE=C3D10"
    first = [int(v) - 1 for v in lines[start + 1].split(",")[1:]]
    # Abaqus: mid-edge nodes of 12, 23, 31, 14, 24, 34
    for node, (a, b) in zip(first[4:], ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3))):
        ends = mesh.points[[first[a], first[b]]]
        assert np.linalg.norm(mesh.points[node] - ends.mean(axis=0)) < 0.25 * np.linalg.norm(ends[0] - ends[1])
    assert "*NSET, NSET=blood" in lines


def test_vtk_reads_regions_and_fields(tmp_path, mesh):
    path = tmp_path / "mesh.vtu"
    write_exchange(mesh, path)
    grid = pv.read(path)
    assert set(grid.celltypes) == {pv.CellType.QUADRATIC_TETRA}
    np.testing.assert_array_equal(grid["region"], mesh.region)
    np.testing.assert_array_equal(grid["wall_thickness_mm"], mesh.wall_thickness_mm)


def test_other_formats_and_missing_folders_are_refused(tmp_path, mesh):
    with pytest.raises(InputError, match="not written as"):
        write_exchange(mesh, tmp_path / "mesh.xyz")
    with pytest.raises(SetupError, match="cannot be written"):
        write_exchange(mesh, tmp_path / "none" / "mesh.vtu")
