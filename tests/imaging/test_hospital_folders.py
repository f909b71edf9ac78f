"""What hospitals export: several series in a folder, phases in a series, copies, discs, multi-frame files, lossy compression."""

import io

import numpy as np
import pydicom
import pytest
from dicom_maker import SHAPE, SPACING, edit, hounsfield, jpeg_lossless, write_disc, write_enhanced, write_series

from aorta.errors import InputError
from aorta.imaging.read import read_image
from aorta.settings import ImageInput

HERE = ImageInput("somewhere")


def expected(volume):
    k, j, i = np.meshgrid(*(np.arange(n) for n in volume.grid.shape_kji), indexing="ij")
    return np.maximum(hounsfield(volume.grid.to_lps(np.stack([i, j, k], axis=-1))), -1024)


# -------------------------------------------------------------------------------- multi-frame


@pytest.mark.parametrize("per_frame", [True, False])
@pytest.mark.parametrize("given", ["file", "folder"])
def test_enhanced_ct_has_every_voxel_at_its_place(tmp_path, per_frame, given):
    path = write_enhanced(tmp_path / "a" / "one.dcm", order=[4, 2, 6, 0, 5, 1, 3], per_frame=per_frame)
    volume = read_image(path if given == "file" else path.parent, HERE)
    assert volume.grid.shape_kji == SHAPE and volume.modality == "CT"
    np.testing.assert_allclose(volume.grid.spacing_ijk, SPACING, rtol=1e-6)
    assert np.array_equal(volume.voxels, expected(volume))
    assert volume.acquisition["slice_thickness_mm"] == "2.5"


def test_enhanced_mr_is_rescaled_frame_by_frame(tmp_path):
    volume = read_image(write_enhanced(tmp_path / "one.dcm", modality="MR"), HERE)
    k, j, i = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    assert volume.modality == "MR"
    assert np.array_equal(volume.voxels, hounsfield(volume.grid.to_lps(np.stack([i, j, k], axis=-1))))


def test_compressed_frames_of_an_enhanced_file(tmp_path):
    path = write_enhanced(tmp_path / "one.dcm")
    plain = read_image(path, HERE).voxels
    ds = pydicom.dcmread(path)
    ds.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
    ds.save_as(path)
    assert np.array_equal(read_image(path, HERE).voxels, plain)
    other = write_enhanced(tmp_path / "two.dcm")
    jpeg_lossless(other, tmp_path)
    assert pydicom.dcmread(other).file_meta.TransferSyntaxUID == pydicom.uid.JPEGLosslessSV1
    assert np.array_equal(read_image(other, HERE).voxels, plain)


def test_phases_of_an_enhanced_file_are_series_to_choose_from(tmp_path):
    path = write_enhanced(tmp_path / "one.dcm", phases=3)
    with pytest.raises(InputError, match="several series") as caught:
        read_image(path, HERE)
    assert [line.split()[-4:] for line in caught.value.details] == [["time", str(n), "of", "3"] for n in (1, 2, 3)]
    first, third = (read_image(path, ImageInput("x", series=n)) for n in (1, 3))
    inside = (first.voxels > -1024) & (third.voxels > -1024)
    assert np.array_equal(third.voxels[inside], first.voxels[inside] + 40)


def test_enhanced_file_whose_frames_are_not_described(tmp_path):
    path = write_enhanced(tmp_path / "one.dcm")
    ds = pydicom.dcmread(path)
    ds.PerFrameFunctionalGroupsSequence = ds.PerFrameFunctionalGroupsSequence[:3]
    ds.save_as(path)
    with pytest.raises(InputError, match="does not say where its frames are") as caught:
        read_image(path, HERE)
    assert "7 frames but 3 groups" in caught.value.why


def test_missing_frame_is_named(tmp_path):
    path = write_enhanced(tmp_path / "one.dcm", order=[0, 1, 2, 4, 5, 6])
    ds = pydicom.dcmread(path)
    ds.NumberOfFrames = 6
    ds.save_as(path)
    with pytest.raises(InputError, match="slices are missing") as caught:
        read_image(path, HERE)
    assert caught.value.where.startswith("between frame 3 of slice file 1 of 1")


# ----------------------------------------------------------------------------- several series


def thin_and_thick(folder):
    write_series(folder, number=2, prefix="thick", shape=(4, 12, 10), step=(0, 0, 5.0))
    write_series(folder, number=3, prefix="thin")


def test_thin_slices_are_taken_before_thick_ones_of_the_same_scan(tmp_path):
    thin_and_thick(tmp_path)
    volume = read_image(tmp_path, HERE)
    assert volume.grid.shape_kji[0] == 7
    (told,) = [c for c in volume.cautions if "of 2 series" in c]
    assert "took series 2 (series 2: CT, 7 slices, of 10×12, 2.50 mm apart" in told
    assert told.endswith("series 1 has slices further apart (5.00 mm against 2.50 mm)")
    (found,) = [f for f in volume.findings if f.name == "image_series"]
    assert found.value == 2.0 and "further apart" in found.method


def test_a_named_series_is_read_without_a_caution(tmp_path):
    thin_and_thick(tmp_path)
    volume = read_image(tmp_path, ImageInput("x", series=1))
    assert volume.grid.spacing_ijk[2] == pytest.approx(5.0, rel=1e-9) and not any("of 2 series" in c for c in volume.cautions)
    assert [line.split(":")[0] for line in volume.series] == ["series 1", "series 2"]
    assert "4 slices" in volume.series[0] and "5.00 mm apart" in volume.series[0]


def test_soft_kernel_is_taken_before_a_sharp_one(tmp_path):
    write_series(tmp_path, number=1, prefix="lung", change=lambda ds, k: setattr(ds, "ConvolutionKernel", "B70f"))
    write_series(tmp_path, number=2, prefix="soft")
    volume = read_image(tmp_path, HERE)
    assert volume.acquisition["kernel"] == "B30f"
    assert any("series 1 is of a sharp kernel" in c for c in volume.cautions)


def test_localisers_in_the_same_series_are_parted(tmp_path):
    def localiser(ds, k):
        ds.ImageType, ds.SeriesInstanceUID = ["ORIGINAL", "PRIMARY", "LOCALIZER"], "1.2.3"

    write_series(tmp_path, prefix="A", change=lambda ds, k: setattr(ds, "SeriesInstanceUID", "1.2.3"))
    plain = read_image(tmp_path, HERE).voxels
    write_series(tmp_path, prefix="scout", row=(1, 0, 0), column=(0, 0, -1), shape=(1, 30, 10), change=localiser)
    volume = read_image(tmp_path, HERE)
    assert np.array_equal(volume.voxels, plain)
    assert any("series 2 is a localiser" in c for c in volume.cautions)


def test_planes_of_a_survey_are_parted(tmp_path):
    for name, column in (("a", (0, 1, 0)), ("b", (0, 0, -1))):
        write_series(tmp_path, prefix=name, column=column, change=lambda ds, k: setattr(ds, "SeriesInstanceUID", "1.2.3"))
    volume = read_image(tmp_path, HERE)
    assert abs(volume.grid.affine_lps[2, 2]) == pytest.approx(SPACING[2], rel=1e-9)
    assert any("series 2 is not axial" in c for c in volume.cautions)


def test_cardiac_phases_in_one_series(tmp_path):
    for phase in (70, 30):

        def change(ds, k, phase=phase):
            ds.NominalPercentageOfCardiacPhase, ds.SeriesInstanceUID = phase, "1.2.3"

        write_series(tmp_path, prefix=f"p{phase}", change=change)
    with pytest.raises(InputError, match="several series") as caught:
        read_image(tmp_path, HERE)
    assert caught.value.details[0].endswith("cardiac phase 1 of 2")
    assert read_image(tmp_path, ImageInput("x", series=1)).acquisition["cardiac_phase_percent"] == "30"


def test_copies_of_files_are_passed_over(tmp_path):
    paths = write_series(tmp_path / "a")
    plain = read_image(tmp_path, HERE)
    for path in paths[:4]:
        (tmp_path / "a" / f"again {path.name}").write_bytes(path.read_bytes())
    again = read_image(tmp_path, HERE)
    assert np.array_equal(again.voxels, plain.voxels)
    assert any("4 file(s) of the image folder are copies" in c for c in again.cautions)


# --------------------------------------------------------------------------------------- discs


def test_disc_by_its_table_of_contents(tmp_path):
    path = write_disc(tmp_path)
    (path.parent / "viewer.dcm").write_bytes((tmp_path / "source" / "IM000.dcm").read_bytes())  # not on the list
    plain = read_image(tmp_path / "source", HERE)
    volume = read_image(path, HERE)
    assert np.array_equal(volume.voxels, plain.voxels) and volume.grid.same_as(plain.grid)


def test_disc_that_was_copied_in_lower_case(tmp_path):
    path = write_disc(tmp_path)
    for item in sorted((p for p in path.parent.rglob("*") if p != path), reverse=True):
        item.rename(item.with_name(item.name.lower()))
    assert read_image(path, HERE).grid.shape_kji == SHAPE


def test_disc_with_a_file_missing(tmp_path):
    path = write_disc(tmp_path)
    next(p for p in sorted(path.parent.rglob("*"), reverse=True) if p.is_file() and p != path).unlink()
    with pytest.raises(InputError, match="not there") as caught:
        read_image(path, HERE)
    assert caught.value.why == "1 of 7 are missing"


@pytest.mark.parametrize("parts", [["..", "EVIL"], ["A/B", "EVIL"], ["..\\EVIL"]])
def test_disc_that_names_files_outside(tmp_path, parts):
    path = write_disc(tmp_path)
    ds = pydicom.dcmread(path)
    record = [r for r in ds.DirectoryRecordSequence if r.DirectoryRecordType == "IMAGE"][2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pydicom.config.settings, "writing_validation_mode", pydicom.config.IGNORE)
        patch.setattr(pydicom.config.settings, "reading_validation_mode", pydicom.config.IGNORE)
        record.ReferencedFileID = parts
        ds.save_as(path)
    with pytest.raises(InputError, match="outside its folder|not there"):
        read_image(path, HERE)


def test_disc_whose_file_is_a_link_to_elsewhere(tmp_path):
    path = write_disc(tmp_path)
    victim = next(p for p in sorted(path.parent.rglob("*")) if p.is_file() and p != path)
    victim.rename(tmp_path / "elsewhere")
    victim.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="not there"):
        read_image(path, HERE)


# --------------------------------------------------------------------------- compression with loss


def test_lossy_jpeg_is_read_and_cautioned(tmp_path):
    """8-bit JPEG by pillow, as film-like archives keep it."""
    from PIL import Image

    for path in write_series(tmp_path):
        ds = pydicom.dcmread(path)
        packed = io.BytesIO()
        Image.fromarray(np.full((SHAPE[1], SHAPE[2]), 96 + 8 * int(ds.InstanceNumber), np.uint8)).save(packed, "JPEG")
        ds.BitsAllocated = ds.BitsStored = 8
        ds.HighBit, ds.PixelRepresentation, ds.RescaleSlope, ds.RescaleIntercept = 7, 0, "1", "-200"
        ds.file_meta.TransferSyntaxUID = pydicom.uid.JPEGBaseline8Bit
        ds.PixelData = pydicom.encaps.encapsulate([packed.getvalue()])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
        ds.save_as(path)
    volume = read_image(tmp_path, HERE)
    assert [int(v) for v in volume.voxels[:, 5, 5]] == [-104 + 8 * (k + 1) for k in range(7)]
    assert any("7 of 7 slices were compressed with loss" in c for c in volume.cautions)


def test_loss_told_by_the_header_is_cautioned(tmp_path):
    edit(write_series(tmp_path)[2], LossyImageCompression="01")
    assert any("1 of 7 slices were compressed with loss" in c for c in read_image(tmp_path, HERE).cautions)


def test_files_without_meta_information(tmp_path):
    """As old archives write them: implicit little endian, no preamble."""
    paths = write_series(tmp_path)
    plain = read_image(tmp_path, HERE).voxels
    for path in paths:
        ds = pydicom.dcmread(path)
        del ds.file_meta
        ds.preamble = None
        pydicom.dcmwrite(path, ds, implicit_vr=True, little_endian=True, enforce_file_format=False)
        assert path.read_bytes()[128:132] != b"DICM"
    assert np.array_equal(read_image(tmp_path, HERE).voxels, plain)
