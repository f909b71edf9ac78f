"""The size that a compressed picture itself claims, read before a decoder takes memory for it.

Markers: ITU-T T.81 annex B (JPEG, all processes), T.87 annex C (JPEG-LS, SOF55), T.800 annex A (JPEG 2000, SIZ).
"""

from __future__ import annotations

import struct

_START = b"\xff\xd8"
_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15 without DHT, JPG and DAC, which lie between them; SOF55."""

_SIZ = b"\xff\x4f\xff\x51"


def claimed_size(picture: bytes) -> tuple[int, int] | None:
    """Rows and columns; None where they are not found (another compression, or damaged)."""
    if (at := picture.find(_SIZ, 0, 4096)) >= 0:  # perhaps within the boxes of a JP2 file
        return _jpeg_2000(picture, at + len(_SIZ))
    if not picture.startswith(_START):
        return None
    at = len(_START)
    while at + 9 <= len(picture) and picture[at] == 0xFF:
        marker = picture[at + 1]
        if marker in _FRAME_HEADERS:  # length, bits, lines (0: told after the first scan), samples a line
            rows, columns = struct.unpack_from(">HH", picture, at + 5)
            return (rows, columns) if rows else None
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        at += 2 + struct.unpack_from(">H", picture, at + 2)[0]
    return None


def _jpeg_2000(picture: bytes, at: int) -> tuple[int, int] | None:
    """Length and capabilities, then the far and the near corner of the picture on its grid."""
    if len(picture) < at + 20:
        return None
    right, bottom, left, top = struct.unpack_from(">4I", picture, at + 4)
    return bottom - top, right - left
