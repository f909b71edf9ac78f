"""DICOM files sorted into series, and series into stacks of slices.

A folder from a hospital holds what the scanner made under one study: localisers, the same scan with
several kernels and thicknesses, phases of the heart beat or echoes in one series. Each stack that
could be an image gets its own number; what it is told by contains nothing that identifies.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aorta.errors import InputError
from aorta.imaging import acquisition, content
from aorta.imaging.dicom_copies import without_copies
from aorta.imaging.dicom_frames import frames_of
from aorta.imaging.dicom_headers import SliceFile, number, numbers, read_header, words

NOT_IMAGES = ("SEG", "SR", "PR", "RTSTRUCT", "RTPLAN", "RTDOSE", "KO", "DOC", "REG", "FID", "ECG", "OT")
"""Modalities whose files are passed over: no slices of a scan."""

MODALITIES = ("CT", "MR", "PT", "US", "XA", "CR", "DX", "NM", "MG")
"""Told by name; anything else could be any text."""

PHASES = {
    "TemporalPositionIdentifier": "time",
    "TemporalPositionIndex": "time",
    "NominalPercentageOfCardiacPhase": "cardiac phase",
    "TriggerTime": "trigger time",
    "EchoNumbers": "echo",
    "EchoTime": "echo time",
    "AcquisitionNumber": "acquisition",
}
"""Numbers by which slices at one place are told apart, in this order."""


@dataclass(frozen=True)
class Series:
    """Slices that belong together.

    Parameters
    ----------
    number : int
        From 1, in the order of the scanner's series numbers: what ``ImageInput.series`` means.
    normal : (3,) float or None
        Unit, perpendicular to the slices, LPS; None where the orientation is absent.
    part : str
        Which part of the scanner's series it is ("cardiac phase 3 of 10"), "" if all of it.
    """

    number: int
    modality: str
    slices: tuple[SliceFile, ...] = field(repr=False)
    normal: np.ndarray | None = None
    part: str = ""

    @property
    def patients(self) -> frozenset[bytes]:
        """Digests of the patients' numbers in it."""
        return frozenset(item.patient for item in self.slices) - {b""}

    @property
    def axial(self) -> bool:
        """Whether the slices lie within 25° of the axial plane (and say so). Gantries tilt up to 30°, seldom above 20°."""
        return self.normal is not None and abs(self.normal[2]) > np.cos(np.radians(25.0))

    @property
    def localiser(self) -> bool:
        """Whether the slices are a localiser's (scout, topogram)."""
        return _localiser(self.slices[0])

    @property
    def gaps_mm(self) -> np.ndarray:
        """(n − 1,) mm along the normal between neighbouring slices; empty where positions are absent."""
        positions = [numbers(item.header, "ImagePositionPatient") for item in self.slices]
        if self.normal is None or any(len(position) != 3 for position in positions):
            return np.empty(0)
        return np.diff(np.sort(np.array(positions) @ self.normal))

    @property
    def spacing_mm(self) -> float:
        """The usual distance between slices; infinite where it is not known."""
        gaps = self.gaps_mm
        return float(np.median(gaps)) if len(gaps) else float("inf")

    @property
    def height_mm(self) -> float:
        """From the first slice to the last."""
        return float(self.gaps_mm.sum())

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of a table for choosing between series, without anything that identifies."""
        header = self.slices[0].header
        facts = acquisition.facts(header)
        plane = "orientation unknown" if self.normal is None else "axial" if self.axial else "not axial"
        gaps = self.gaps_mm
        apart = f"{self.spacing_mm:.2f} mm apart" if len(gaps) else "spacing unknown"
        size = "×".join(f"{number(header, keyword) or 0:.0f}" for keyword in ("Columns", "Rows"))
        return (
            f"series {self.number}: {self.modality}",
            f"{len(self.slices)} slices",
            f"of {size}",
            apart,
            "localiser" if self.localiser else plane,
            f"{facts['slice_thickness_mm']} mm thick" if "slice_thickness_mm" in facts else "thickness unknown",
            f"kernel {facts['kernel']}" if "kernel" in facts else "",
            self.part,
        )

    @property
    def summary(self) -> str:
        """The same in one line."""
        return ", ".join(cell for cell in self.cells if cell)


def listing(found: list[Series]) -> tuple[str, ...]:
    """The numbered table of series, a line each."""
    rows = [series.cells for series in found]
    widths = [max(len(row[q]) for row in rows) for q in range(len(rows[0]))]
    return tuple("  ".join(cell.ljust(width) for cell, width in zip(row, widths) if width).rstrip() for row in rows)


def find_series(files: list[Path]) -> tuple[list[Series], tuple[str, ...]]:
    """Series with images among files, and cautions on what was passed over.

    Raises
    ------
    InputError
        No DICOM or no image among them, a file cut off within its header.
    """
    kinds = [content.kind(path) for path in files]
    if "DICOM" not in kinds:
        raise InputError(
            "there is no DICOM file in the image folder",
            where="image.path of the case file",
            why=f"it holds {content.tally(kinds)}",
            fix="name the folder of the DICOM series as exported from the scanner or archive",
        )
    items = (read_header(path, place, len(files)) for place, (path, kind) in enumerate(zip(files, kinds), 1) if kind == "DICOM")
    images = [item for item in items if item is not None and item.header.get("Modality", "OT") not in NOT_IMAGES]
    if not images:
        raise InputError("none of the DICOM files holds an image", where="image", fix="name the folder of the CT or MR series")
    images, cautions = without_copies(images)
    groups: dict[str, list[SliceFile]] = {}
    for item in images:
        groups.setdefault(str(item.header.get("SeriesInstanceUID", "")), []).extend(frames_of(item))
    ordered = sorted(groups.values(), key=lambda group: (number(group[0].header, "SeriesNumber") or 0.0, group[0].number))
    stacks = [stack for group in ordered for stack in _stacks(group)]
    others = len(files) - kinds.count("DICOM")
    if others:
        cautions += (f"{others} file(s) of the image folder are not DICOM and were passed over",)
    return [_series(place, part, group) for place, (part, group) in enumerate(stacks, 1)], cautions


def _series(place: int, part: str, group: list[SliceFile]) -> Series:
    header = group[0].header
    normal = None
    cosines = numbers(header, "ImageOrientationPatient")
    if len(cosines) == 6:
        cross = np.cross(cosines[:3], cosines[3:])
        length = np.linalg.norm(cross)
        normal = cross / length if length > 0.5 else None
    modality = str(header.Modality)
    return Series(place, modality if modality in MODALITIES else "other", tuple(group), normal, part)


# --------------------------------------------------------------------------------------- stacks


def _localiser(item: SliceFile) -> bool:
    return "LOCALIZER" in words(item.header, "ImageType")


def _stacks(group: list[SliceFile]) -> list[tuple[str, list[SliceFile]]]:
    """The stacks of a scanner's series: (what it is told by, slices)."""
    scouts, rest = [i for i in group if _localiser(i)], [i for i in group if not _localiser(i)]
    result = []
    for part in (part for half in (rest, scouts) if half for part in _same_plane(half)):
        result += _phases(part)
    return result


def _split(group: list[SliceFile], key: Callable[[SliceFile], Hashable]) -> list[list[SliceFile]]:
    parts: dict[Hashable, list[SliceFile]] = {}
    for item in group:
        parts.setdefault(key(item), []).append(item)
    return list(parts.values())


def _same_plane(group: list[SliceFile]) -> list[list[SliceFile]]:
    """Planes and image sizes apart, as in three-plane localisers. A single odd slice is no stack: then nothing is parted."""

    def plane(item: SliceFile) -> Hashable:
        cosines = np.round(numbers(item.header, "ImageOrientationPatient"), 2) + 0.0
        return (*cosines.tolist(), number(item.header, "Rows"), number(item.header, "Columns"))

    parts = _split(group, plane)
    return parts if min(len(part) for part in parts) > 1 else [group]


def _phases(group: list[SliceFile]) -> list[tuple[str, list[SliceFile]]]:
    """Phases, echoes or repetitions apart, where one number of the header tells the slices at each place from each other."""
    places = [tuple(np.round(numbers(item.header, "ImagePositionPatient"), 2).tolist()) for item in group]
    different = len(set(places))
    if different == len(group) or different < 2:
        return [("", group)]
    where = {id(item): place for item, place in zip(group, places)}
    for keyword, called in PHASES.items():
        parts = _split(group, lambda item: number(item.header, keyword))  # noqa: B023 - called at once
        if len(parts) > 1 and all(len(part) == len({where[id(i)] for i in part}) == different for part in parts):
            parts.sort(key=lambda part: number(part[0].header, keyword) or 0.0)  # noqa: B023 - called at once
            return [(f"{called} {place} of {len(parts)}", part) for place, part in enumerate(parts, 1)]
    return [("", group)]
