"""What a file is by its first bytes, for error messages that never need its name."""

from __future__ import annotations

from pathlib import Path

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (128, b"DICM", "DICOM"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x1f\x8b", "gzip data"),
    (0, b"NRRD", "NRRD"),
    (0, b"ObjectType", "MetaImage"),
    (0, b"NDims", "MetaImage"),
    (344, b"n+1\0", "NIfTI"),
)


def kind(path: Path) -> str:
    """ "DICOM", "a JPEG picture", "empty", ... or "of unknown content"."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError:
        return "unreadable"
    if not head:
        return "empty"
    for offset, magic, name in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return name
    return "DICOM" if _bare_data_set(head) else "of unknown content"


def _bare_data_set(head: bytes) -> bool:
    """Whether this is DICOM without preamble, as older archives write it: the first element is of group 2 or 8."""
    if head[:2] in (b"\x00\x08", b"\x00\x02"):  # big endian
        return head[4:6].isalpha() and head[4:6].isupper()
    if head[:2] not in (b"\x08\x00", b"\x02\x00"):
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    # implicit: the length stands there, that of a short text or number
    return explicit or (head[3] == 0 and 0 < int.from_bytes(head[4:8], "little") <= 256 and len(head) > 16)


def tally(kinds: list[str]) -> str:
    """ "3 × a JPEG picture, 1 × empty": how many files of which content."""
    counts = {name: kinds.count(name) for name in sorted(set(kinds))}
    return ", ".join(f"{count} × {name}" for name, count in counts.items())
