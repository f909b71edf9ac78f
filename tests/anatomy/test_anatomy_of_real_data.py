"""Published vessels. AORTA_REFERENCE_DATA names the folder; the docs say where each set comes from."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree
from vessel_shapes import finding, value

from aorta.anatomy.measure import measure
from aorta.records import Grid, Labels
from aorta.settings import AnatomySettings

pytestmark = pytest.mark.real


def folder(name: str, file: str) -> Path:
    root = os.environ.get("AORTA_REFERENCE_DATA")
    if not root or not (Path(root) / name / file).exists():
        pytest.skip(f"AORTA_REFERENCE_DATA does not hold {name}/{file}")
    return Path(root) / name


@pytest.fixture(scope="module")
def magnetic():
    """The level set of vmtk-aorta-mra as a label map; its file has lost the patient's orientation."""
    import SimpleITK as sitk

    where = folder("vmtk-aorta-mra", "aorta-final-levelset.mha")
    image = sitk.ReadImage(str(where / "aorta-final-levelset.mha"))
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    level = sitk.GetArrayFromImage(image)
    labels = Labels(Grid(level.shape, affine), (level < 0).astype(np.uint8))
    return where, measure(labels, {}, AnatomySettings(), {})


def test_magnetic_resonance_aorta_forks_and_runs_across_the_frame(magnetic):
    _, anatomy = magnetic
    assert {"aorta", "left_iliac", "right_iliac"} <= {b.name for b in anatomy.branches}
    assert any("vertical" in caution for caution in anatomy.cautions)
    assert value(anatomy, "lumen_volume_mL") == pytest.approx(13.43, abs=0.01)


def test_magnetic_resonance_centreline_is_the_reference_one(magnetic):
    """The published centreline is in RAS: its x and y are flipped."""
    import pyvista as pv

    where, anatomy = magnetic
    reference = pv.read(where / "aorta-centerline.vtp").points * [-1, -1, 1]
    ours = np.vstack([anatomy.branch(n).points for n in ("aorta", "left_iliac", "right_iliac")])
    low, high = ours[:, 1].min() + 4, ours[:, 1].max() - 4
    inner = reference[(reference[:, 1] > low) & (reference[:, 1] < high)]
    distance = cKDTree(ours).query(inner)[0]
    assert distance.mean() < 0.5 and distance.max() < 1.2
    radius = anatomy.branch("aorta").inscribed_radius_mm
    assert np.max(radius) == pytest.approx(7.58, abs=0.35)  # the reference's largest inscribed radius


@pytest.fixture(scope="module")
def solids():
    """The two STEP solids of aneupy-aaa on a 1 mm grid."""
    import gmsh
    import pyvista as pv

    where = folder("aneupy-aaa", "Lumen.step")
    parts = []
    for name in ("Lumen", "ILT"):
        gmsh.initialize(interruptible=False)
        try:
            gmsh.option.setNumber("General.Terminal", 0)
            gmsh.option.setString("Geometry.OCCTargetUnit", "M")  # the file's millimetres are called metres
            gmsh.model.occ.importShapes(str(where / f"{name}.step"))
            gmsh.model.occ.synchronize()
            gmsh.option.setNumber("Mesh.MeshSizeMax", 3.0)
            gmsh.model.mesh.generate(2)
            tags, points, _ = gmsh.model.mesh.getNodes()
            triangles = gmsh.model.mesh.getElementsByType(2)[1]
        finally:
            gmsh.finalize()
        order = np.zeros(int(tags.max()) + 1, int)
        order[tags.astype(int)] = np.arange(len(tags))
        faces = order[triangles.astype(int).reshape(-1, 3)]
        parts.append(pv.PolyData(points.reshape(-1, 3), np.c_[np.full(len(faces), 3), faces].ravel()).clean())
    low = np.min([p.points.min(axis=0) for p in parts], axis=0) - 4
    high = np.max([p.points.max(axis=0) for p in parts], axis=0) + 4
    count = np.ceil((high - low) / 1.0).astype(int)
    lattice = pv.ImageData(dimensions=count, spacing=(1.0,) * 3, origin=low)
    lumen, thrombus = (
        np.asarray(lattice.select_interior_points(p, check_surface=False)["selected_points"]).reshape(count[::-1]) > 0
        for p in parts
    )
    affine = np.eye(4)
    affine[:3, 3] = low
    voxels = np.where(lumen, 1, np.where(thrombus, 2, 0)).astype(np.uint8)
    return measure(Labels(Grid(voxels.shape, affine), voxels), {}, AnatomySettings(), {})


def test_aneurysm_from_solids(solids):
    assert value(solids, "max_diameter_mm") == pytest.approx(53.2, abs=0.7)
    assert value(solids, "lumen_volume_mL") == pytest.approx(76.0, rel=0.01)
    assert value(solids, "thrombus_volume_mL") == pytest.approx(59.7, rel=0.01)


def test_aneurysm_from_solids_has_no_neck_and_no_iliacs_in_view(solids):
    for name in ("neck_diameter_mm", "neck_length_mm", "neck_angulation_deg"):
        assert value(solids, name) is None and "renal" in finding(solids, name).caution
    assert value(solids, "left_iliac_diameter_mm") is None
    assert [e.name for e in solids.ends] == ["proximal", "distal"]
