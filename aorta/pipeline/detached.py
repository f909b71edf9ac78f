"""Files that another one names for its voxels: detached MetaImage (.mhd) and NRRD (.nhdr) headers, and a disc's DICOMDIR.

A digest of the file that is named in the case file alone would not see that the voxels changed.
"""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

from aorta.errors import InputError
from aorta.imaging import content

_HEADERS = (".mhd", ".nhdr")
_LONGEST = 1 << 20  # bytes of header that are looked at
_KEY = re.compile(r"^\s*(?:ElementDataFile\s*=|data ?file\s*:)\s*(.*)$", re.IGNORECASE | re.MULTILINE)


def data_files(path: Path) -> tuple[Path, ...]:
    """The files beside a detached header or a DICOMDIR that hold its voxels, in order of name; () for any other file."""
    if path.suffix.lower() in _HEADERS:
        return _of_header(path)
    return _of_disc(path) if content.kind(path) == "DICOM" else ()


def _of_disc(path: Path) -> tuple[Path, ...]:
    """The images that a DICOMDIR names; () for another DICOM file, and where reading will refuse and say why."""
    from aorta.imaging.dicom_directory import is_directory, referenced_files

    try:
        return tuple(referenced_files(path)) if is_directory(path) else ()
    except InputError:
        return ()


def _of_header(path: Path) -> tuple[Path, ...]:
    """Both formats name one file, a printf pattern with its range, or LIST and the names on the lines after it."""
    with path.open("rb") as stream:
        text = stream.read(_LONGEST).decode("utf-8", "replace")
    key = _KEY.search(text)
    if key is None:
        return ()
    value = key[1].strip()
    names = text[key.end() :].splitlines() if value.upper().startswith("LIST") else [value, value.split(" ")[0]]
    found = {file for name in names if name.strip() for file in _matching(path.parent, name.strip())}
    return tuple(sorted(found - {path}))


def _matching(folder: Path, name: str) -> list[Path]:
    """The file of this name, or those that a pattern such as ``slice%03d.raw`` stands for."""
    pattern = "*".join(glob.escape(part) for part in re.split(r"%\d*d", name))
    return [file for file in map(Path, glob.glob(os.path.join(glob.escape(str(folder)), pattern))) if file.is_file()]
