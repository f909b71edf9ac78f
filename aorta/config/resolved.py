"""``resolved_yaml``: a case with every default written out, to be kept beside its results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from aorta.config.shape import members
from aorta.config.written import written
from aorta.settings import Case

WITHHELD = "(path withheld)"
"""Stands for a path: folder names on a hospital's disk often hold the patient's name."""

_PATH_KEYS = {
    "image": ("path",),
    "second": ("path", "transform_file", "labels"),
    "labels": ("path",),
    "surfaces": ("lumen", "outer", "thrombus"),
    "segmentation": ("weights", "python"),
    "wall": ("thickness_points",),
    "cycle": ("waveform",),
    "stent": ("catalogue",),
}


def resolved_yaml(case: Case, show_paths: bool = False) -> str:
    """A valid case file with all defaults, with units.

    Parameters
    ----------
    show_paths : bool
        Paths of source files are withheld unless asked for: no output of ours may hold them.
    """
    lines = ["# every setting of this case, defaults included"]
    for name, kind, _ in members(Case):
        value = getattr(case, name)
        if value is None:
            continue
        if is_dataclass(kind.type):
            lines += [f"{name}:", *_section(name, value, show_paths)]
        else:
            lines.append(f"{name}: {written(value, kind)}")
    return "\n".join(lines) + "\n"


def _section(name: str, section: Any, show_paths: bool) -> Iterator[str]:
    for key, kind, _ in members(type(section)):
        value = getattr(section, key)
        if value is not None and not show_paths and key in _PATH_KEYS.get(name, ()):
            value = WITHHELD
        yield f"  {key}: {written(value, kind)}"
