"""Tilted gantry and uneven slices: refused by default, put right where the case file says so, and right means right."""

import numpy as np
import pytest
from dicom_maker import ORIGIN, SPACING, edit, hounsfield, tilt, uneven, write_series

from aorta.errors import InputError
from aorta.imaging.read import read_image
from aorta.imaging.straighten import Restack
from aorta.settings import ImageInput

STRAIGHT = ImageInput("somewhere", resample=True)
EVEN = np.arange(0, 61, 2.0)
BALL, RADIUS = np.array([4.0, -3.0, 30.0]), 18.0


def ball(points):
    """HU at LPS points: a ball of 300 in -100, its edge smooth over 3 mm, so that sampling loses nothing."""
    depth = RADIUS - np.linalg.norm(points - BALL, axis=-1)
    return -100.0 + 400.0 * np.clip(0.5 + depth / 3.0, 0.0, 1.0)


def scan(folder, tilt_deg=0.0, along=EVEN):
    """A DICOM series of the ball, slices at ``along`` mm, stacked vertically while their plane is tilted about the x axis."""
    angle = np.radians(tilt_deg)
    row, column = np.array([1.0, 0, 0]), np.array([0, np.cos(angle), np.sin(angle)])
    shape, spacing = (len(along), 80, 70), (1.0, 0.9)
    table = np.array([0, 0, 1.0]) / np.cos(angle)  # the table's way between slices `along` the normal

    def change(ds, k):
        first = np.array([-30.0, -40.0, 0.0]) + along[k] * table
        ds.ImagePositionPatient, ds.PixelSpacing = [f"{v:.6f}" for v in first], [str(spacing[1]), str(spacing[0])]
        j, i = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij")
        points = first + i[..., None] * row * spacing[0] + j[..., None] * column * spacing[1]
        ds.RescaleSlope, ds.RescaleIntercept = "1", "0"
        ds.PixelData = np.rint(ball(points)).astype("<i2").tobytes()
        ds["PixelData"].VR = "OW"

    write_series(folder, row=row, column=column, shape=shape, change=change)
    return folder


def weighed(volume):
    """Centre (LPS mm) and volume (mm³) of what is brighter than the ball's surroundings."""
    share = np.clip((volume.voxels.astype(float) + 100.0) / 400.0, 0, 1)
    k, j, i = np.meshgrid(*(np.arange(n) for n in volume.grid.shape_kji), indexing="ij")
    points = volume.grid.to_lps(np.stack([i, j, k], axis=-1))
    return (points * share[..., None]).sum(axis=(0, 1, 2)) / share.sum(), share.sum() * volume.grid.voxel_volume_mm3


def truth():
    """mm³ with the edge from R − h to R + h, h = 1.5 mm: 4π ∫ share r² dr = 4π/3 (R³ + R h²)."""
    return 4 / 3 * np.pi * (RADIUS**3 + RADIUS * 1.5**2)


@pytest.mark.parametrize("angle", [-20.0, 7.3, 15.0])
def test_a_tilted_ball_is_a_ball_at_its_place(tmp_path, angle):
    with pytest.raises(InputError, match="tilted gantry") as caught:
        read_image(scan(tmp_path, angle), ImageInput("x"))
    assert "resample: true" in caught.value.fix
    volume = read_image(tmp_path, STRAIGHT)
    assert any(f"a tilt of {abs(angle):.1f}° was undone" in c for c in volume.cautions)
    centre, size = weighed(volume)
    np.testing.assert_allclose(centre, BALL, rtol=0, atol=0.02)
    assert size == pytest.approx(truth(), rel=2e-3)
    k, j, i = np.meshgrid(*(np.arange(n) for n in volume.grid.shape_kji), indexing="ij")
    points = volume.grid.to_lps(np.stack([i, j, k], axis=-1))
    there = volume.voxels > -1000  # what the scan covered
    error = volume.voxels[there] - ball(points[there])
    assert np.sqrt(np.mean(error**2)) == pytest.approx(0.0, abs=4.0)  # interpolation at the edge, 133 HU per mm
    axes = volume.grid.affine_lps[:3, :3] / volume.grid.spacing_ijk
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-6)
    assert volume.grid.spacing_ijk[2] == pytest.approx(2.0, rel=1e-5)


def test_ignoring_the_tilt_would_be_seen():
    """The test's tolerance is far below what it guards against: a sheared ball's far side is moved by millimetres."""
    assert RADIUS * np.tan(np.radians(7.3)) > 100 * 0.02


def test_uneven_slices_are_evened_out(tmp_path):
    along = np.concatenate([np.arange(0, 24, 1.5), np.arange(24, 61, 3.0)])
    with pytest.raises(InputError, match="not evenly spaced"):
        read_image(scan(tmp_path, along=along), ImageInput("x"))
    volume = read_image(tmp_path, STRAIGHT)
    assert volume.grid.shape_kji[0] == 41 and volume.grid.spacing_ijk[2] == pytest.approx(1.5, rel=1e-6)
    assert any("slices 1.50 to 3.00 mm apart were interpolated" in c for c in volume.cautions)
    centre, size = weighed(volume)
    np.testing.assert_allclose(centre, BALL, rtol=0, atol=0.04)
    assert size == pytest.approx(truth(), rel=5e-3)
    for k, place in enumerate(np.arange(41) * 1.5):  # planes that were scanned stay as they are
        if np.abs(along - place).min() < 1e-9:
            points = volume.grid.to_lps(np.stack(np.meshgrid(np.arange(70), np.arange(80), [k]), axis=-1)[:, :, 0])
            assert np.abs(volume.voxels[k] - ball(points)).max() <= 0.51


def test_a_missing_slice_is_bridged_on_request(tmp_path):
    along = np.delete(np.arange(0, 61, 2.0), 17)
    with pytest.raises(InputError, match="slices are missing") as caught:
        read_image(scan(tmp_path, along=along), ImageInput("x"))
    assert "resample: true" in caught.value.fix
    volume = read_image(tmp_path, STRAIGHT)
    assert volume.grid.shape_kji[0] == 31
    centre, size = weighed(volume)
    np.testing.assert_allclose(centre, BALL, rtol=0, atol=0.03)
    assert size == pytest.approx(truth(), rel=5e-3)


def test_a_wide_gap_is_not_bridged(tmp_path):
    with pytest.raises(InputError, match="too wide to interpolate") as caught:
        read_image(scan(tmp_path, along=np.delete(np.arange(0, 61, 2.0), [17, 18])), STRAIGHT)
    assert "6.00 mm; at most 5 mm" in caught.value.why


@pytest.mark.parametrize(("widest", "bridged"), [(6.55, True), (6.65, False)])
def test_slices_that_lie_far_apart_anyway_may_be_a_tenth_further(tmp_path, widest, bridged):
    folder = scan(tmp_path, along=np.cumsum([0, 6, 6, 6, 6, widest, 6, 6, 6, 6]))
    if bridged:
        assert read_image(folder, STRAIGHT).grid.spacing_kji[0] == pytest.approx(6.0, rel=0.02)
        return
    with pytest.raises(InputError, match="too wide to interpolate") as caught:
        read_image(folder, STRAIGHT)
    assert "6.65 mm; at most 6.6 mm are bridged here" in caught.value.why


def test_tilt_and_uneven_slices_together(tmp_path):
    along = np.concatenate([np.arange(0, 30, 2.0), np.arange(30, 61, 3.0)])
    volume = read_image(scan(tmp_path, 10.0, along=along), STRAIGHT)
    centre, size = weighed(volume)
    np.testing.assert_allclose(centre, BALL, rtol=0, atol=0.03)
    assert size == pytest.approx(truth(), rel=5e-3)


def test_a_regular_series_is_left_alone(tmp_path):
    write_series(tmp_path)
    plain, asked = read_image(tmp_path, ImageInput("x")), read_image(tmp_path, STRAIGHT)
    assert np.array_equal(plain.voxels, asked.voxels) and plain.cautions == asked.cautions and plain.grid.same_as(asked.grid)


def test_a_linear_image_stays_what_it_is(tmp_path):
    """On a function that is linear in space, linear interpolation makes no error but that of whole numbers."""
    tilt(write_series(tmp_path))
    volume = read_image(tmp_path, STRAIGHT)
    k, j, i = np.meshgrid(*(np.arange(n) for n in volume.grid.shape_kji), indexing="ij")
    points = volume.grid.to_lps(np.stack([i, j, k], axis=-1))
    # the values were made before the slices were tilted: undo what tilting moved
    points[..., 1] -= (points[..., 2] - ORIGIN[2]) * np.tan(np.radians(8.0))
    there = volume.voxels > -1000
    there &= (points[..., 1] > ORIGIN[1]) & (points[..., 1] < ORIGIN[1] + 11 * SPACING[1])
    assert there.sum() > 300
    assert np.abs(volume.voxels[there] - hounsfield(points[there])).max() <= 3


def test_uneven_series_of_the_maker_is_read_too(tmp_path):
    uneven(write_series(tmp_path))
    assert read_image(tmp_path, STRAIGHT).grid.shape_kji[0] >= 7


def test_slice_shifted_sideways_is_refused_even_so(tmp_path):
    paths = write_series(tmp_path)
    edit(paths[3], ImagePositionPatient=[ORIGIN[0] + 1.5, ORIGIN[1], ORIGIN[2] + 3 * SPACING[2]])
    with pytest.raises(InputError, match="shifted sideways"):
        read_image(tmp_path, STRAIGHT)


def test_restack_keeps_floats_and_fills_with_background():
    restack = Restack.onto_even_planes(np.array([0.0, 1.0]), np.array([[0.0, 0.0], [0.5, -1.0]]), (3, 4))
    assert restack.shape_kji == (2, 4, 5)
    out = restack.apply(np.arange(24, dtype=np.float32).reshape(2, 3, 4), -7.0)
    assert (
        np.array_equal(out[0, 1:, :4], np.arange(12).reshape(3, 4)) and (out[0, 0] == -7.0).all() and (out[0, :, 4] == -7.0).all()
    )
    assert np.allclose(out[1, :3, 1:4], np.arange(12, 24).reshape(3, 4)[:, :3] + 0.5)
