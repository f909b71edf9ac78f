"""The phantom as an image: repeatable, as hard as a patient, and valid DICOM by somebody else's reader."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from aorta.errors import InputError
from aorta.phantom.dicom_series import write_dicom_series
from aorta.phantom.distance import Axes
from aorta.phantom.make import COARSE_SHAPE_KJI, make_phantom
from aorta.phantom.scanner import BLUR_MM, NOISE_CORRELATION_MM, scan
from aorta.phantom.scene import CORNER_KJI_MM, FIELD_OF_VIEW_KJI_MM
from aorta.records import CLASSES

SMALL = (20, 64, 64)


@pytest.fixture(scope="module")
def coarse():
    return make_phantom(shape_kji=COARSE_SHAPE_KJI)


def test_same_seed_same_phantom():
    one, again, other = (make_phantom(seed, SMALL) for seed in (3, 3, 4))
    assert np.array_equal(one.volume.voxels, again.volume.voxels) and np.array_equal(one.labels.voxels, again.labels.voxels)
    assert not np.array_equal(one.volume.voxels, other.volume.voxels)
    assert one.truth == other.truth  # the vessel is the same


def test_labels_only_gives_the_same_labels():
    assert np.array_equal(make_phantom(2, SMALL, labels_only=True).labels.voxels, make_phantom(2, SMALL).labels.voxels)


def test_thresholding_fails(coarse):
    """Bone, kidneys and bowel are as bright as blood, so that no window of attenuation finds the lumen."""
    lumen, voxels = coarse.labels.mask("lumen"), coarse.volume.voxels
    best = 0.0
    for low in range(100, 401, 20):
        for high in (*range(low + 40, 601, 40), 4000):
            window = (voxels >= low) & (voxels < high)
            best = max(best, 2.0 * (window & lumen).sum() / (window.sum() + lumen.sum()))
    assert 0.3 < best < 0.8


def test_every_class_is_there_and_the_thrombus_is_eccentric(coarse):
    assert set(np.unique(coarse.labels.voxels)) == {0, *CLASSES.values()}
    k = int(coarse.labels.mask("thrombus").sum(axis=(1, 2)).argmax())
    vessel = np.argwhere(coarse.labels.mask("lumen", "thrombus", "wall", "calcification")[k]).mean(axis=0)
    lumen = np.argwhere(coarse.labels.mask("lumen")[k]).mean(axis=0)
    shift = (lumen - vessel) * coarse.labels.grid.spacing_kji[1:]  # y, x in mm
    assert np.linalg.norm(shift) == pytest.approx(11.0, abs=1.5)
    assert shift[0] < 0 < shift[1]  # to the front and left


def test_vessel_runs_through_the_top_and_bottom_and_touches_no_side(coarse):
    lumen = coarse.labels.mask("lumen")
    _, count = sitk_components(lumen)
    assert count == 1
    assert lumen[0].any() and lumen[-1].any()
    assert sitk_components(lumen[:1])[1] == 2  # two iliacs at the bottom
    whole = coarse.labels.mask("lumen", "thrombus", "wall", "calcification")
    assert not (whole[:, [0, -1]].any() or whole[:, :, [0, -1]].any())


def sitk_components(mask):
    image = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)))
    labels = sitk.GetArrayFromImage(image)
    return labels, int(labels.max())


def test_attenuations_survive_the_scanner(coarse):
    voxels = coarse.volume.voxels
    inside = {name: gaussian_filter(coarse.labels.mask(name).astype(float), 1.5) > 0.95 for name in ("lumen", "thrombus")}
    assert voxels[inside["lumen"]].mean() == pytest.approx(300.0, abs=15.0)
    assert voxels[inside["thrombus"]].mean() == pytest.approx(57.0, abs=8.0)


def test_noise_and_blur_of_the_scanner():
    axes = Axes.over(CORNER_KJI_MM, FIELD_OF_VIEW_KJI_MM, (32, 256, 256))
    flat = scan(np.zeros(axes.shape_kji, np.float32), axes, np.random.default_rng(0)).astype(float)
    assert flat.std() == pytest.approx(20.0, rel=0.02)
    neighbours = np.mean(flat[:, :, 1:] * flat[:, :, :-1]) / flat.var()
    spacing = FIELD_OF_VIEW_KJI_MM[2] / 256
    expected = 0.91 * np.exp(-((spacing / (2 * NOISE_CORRELATION_MM)) ** 2)) + 0.09 * 0.98  # fine and coarse part
    assert neighbours == pytest.approx(expected, abs=0.06)
    edge = np.zeros(axes.shape_kji, np.float32)
    edge[:, :, 128:] = 2000.0
    profile = scan(edge, axes, np.random.default_rng(0)).astype(float)[4:-4].mean(axis=(0, 1))
    line = np.diff(profile)[120:135] / 2000.0
    at = np.arange(len(line)) * spacing
    width = np.sqrt((line * at**2).sum() - (line * at).sum() ** 2)
    assert width == pytest.approx(BLUR_MM, abs=0.08)


def test_dicom_series_by_another_reader(tmp_path, coarse):
    write_dicom_series(coarse, tmp_path / "a")
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "a")))
    image, grid = reader.Execute(), coarse.volume.grid
    assert np.array_equal(sitk.GetArrayFromImage(image), coarse.volume.voxels)
    np.testing.assert_allclose(image.GetSpacing(), grid.spacing_ijk, rtol=1e-6)
    np.testing.assert_allclose(image.GetOrigin(), grid.to_lps((0, 0, 0)), rtol=1e-6)
    np.testing.assert_allclose(image.TransformIndexToPhysicalPoint((5, 9, 70)), grid.to_lps((5, 9, 70)), rtol=1e-5)
    first = pydicom.dcmread(tmp_path / "a" / "IM0001.dcm")
    assert str(first.PatientName) == "PHANTOM^ABDOMINAL" and first.RescaleIntercept == -1024
    write_dicom_series(coarse, tmp_path / "b")
    assert all((tmp_path / "b" / p.name).read_bytes() == p.read_bytes() for p in (tmp_path / "a").iterdir())


def test_series_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"):
        write_dicom_series(make_phantom(shape_kji=SMALL, labels_only=True), tmp_path / "file" / "below")
