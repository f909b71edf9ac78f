"""Good files of every format that is read, small, to be damaged: ``intact(folder)``.

What pydicom's own test files hold (many compressions, odd encodings) is read twice: as they are, and
as three slices of a series, so that the decoders are reached too.
"""

import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import highdicom
import nibabel
import numpy as np
import pydicom
import pyvista as pv
import SimpleITK as sitk
from dicom_maker import write_enhanced, write_series
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGLSLossless, RLELossless
from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

from aorta.errors import ignoring_damage
from aorta.imaging.dicom_seg_out import write_segmentation_object
from aorta.imaging.labelmap import write_labels
from aorta.records import Grid, Labels

SHAPE = (12, 14, 16)
PYDICOM = Path(pydicom.__file__).parent / "data"


@dataclass(frozen=True)
class Intact:
    """``reader``: "image", "labels" or "surface"; ``path``: a file, or a folder of files (one of which is to be damaged)."""

    name: str
    reader: str
    path: Path
    header: int  # bytes before the voxels or points, roughly


def intact(folder: Path) -> list[Intact]:
    """All of them, written below the folder."""
    folder.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [*_pydicom_files(folder), *_series(folder), *_volumes(folder), *_labels(folder), *_surfaces(folder), *_zips(folder)]


def _pydicom_files(folder: Path) -> list[Intact]:
    result = []
    files = sorted(p for p in PYDICOM.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc", ".json", ".icc"))
    for path in files:
        name = path.relative_to(PYDICOM).as_posix()
        result.append(Intact(f"pydicom {name}", "image", path, 1000))
        with ignoring_damage():  # not an image, or one that pydicom itself cannot write again
            ds = pydicom.dcmread(path, force=True)
            stack = folder / "pydicom" / name.replace("/", "_")
            _as_slices(ds, stack)
            result.append(Intact(f"pydicom as series {name}", "image", stack, 1200))
    return result


def _as_slices(ds: pydicom.Dataset, stack: Path) -> None:
    _ = ds.PixelData
    stack.mkdir(parents=True)
    ds.Modality, ds.SeriesInstanceUID = "CT", "1.2.3"
    ds.ImageOrientationPatient, ds.PixelSpacing, ds.RescaleSlope, ds.RescaleIntercept = [1, 0, 0, 0, 1, 0], [1, 1], "1", "-1024"
    for k in range(3):
        ds.SOPInstanceUID, ds.ImagePositionPatient = f"1.2.3.{k}", [0, 0, 2.0 * k]
        ds.save_as(stack / f"{k}.dcm")


def _series(folder: Path) -> list[Intact]:
    write_series(folder / "plain")
    result = [Intact("DICOM series", "image", folder / "plain", 900)]
    for name, syntax in {"RLE": RLELossless, "JPEG-LS": JPEGLSLossless, "deflated": DeflatedExplicitVRLittleEndian}.items():
        for path in write_series(folder / name):
            ds = pydicom.dcmread(path)
            if name == "deflated":
                ds.file_meta.TransferSyntaxUID = syntax
            else:
                ds.compress(syntax, generate_instance_uid=False)
            ds.save_as(path)
        result.append(Intact(f"DICOM series, {name}", "image", folder / name, 900))
    write_enhanced(folder / "enhanced" / "one.dcm")
    result.append(Intact("enhanced CT", "image", folder / "enhanced", 4000))
    return result


def _volumes(folder: Path) -> list[Intact]:
    voxels = np.random.default_rng(5).integers(-900, 900, SHAPE).astype(np.int16)
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing((4.0, 4.5, 5.0))
    result = []
    for suffix, header in {".nii": 352, ".nii.gz": 200, ".nrrd": 350, ".mha": 350}.items():
        path = folder / f"volume{suffix}"
        sitk.WriteImage(image, str(path), useCompression=suffix != ".nii")
        result.append(Intact(suffix[1:], "image", path, header))
    image = nibabel.Nifti2Image(voxels.astype(np.float32), np.diag([4, 4.5, 5, 1.0]))
    nibabel.save(image, folder / "two.nii")
    raw = sitk.GetImageFromArray(voxels)
    sitk.WriteImage(raw, str(folder / "raw.nrrd"), useCompression=False)
    return [*result, Intact("NIfTI-2", "image", folder / "two.nii", 544), Intact("raw NRRD", "image", folder / "raw.nrrd", 350)]


def _labels(folder: Path) -> list[Intact]:
    voxels = np.zeros(SHAPE, np.uint8)
    voxels[2:10, 3:11, 3:12], voxels[3:9, 5:9, 5:9] = 2, 1
    labels = Labels(Grid(SHAPE, np.diag([1.5, 1.5, 2.0, 1.0])), voxels)
    write_labels(labels, folder / "labels.nii.gz")
    write_segmentation_object(labels, folder / "labels.dcm")
    header = {}
    for number, name in enumerate(("lumen", "thrombus")):
        header |= {
            f"Segment{number}_ID": f"Segment_{number + 1}",
            f"Segment{number}_Name": name,
            f"Segment{number}_LabelValue": "1",
            f"Segment{number}_Layer": str(number),
            f"Segment{number}_Extent": "0 15 0 13 0 11",
        }
    layers = sitk.GetImageFromArray(np.stack([voxels == 1, voxels == 2], axis=-1).astype(np.uint8), isVector=True)
    flat = sitk.GetImageFromArray(voxels)
    for image, name in ((layers, "layers"), (flat, "flat")):
        for key, value in header.items():
            if name == "flat" and key.endswith(("Layer", "LabelValue")):
                value = "0" if key.endswith("Layer") else str(int(key[7]) + 1)
            image.SetMetaData(key, value)
        sitk.WriteImage(image, str(folder / f"{name}.seg.nrrd"), useCompression=name == "flat")
    binary = folder / "binary.dcm"
    _binary_seg(folder, binary)
    return [
        Intact("labels.nii.gz", "labels", folder / "labels.nii.gz", 200),
        Intact("DICOM-SEG, label map", "labels", folder / "labels.dcm", 4000),
        Intact("DICOM-SEG, binary", "labels", binary, 4000),
        Intact(".seg.nrrd with layers", "labels", folder / "layers.seg.nrrd", 900),
        Intact(".seg.nrrd", "labels", folder / "flat.seg.nrrd", 900),
    ]


def _binary_seg(folder: Path, path: Path) -> None:
    sources = [pydicom.dcmread(p) for p in write_series(folder / "seg source", change=_with_patient)]
    mask = np.zeros((len(sources), sources[0].Rows, sources[0].Columns), np.uint8)
    mask[1:5, 3:8, 2:7] = 1
    code = pydicom.sr.codedict.codes.SCT
    segment = highdicom.seg.SegmentDescription(
        1, "lumen", code.BodyStructure, code.Aorta, highdicom.seg.SegmentAlgorithmTypeValues.MANUAL
    )
    uids = [f"1.2.826.0.1.3680043.8.498.{n}" for n in (1, 2)]
    highdicom.seg.Segmentation(sources, mask, "BINARY", [segment], uids[0], 1, uids[1], 1, "a", "b", "c", "d").save_as(path)


def _with_patient(ds: pydicom.Dataset, k: int) -> None:
    ds.PatientName = ds.PatientID = ds.PatientBirthDate = ds.PatientSex = ds.StudyDate = ds.StudyTime = ds.StudyID = ""
    ds.AccessionNumber = ds.ReferringPhysicianName = ""
    ds.FrameOfReferenceUID = "1.2.3.4"


def _surfaces(folder: Path) -> list[Intact]:
    ball = pv.Sphere(radius=20.0, theta_resolution=16, phi_resolution=12)
    result = []
    for name, binary in (("ball.stl", True), ("text.stl", False), ("ball.ply", True), ("text.ply", False), ("ball.vtp", True)):
        ball.save(folder / name, binary=binary)
        result.append(Intact(name, "surface", folder / name, {".stl": 84, ".ply": 250, ".vtp": 1200}[name[-4:]]))
    for name, mode in (
        ("inline.vtp", "SetDataModeToBinary"),
        ("ascii.vtp", "SetDataModeToAscii"),
        ("lz4.vtp", "SetCompressorTypeToLZ4"),
    ):
        writer = vtkXMLPolyDataWriter()
        writer.SetFileName(str(folder / name))
        writer.SetInputData(ball)
        getattr(writer, mode)()
        writer.Write()
        result.append(Intact(name, "surface", folder / name, 600))
    return result


def _zips(folder: Path) -> list[Intact]:
    path = folder / "series.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in sorted((folder / "plain").iterdir()):
            archive.write(item, item.name)
    return [Intact("zip", "image", path, 100)]
