"""Damaged inputs, each made from a seed and a number: ``make(number, sources, folder)``."""

import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bombs import deflated_dicom, gzip_nrrd
from intact import Intact

HOSTILE_EVERY = 20


@dataclass(frozen=True)
class Damaged:
    """An input, what was done to it, and what reads it."""

    name: str
    how: str
    reader: str
    path: Path


def make(number: int, seed: int, sources: list[Intact], folder: Path) -> Damaged:
    """Input ``number`` of a run, below ``folder``, the same for the same seed.

    The first ones are the sources as they are; then every twentieth is an archive or a bomb that means harm,
    and the others are truncated (a third) or have bytes changed, half of them beyond the header.
    """
    folder.mkdir(parents=True)
    if number < len(sources):
        return Damaged(sources[number].name, "as it is", sources[number].reader, sources[number].path)
    rng = np.random.default_rng([seed, number])
    if number % HOSTILE_EVERY == 0:
        how = list(HOSTILE)[number // HOSTILE_EVERY % len(HOSTILE)]
        return Damaged("means harm", how, "image", HOSTILE[how](folder, rng))
    source = _any(sources, rng)
    path, victim = _copied(source, folder, rng)
    data = bytearray(victim.read_bytes())
    way = WAYS[int(rng.integers(len(WAYS)))]
    how = way(data, rng, min(source.header, max(len(data) - 1, 0)))
    victim.write_bytes(bytes(data))
    return Damaged(source.name, how, source.reader, path)


def _any(sources: list[Intact], rng: np.random.Generator) -> Intact:
    """One of them; every format as likely as all of pydicom's files together."""
    families: dict[str, list[Intact]] = {}
    for source in sources:
        name = next((start for start in ("pydicom as series", "pydicom") if source.name.startswith(start)), source.name)
        families.setdefault(name, []).append(source)
    family = list(families.values())[int(rng.integers(len(families)))]
    return family[int(rng.integers(len(family)))]


def _copied(source: Intact, folder: Path, rng: np.random.Generator) -> tuple[Path, Path]:
    """The copy to be read and the file of it to be damaged."""
    if source.path.is_dir():
        path = folder / "series"
        shutil.copytree(source.path, path)
        files = sorted(p for p in path.rglob("*") if p.is_file())
        return path, files[int(rng.integers(len(files)))]
    name = source.path.name if source.reader != "image" or source.path.suffix != ".dcm" else "a.dcm"
    path = folder / name
    shutil.copyfile(source.path, path)
    path.chmod(0o644)
    return path, path


# ------------------------------------------------------------------------- ways to damage a file


def _cut(data: bytearray, rng: np.random.Generator, header: int) -> str:
    keep = int(rng.integers(len(data) + 1))
    del data[keep:]
    return f"cut off after {keep} bytes"


def _flip_header(data: bytearray, rng: np.random.Generator, header: int) -> str:
    return _flip(data, rng, 0, max(header, 1))


def _flip_beyond(data: bytearray, rng: np.random.Generator, header: int) -> str:
    return _flip(data, rng, header, len(data))


def _flip(data: bytearray, rng: np.random.Generator, low: int, high: int) -> str:
    count = int(rng.choice([1, 2, 8, 64]))
    for _ in range(count if high > low else 0):
        data[int(rng.integers(low, high))] = int(rng.integers(256))
    return f"{count} bytes between {low} and {high} changed"


def _number(data: bytearray, rng: np.random.Generator, header: int) -> str:
    """Four bytes of the header become an extreme number."""
    if len(data) < 4:
        return "too short"
    at = int(rng.integers(max(min(header, len(data)) - 4, 1)))
    value = int(rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0x00010000]))
    data[at : at + 4] = value.to_bytes(4, "little")
    return f"four bytes at {at} are {value:#x}"


def _digits(data: bytearray, rng: np.random.Generator, header: int) -> str:
    """A digit of the header becomes another character that numbers have: sizes, counts, positions as text."""
    places = [q for q, byte in enumerate(data[: max(header, 1) * 3]) if chr(byte).isdigit()]
    for at in rng.choice(places, min(3, len(places)), replace=False) if places else ():
        data[int(at)] = ord(rng.choice(list("0123456789-. eE")))
    return "digits of the header changed"


def _drop(data: bytearray, rng: np.random.Generator, header: int) -> str:
    low = int(rng.integers(len(data) + 1))
    high = min(low + int(rng.integers(1, 200)), len(data))
    del data[low:high]
    return f"bytes {low} to {high} left out"


def _twice(data: bytearray, rng: np.random.Generator, header: int) -> str:
    low = int(rng.integers(len(data) + 1))
    data[low:low] = data[low : low + int(rng.integers(1, 400))]
    return f"bytes from {low} doubled"


_FLIPS = (_flip_header, _flip_beyond)
WAYS = (_cut, _cut, *_FLIPS, *_FLIPS, *_FLIPS, _number, _digits, _drop, _twice)


# ------------------------------------------------------------------------------ files that mean harm


def _climb(archive: zipfile.ZipFile, rng: np.random.Generator) -> None:
    name = rng.choice(
        ["../escaped", "a/../../escaped", "/tmp/aorta-escaped", "..\\escaped", "C:\\escaped", "./../escaped", "\\escaped"]
    )
    archive.writestr(str(name), b"x" * 300)


def _link(archive: zipfile.ZipFile, rng: np.random.Generator) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, str(rng.choice(["/etc/passwd", "..", "/dev/zero", "link"])))


def _bomb(archive: zipfile.ZipFile, rng: np.random.Generator) -> None:
    zeros = bytes(2**20)
    with archive.open("zeros.dcm", "w", force_zip64=True) as member:
        for _ in range(int(rng.integers(60, 200))):
            member.write(zeros)


def _many(archive: zipfile.ZipFile, rng: np.random.Generator) -> None:
    for number in range(21_000):
        archive.writestr(f"{number}", b"")


def _nested(archive: zipfile.ZipFile, rng: np.random.Generator) -> None:
    for number in range(5):
        archive.writestr(f"{number}.zip", b"PK\x03\x04" + rng.bytes(400))


def _odd_names(archive: zipfile.ZipFile, rng: np.random.Generator) -> None:
    for name in (
        "",
        "/",
        "a" * 4000,
        "\x00",
        "con",
        "a/b/" * 300 + "c",
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    ):
        archive.writestr(zipfile.ZipInfo(name or "empty"), rng.bytes(200))


def _deflated(folder: Path, rng: np.random.Generator) -> Path:
    """A slice of CT that inflates a thousandfold, plain or in a zip that does not compress it."""
    path = deflated_dicom(folder / "a.dcm", int(rng.integers(1500, 3000)))
    if rng.integers(2):
        return path
    with zipfile.ZipFile(folder / "harm.zip", "w") as archive:
        archive.write(path, "1")
    return folder / "harm.zip"


def _gzip(folder: Path, rng: np.random.Generator) -> Path:
    """As many voxels as there may be, of eight bytes."""
    return gzip_nrrd(folder / "a.nrrd", (512, 512, int(rng.integers(1300, 2288))))


def _zip(fill: Callable[[zipfile.ZipFile, np.random.Generator], None]) -> Callable[[Path, np.random.Generator], Path]:
    def make_zip(folder: Path, rng: np.random.Generator) -> Path:
        path = folder / "harm.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            fill(archive, rng)
        return path

    return make_zip


HOSTILE: dict[str, Callable[[Path, np.random.Generator], Path]] = {
    "paths that climb out": _zip(_climb),
    "symbolic links": _zip(_link),
    "a bomb": _zip(_bomb),
    "very many members": _zip(_many),
    "archives inside": _zip(_nested),
    "odd names": _zip(_odd_names),
    "a deflated bomb": _deflated,
    "a gzipped bomb": _gzip,
}
