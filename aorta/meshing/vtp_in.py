"""VTP files (VTK XML PolyData), every block's size checked against the file before memory is taken for it.

VTK's own reader is not used: it believes the sizes in a damaged file and takes the process down with
it. Format: "VTK XML Formats" in VTK's documentation; sections of binary data are base64 or raw, whole or
in blocks compressed by zlib, LZMA or LZ4 (for LZ4 VTK's decompressor is used, on one block of a known size at a time).
"""

from __future__ import annotations

import base64
import binascii
import lzma
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from vtkmodules.vtkIOCore import vtkLZ4DataCompressor

from aorta.records import Array

_TYPES = {
    **{f"Int{8 * n}": f"i{n}" for n in (1, 2, 4, 8)},
    **{f"UInt{8 * n}": f"u{n}" for n in (1, 2, 4, 8)},
    "Float32": "f4",
    "Float64": "f8",
}
_COMPRESSORS = ("vtkZLibDataCompressor", "vtkLZMADataCompressor", "vtkLZ4DataCompressor")
_LZ4_MOST = 255
"""Bytes that one byte of an LZ4 block can stand for, at most ("LZ4 Block Format Description")."""

_LARGEST = 2**29
"""Bytes of all arrays of a file, unpacked: 10 million triangles with numbers of eight bytes. Pieces may share one array."""


class BadVtp(ValueError):
    """Not a VTP file, cut short, or without points or faces; the message says which."""


@dataclass(frozen=True)
class Polygons:
    """``points`` (n, 3); ``cells``, ``strips``: ``corners, i, j, k, ...`` in one row, as VTK wants them; ``space``: as told."""

    points: Array
    cells: Array
    strips: Array
    space: str


@dataclass(frozen=True)
class _File:
    order: str
    head: np.dtype
    compressor: str
    appended: bytes
    encoding: str
    room: _Room


class _Room:
    """What may still be unpacked."""

    left = _LARGEST

    def take(self, count: int) -> None:
        """Count bytes off.

        Raises
        ------
        BadVtp
            There is no room for them.
        """
        if not 0 <= count <= self.left:
            raise BadVtp("it states sizes that it cannot hold, or more than 512 MiB")
        self.left -= count


def read_vtp(path: Path) -> Polygons:
    """The surface of all pieces.

    Raises
    ------
    BadVtp
    """
    try:
        tree, file = _parsed(path.read_bytes())
        data = tree.find("PolyData")
        pieces = data.findall("Piece") if data is not None else []
        points, cells, strips, shift = [], [], [], 0
        for piece in pieces:
            array = piece.find("Points/DataArray")
            count = int(piece.get("NumberOfPoints", 0))
            if array is None or not count:
                continue
            values = _values(array, file)
            if values.size != 3 * count:
                raise BadVtp(f"it should hold {count} points but has {values.size // 3}")
            points.append(values.reshape(-1, 3).astype(float))
            cells.append(_corners(piece.find("Polys"), int(piece.get("NumberOfPolys", 0)), count, shift, file))
            strips.append(_corners(piece.find("Strips"), int(piece.get("NumberOfStrips", 0)), count, shift, file))
            shift += count
        if not sum(map(len, cells + strips)):
            raise BadVtp("it has no triangles")
        return Polygons(np.concatenate(points), np.concatenate(cells), np.concatenate(strips), _space(data, file))
    except BadVtp:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, ElementTree.ParseError, LookupError):
        raise BadVtp("") from None


def _parsed(data: bytes) -> tuple[ElementTree.Element, _File]:
    """The XML without its appended section, and that section."""
    appended, encoding = b"", "raw"
    if found := re.search(rb"<AppendedData([^>]*)>\s*_", data):
        encoding = "base64" if b"base64" in found[1] else "raw"
        appended = data[found.end() :]
        data = data[: found.start()] + b"</VTKFile>"
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise BadVtp("it declares entities, which no VTP file needs")
    tree = ElementTree.fromstring(data)
    if tree.tag != "VTKFile" or tree.get("type") != "PolyData":
        raise BadVtp("it is not a VTP file of polygons")
    order = {"LittleEndian": "<", "BigEndian": ">"}[tree.get("byte_order", "LittleEndian")]
    head = np.dtype(order + {"UInt32": "u4", "UInt64": "u8"}[tree.get("header_type", "UInt32")])
    compressor = tree.get("compressor", "")
    if compressor not in ("", *_COMPRESSORS):
        raise BadVtp("it is compressed by a method that is not known")
    return tree, _File(order, head, compressor, appended, encoding, _Room())


def _values(array: ElementTree.Element, file: _File) -> Array:
    """(n,) numbers of one DataArray."""
    kind = np.dtype(file.order + _TYPES[array.get("type", "")])
    form = array.get("format", "ascii")
    if form == "ascii":
        return np.array((array.text or "").split(), dtype=kind)
    if form == "binary":
        section, encoding = "".join((array.text or "").split()).encode(), "base64"
    elif form == "appended":
        start = int(array.get("offset", ""))
        if not 0 <= start < len(file.appended):
            raise BadVtp("it ends before its points and faces do")
        section, encoding = file.appended[start:], file.encoding
    else:
        raise BadVtp("")
    content = _content(section, encoding, file)
    if len(content) % kind.itemsize:
        raise BadVtp("it ends before its points and faces do")
    return np.frombuffer(content, kind)


def _content(section: bytes, encoding: str, file: _File) -> bytes:
    """The bytes of one array: after a count of bytes, or in compressed blocks after their sizes."""
    size = file.head.itemsize
    if not file.compressor:
        if encoding == "raw":
            (length,) = np.frombuffer(section[:size], file.head, 1)
            file.room.take(int(length))
            return _exactly(section[size:], int(length))
        first = _decoded(section, size)
        (length,) = np.frombuffer(first[:size], file.head, 1)
        file.room.take(int(length))
        return _exactly(_decoded(section, size + int(length))[size:], int(length))
    start = section if encoding == "raw" else _decoded(section, 3 * size)
    blocks, each, last = (int(n) for n in np.frombuffer(start[: 3 * size], file.head, 3))
    whole = blocks * each if not last else (blocks - 1) * each + last
    if blocks * size > len(section):
        raise BadVtp("it states sizes that it cannot hold")
    file.room.take(whole)
    if encoding == "raw":
        sizes, body = np.frombuffer(section[3 * size :], file.head, blocks), section[(3 + blocks) * size :]
    else:  # sizes and blocks are encoded apart
        head = (3 + blocks) * size
        sizes = np.frombuffer(_decoded(section, head)[3 * size : head], file.head, blocks)
        body = _decoded(section[4 * -(-head // 3) :], int(sizes.astype(object).sum()))
    content, at = [], 0
    for number, packed in enumerate(int(n) for n in sizes):
        wanted = last if last and number == blocks - 1 else each
        content.append(_exactly(_unpacked(_exactly(body[at : at + packed], packed), wanted, file.compressor), wanted))
        at += packed
    return b"".join(content)


def _unpacked(block: bytes, wanted: int, compressor: str) -> bytes:
    """At most one byte more than wanted: a block cannot be a bomb."""
    try:
        if compressor == "vtkZLibDataCompressor":
            return zlib.decompressobj().decompress(block, wanted + 1)
        if compressor == "vtkLZ4DataCompressor":
            return _from_lz4(block, wanted)
        return lzma.LZMADecompressor().decompress(block, wanted + 1)
    except (zlib.error, lzma.LZMAError, EOFError):
        raise BadVtp("a compressed block is damaged") from None


def _from_lz4(block: bytes, wanted: int) -> bytes:
    if not 0 <= wanted <= _LZ4_MOST * len(block):
        raise BadVtp("it states sizes that it cannot hold")
    compressor, content = vtkLZ4DataCompressor(), np.zeros(wanted, np.uint8)
    compressor.AddObserver("ErrorEvent", lambda *_: None)  # or it writes to stderr
    if wanted and compressor.Uncompress(block, len(block), content, wanted) != wanted:
        raise BadVtp("a compressed block is damaged")
    return content.tobytes()


def _decoded(section: bytes, count: int) -> bytes:
    """The first ``count`` bytes of base64."""
    need = 4 * -(-count // 3)
    if need > len(section):
        raise BadVtp("it ends before its points and faces do")
    try:
        return base64.b64decode(section[:need], validate=True)[:count]
    except binascii.Error:
        raise BadVtp("its binary data are damaged") from None


def _exactly(data: bytes, count: int) -> bytes:
    if len(data) < count:
        raise BadVtp("it ends before its points and faces do")
    return data[:count]


def _corners(element: ElementTree.Element | None, count: int, points: int, shift: int, file: _File) -> Array:
    """For each cell how many points it has and their numbers, all in one row."""
    if element is None or count <= 0:
        return np.empty(0, np.int64)
    arrays = {array.get("Name"): array for array in element.findall("DataArray")}
    corners, ends = (_values(arrays[name], file).astype(np.int64) for name in ("connectivity", "offsets"))
    if len(ends) != count or np.any(np.diff(ends, prepend=0) < 0) or ends[-1] > len(corners):
        raise BadVtp("its faces do not match its list of corners")
    if corners.size and (corners.min() < 0 or corners.max() >= points):
        raise BadVtp("a triangle refers to a point that is not there")
    starts = np.concatenate([[0], ends[:-1]])
    return np.insert(corners[: ends[-1]] + shift, starts, ends - starts)


def _space(data: ElementTree.Element, file: _File) -> str:
    """The text of the field SPACE, stored as the codes of its letters, "" where there is none."""
    for array in data.findall("FieldData/Array") + data.findall("FieldData/DataArray"):
        if array.get("Name") == "SPACE" and array.get("type") == "String":
            text = _values(_as_bytes(array), file)
            return bytes(text.astype(np.uint8).tolist()).split(b"\0")[0].decode("ascii", "replace")
    return ""


def _as_bytes(array: ElementTree.Element) -> ElementTree.Element:
    """A string array is stored as an array of Int8."""
    copy = ElementTree.Element("DataArray", {**array.attrib, "type": "Int8"})
    copy.text = array.text
    return copy
