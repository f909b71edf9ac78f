"""PLY files, read to their last byte or refused.

VTK's reader is not used: it crashes on a binary file that is cut short, and gives made-up points for
an ASCII one. Format: G. Turk, The PLY polygon file format, 1994.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aorta.records import Array

_TYPES = {
    **{"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4", "double": "f8"},
    **{"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4", "float32": "f4", "float64": "f8"},
}
_LONGEST_HEADER = 65536


@dataclass
class _Element:
    """``properties``: name -> (type of a value, type of a list's length or "")."""

    name: str
    count: int
    properties: dict[str, tuple[str, str]]


class BadPly(ValueError):
    """Not a PLY file, cut short, or without points or faces; the message says which."""


def read_ply(path: Path) -> tuple[Array, Array]:
    """Points (n, 3) and polygons as one row of ``corners, i, j, k, ...``, as VTK wants them.

    Raises
    ------
    BadPly
    """
    data = path.read_bytes()
    elements, order, start = _header(data)
    body = _Binary(data, start, order) if order else _Text(data[start:])
    found = {element.name: _table(body, element) for element in elements}
    vertex, face = found.get("vertex", {}), found.get("face", {})
    polygons = face.get("vertex_indices", face.get("vertex_index"))
    if polygons is None or not {"x", "y", "z"} <= set(vertex):
        raise BadPly("it has no points or no faces")
    points = np.stack([vertex[axis] for axis in "xyz"], axis=1).astype(float)
    if isinstance(polygons, np.ndarray):  # triangles
        rows = np.insert(polygons.astype(np.int64), 0, 3, axis=1)
        return points, rows.ravel()
    return points, np.concatenate([np.int64([len(polygon), *polygon]) for polygon in polygons])


def _header(data: bytes) -> tuple[list[_Element], str, int]:
    """Elements, byte order ("" for ASCII), and where the numbers start."""
    if not data.startswith(b"ply"):
        raise BadPly("it is not a PLY file")
    end = data.find(b"end_header", 0, _LONGEST_HEADER)
    start = data.find(b"\n", end) + 1
    if end < 0 or start == 0:
        raise BadPly("its header is cut off")
    elements: list[_Element] = []
    order = ""
    for line in data[:end].decode("latin-1").splitlines():
        match line.split():
            case ["format", "ascii", _]:
                order = ""
            case ["format", ("binary_little_endian" | "binary_big_endian") as word, _]:
                order = "<" if "little" in word else ">"
            case ["element", name, count] if count.isdigit():
                elements.append(_Element(name, int(count), {}))
            case ["property", "list", length, kind, name] if elements and {length, kind} <= set(_TYPES):
                elements[-1].properties[name] = (_TYPES[kind], _TYPES[length])
            case ["property", kind, name] if elements and kind in _TYPES:
                elements[-1].properties[name] = (_TYPES[kind], "")
            case ["ply"] | ["comment" | "obj_info", *_] | []:
                pass
            case _:
                raise BadPly("its header has a line that is not PLY")
    return elements, order, start


class _Binary:
    def __init__(self, data: bytes, start: int, order: str):
        self.data, self.at, self.order = data, start, order

    def rows(self, fields: list[tuple], count: int) -> dict[str, Array]:
        """``count`` rows of fields (name, type[, shape])."""
        layout = np.dtype([(name, self.order + kind, *shape) for name, kind, *shape in fields])
        if self.at + layout.itemsize * count > len(self.data):
            raise BadPly("it ends before its last number")
        table = np.frombuffer(self.data, layout, count, self.at)
        self.at += layout.itemsize * count
        return {name: table[name] for name in layout.names or ()}


class _Text:
    def __init__(self, data: bytes):
        self.at = 0
        try:
            self.values = np.array(data.split(), float)
        except ValueError:
            raise BadPly("it has something that is not a number") from None

    def rows(self, fields: list[tuple], count: int) -> dict[str, Array]:
        """As ``_Binary.rows``."""
        widths = [shape[0][0] if shape else 1 for _, _, *shape in fields]
        if self.at + sum(widths) * count > len(self.values):
            raise BadPly("it ends before its last number")
        table = self.values[self.at : self.at + sum(widths) * count].reshape(count, sum(widths))
        self.at += table.size
        parts = np.split(table, np.cumsum(widths)[:-1], axis=1)
        return {name: part if shape else part[:, 0] for (name, _, *shape), part in zip(fields, parts)}


def _table(body: _Binary | _Text, element: _Element) -> dict[str, Array | list[Array]]:
    if not element.properties:
        return {}
    lists = [name for name, (_, length) in element.properties.items() if length]
    if not lists:
        return dict(body.rows([(name, kind) for name, (kind, _) in element.properties.items()], element.count))
    before = body.at
    if len(lists) == 1:  # all triangles: read at once
        name, (kind, length) = lists[0], element.properties[lists[0]]
        fields: list[tuple] = []
        for other, (other_kind, _) in element.properties.items():
            fields += [("corners of", length), (name, kind, (3,))] if other == name else [(other, other_kind)]
        try:
            columns = body.rows(fields, element.count)
        except BadPly:  # polygons of two corners would be shorter
            columns = {"corners of": np.zeros(1)}
        if (columns["corners of"] == 3).all():
            return dict(columns)
    body.at = before
    columns_of_rows = [dict(_row(body, element)) for _ in range(element.count)]
    return {name: [row[name] for row in columns_of_rows] for name in element.properties}


def _row(body: _Binary | _Text, element: _Element) -> Iterator[tuple[str, Array]]:
    for name, (kind, length) in element.properties.items():
        count = int(body.rows([("n", length)], 1)["n"][0]) if length else 1
        if count < 0:
            raise BadPly("a polygon has less than no corners")
        yield name, body.rows([("v", kind)], count)["v"]
