"""The way to a DICOM file's content: one that is deflated is inflated within bounds first.

pydicom inflates a deflated data set (DICOM PS3.5 annex A.5) as a whole, whatever part of it is asked
for, and so takes as much memory as the file's author likes.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import FileDataset

from aorta.errors import InputError
from aorta.imaging.archive import MAX_RATIO, SMALL_BYTES
from aorta.imaging.checks import MAX_BYTES

_BLOCK = 1 << 20


def read_dicom(path: Path, where: str, **options: Any) -> FileDataset:
    """``pydicom.dcmread`` of a file, force=True, that may be deflated.

    Raises
    ------
    InputError
        It inflates to more than an image can be, or to far more than it holds.
    """
    with bounded(path, where) as file:
        return pydicom.dcmread(file, force=True, **options)


@contextmanager
def bounded(path: Path, where: str) -> Iterator[io.BufferedIOBase]:
    """The open file, for pydicom and what builds on it.

    Raises
    ------
    InputError
        While it is read: as ``read_dicom``.
    """
    with _Bounded(io.FileIO(path)) as file:
        file.where = where
        yield file


class _Bounded(io.BufferedReader):
    """Looks at what is read to the end in one go: pydicom does so only to inflate it, all at once."""

    where = "image"

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if size is None or size < 0:
            _check_inflated(data, self.where)
        return data


def _check_inflated(data: bytes, where: str) -> None:
    most = min(max(MAX_RATIO * len(data), SMALL_BYTES), MAX_BYTES)
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while data and size <= most:
        size += len(inflater.decompress(data, _BLOCK))
        data = inflater.unconsumed_tail
    if size > most:
        raise InputError(
            "a DICOM file is too large when inflated",
            where=where,
            why=f"it is compressed as a whole (deflated) and holds over {most / 2**20:.0f} MiB",
            fix="do not trust this file; or export the series uncompressed (explicit VR little endian)",
        )
