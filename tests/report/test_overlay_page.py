"""The page to accept or correct labels on: outlines where the labels are, in the patient's directions, nothing hidden."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from aorta.records import Finding, Grid, Labels, SecondSeries, Segmentation, Volume
from aorta.report.figures.slice_stack import slice_stack
from aorta.report.overlay_page import write_overlay_page


def disc_labels(spacing=(0.8, 0.8, 2.0)):
    """A disc of radius 8 voxels at column 30.3, row 20.6 (lumen) within one of 12 (thrombus), slices 3 to 9."""
    k, j, i = np.mgrid[:12, :50, :60]
    apart = np.hypot(i - 30.3, j - 20.6)
    voxels = np.where(apart < 8, 1, np.where(apart < 12, 2, 0)).astype(np.uint8)
    voxels[(k < 3) | (k > 9)] = 0
    return Labels(Grid(voxels.shape, np.diag([*spacing, 1.0])), voxels)


def area(path):
    x, y = np.array([[float(c) for c in pair.split(",")] for pair in path.split()]).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


def test_outlines_enclose_the_labelled_voxels():
    labels = disc_labels()
    stack = slice_stack(labels, None)
    assert (stack.first, len(stack.outlines)) == (3, 7)
    for key, names in (("lumen", ("lumen",)), ("vessel", ("lumen", "thrombus"))):
        (path,) = stack.outlines[2][key]
        assert area(path) == pytest.approx(labels.mask(*names)[5].sum(), rel=0.02)
    x, y = np.array([[float(c) for c in pair.split(",")] for pair in stack.outlines[0]["lumen"][0].split()]).T
    centre = [(x.max() + x.min()) / 2, (y.max() + y.min()) / 2]  # voxel centres lie at half integers
    np.testing.assert_allclose(centre, [30.8, 21.1], atol=0.35)


def test_directions_and_shape_follow_the_grid():
    labels = disc_labels()
    stack = slice_stack(labels, None)
    assert stack.letters == ("R", "L", "A", "P")
    assert stack.aspect == pytest.approx(60 / 50, rel=1e-12)
    coronal = Grid(labels.grid.shape_kji, np.array([[0.8, 0, 0, 0], [0, 0, 2.0, 0], [0, -1.6, 0, 0], [0, 0, 0, 1.0]]))
    stack = slice_stack(Labels(coronal, labels.voxels), None)
    assert stack.letters == ("R", "L", "S", "I")
    assert stack.aspect == pytest.approx(stack.width * 0.8 / (stack.height * 1.6), rel=1e-12)


def test_no_vessel_no_slices():
    labels = disc_labels()
    assert slice_stack(Labels(labels.grid, np.zeros_like(labels.voxels)), None) is None


def written(full, tmp_path, **changes):
    labels = disc_labels()
    volume = Volume(labels.grid, np.where(labels.voxels == 1, 300, 40).astype(np.int16), "CT")
    confidence = np.linspace(0.2, 0.97, 12)
    segmentation = Segmentation(labels, "made up", confidence, (4, 5))
    results = replace(full, segmentation=segmentation, volume=volume, anatomy=None)
    text = write_overlay_page(results, tmp_path, **changes).read_text(encoding="utf-8")
    return text, json.loads(re.search(r'id="stack">(.+?)</script>', text, re.S)[1])


def test_page_says_which_slices_to_look_at(full, tmp_path):
    text, stack = written(full, tmp_path)
    assert "Look at slices 4–5" in text
    assert 'value="4"' in text  # the first doubtful slice is shown first
    assert stack["doubtful"] == [4, 5]
    assert stack["confidence"][4] == pytest.approx(np.linspace(0.2, 0.97, 12)[4], abs=6e-4)
    assert all(p.startswith("data:image/jpeg;base64,") for p in stack["pictures"])
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)  # nothing is fetched


def test_page_tells_of_the_second_image(full, tmp_path):
    found = Finding("registration_repeatability_mm", 0.43, "mm", "farthest apart")
    second = SecondSeries(full.volume, np.eye(4), (found,))
    said = (("second", "second image: compressed with loss"),)
    text, _ = written(replace(full, second=second, cautions=said), tmp_path)
    assert "second image: compressed with loss" in text and 'data-finding="registration_repeatability_mm"' in text


def test_page_says_why_nothing_was_measured(full, tmp_path):
    text, _ = written(full, tmp_path, unmeasured="the vessel has <no> open end")
    assert "could not be measured from these labels: the vessel has &lt;no&gt; open end" in text
