"""Published vessels. AORTA_REFERENCE_DATA names the folder; the docs say where each set comes from."""

import numpy as np
import pytest
from published import grid_of, published, voxels_of
from scipy.spatial import cKDTree
from vessel_shapes import finding, value

from aorta.anatomy.measure import measure
from aorta.records import Grid, Labels
from aorta.settings import AnatomySettings

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def magnetic():
    """The level set of vmtk-aorta-mra as a label map; its file has lost the patient's orientation."""
    level = published("vmtk-aorta-mra/aorta-final-levelset.mha")
    labels = Labels(grid_of(level), (voxels_of(level) < 0).astype(np.uint8))
    return level.parent, measure(labels, {}, AnatomySettings(), {})


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

    where = published("aneupy-aaa")
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


@pytest.fixture(scope="module")
def iliac_aneurysms():
    """iliac-aneurysm-surface: an open surface, closed at its seven ends, on a 1 mm grid with 1.5 mm of wall."""
    from aorta.meshing.surfaces_in import read_surface
    from aorta.segmentation.voxelise import voxelise

    where = published("iliac-aneurysm-surface")
    surface = read_surface(where / "patientBIG.stl", "mm", "LPS")
    assert "7 vessel end(s)" in surface.cautions[0]
    labels = voxelise(surface, spacing_mm=1.0, wall_thickness_mm=1.5).labels
    return measure(labels, {}, AnatomySettings(section_spacing=2.0), {})


def test_renal_arteries_above_iliac_aneurysms_are_found(iliac_aneurysms):
    assert {"left_renal", "right_renal"} <= {b.name for b in iliac_aneurysms.branches}
    assert iliac_aneurysms.landmark("lowest_renal").point == pytest.approx([-0.4, 9.1, 17.9], abs=1.5)


def test_infrarenal_aorta_above_iliac_aneurysms(iliac_aneurysms):
    """Published for the surface: 17 to 18 mm."""
    assert value(iliac_aneurysms, "infrarenal_lumen_mean_diameter_mm") == pytest.approx(17.5, abs=0.3)
    assert value(iliac_aneurysms, "neck_length_mm") is None  # it nowhere widens


def test_both_iliac_aneurysms(iliac_aneurysms):
    """Published: 26 to 28 mm, which are diameters across the patient; perpendicular to the arteries they are smaller."""
    for side, axial, orthogonal in (("left", 26.5, 24.2), ("right", 27.4, 20.1)):
        assert value(iliac_aneurysms, f"{side}_iliac_axial_lumen_equal_area_diameter_mm") == pytest.approx(axial, abs=0.4)
        assert value(iliac_aneurysms, f"{side}_iliac_max_lumen_diameter_mm") == pytest.approx(orthogonal, abs=0.4)
        assert value(iliac_aneurysms, f"{side}_iliac_max_diameter_mm") == pytest.approx(orthogonal + 2.85, abs=0.4)


@pytest.fixture(scope="module")
def chest():
    """The given mask of the dissected aorta, one lumen of it."""
    import nibabel

    where = published("thoracic-dissection-cta")
    image = nibabel.load(where / "aorta.nii.gz")
    mask = np.asarray(image.dataobj) > 0
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    labels = Labels(Grid(mask.T.shape, affine), np.ascontiguousarray(mask.T.astype(np.uint8)))
    return where, measure(labels, {}, AnatomySettings(section_spacing=2.0), {})


def test_the_arch_is_followed_from_the_heart_down(chest):
    """The report beside the mask: 37.2 cm in all, diameters 38, 37 and 47 mm at most (of another mask: see the docs)."""
    _, anatomy = chest
    aorta = anatomy.branch("aorta")
    assert aorta.arc_length_mm[-1] == pytest.approx(363.5, abs=3.0)
    assert aorta.points[0, 2] == pytest.approx(655.0, abs=3.0) and aorta.points[-1, 2] == pytest.approx(539.5, abs=1.0)
    for part, diameter in (("ascending", 36.9), ("arch", 38.3), ("descending", 39.2)):
        assert value(anatomy, f"{part}_max_diameter_mm") == pytest.approx(diameter, abs=0.8), part
    assert "arch branches" in finding(anatomy, "arch_length_mm").caution
    assert value(anatomy, "neck_length_mm") is None
    assert value(anatomy, "zone_2_length_mm") is None and "left_subclavian" in finding(anatomy, "zone_2_length_mm").caution


def test_diameters_at_the_reports_levels(chest):
    """At the points that the report gives (RAS), where its mask and the given one agree: 1 to 4 mm less than it says."""
    import json

    where, anatomy = chest
    levels = json.loads((where / "aorta_report.json").read_text())["landmarks"]
    sections = anatomy.sections_of("aorta")
    for number, difference in (("3", -0.8), ("4", -3.5), ("5", -2.2), ("9", -2.0), ("10", -1.8)):
        level = levels[number]
        middle = 0.5 * (np.array(level["start"]) + level["end"]) * [-1, -1, 1]
        at = np.linalg.norm(sections.centre - middle, axis=1).argmin()
        assert np.linalg.norm(sections.centre[at] - middle) < 3.0
        assert sections.outer_max_diameter_mm[at] - 10 * level["diameter"] == pytest.approx(difference, abs=0.7), level["name"]
