"""The same file twice in a folder: exports repeated into subfolders."""

from __future__ import annotations

import hashlib
from pathlib import Path

from aorta.imaging.dicom_headers import SliceFile


def without_copies(items: list[SliceFile]) -> tuple[list[SliceFile], tuple[str, ...]]:
    """The files without byte-for-byte copies of earlier ones, and a caution.

    Only files that claim to be the same object (SOP instance) are compared. Those that claim it and
    differ are left for the geometry to refuse as slices at one place.
    """
    by_instance: dict[bytes, list[SliceFile]] = {}
    for item in items:
        by_instance.setdefault(item.instance or item.path.as_posix().encode(), []).append(item)
    copies = set()
    for group in by_instance.values():
        if len(group) > 1:
            seen = set()
            for item in group:
                digest = _digest(item.path)
                copies |= {item.number} if digest in seen else set()
                seen.add(digest)
    if not copies:
        return items, ()
    kept = [item for item in items if item.number not in copies]
    return kept, (f"{len(copies)} file(s) of the image folder are copies of others and were passed over",)


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return path.as_posix().encode()
