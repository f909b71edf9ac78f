"""The DICOM files of a folder, and what their headers say that geometry and acquisition need.

A file is called by its running number in name order: names of files and UIDs may identify the
patient and are never told.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import MediaStorageDirectoryStorage

from aorta.errors import InputError, on_damage
from aorta.imaging import acquisition
from aorta.imaging.dicom_open import read_dicom
from aorta.imaging.quiet import quiet

PER_SLICE = [
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept", "GantryDetectorTilt",
    "ImageType", "TemporalPositionIdentifier", "TemporalPositionIndex", "NominalPercentageOfCardiacPhase", "TriggerTime",
    "EchoNumbers", "AcquisitionNumber",
]  # fmt: skip
_PER_FILE = [
    "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "Modality", "Rows", "Columns", "NumberOfFrames",
    "SamplesPerPixel", "PhotometricInterpretation", "PatientID", "LossyImageCompression", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]  # fmt: skip


@dataclass(frozen=True)
class SliceFile:
    """One slice: its file and frame, and its header fields.

    Parameters
    ----------
    number, of : int
        The file's place in name order, from 1.
    frame : int or None
        Place in a multi-frame file, from 0.
    patient, instance : bytes
        Digests of the patient's number and of the file's own, only to tell them apart; b"" where there is none.
    syntax : str
        UID of the transfer syntax.
    """

    path: Path = field(repr=False)
    number: int
    of: int
    header: Dataset = field(repr=False)
    patient: bytes = field(default=b"", repr=False)
    instance: bytes = field(default=b"", repr=False)
    syntax: str = field(default="", repr=False)
    frame: int | None = None

    @property
    def name(self) -> str:
        """How messages call this slice."""
        frame = "" if self.frame is None else f"frame {self.frame + 1} of "
        return f"{frame}slice file {self.number} of {self.of} (in name order)"


def read_header(path: Path, place: int, of: int) -> SliceFile | None:
    """The header of one file; None for a disc's table of contents, whatever its name.

    Raises
    ------
    InputError
        Cut off within its header, or no DICOM object of a series.
    """
    where = f"slice file {place} of {of} (in name order)"
    damaged = InputError(
        "a DICOM file is damaged or cut off",
        where=where,
        why="its header cannot be read to the end",
        fix="export or copy the series again",
    )
    with on_damage(damaged), quiet():
        header = read_dicom(path, where, stop_before_pixels=True, specific_tags=_PER_FILE + PER_SLICE + acquisition.KEYWORDS)
        for element in header.iterall():  # decode now: a bad value must be found here, not anywhere later
            _ = element.value
        if header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
            return None
        patient, instance = (_taken(header, keyword) for keyword in ("PatientID", "SOPInstanceUID"))
        syntax = str(header.file_meta.get("TransferSyntaxUID", ""))
        if "Modality" not in header or "SeriesInstanceUID" not in header:
            raise damaged
    return SliceFile(path, place, of, header, patient, instance, syntax)


def _taken(header: Dataset, keyword: str) -> bytes:
    """Digest of a text, which leaves the header."""
    text = str(header.pop(keyword).value or "").strip() if keyword in header else ""
    return hashlib.sha256(text.encode()).digest() if text else b""


def number(header: Dataset, keyword: str) -> float | None:
    """A finite number of the header; None where it is absent or is none. (Never let float() fail: it quotes the value.)"""
    try:
        value = float(header.get(keyword))
    except (TypeError, ValueError, OverflowError):
        return None
    return value if np.isfinite(value) else None


def numbers(header: Dataset, keyword: str) -> np.ndarray:
    """(n,) finite numbers of the header; empty where they are absent or are none."""
    try:
        values = np.atleast_1d(np.array(header.get(keyword), float))
    except (TypeError, ValueError, OverflowError):
        return np.empty(0)
    return values if values.ndim == 1 and np.isfinite(values).all() else np.empty(0)


def words(header: Dataset, keyword: str) -> tuple[str, ...]:
    """The texts of the header under a keyword, never to be shown."""
    value = header.get(keyword)
    return tuple(str(part) for part in ([value] if isinstance(value, str) else value or []))
