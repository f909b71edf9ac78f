"""Finished stages on disk: found again by what they were made from.

``stages/<stage>-<key>/`` holds one finished stage. It is written under a name that starts with a
dot and renamed when complete, so a folder with the final name is always whole, whatever killed
the writer. The key is a digest of everything that can change the result; beside it the parts of
the key are kept in plain JSON, so that a stale stage can say *why* it is stale. Digests of the
stored files are checked before they are used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aorta.errors import SetupError
from aorta.pipeline.behind import files_behind
from aorta.pipeline.freeze import files, freeze, plain, thaw

_META = "stage.json"
_WRITTEN = {"stage": str, "parts": dict, "digest": str, "files": dict, "findings": list, "cautions": list, "seconds": float}
"""What every stage notes about itself, and the types."""


@dataclass(frozen=True)
class Finished:
    """A finished stage: where it is, and the facts about it that need no array."""

    folder: Path
    meta: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Of the stage's result."""
        return str(self.meta["digest"])

    def load(self) -> Any:
        """The stage's result."""
        return thaw(self.folder)


def key_of(parts: Mapping[str, Any]) -> str:
    """The cache key of these parts (settings, upstream digests, code and tool versions)."""
    return hashlib.sha256(json.dumps(plain(parts), sort_keys=True, allow_nan=False).encode()).hexdigest()


def file_digest(path: Path, follow: bool = False) -> str:
    """sha256 of a file's content (and that of the files which hold its voxels), or of all files below a folder with their names.

    ``follow``: also of those in folders that are linked to, for what a library finds through links.
    """
    digest = hashlib.sha256()
    for item in [path, *files_behind(path)] if path.is_file() else _below(path, follow):
        if path in item.parents:
            digest.update(item.relative_to(path).as_posix().encode())
        with item.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _below(folder: Path, follow: bool, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Files of a folder and its subfolders in order of name; a link to a folder that it lies in is not followed."""
    here = folder.resolve()
    with contextlib.suppress(PermissionError):  # what cannot be entered cannot be read from either
        for item in sorted(folder.iterdir()) if here not in above else ():
            if item.is_file():
                yield item
            elif item.is_dir() and (follow or not item.is_symlink()):
                yield from _below(item, follow, (*above, here))


class Store:
    """The finished stages of one case."""

    def __init__(self, folder: Path):
        self.folder = folder

    def find(self, stage: str, parts: Mapping[str, Any]) -> tuple[Finished | None, str]:
        """The finished stage made from exactly these parts, or None and the reason why not."""
        wanted = self.folder / f"{stage}-{key_of(parts)[:16]}"
        finished = _read(wanted)
        if finished is not None:
            damage = _damage(finished)
            return (None, damage) if damage else (finished, "nothing changed")
        earlier = self.latest(stage)
        if earlier is None:
            return None, "not run before"
        return None, "; ".join(
            _differences(earlier.meta["parts"], plain(parts))
        ) or "this version of the program knows more settings"

    def latest(self, stage: str) -> Finished | None:
        """The finished stage of this name, whatever it was made from."""
        found = [f for f in map(_read, sorted(self.folder.glob(f"{stage}-*"))) if f is not None]
        return max(found, key=lambda f: f.folder.stat().st_mtime_ns, default=None)

    def publish(self, stage: str, parts: Mapping[str, Any], record: Any, facts: Mapping[str, Any]) -> Finished:
        """Store a result under its key and drop the stage's earlier ones.

        Raises
        ------
        SetupError
            The disk is full or the folder cannot be written; earlier stages are untouched.
        """
        final = self.folder / f"{stage}-{key_of(parts)[:16]}"
        draft = self.folder / f".{stage}-{os.getpid()}"
        try:
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            digest = freeze(record, draft)
            meta = {"stage": stage, "parts": plain(parts), "digest": digest, **facts}
            meta["files"] = {f.name: file_digest(f) for f in files(draft)}
            (draft / _META).write_text(json.dumps(meta, indent=1, sort_keys=True), encoding="utf-8")
            _sync(draft)
            if final.exists():  # damaged, else it would have been found
                shutil.rmtree(final)
            draft.rename(final)
        except OSError as problem:
            shutil.rmtree(draft, ignore_errors=True)
            raise SetupError(
                f"the result of stage '{stage}' could not be written",
                where="output folder",
                why=(problem.strerror or str(problem)).lower(),
                fix="free disk space or choose another folder with -o; finished stages are kept",
            ) from problem
        for other in self.folder.glob(f"{stage}-*"):
            if other != final:
                shutil.rmtree(other, ignore_errors=True)
        return Finished(final, meta)

    def sweep(self) -> None:
        """Remove what a killed run left half written."""
        for draft in self.folder.glob(".*-[0-9]*"):
            shutil.rmtree(draft, ignore_errors=True)


def _read(folder: Path) -> Finished | None:
    try:
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(meta, dict) and all(isinstance(meta.get(key), kind) for key, kind in _WRITTEN.items())
    return Finished(folder, meta) if whole else None


def _damage(finished: Finished) -> str:
    for name, digest in finished.meta["files"].items():
        path = finished.folder / name
        if not path.is_file():
            return f"its stored result lacks {name}"
        if file_digest(path) != digest:
            return f"its stored {name} was altered since it was written"
    return ""


def _sync(folder: Path) -> None:
    for path in [*folder.iterdir(), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _differences(old: Any, new: Any, name: str = "") -> list[str]:
    """What changed between the parts of two keys, in words."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in sorted(set(old) | set(new)):
            found += _differences(old.get(key), new.get(key), f"{name}.{key}" if name else key)
        return found
    if old == new:
        return []
    if name.startswith("upstream.") or name.startswith("file"):
        return [f"{name.split('.', 1)[-1]} changed"]
    if name == "code":
        return ["the program's code for this stage changed"]
    return [f"{name}: {_brief(old)} -> {_brief(new)}"]


def _brief(value: Any) -> str:
    text = "none" if value is None else json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
