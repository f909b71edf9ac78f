"""The phantom at the size of a clinical series, from its image: a voxel, a few per cent, a slice."""

import pytest

from aorta.anatomy.measure import measure
from aorta.phantom.make import FULL_SHAPE_KJI, make_phantom
from aorta.segmentation.segment import segment
from aorta.settings import AnatomySettings, SegmentationSettings

pytestmark = pytest.mark.slow
PIXEL_MM, SLICE_MM = 0.9, 1.5


@pytest.fixture(scope="module")
def truth_and_found():
    phantom = make_phantom(1, FULL_SHAPE_KJI)
    labels = segment(phantom.volume, SegmentationSettings(), 1.5).labels
    return phantom.truth, {f.name: f.value for f in measure(labels, {}, AnatomySettings(), {}).findings}


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("max_diameter_mm", PIXEL_MM), ("neck_diameter_mm", PIXEL_MM), ("neck_length_mm", SLICE_MM), ("neck_angulation_deg", 3.0)],
)
def test_lengths_and_angle_are_recovered(truth_and_found, name, tolerance):
    truth, found = truth_and_found
    assert found[name] == pytest.approx(truth[name], abs=tolerance, rel=0)


@pytest.mark.parametrize(("name", "share"), [("lumen_volume_mL", 0.02), ("thrombus_volume_mL", 0.05)])
def test_volumes_are_recovered(truth_and_found, name, share):
    truth, found = truth_and_found
    assert found[name] == pytest.approx(truth[name], rel=share)
