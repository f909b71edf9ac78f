"""The phantom's known values, recovered from its true labels."""

import numpy as np
import pytest
from vessel_shapes import value

from aorta.anatomy.measure import measure
from aorta.phantom.make import FULL_SHAPE_KJI, make_phantom
from aorta.settings import AnatomySettings

BRANCHES = {"left_renal", "right_renal", "superior_mesenteric", "inferior_mesenteric"}


def test_coarse_phantom_within_a_voxel_a_slice_and_a_few_degrees(coarse_phantom):
    phantom, anatomy = coarse_phantom
    voxel, slice_mm = 1.8, 3.0
    for name in (
        "max_diameter_mm",
        "max_equivalent_diameter_mm",
        "neck_diameter_mm",
        "left_iliac_diameter_mm",
        "right_iliac_diameter_mm",
    ):
        assert value(anatomy, name) == pytest.approx(phantom.truth[name], abs=0.2 * voxel), name
    assert value(anatomy, "neck_length_mm") == pytest.approx(phantom.truth["neck_length_mm"], abs=slice_mm)
    assert value(anatomy, "neck_angulation_deg") == pytest.approx(phantom.truth["neck_angulation_deg"], abs=3.0)
    for name in ("lumen_volume_mL", "thrombus_volume_mL"):
        assert value(anatomy, name) == pytest.approx(phantom.truth[name], rel=0.01), name


def test_coarse_phantom_landmarks(coarse_phantom):
    phantom, anatomy = coarse_phantom
    for name in ("lowest_renal", "neck_end", "aortic_bifurcation"):
        assert np.linalg.norm(anatomy.landmark(name).point - phantom.landmarks[name]) < 2.0, name


def test_coarse_phantom_branches_are_named(coarse_phantom):
    _, anatomy = coarse_phantom
    assert {b.name for b in anatomy.branches} == BRANCHES | {"aorta", "left_iliac", "right_iliac"}


def test_coarse_phantom_ends_cut_one_vessel_each(coarse_phantom):
    _, anatomy = coarse_phantom
    assert [e.name for e in anatomy.ends] == ["proximal", "left_iliac", "right_iliac"]
    assert anatomy.ends[1].point[0] > anatomy.ends[2].point[0]


@pytest.mark.slow
def test_full_phantom():
    phantom = make_phantom(shape_kji=FULL_SHAPE_KJI, labels_only=True)  # 1.5 mm slices, 0.9 mm pixels
    anatomy = measure(phantom.labels, {}, AnatomySettings(), {})
    for name in (
        "max_diameter_mm",
        "max_equivalent_diameter_mm",
        "neck_diameter_mm",
        "left_iliac_diameter_mm",
        "right_iliac_diameter_mm",
    ):
        assert value(anatomy, name) == pytest.approx(phantom.truth[name], abs=0.15), name
    assert value(anatomy, "neck_length_mm") == pytest.approx(phantom.truth["neck_length_mm"], abs=0.75)
    assert value(anatomy, "neck_angulation_deg") == pytest.approx(phantom.truth["neck_angulation_deg"], abs=2.0)
    for name in ("lumen_volume_mL", "thrombus_volume_mL"):
        assert value(anatomy, name) == pytest.approx(phantom.truth[name], rel=0.004), name
    for name in ("lumen_surface_volume_change_percent", "outer_surface_volume_change_percent"):
        assert value(anatomy, name) == pytest.approx(0.0, abs=0.5), name
    for name in ("lowest_renal", "neck_end", "aortic_bifurcation"):
        assert np.linalg.norm(anatomy.landmark(name).point - phantom.landmarks[name]) < 1.2, name
