"""Calcification as stiff inclusions: what they add, what they attract, and what is left out of peaks."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from aorta.mechanics.materials.registry import material  # noqa: E402
from aorta.mechanics.solve import solve  # noqa: E402
from aorta.mechanics.structures import inclusions  # noqa: E402
from aorta.mechanics.supports import fixed, sliding  # noqa: E402
from aorta.meshing.inclusions import calcified_share  # noqa: E402
from aorta.records import THROMBUS, WALL, Calcification  # noqa: E402
from aorta.risk.fields import tissue_elements  # noqa: E402
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, WallSettings  # noqa: E402
from aorta.units import MMHG_IN_MPA  # noqa: E402
from aorta.verify import reference_meshes as meshes  # noqa: E402
from aorta.verify import solving  # noqa: E402

pytestmark = pytest.mark.fem


@pytest.mark.parametrize("formulation", ["displacement", "mixed"])
def test_calcified_throughout_is_a_stiffer_neo_hookean_solid(formulation):
    """Of the same Poisson's ratio: shear and bulk modulus grow alike."""
    tube = meshes.tube_sector(10.0, 11.5)
    supports = tuple(sliding(name) for name in tube.facets if name not in ("blood", "wall_inner", "outer"))
    laws = [material("neo-hookean", {"mu": mu}, 40.0 * mu / 0.35, "wall") for mu in (0.35, 0.35 + 2.0)]
    soft, stiff = (solving.body(tube, supports, law, formulation=formulation) for law in laws)
    everywhere = np.ones((len(tube.tets), 4))
    mixed = dataclasses.replace(soft, fields={inclusions.FIELD: everywhere}, inclusion_shear=2.0)
    states = [solving.inflate(what, 0.016)[0] for what in (soft, stiff, mixed)]
    size = np.abs(states[1].displacement_mm).max()
    np.testing.assert_allclose(states[2].displacement_mm, states[1].displacement_mm, atol=1e-9 * size)
    assert np.abs(states[0].displacement_mm).max() > 3 * size
    np.testing.assert_allclose(states[2].cauchy_quadrature_MPa, states[1].cauchy_quadrature_MPa, atol=1e-8)


def test_thrombus_beside_a_calcified_wall_stays_as_soft():
    """Calcified throughout, thrombus and all, is a stiffer wall with the same thrombus."""
    tube = meshes.thrombosed_tube((2, 6, 3))
    assert (tube.region == THROMBUS).any()
    laws = [material("neo-hookean", {"mu": mu}, 40.0 * mu / 0.35, "wall") for mu in (0.35, 0.35 + 2.0)]
    ends = (fixed("end_proximal"), fixed("end_distal"))
    soft, stiff = (solving.body(tube, ends, law) for law in laws)
    places = np.ones((len(tube.tets), 4))
    nowhere = dataclasses.replace(stiff, fields={inclusions.FIELD: 0 * places}, inclusion_shear=2.0)  # one form for both
    calcified = dataclasses.replace(soft, fields={inclusions.FIELD: places}, inclusion_shear=2.0)
    wanted, found = (solving.inflate(what, 0.016)[0].displacement_mm for what in (nowhere, calcified))
    np.testing.assert_allclose(found, wanted, atol=1e-8 * np.abs(wanted).max())


def test_share_follows_the_labelled_voxels():
    voxel = 0.8
    lattice = voxel * np.stack(np.meshgrid(*[np.arange(5.0)] * 3, indexing="ij"), -1).reshape(-1, 3)
    labelled = Calcification(lattice, voxel)
    centres = lattice.reshape(5, 5, 5, 3)[:-1, :-1, :-1].reshape(-1, 3) + voxel / 2
    np.testing.assert_array_equal(calcified_share(centres, labelled), 1.0)
    away = np.array([[x, 1.6, 1.6] for x in 3.2 + voxel * np.array([0.9, 1.2, 1.5])])
    np.testing.assert_allclose(calcified_share(away, labelled), [1.0, 0.5, 0.0], atol=1e-9)
    assert calcified_share(away + 50.0, labelled) is None


@pytest.fixture(scope="module")
def patch():
    """An aneurysm with one calcified patch at its widest, and its solution with and without."""
    mesh = meshes.aneurysm((1, 12, 8))
    on_outer = mesh.points[np.unique(mesh.facets["outer"])]
    centre = on_outer[np.linalg.norm(on_outer - [28.5, 0, 0], axis=1).argmin()]
    share = np.clip((16.0 - np.linalg.norm(mesh.points - centre, axis=1)) / 2.0, 0.0, 1.0)
    calcified = dataclasses.replace(mesh, calcified_share=share)
    pressure = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)

    def run(what, modulus=20.0):
        return solve(what, pressure, MechanicsSettings(), WallSettings(calcification_modulus=modulus), ThrombusSettings())

    return calcified, run(mesh), run(calcified), run(calcified, 40.0)


def test_linear_stress_says_that_it_has_no_inclusions(patch):
    """It has no material at all: neither calcification nor the law's parameters are cautioned about as if they counted."""
    calcified, pressure = patch[0], BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)
    wall = WallSettings(calcification_modulus=20.0, parameters={"alpha": 0.2})
    told = [
        solve(mesh, pressure, MechanicsSettings(prestress="linear"), wall, ThrombusSettings())
        for mesh in (calcified, dataclasses.replace(calcified, calcified_share=None))
    ]
    stiff, plain = ({c for c in solution.cautions if "calcification" in c} for solution in told)
    assert len(stiff) == 1 and "leaves out stiff calcification" in stiff.pop() and not plain
    assert not [c for solution in told for c in solution.cautions if "material" in c]
    a, b = (solution.state("systole").cauchy_quadrature_MPa for solution in told)
    np.testing.assert_array_equal(a, b)


def first_principal(state):
    return np.linalg.eigvalsh(state.cauchy_quadrature_MPa[..., [[0, 3, 5], [3, 1, 4], [5, 4, 2]]])[..., -1]


def test_a_patch_carries_more_and_is_in_balance(patch):
    mesh, soft, stiff, _ = patch
    core = mesh.calcified_share[mesh.tets].mean(1) > 0.8
    assert core.sum() >= 2
    plain, attracted = (first_principal(s.state("systole"))[core].max() for s in (soft, stiff))
    assert attracted > 1.3 * plain
    found = {f.name: f.value for f in stiff.findings}
    assert found["traction_balance_error"] < 1e-6 and found["reaction_balance_error"] < 1e-6
    assert found["prestress_identity_residual"] < 1e-8


def test_peaks_leave_the_inclusion_out_and_hardly_depend_on_its_modulus(patch):
    mesh, _, stiff, stiffer = patch
    tissue = tissue_elements(mesh)
    left_out = np.setdiff1d(np.flatnonzero(mesh.region == WALL), tissue)
    np.testing.assert_array_equal(left_out, np.flatnonzero(mesh.calcified_share[mesh.tets].mean(1) > 0.5))
    a, b = (np.percentile(first_principal(s.state("systole"))[tissue], 99) for s in (stiff, stiffer))
    assert b / a == pytest.approx(1.0, abs=0.03)
