"""Figures: the patient's sides are where the letters say, whatever the scan's orientation."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import image as pictures

from aorta.records import Grid, Labels, Segmentation, Volume
from aorta.report.figures import profile, quality, ring, slices


def seen(picture):
    return pictures.imread(io.BytesIO(picture.data), format=picture.mime.split("/")[1]).astype(int)


def flipped(results, axes):
    """The same patient scanned with some voxel axes running the other way."""
    grid = results.volume.grid
    affine = grid.affine_lps.copy()
    for axis in axes:  # of (k, j, i)
        column = 2 - axis
        affine[:3, 3] += affine[:3, column] * (grid.shape_kji[axis] - 1)
        affine[:3, column] *= -1
    other = Grid(grid.shape_kji, affine)
    volume = Volume(other, np.flip(results.volume.voxels, axes).copy(), "CT")
    labels = Labels(other, np.flip(results.segmentation.labels.voxels, axes).copy())
    return replace(results, volume=volume, segmentation=Segmentation(labels, "label map"))


@pytest.mark.parametrize("axes", [(1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize("draw", [slices.across, slices.along])
def test_same_picture_for_every_voxel_order(full, axes, draw):
    straight, turned = seen(draw(full)), seen(draw(flipped(full, axes)))
    assert straight.shape == turned.shape
    assert np.abs(straight - turned).mean() < 0.05  # grey levels; another side of the patient gives more than 10


def test_sides_of_the_patient(full):
    """A bright block on the patient's left is on the right of the picture, one in front at the top."""
    picture = {}
    for name, (low, high) in {"left": ((45, 0), (66, 90)), "front": ((0, 2), (90, 24))}.items():
        voxels = np.full_like(full.volume.voxels, -160.0)
        voxels[:, low[1] : high[1], low[0] : high[0]] = 460.0  # of x (patient's left) and y (back)
        changed = replace(full, volume=replace(full.volume, voxels=voxels))
        bright = (seen(slices.across(changed)).mean(2) > 200) & (seen(slices.across(full)).mean(2) < 200)
        panel = bright[: bright.shape[0] // 2, : bright.shape[1] // 3]
        rows, columns = np.nonzero(panel)
        picture[name] = (columns.mean() / panel.shape[1], rows.mean() / panel.shape[0])
    assert picture["left"][0] > 0.55 and picture["front"][1] < 0.35


def test_levels_hold_landmarks_and_fill_gaps(full):
    labels = full.segmentation.labels
    found = slices._levels(full.anatomy, labels, slices._box(labels), 6)
    z = np.array([point[2] for _, point in found])
    assert (np.diff(z) < 0).all()
    assert [title for title, _ in found] == ["lowest renal", "neck end", "", "maximum diameter", "", "aortic bifurcation"]
    assert z[2] == pytest.approx((z[1] + z[3]) / 2, abs=1e-9)


def test_profile_tells_the_peak_and_leaves_gaps(full):
    picture = profile.profile(full.anatomy)
    assert f"largest {np.nanmax(full.anatomy.sections[0].outer_max_diameter_mm):.1f} mm" in picture.alt
    blank = replace(full.anatomy.sections[0], outer_max_diameter_mm=np.full(141, np.nan))
    assert profile.profile(replace(full.anatomy, sections=(blank,))) is None


def test_landmark_without_arc_length_is_put_at_the_nearest_section(full):
    marks = dict((m.name, at) for m, at in profile._marks(full.anatomy, full.anatomy.sections[0]))
    assert marks["aortic_bifurcation"] == full.anatomy.sections[0].arc_length_mm[136]
    assert marks["lowest_renal"] == full.anatomy.landmark("lowest_renal").arc_length_mm


def test_mean_ratio_of_known_shapes(full):
    regular = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1.0]])
    corner = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    points = np.concatenate([regular[[0, 2, 1, 3]], corner])
    tets = np.array([[0, 1, 2, 3] + [0] * 6, [4, 5, 6, 7] + [0] * 6])
    found = quality.mean_ratio(replace(full.mesh, points=points, tets=tets, region=np.array([1, 1], np.uint8)))
    np.testing.assert_allclose(found, [1.0, 12 * np.cbrt(0.25) / 9], rtol=1e-12)


def test_newton_steps_are_told_apart():
    def entry(phase, load, iteration, residual):
        return {"phase": phase, "load": load, "iteration": iteration, "residual": residual}

    told = [
        ("inverse", 0.5, 0, 1.0),
        ("inverse", 0.5, 1, 0.1),
        ("inverse", 1.0, 0, 0.5),
        ("forward", 1.0, 0, 0.2),
        ("forward", 1.0, 0, 0.0),
    ]
    history = tuple(entry(*one) for one in told)
    assert quality._steps(history) == [("inverse", 0.5, [1.0, 0.1]), ("inverse", 1.0, [0.5]), ("forward", 1.0, [0.2])]


def test_ring_words(full):
    assert "equilibrium diameter 22.4 mm, largest gap 0.40 mm, largest contact pressure 16.0 kPa" in ring.ring(full.stent.ring).alt
    assert ring.ring(None) is None
