"""NIfTI, NRRD and MetaImage: position kept in all 48 orientations; what does not say where or how large it is, is refused."""

import gzip
from itertools import permutations, product

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from published import published

from aorta.errors import InputError
from aorta.frames import LPS_FROM_RAS, flip_ras_lps
from aorta.imaging.read import read_image
from aorta.settings import ImageInput

MR = ImageInput("somewhere", modality="MR")
SHAPE_IJK = (5, 6, 7)
ORIENTATIONS = [
    np.eye(3)[list(order)] * np.array(signs)[:, None] for order in permutations(range(3)) for signs in product((1, -1), repeat=3)
]


def affine_ras(turn, spacing=(12.0, 10.5, 9.0), origin=(-31.0, 22.0, 405.0)):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * np.array(spacing), origin
    return affine


def ramp(seed=0):
    return np.random.default_rng(seed).integers(-900, 900, SHAPE_IJK).astype(np.int16)


def save(path, voxels=None, affine=None, qform=None):
    affine = affine_ras(np.eye(3)) if affine is None else affine
    image = nibabel.Nifti1Image(ramp() if voxels is None else voxels, affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, 1)
    image.set_qform(affine if qform is None else qform, 1)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("turn", ORIENTATIONS, ids=range(48))
def test_nifti_voxels_keep_their_place(tmp_path, turn):
    voxels = ramp()
    volume = read_image(save(tmp_path / "a.nii", voxels, affine_ras(turn)), MR)
    for ijk in product(*(range(n) for n in SHAPE_IJK)):
        ras = affine_ras(turn)[:3] @ (*ijk, 1)
        at = np.rint(volume.grid.to_ijk(np.array([-ras[0], -ras[1], ras[2]]))).astype(int)
        assert volume.voxels[tuple(at[::-1])] == voxels[ijk]


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha", ".mhd"])
@pytest.mark.parametrize("turn", ORIENTATIONS[::7], ids=range(7))
def test_every_format_says_the_same_as_itk(tmp_path, suffix, turn):
    image = sitk.GetImageFromArray(ramp().transpose(2, 1, 0))
    image.SetSpacing((12.0, 10.5, 9.0))
    image.SetOrigin((-31.0, 22.0, 405.0))
    image.SetDirection(turn.ravel())
    sitk.WriteImage(image, str(tmp_path / f"a{suffix}"))
    volume = read_image(tmp_path / f"a{suffix}", MR)
    assert np.array_equal(volume.voxels, sitk.GetArrayFromImage(image)) and volume.voxels.dtype == np.int16
    for ijk in ((0, 0, 0), (4, 0, 0), (1, 5, 3), (2, 1, 6)):
        np.testing.assert_allclose(volume.grid.to_lps(ijk), image.TransformIndexToPhysicalPoint(ijk), atol=1e-4, rtol=0)


@given(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_lps_to_ras_is_its_own_inverse(point):
    assert np.array_equal(flip_ras_lps(flip_ras_lps(point)), np.array(point, float))
    assert np.array_equal((LPS_FROM_RAS @ LPS_FROM_RAS), np.eye(4))
    assert np.array_equal(flip_ras_lps(point), (LPS_FROM_RAS @ (*point, 1.0))[:3])


def test_fractional_values_stay(tmp_path):
    voxels = ramp().astype(np.float32) + 0.25
    volume = read_image(save(tmp_path / "a.nii", voxels), MR)
    assert volume.voxels.dtype == np.float32
    assert np.array_equal(volume.voxels, voxels.transpose(2, 1, 0))


def apart(path, mm):
    return save(path, qform=affine_ras(np.eye(3), origin=(-31.0 + mm, 22.0, 405.0)))


def test_sform_is_used_where_the_qform_differs_a_little(tmp_path):
    volume = read_image(apart(tmp_path / "a.nii", 0.9), MR)
    np.testing.assert_allclose(volume.grid.to_lps((0, 0, 0)), (31.0, -22.0, 405.0), rtol=1e-6)
    assert any("0.9 mm apart; the sform is used" in c for c in volume.cautions)


@pytest.mark.parametrize(("form", "x"), [("sform", 31.0), ("qform", 29.0)])
def test_forms_at_two_places_need_a_choice(tmp_path, form, x):
    path = apart(tmp_path / "a.nii", 2.0)
    with pytest.raises(InputError, match="where it lies contradict") as caught:
        read_image(path, MR)
    assert "2.0 mm apart" in caught.value.why and "orientation: sform" in caught.value.fix
    volume = read_image(path, ImageInput("x", modality="MR", orientation=form))
    np.testing.assert_allclose(volume.grid.to_lps((0, 0, 0)), (x, -22.0, 405.0), rtol=1e-6)
    assert any(f"the {form} is used, as the case file says" in c for c in volume.cautions)


def test_mirrored_forms_are_told_by_their_axes(tmp_path):
    qform = affine_ras(np.diag([-1.0, -1.0, 1.0]), origin=(17.0, 74.5, 405.0))  # the same box, left for right
    with pytest.raises(InputError, match="contradict") as caught:
        read_image(save(tmp_path / "a.nii", qform=qform), MR)
    assert "axes RAS" in caught.value.why and "axes LPS" in caught.value.why


def test_a_form_that_is_not_there_cannot_be_chosen(tmp_path):
    image = nibabel.Nifti1Image(ramp(), None)
    image.set_sform(affine_ras(np.eye(3)), 1)
    nibabel.save(image, tmp_path / "a.nii")
    with pytest.raises(InputError, match="has no qform"):
        read_image(tmp_path / "a.nii", ImageInput("x", modality="MR", orientation="qform"))


def test_a_leaning_third_axis_is_straightened_on_request(tmp_path):
    """A ramp over space is the same function of space after the resampling, wherever there was data."""
    turn, spacing = ORIENTATIONS[13], (2.0, 1.5, 2.5)
    affine = affine_ras(turn, spacing)
    affine[:3, 2] += affine[:3, 1] * (np.tan(np.radians(14.0)) * spacing[2] / spacing[1])
    slope = np.array([3.0, -2.0, 1.5])
    i, j, k = np.meshgrid(np.arange(20), np.arange(24), np.arange(16), indexing="ij")
    points = np.stack([i, j, k], axis=-1) @ affine[:3, :3].T + affine[:3, 3]
    values = (points @ slope).astype(np.float32)
    image = nibabel.Nifti1Image(values, None)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, 1)
    path = tmp_path / "a.nii"
    nibabel.save(image, path)
    with pytest.raises(InputError, match="not perpendicular"):
        read_image(path, MR)
    volume = read_image(path, ImageInput("x", modality="MR", resample=True))
    assert any("a tilt of 14.0° was undone" in c for c in volume.cautions)
    k, j, i = np.meshgrid(*(np.arange(n) for n in volume.grid.shape_kji), indexing="ij")
    lps = volume.grid.to_lps(np.stack([i, j, k], axis=-1))
    source = (lps * (-1, -1, 1) - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    inside = (source >= -1e-3).all(axis=-1) & (source <= np.array(values.shape) - 1 + 1e-3).all(axis=-1)
    assert inside.sum() > 0.9 * values.size * (1 - 1 / 24)
    np.testing.assert_allclose(volume.voxels[inside], (lps[inside] * (-1, -1, 1)) @ slope, rtol=0, atol=2e-3)


def test_forms_that_agree_to_a_twentieth_of_a_millimetre_are_not_cautioned(tmp_path):
    qform = affine_ras(np.eye(3), origin=(-31.05, 22.0, 405.0))
    assert not any("apart" in c for c in read_image(save(tmp_path / "a.nii", qform=qform), MR).cautions)


def test_forms_with_other_voxel_sizes_are_refused(tmp_path):
    path = save(tmp_path / "a.nii", qform=affine_ras(np.eye(3), spacing=(12.0, 10.5, 9.5)))
    with pytest.raises(InputError, match="contradict"):
        read_image(path, MR)


def test_nifti_without_orientation(tmp_path):
    image = nibabel.Nifti1Image(ramp(), None)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "a.nii")
    with pytest.raises(InputError, match="does not say how it lies"):
        read_image(tmp_path / "a.nii", MR)


def test_nrrd_without_space(tmp_path):
    header = "NRRD0004\ntype: short\ndimension: 3\nsizes: 4 4 4\nencoding: raw\nendian: little\nspacings: 1 1 1\n\n"
    (tmp_path / "a.nrrd").write_bytes(header.encode() + bytes(128))
    with pytest.raises(InputError, match="does not say how it lies"):
        read_image(tmp_path / "a.nrrd", MR)


@pytest.mark.parametrize("suffix", [".nii", ".mha"])
def test_metres_are_refused(tmp_path, suffix):
    image = sitk.GetImageFromArray(ramp())
    image.SetSpacing((0.0007, 0.0007, 0.0015))
    sitk.WriteImage(image, str(tmp_path / f"a{suffix}"))
    with pytest.raises(InputError, match="not in millimetres"):
        read_image(tmp_path / f"a{suffix}", MR)


def test_nifti_that_says_metres(tmp_path):
    image = nibabel.Nifti1Image(ramp(), affine_ras(np.eye(3)))
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "a.nii")
    with pytest.raises(InputError, match="not in millimetres"):
        read_image(tmp_path / "a.nii", MR)


def test_sheared_axes_are_refused(tmp_path):
    affine = affine_ras(np.eye(3))
    affine[1, 2] = 1.0
    with pytest.raises(InputError, match="not perpendicular"):
        read_image(
            save(tmp_path / "a.nii", affine=affine, qform=affine_ras(np.eye(3))), ImageInput("", modality="MR", orientation="sform")
        )


def test_modality_must_be_said(tmp_path):
    with pytest.raises(InputError, match="CT or MR"):
        read_image(save(tmp_path / "a.nii"), ImageInput("somewhere"))


def test_ct_that_is_not_in_hounsfield_units(tmp_path):
    path = save(tmp_path / "a.nii", np.abs(ramp()))
    with pytest.raises(InputError, match="not in Hounsfield units"):
        read_image(path, ImageInput("", modality="CT"))
    assert read_image(path, MR).voxels.min() >= 0


@pytest.mark.parametrize(
    ("voxels", "words"),
    [
        (np.zeros(SHAPE_IJK, np.int16), "is empty"),
        (np.where(ramp() > 800, np.nan, ramp()).astype(np.float32), "not numbers"),
        (np.zeros((*SHAPE_IJK, 3), np.int16), "not a volume"),
        (np.zeros((5, 6, 1), np.int16), "not a volume"),
    ],
    ids=["empty", "nan", "4-D", "2-D"],
)
def test_what_is_no_image(tmp_path, voxels, words):
    with pytest.raises(InputError, match=words):
        read_image(save(tmp_path / "a.nii", voxels), MR)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("how", ["cut off", "a JPEG", "zeros"])
def test_damaged_files(tmp_path, suffix, how):
    path = tmp_path / f"Smith_John{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(ramp()), str(path))
    data = path.read_bytes()
    path.write_bytes({"cut off": data[: len(data) - 60], "a JPEG": b"\xff\xd8\xff\xe0" + bytes(600), "zeros": bytes(600)}[how])
    if how == "cut off" and suffix == ".nii.gz":
        path.write_bytes(gzip.compress(gzip.decompress(data))[:-60])
    with pytest.raises(InputError, match="cannot be read as") as caught:
        read_image(path, MR)
    assert "Smith" not in str(caught.value)


def test_other_formats(tmp_path):
    for name, content in (("a.jpg", b"\xff\xd8\xff\xe0" + bytes(99)), ("a.txt", b"hello"), ("a.stl", bytes(200))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="no format that is read"):
            read_image(tmp_path / name, MR)


@pytest.mark.real
def test_published_mr_angiogram():
    volume = read_image(published("vmtk-aorta-mra/aorta.mha"), MR)
    assert volume.grid.shape_kji == (34, 393, 157)
    np.testing.assert_allclose(volume.grid.spacing_ijk, (0.878906, 0.878906, 1.50009), rtol=1e-6)
    np.testing.assert_allclose(volume.grid.affine_lps[:3, 3], (-156.445, -24.6094, 0.0), rtol=1e-6)
    assert volume.voxels.max() == pytest.approx(2570.2, rel=1e-4)
