"""Small CT series whose values are a known linear function of position, in any geometry, broken at will."""

from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.fileset import FileSet
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

ENHANCED = {"CT": EnhancedCTImageStorage, "MR": EnhancedMRImageStorage}
INTERCEPT, SLOPE = -2000, 2.0
SPACING = (2.0, 1.5, 2.5)  # columns apart, rows apart, slices apart
SHAPE = (7, 12, 10)  # slices, rows, columns
ORIGIN = (-31.5, 12.25, 403.0)


def hounsfield(points):
    """The value at LPS points (..., 3): even numbers where coordinates are on the grid's steps, no symmetry."""
    return 2 * np.rint(np.asarray(points) @ np.array([1.0, 2.0, 4.0]) - 1800.0)


def write_series(
    folder: Path,
    *,
    row=(1, 0, 0),
    column=(0, 1, 0),
    step=None,
    shape=SHAPE,
    modality="CT",
    number=1,
    prefix="IM",
    order=None,
    change=None,
) -> list[Path]:
    """``step``: (3,) from slice to slice; ``order``: file number of each slice; ``change(dataset, k)``: alters a slice."""
    folder.mkdir(parents=True, exist_ok=True)
    row, column = np.array(row, float), np.array(column, float)
    step = np.cross(row, column) * SPACING[2] if step is None else np.array(step, float)
    series, study = generate_uid(), generate_uid()
    paths = []
    for k in range(shape[0]):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
        ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID = CTImageStorage, generate_uid(), series, study
        meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.Modality, ds.SeriesNumber, ds.InstanceNumber = modality, number, k + 1
        ds.KVP, ds.ConvolutionKernel, ds.SliceThickness = "120", "B30f", "2.5"
        position = np.array(ORIGIN) + k * step
        ds.ImagePositionPatient = [f"{v:.6f}" for v in position]
        ds.ImageOrientationPatient = [f"{v:.8f}" for v in (*row, *column)]
        ds.PixelSpacing = [str(SPACING[1]), str(SPACING[0])]
        j, i = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij")
        points = position + i[..., None] * row * SPACING[0] + j[..., None] * column * SPACING[1]
        stored = (hounsfield(points) - INTERCEPT) / SLOPE
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns = shape[1:]
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
        ds.RescaleSlope, ds.RescaleIntercept = str(SLOPE), str(INTERCEPT)
        ds.PixelData = stored.astype("<i2").tobytes()
        ds["PixelData"].VR = "OW"
        if change is not None:
            change(ds, k)
        path = folder / f"{prefix}{(order[k] if order else k):03d}.dcm"
        ds.save_as(path)
        paths.append(path)
    return paths


def write_enhanced(path: Path, *, modality="CT", shape=SHAPE, order=None, phases=1, per_frame=True) -> Path:
    """The same values as ``write_series`` in one multi-frame file; ``order``: slice of each frame.

    ``per_frame``: rescale values in every frame's groups (with their own slope each) or shared.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = ENHANCED[modality], ExplicitVRLittleEndian
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID = ENHANCED[modality], generate_uid(), generate_uid()
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.Modality, ds.SeriesNumber, ds.NumberOfFrames = modality, 1, shape[0] * phases
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = shape[1:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    measures, orientation = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [str(SPACING[1]), str(SPACING[0])], str(SPACING[2])
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared = Dataset()
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    planes, groups = [], []
    for phase in range(phases):
        for k in order or range(shape[0]):
            position = np.array(ORIGIN) + k * np.array([0, 0, SPACING[2]])
            j, i = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij")
            values = hounsfield(position + np.stack([i * SPACING[0], j * SPACING[1], 0 * i], axis=-1)) + 20 * phase
            slope = (1.0 + k % 2) if per_frame else 1.0
            group, place, content, values_to = Dataset(), Dataset(), Dataset(), Dataset()
            place.ImagePositionPatient = [f"{v:.6f}" for v in position]
            content.TemporalPositionIndex, content.StackID = phase + 1, "1"
            values_to.RescaleSlope, values_to.RescaleIntercept, values_to.RescaleType = str(slope), str(INTERCEPT), "HU"
            group.PlanePositionSequence, group.FrameContentSequence = [place], [content]
            (group if per_frame else shared).PixelValueTransformationSequence = [values_to]
            planes.append(np.rint((values - INTERCEPT) / slope).astype("<i2"))
            groups.append(group)
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = [shared], groups
    ds.PixelData = np.stack(planes).tobytes()
    ds["PixelData"].VR = "OW"
    ds.save_as(path)
    return path


def jpeg_lossless(path: Path, scratch: Path) -> None:
    """Rewrite a file with its frames in lossless JPEG, as ITK's GDCM encodes them."""
    stored = pydicom.dcmread(path)
    frames = stored.pixel_array.reshape(-1, stored.Rows, stored.Columns)
    encoded = []
    for frame in frames:
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetFileName(str(scratch / "one.dcm"))
        writer.SetCompressor("JPEG")
        writer.UseCompressionOn()
        writer.Execute(sitk.GetImageFromArray(frame.astype(np.int16)[None]))
        packed = pydicom.dcmread(scratch / "one.dcm")
        assert packed.BitsAllocated == 16 and packed.PixelRepresentation == 1
        encoded.append(pydicom.encaps.get_frame(packed.PixelData, 0, number_of_frames=1))
    (scratch / "one.dcm").unlink()
    stored.file_meta.TransferSyntaxUID = packed.file_meta.TransferSyntaxUID
    stored.PixelData = pydicom.encaps.encapsulate(encoded)
    stored["PixelData"].VR, stored["PixelData"].is_undefined_length = "OB", True
    stored.BitsStored, stored.HighBit, stored.PixelRepresentation = packed.BitsStored, packed.HighBit, packed.PixelRepresentation
    stored.save_as(path)


def edit(path: Path, **values) -> None:
    """Rewrite one file with other tag values; None removes the tag."""
    ds = pydicom.dcmread(path)
    for keyword, value in values.items():
        if value is None:
            del ds[keyword]
        else:
            setattr(ds, keyword, value)
    ds.save_as(path)


# ------------------------------------------------- ways to break a series: name -> what is done to its files


def drop_middle(paths):
    paths[3].unlink()


def drop_all(paths):
    for path in paths:
        path.unlink()


def again(path, name):
    """The same slice as another object: not a mere copy of the file."""
    ds = pydicom.dcmread(path)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID}.1"[-64:].lstrip(".")
    ds.save_as(path.parent / name)


def copy_one(paths):
    again(paths[2], f"copy_of_{paths[2].name}")


def copy_all(paths):
    for path in paths:
        again(path, f"second_{path.name}")


def cut_pixels(paths):
    paths[4].write_bytes(paths[4].read_bytes()[:-100])


def cut_header(paths):
    paths[4].write_bytes(paths[4].read_bytes()[:180])


def tilt(paths):
    for k, path in enumerate(paths):
        position = np.array(ORIGIN) + k * np.array([0, SPACING[2] * np.tan(np.radians(8.0)), SPACING[2]])
        edit(path, ImagePositionPatient=[f"{v:.4f}" for v in position])


def uneven(paths):
    for k, path in enumerate(paths):
        edit(path, ImagePositionPatient=[ORIGIN[0], ORIGIN[1], ORIGIN[2] + SPACING[2] * k * (1 + 0.06 * k)])


def shift_sideways(paths):
    edit(paths[3], ImagePositionPatient=[ORIGIN[0] + 1.5, ORIGIN[1], ORIGIN[2] + 3 * SPACING[2]])


def mixed_orientation(paths):
    edit(paths[3], ImageOrientationPatient=[0, 1, 0, 0, 0, -1])


def mixed_size(paths):
    ds = pydicom.dcmread(paths[3])
    ds.Rows, ds.PixelData = ds.Rows - 2, ds.PixelData[: -2 * 2 * ds.Columns]
    ds.save_as(paths[3])


def mixed_pixel_spacing(paths):
    edit(paths[3], PixelSpacing=[1.6, 2.0])


def no_position(paths):
    edit(paths[3], ImagePositionPatient=None)


def no_rescale(paths):
    edit(paths[3], RescaleIntercept=None)


def colour(paths):
    edit(paths[3], PhotometricInterpretation="MONOCHROME1")


def multi_frame(paths):
    edit(paths[0], NumberOfFrames=5)


def odd_compression(paths):
    """Video, which no still-image decoder reads."""
    ds = pydicom.dcmread(paths[3])
    ds.file_meta.TransferSyntaxUID = pydicom.uid.MPEG2MPML
    ds.PixelData = pydicom.encaps.encapsulate([b"\0\0\1\xb3 not a picture"])
    ds["PixelData"].is_undefined_length = True
    ds["PixelData"].VR = "OB"
    ds.save_as(paths[3])


def pet(paths):
    for path in paths:
        edit(path, Modality="PT")


def only_one_slice(paths):
    for path in paths[1:]:
        path.unlink()


def jpeg(paths):
    drop_all(paths)
    (paths[0].parent / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(600))


BROKEN = {
    drop_middle: "slices are missing",
    drop_all: "image folder is empty",
    copy_one: "duplicate slices",
    copy_all: "duplicate slices",
    cut_pixels: "damaged or cut off",
    cut_header: "damaged or cut off",
    tilt: "tilted gantry",
    uneven: "not evenly spaced",
    shift_sideways: "shifted sideways",
    mixed_orientation: "different orientations",
    mixed_size: "different image sizes",
    mixed_pixel_spacing: "different pixel spacings",
    no_position: "does not say where it is",
    no_rescale: "no rescale slope",
    colour: "colour or inverted",
    multi_frame: "neither enhanced CT",
    odd_compression: "compression cannot be decoded",
    pet: "neither CT nor MR",
    only_one_slice: "more than one slice",
    jpeg: "no DICOM file",
}


def write_disc(folder: Path) -> Path:
    """A disc as standards want it: a DICOMDIR, whose path is returned, the files under names without meaning."""
    files = FileSet()
    for path in write_series(folder / "source"):
        ds = pydicom.dcmread(path)
        ds.PatientID, ds.PatientName, ds.StudyDate, ds.StudyTime, ds.StudyID = "1", "A", "20000101", "0000", "1"
        files.add(ds)
    files.write(folder / "disc")
    return folder / "disc" / "DICOMDIR"
