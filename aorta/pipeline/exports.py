"""Files in the output folder that the pipeline itself writes: labels and provenance.

Which label maps this program has written is remembered by digest, so that a file edited in
3D Slicer or ITK-SNAP is recognised as the planner's, never overwritten and never taken for ours.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aorta.errors import SetupError, on_os_error
from aorta.pipeline.context import LABELS_FILE
from aorta.pipeline.store import file_digest
from aorta.records import Labels

_WRITTEN = "labels-written.json"


def writing(what: str) -> contextlib.AbstractContextManager[None]:
    """Turn a failed write into an error that says what to do."""
    fix = "free disk space or choose another folder with -o; finished stages are kept"
    return on_os_error(SetupError(f"{what} could not be written", where="output folder", fix=fix))


@contextlib.contextmanager
def _gone_afterwards(draft: Path) -> Iterator[None]:
    """No half-written file stays behind a failure."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Write a text file so that it is either the old or the new one, never half."""
    draft = path.with_name(f".{path.name}.tmp")
    with writing(path.name), _gone_afterwards(draft):
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)


def corrected_labels(out: Path) -> Path | None:
    """``labels.nii.gz`` if somebody else than this program wrote what it now holds."""
    path = out / LABELS_FILE
    return path if path.is_file() and file_digest(path) not in _known(out) else None


def export_labels(out: Path, labels: Labels) -> None:
    """Write ``labels.nii.gz``, noting its digest first: a crash in between leaves no false edit."""
    from aorta.imaging.labelmap import write_labels

    draft = out / f".draft.{LABELS_FILE}"
    with writing(LABELS_FILE), _gone_afterwards(draft):
        write_labels(labels, draft)
        known = [*_known(out), file_digest(draft)]
        replace_text(out / "stages" / _WRITTEN, json.dumps(known[-20:]))
        draft.replace(out / LABELS_FILE)


def export_provenance(out: Path, facts: Mapping[str, Any]) -> None:
    """Write ``provenance.json``."""
    replace_text(out / "provenance.json", json.dumps(facts, indent=1, allow_nan=False))


def _known(out: Path) -> list[str]:
    try:
        return list(json.loads((out / "stages" / _WRITTEN).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []
