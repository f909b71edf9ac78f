"""``template``: the case file to fill in, made from the schema, its defaults and its comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, is_dataclass

from aorta.config.comments import comments_of, purpose_of
from aorta.config.names import LANDMARKS, OVERRIDABLE
from aorta.config.shape import Kind, members
from aorta.config.written import written
from aorta.settings import Case

_HEAD = """\
# One patient's case for `aorta plan`. Fill in image.path, then the facts you know.
# A line that starts with '#' is not read; take the '#' away to use it. What you leave out takes
# the default that is shown, except facts about the patient: those stay unknown, and what needs
# them is left out of the report, with the reason.
# Lengths, pressures, ages and moduli carry their unit. Points are [left, posterior, superior] in
# mm (LPS, as 3D Slicer shows when switched to LPS). Paths are relative to this file.
"""
_STARTS = ("image", "labels", "surfaces")
_EXAMPLES = {
    "path": "ct.nii.gz",
    "lumen": "lumen.stl",
    "outer": "outer.stl",
    "thrombus": "thrombus.stl",
    "unit": "mm",
    "frame": "LPS",
    "modality": "CT",
    "series": "1",
    "gated": "false",
    "sex": "male",
    "family_history": "false",
    "smoking": "former",
    "catalogue": "my-catalogue",
    "classes": "{lumen: 1, thrombus: 2}",
    "thickness_by_region": "{neck: 1.5 mm, sac: 1.2 mm}",
    "parameters": "{}",
    "diastolic": "80 mmHg",
    "imaging": "80 mmHg",
    "seeds": "[[0.0, 0.0, 0.0]]",
    "wall_clicks": "[[0.0, 0.0, 0.0]]",
    "makers": "[]",
    "states": "[diastole, mean, systole]",
    "waveform": "one-beat.csv",
}


def template(case_id: str = "my-case") -> str:
    """The commented case file; it is valid once ``image.path`` is filled in."""
    parts = [_HEAD]
    for name, kind, _ in members(Case):
        if is_dataclass(kind.type):
            parts.append("\n".join(_section(name, kind)))
        elif name == "landmarks":
            parts.append("\n".join(_points()))
        elif name == "overrides":
            parts.append("\n".join(_overrides()))
        elif name == "case_id":
            parts[-1] += f"case_id: {case_id}  # names the output folder; not the patient's name\n"
        else:
            parts.append("schema_version: 1\n")
    return "\n".join(parts)


def _section(name: str, kind: Kind) -> Iterator[str]:
    active = name == "image"
    instead = name in (*_STARTS, "second") and not active
    if name == "image":
        yield "# ---- start from one of: image, labels, surfaces (labels may also stand beside image)"
    yield from _wrapped(purpose_of(kind.type))
    yield f"{'# ' if instead else ''}{name}:"  # a section with nothing in it is one with its defaults
    comments = comments_of(kind.type)
    for key, child, default in members(kind.type):
        if active and key == "path":
            yield "  path:  # FILL IN"
            continue
        value = _example(key, child) if default is MISSING or default in (None, (), {}) else written(default, child)
        if name == "labels" and key == "path":
            value = "labels.nii.gz"
        notes = [_choices(child), comments[key], "required" if default is MISSING else ""]
        if instead and key == "thrombus":
            notes[1] = "instead of 'outer'"
        note = "; ".join(part for part in notes if part)
        yield f"  # {key}: {value}" + (f"  # {note}" if note else "")
    yield ""


def _points() -> Iterator[str]:
    yield "# Points that you know better than the program finds them."
    yield "landmarks:"
    for name in LANDMARKS:
        yield f"  # {name}: [0.0, 0.0, 0.0]"
    yield ""


def _overrides() -> Iterator[str]:
    yield "# Values that you measured; the report shows them beside the program's own. The name has the unit."
    yield "overrides:"
    for name in OVERRIDABLE:
        yield f"  # {name}:"
    yield ""


def _example(key: str, kind: Kind) -> str:
    if kind.quantity:
        return _EXAMPLES.get(key, kind.quantity.example)
    return _EXAMPLES.get(key) or (str(kind.choices[0]) if kind.choices else "")


def _choices(kind: Kind) -> str:
    return " | ".join(str(choice) for choice in kind.choices) if len(kind.choices) > 1 else ""


def _wrapped(text: str, width: int = 96) -> Iterator[str]:
    for line in textwrap.wrap(text, width):
        yield f"# {line}"
