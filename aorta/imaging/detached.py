"""Files that a header names for its voxels: MetaImage (.mhd, .mha) and NRRD (.nhdr, .nrrd) may keep them apart."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path

_HEADERS = (".mhd", ".mha", ".nhdr", ".nrrd")
_LONGEST = 1 << 20  # bytes of header that are looked at
_KEY = re.compile(r"^\s*(?:ElementDataFile\s*=|data ?file\s*:)\s*(.*)$", re.IGNORECASE | re.MULTILINE)
_END_OF_NRRD = re.compile(r"\r?\n\r?\n")


def data_files(path: Path) -> tuple[Path, ...]:
    """The files beside a header that hold its voxels, in order of name; () where they follow it, and for any other file.

    Both formats name one file, a printf pattern with its range, or LIST and the names on the lines after it.
    """
    if path.suffix.lower() not in _HEADERS:
        return ()
    with path.open("rb") as stream:
        text = stream.read(_LONGEST).decode("utf-8", "replace")
    text = _END_OF_NRRD.split(text, maxsplit=1)[0] if text.startswith("NRRD") else text
    key = _KEY.search(text)
    if key is None or key[1].strip().upper() == "LOCAL":
        return ()
    value = key[1].strip()
    names = text[key.end() :].splitlines() if value.upper().startswith("LIST") else [value, value.split(" ")[0]]
    found = {file for name in names if name.strip() for file in _matching(path.parent, name.strip())}
    return tuple(sorted(found - {path}))


def _matching(folder: Path, name: str) -> list[Path]:
    """The file of this name, or those that a pattern such as ``slice%03d.raw`` stands for."""
    pattern = "*".join(glob.escape(part) for part in re.split(r"%\d*d", name))
    return [file for file in map(Path, glob.glob(os.path.join(glob.escape(str(folder)), pattern))) if file.is_file()]
