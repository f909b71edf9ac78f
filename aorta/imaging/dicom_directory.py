"""DICOMDIR, the table of contents of a disc: the files it names, and none beside its own folder."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.uid import MediaStorageDirectoryStorage

from aorta.errors import InputError, ignoring_damage, on_damage
from aorta.imaging.dicom_open import read_dicom
from aorta.imaging.quiet import quiet


def is_directory(path: Path) -> bool:
    """Whether a DICOM file is a table of contents, whatever its name."""
    with ignoring_damage(), quiet():
        meta = pydicom.filereader.read_file_meta_info(path)
        return meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage
    return False


def referenced_files(path: Path) -> list[Path]:
    """The image files that a DICOMDIR names, in name order.

    Raises
    ------
    InputError
        Damaged, names files outside its folder, or names files that are not there.
    """
    where = "the DICOMDIR"
    unreadable = InputError("the DICOMDIR cannot be read", where=where, fix="name the folder of the series instead")
    with on_damage(unreadable), quiet():
        records = read_dicom(path, where).DirectoryRecordSequence
        named = [
            tuple([value] if isinstance(value, str) else list(value))
            for record in records
            if (value := record.get("ReferencedFileID")) and record.get("DirectoryRecordType") == "IMAGE"
        ]
    folder = path.parent
    if any(not part or part in (".", "..") or "/" in part or "\\" in part or "\0" in part for parts in named for part in parts):
        raise InputError(
            "the DICOMDIR names files outside its folder", where=where, fix="do not trust this disc; name the folder of the series"
        )
    found = [_as_written(folder, parts) for parts in named]
    missing = found.count(None)
    if missing or not found:
        raise InputError(
            "files that the DICOMDIR names are not there" if found else "the DICOMDIR names no image",
            where=where,
            why=f"{missing} of {len(found)} are missing" if found else "",
            fix="copy the whole disc, or name the folder of the series instead",
        )
    return sorted({file for file in found if file is not None})


def _as_written(folder: Path, parts: tuple[str, ...]) -> Path | None:
    """The file, also where copying turned its name to lower case; None where it is not there or leads elsewhere."""
    for names in (parts, tuple(part.lower() for part in parts)):
        path = folder.joinpath(*names)
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            return path
    return None
