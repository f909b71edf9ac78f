"""The family of phantoms: repeatable, as varied as it says, its hard members hard."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter

from aorta.errors import InputError
from aorta.phantom.distance import Axes, channel_tubes, lumen_from, on_grid, outer_tubes
from aorta.phantom.family import FIELD, MEMBERS, draw_scene, make_member, member
from aorta.phantom.scene import build_vessel
from aorta.phantom.surroundings import sheet_distance
from aorta.records import VESSEL

NAIVE_MM = 1.5
BRIGHT_BLOOD, ANGIOGRAM, HARD = 19, 18, 27


@pytest.fixture(scope="module")
def hard():
    return make_member(HARD)


def coarse(scene, step=2.0):
    """Signed distances (outer, lumen) of a member's vessel on a coarse grid, and its axes."""
    axes = Axes.over(FIELD.corner_kji, FIELD.extent_kji, tuple(int(e / step) for e in FIELD.extent_kji))
    vessel = build_vessel(scene.shape)
    outer = on_grid(axes, *outer_tubes(vessel))
    return axes, vessel, outer, lumen_from(outer, on_grid(axes, *channel_tubes(vessel)), scene.shape.wall_thickness)


def test_the_family_is_thirty_of_which_ten_are_hard():
    assert len({m.seed for m in MEMBERS}) == len(MEMBERS) == 30
    assert sum(m.hard for m in MEMBERS) == 10
    assert {m.contrast for m in MEMBERS} == {"arterial", "weak", "portal-venous", "mr-angiography", "bright-blood"}
    assert (min(m.slice_mm for m in MEMBERS), max(m.slice_mm for m in MEMBERS)) == (0.7, 3.0)
    assert sum(m.hard and m.slice_mm >= 2.5 for m in MEMBERS) == 8
    for number in (0, 31):
        with pytest.raises(InputError, match=f"no member {number}"):
            member(number)


def test_scenes_are_drawn_from_the_seed_alone_and_within_the_ranges():
    scenes = [draw_scene(m) for m in MEMBERS]
    assert scenes == [draw_scene(m) for m in MEMBERS]
    assert len({s.shape for s in scenes}) == 30
    for one, scene in zip(MEMBERS, scenes):
        look = scene.look.values
        low, high = {"arterial": (260, 380), "weak": (212, 240), "portal-venous": (142, 180)}.get(one.contrast, (600, 1600))
        assert low <= look["blood"] <= high, one
        assert 18 <= scene.shape.neck_diameter <= 28 and 38 <= scene.shape.sac_diameter <= 75
        if one.contrast == "portal-venous":
            assert 0.7 < look["vein"] / look["blood"] < 0.95
        if one.hard:
            assert look["thrombus"] == look["muscle"] == look["wall"] and scene.around.cava_touches


@pytest.mark.parametrize("one", [m for m in MEMBERS if m.hard], ids=lambda m: str(m.number))
def test_on_hard_members_the_lumen_plus_a_wall_is_not_the_vessel_and_muscle_lies_on_it(one):
    scene = draw_scene(one)
    axes, vessel, outer, lumen = coarse(scene)
    naive, true = lumen < NAIVE_MM, outer < 0
    assert 2.0 * (naive & true).sum() / (naive.sum() + true.sum()) < 0.93
    muscle = np.min([sheet_distance(axes, vessel, sheet) for sheet in scene.around.sheets], axis=0) < 0
    skin = (outer > 0) & (outer < 2.0)
    sac = skin & (np.abs(axes.z - 112.0) < 20.0)[:, None, None]
    assert (muscle & sac).sum() / sac.sum() > 0.2


def test_a_hard_member_is_as_dark_in_muscle_as_in_thrombus(hard):
    voxels, grid = hard.volume.voxels, hard.volume.grid
    assert np.allclose(grid.spacing_kji, [230 / 77, 1.0, 1.0])
    inside = gaussian_filter(hard.labels.mask("thrombus").astype(float), (0.5, 1.5, 1.5)) > 0.95
    scene = draw_scene(member(HARD))
    axes = Axes.over(FIELD.corner_kji, FIELD.extent_kji, grid.shape_kji)
    muscle = sheet_distance(axes, build_vessel(scene.shape), scene.around.sheets[0]) < -2.0
    muscle &= distance_transform_edt(~hard.labels.mask(*VESSEL), sampling=grid.spacing_kji) > 4.0
    # HU, under noise of 10 to 22; in other members thrombus is up to 30 darker than muscle
    assert voxels[inside].mean() - voxels[muscle].mean() == pytest.approx(0.0, abs=3.0)


def test_truth_agrees_with_the_labels(hard):
    assert hard.labels.volume_mL("lumen", "thrombus", "wall", "calcification") == pytest.approx(
        hard.truth["vessel_volume_mL"], rel=4e-3
    )
    at = np.rint(hard.volume.grid.to_ijk(hard.landmarks["aortic_bifurcation"])).astype(int)[::-1]
    assert hard.labels.mask("lumen")[tuple(at)]


def test_a_bulge_counts_in_the_maximum_diameter():
    """Member 13's section is no circle: wider than its round sac by about the bulge."""
    shape = draw_scene(member(13)).shape
    assert shape.bulge > 2.0
    truth = make_member(13, labels_only=True).truth
    assert 0.6 * shape.bulge < truth["max_diameter_mm"] - shape.sac_diameter < 1.3 * shape.bulge
    assert truth["max_diameter_mm"] - truth["max_equivalent_diameter_mm"] > 2.0


def test_the_angiogram_is_coronal_and_shows_blood_only():
    phantom = make_member(ANGIOGRAM)
    grid, voxels = phantom.volume.grid, phantom.volume.voxels
    assert phantom.volume.modality == "MR"
    down, back = grid.affine_lps[:3, 1], grid.affine_lps[:3, 2]
    assert down[2] < 0 < back[1] and np.count_nonzero(grid.affine_lps[:3, :3]) == 3
    lumen = phantom.labels.mask("lumen")
    assert np.median(voxels[lumen]) > 3.0 * np.percentile(voxels[~lumen], 90)
    for name, point in phantom.landmarks.items():
        at = np.rint(grid.to_ijk(point)).astype(int)[::-1]
        assert phantom.labels.mask(*VESSEL)[tuple(at)], name


def test_bright_blood_has_bright_fat_and_a_dark_wall():
    phantom = make_member(BRIGHT_BLOOD)
    voxels, labels = phantom.volume.voxels, phantom.labels
    deep = distance_transform_edt(labels.mask("lumen"), sampling=labels.grid.spacing_kji) > 3.0
    look = draw_scene(member(BRIGHT_BLOOD)).look.values
    assert np.median(voxels[deep]) == pytest.approx(look["blood"], rel=0.15)
    thrombus = distance_transform_edt(labels.mask("thrombus"), sampling=labels.grid.spacing_kji) > 2.0
    assert np.median(voxels[thrombus]) / np.median(voxels[deep]) == pytest.approx(0.27, abs=0.05)
    assert voxels.min() >= 0
