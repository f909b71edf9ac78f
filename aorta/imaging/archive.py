"""A zip of a DICOM series, opened with suspicion.

Members are written to a private temporary folder under running numbers, so neither their paths
(which may climb out of the folder) nor their names (which may be a patient's) are ever used.
"""

from __future__ import annotations

import errno
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from aorta.errors import InputError, SetupError, on_damage

MAX_MEMBERS = 20_000
MAX_BYTES = 16 * 2**30
"""Uncompressed; a whole gated study is about 3 GB."""

MAX_RATIO = 100.0
"""Uncompressed to compressed. CT compresses 2 to 4 times; an archive bomb a thousand times."""

SMALL_BYTES = 50 * 2**20
"""Below this size no ratio is suspicious."""


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder with the archive's files, gone when the context ends.

    Raises
    ------
    InputError
        Not a zip, damaged, encrypted, too large, or with members that point outside it.
    """
    damaged = InputError(
        "the zip archive is damaged",
        where="image",
        why="its contents do not match its table of contents",
        fix="download or export it again",
    )
    with tempfile.TemporaryDirectory(prefix="aorta-") as private:
        folder = Path(private)
        with on_damage(damaged):
            _unpack(path, folder)
        yield folder


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            _extract(archive, _checked(archive), folder)
    except NotImplementedError:  # a RuntimeError too: a compression that does not exist here
        raise
    except RuntimeError:
        raise InputError(
            "the zip archive cannot be opened", where="image", why="it may be encrypted", fix="unpack it yourself"
        ) from None
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        raise SetupError(
            "no room to unpack the zip archive", where="temporary folder", fix="free some space or set TMPDIR"
        ) from None


def _checked(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = sorted((m for m in archive.infolist() if m.filename and not m.is_dir()), key=lambda m: m.filename)
    for number, member in enumerate(members, 1):
        where = f"member {number} of {len(members)} of the zip archive (in name order)"
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or parts.parts[:1] and parts.parts[0].endswith(":"):
            raise InputError(
                "the zip archive has a member that points outside it",
                where=where,
                fix="do not trust this archive; export the series again",
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InputError("the zip archive has a symbolic link", where=where, fix="pack the files themselves, not links to them")
        if member.flag_bits & 0x1:
            raise InputError("the zip archive is encrypted", where=where, fix="unpack it yourself and name the folder")
    size, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if len(members) > MAX_MEMBERS or size > MAX_BYTES or (size > SMALL_BYTES and size > MAX_RATIO * max(packed, 1)):
        raise InputError(
            "the zip archive is too large when unpacked",
            where="image",
            why=f"{len(members)} files of {size / 2**20:.0f} MiB from {packed / 2**20:.1f} MiB",
            fix="unpack it yourself if you trust it, and name the folder",
        )
    return members


def _extract(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path) -> None:
    size = sum(m.file_size for m in members)
    free = shutil.disk_usage(folder).free
    if size > 0.9 * free:
        raise SetupError(
            "no room to unpack the zip archive",
            where="temporary folder",
            why=f"{size / 2**20:.0f} MiB needed, {free / 2**20:.0f} MiB free",
            fix="free some space or set TMPDIR",
        )
    for number, member in enumerate(members, 1):
        # zipfile stops at the declared size and checks the sum, so a member cannot outgrow the total checked above
        with archive.open(member) as source, (folder / f"{number:06d}").open("xb") as target:
            shutil.copyfileobj(source, target, 2**20)
