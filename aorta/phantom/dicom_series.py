"""The phantom as the CT series a scanner would send."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from aorta.errors import InputError
from aorta.phantom.make import Phantom

INTERCEPT_HU = -1024
"""Stored value 0, as most scanners have it: a reader that forgets to rescale is wrong by this much."""


def write_dicom_series(phantom: Phantom, folder: Path) -> None:
    """One file per slice, named IM0001.dcm ... from the lowest slice up.

    Every patient field is made up and says so. UIDs are derived from the slice's content and place,
    so that the same phantom gives the same files.

    Raises
    ------
    InputError
        The folder cannot be made or written.
    """
    folder = Path(folder)
    grid, voxels = phantom.volume.grid, phantom.volume.voxels
    entropy = [str(grid.shape_kji), str(int(voxels.astype(np.int64).sum())), str(int(voxels[::7, ::5, ::3].astype(np.int64).sum()))]
    study, series, frame = (generate_uid(entropy_srcs=[*entropy, what]) for what in ("study", "series", "frame"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for k in range(grid.shape_kji[0]):
            slice_file = _slice(phantom, k)
            slice_file.StudyInstanceUID, slice_file.SeriesInstanceUID, slice_file.FrameOfReferenceUID = study, series, frame
            uid = generate_uid(entropy_srcs=[*entropy, f"slice {k}"])
            slice_file.SOPInstanceUID = slice_file.file_meta.MediaStorageSOPInstanceUID = uid
            slice_file.save_as(folder / f"IM{k + 1:04d}.dcm", enforce_file_format=True)
    except OSError as error:
        raise InputError(
            "the phantom's DICOM series cannot be written", why=str(error.strerror), fix="name a folder that can be written"
        ) from None


def _slice(phantom: Phantom, k: int) -> FileDataset:
    grid = phantom.volume.grid
    meta = FileMetaDataset()
    mr = phantom.volume.modality == "MR"
    meta.MediaStorageSOPClassUID = MRImageStorage if mr else CTImageStorage
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID = meta.MediaStorageSOPClassUID
    ds.ImageType = ["DERIVED", "SECONDARY", "OTHER" if mr else "AXIAL"]
    ds.Modality, ds.Manufacturer, ds.ConversionType = phantom.volume.modality, "PHANTOM", "SYN"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "PHANTOM^ABDOMINAL", "PHANTOM", "19000101", "O"
    ds.StudyDate = ds.SeriesDate = "20000101"
    ds.StudyTime = "000000"
    ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "PHANTOM", "PHANTOM", "PHANTOM^PHYSICIAN"
    ds.SeriesDescription = "synthetic, not a patient"
    ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = 1, 1, k + 1
    ds.PatientPosition = "HFS"
    if mr:
        ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "GR", "NONE", "", "3D"
        ds.RepetitionTime = ds.EchoTime = ds.EchoTrainLength = None
    else:
        ds.KVP, ds.ConvolutionKernel, ds.GantryDetectorTilt = "120", "PHANTOM", 0.0
    ds.BodyPartExamined = "ABDOMEN"
    first, spacing = grid.to_lps((0, 0, k)), grid.spacing_ijk
    ds.ImagePositionPatient = [f"{v:.6g}" if abs(v) < 1e-6 else f"{v:.10g}" for v in first]
    ds.ImageOrientationPatient = [f"{v:g}" for v in (grid.affine_lps[:3, :2] / spacing[:2]).T.ravel()]
    ds.PixelSpacing = [f"{spacing[1]:.10g}", f"{spacing[0]:.10g}"]  # rows apart, then columns apart
    ds.SliceThickness = f"{spacing[2]:.10g}"
    ds.SliceLocation = f"{first[2]:.10g}"
    ds.PositionReferenceIndicator = ""
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = grid.shape_kji[1:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    intercept = 0
    if mr:
        ds.WindowCenter, ds.WindowWidth = "600", "1200"
    else:
        intercept = INTERCEPT_HU
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", str(intercept), "HU"
        ds.WindowCenter, ds.WindowWidth = "200", "700"
    stored = np.clip(phantom.volume.voxels[k].astype(np.int32) - intercept, 0, 4095).astype("<u2")
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW"
    return ds
