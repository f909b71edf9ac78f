"""Files that hold the voxels of one that the case file names: detached headers' data, and the images of a disc's DICOMDIR.

A digest of the file that is named alone would not see that the voxels changed.
"""

from __future__ import annotations

from pathlib import Path

from aorta.errors import InputError
from aorta.imaging import content, detached


def files_behind(path: Path) -> tuple[Path, ...]:
    """These files in order of name; () for any other file."""
    return _of_disc(path) if content.kind(path) == "DICOM" else detached.data_files(path)


def _of_disc(path: Path) -> tuple[Path, ...]:
    """The images that a DICOMDIR names; () for another DICOM file, and where reading will refuse and say why."""
    from aorta.imaging.dicom_directory import is_directory, referenced_files

    try:
        return tuple(referenced_files(path)) if is_directory(path) else ()
    except InputError:
        return ()
