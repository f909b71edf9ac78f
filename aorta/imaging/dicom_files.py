"""The DICOM files of a folder: headers of the slices, sorted into series.

A file is called by its running number in name order, a series by its number in this program's
list: names of files and UIDs may identify the patient and are never told.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import MediaStorageDirectoryStorage

from aorta.errors import InputError
from aorta.imaging import acquisition, content
from aorta.imaging.quiet import quiet

_GEOMETRY = [
    "SOPClassUID", "SeriesInstanceUID", "SeriesNumber", "Modality", "ImageType", "Rows", "Columns", "NumberOfFrames",
    "SamplesPerPixel", "PhotometricInterpretation", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing",
    "RescaleSlope", "RescaleIntercept", "GantryDetectorTilt", "PatientID",
]  # fmt: skip
NOT_IMAGES = ("SEG", "SR", "PR", "RTSTRUCT", "RTPLAN", "RTDOSE", "KO", "DOC", "REG", "FID", "ECG", "OT")
"""Modalities whose files are passed over: no slices of a scan."""


@dataclass(frozen=True)
class SliceFile:
    """One file: where it is, its running number and the header fields that geometry and acquisition need.

    ``patient`` is a digest of the patient's number, only to tell one patient from another; b"" where there is none.
    """

    path: Path = field(repr=False)
    number: int
    of: int
    header: Dataset = field(repr=False)
    patient: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        """How messages call this file."""
        return f"slice file {self.number} of {self.of} (in name order)"


@dataclass(frozen=True)
class Series:
    """Slices that belong together.

    Parameters
    ----------
    number : int
        From 1, in the order of the scanner's series numbers: what ``ImageInput.series`` means.
    normal : (3,) float or None
        Unit, perpendicular to the slices, LPS; None where the orientation is absent.
    """

    number: int
    modality: str
    slices: tuple[SliceFile, ...] = field(repr=False)
    normal: np.ndarray | None = None

    @property
    def patients(self) -> frozenset[bytes]:
        """Digests of the patients' numbers in it."""
        return frozenset(item.patient for item in self.slices) - {b""}

    @property
    def axial(self) -> bool:
        """Whether the slices lie within 25° of the axial plane (and say so)."""
        return self.normal is not None and abs(self.normal[2]) > np.cos(np.radians(25.0))

    @property
    def summary(self) -> str:
        """One line for choosing between series, without anything that identifies."""
        header = self.slices[0].header
        facts = acquisition.facts(header)
        plane = "orientation unknown" if self.normal is None else "axial" if self.axial else "not axial"
        thickness = f", slices {facts['slice_thickness_mm']} mm thick" if "slice_thickness_mm" in facts else ""
        kernel = f", kernel {facts['kernel']}" if "kernel" in facts else ""
        size = "×".join(f"{number(header, keyword) or 0:.0f}" for keyword in ("Columns", "Rows"))
        return f"series {self.number}: {self.modality}, {len(self.slices)} files of {size}, {plane}{thickness}{kernel}"


def find_series(folder: Path) -> tuple[list[Series], int]:
    """Series with images in a folder and its subfolders, and how many files are not DICOM.

    Raises
    ------
    InputError
        Missing or empty folder, no DICOM in it, a file cut off within its header.
    """
    if not folder.is_dir():
        raise InputError("the image folder does not exist", where="image.path of the case file", fix="correct the path")
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".") and p.name != "DICOMDIR")
    if not files:
        raise InputError(
            "the image folder is empty", where="image.path of the case file", fix="name the folder that holds the DICOM files"
        )
    kinds = [content.kind(path) for path in files]
    if "DICOM" not in kinds:
        raise InputError(
            "there is no DICOM file in the image folder",
            where="image.path of the case file",
            why=f"it holds {content.tally(kinds)}",
            fix="name the folder of the DICOM series as exported from the scanner or archive",
        )
    groups: dict[str, list[SliceFile]] = {}
    for place, (path, kind) in enumerate(zip(files, kinds), 1):
        if kind == "DICOM":
            item = _read_header(path, place, len(files))
            if item is not None and item.header.get("Modality", "OT") not in NOT_IMAGES:
                groups.setdefault(str(item.header.get("SeriesInstanceUID", "")), []).append(item)
    if not groups:
        raise InputError("none of the DICOM files holds an image", where="image", fix="name the folder of the CT or MR series")
    ordered = sorted(groups.values(), key=lambda group: (number(group[0].header, "SeriesNumber") or 0.0, group[0].number))
    return [_series(place, group) for place, group in enumerate(ordered, 1)], len(files) - kinds.count("DICOM")


def _read_header(path: Path, place: int, of: int) -> SliceFile | None:
    """None for a disc's table of contents, whatever its name."""
    try:
        with quiet():
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=_GEOMETRY + acquisition.KEYWORDS)
            for element in header:  # decode now: a bad value must be found here, not anywhere later
                _ = element.value
        if header.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
            return None
        patient = str(header.pop("PatientID").value or "").strip() if "PatientID" in header else ""
        complete = "Modality" in header and "SeriesInstanceUID" in header
    except (InvalidDicomError, OSError, EOFError, ValueError, KeyError, AttributeError, TypeError, NotImplementedError):
        complete = False
    if not complete:
        raise InputError(
            "a DICOM file is damaged or cut off",
            where=f"slice file {place} of {of} (in name order)",
            why="its header cannot be read to the end",
            fix="export or copy the series again",
        )
    return SliceFile(path, place, of, header, hashlib.sha256(patient.encode()).digest() if patient else b"")


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
    except (TypeError, ValueError):
        return np.empty(0)
    return values if np.isfinite(values).all() else np.empty(0)


def _series(place: int, group: list[SliceFile]) -> Series:
    header = group[0].header
    normal = None
    cosines = numbers(header, "ImageOrientationPatient")
    if len(cosines) == 6:
        cross = np.cross(cosines[:3], cosines[3:])
        length = np.linalg.norm(cross)
        normal = cross / length if length > 0.5 else None
    known = ("CT", "MR", "PT", "US", "XA", "CR", "DX", "NM", "MG")  # anything else could be any text
    modality = str(header.Modality)
    return Series(place, modality if modality in known else "other", tuple(group), normal)
