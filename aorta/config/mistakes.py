"""One mistake in a file, with its place, and the error that tells them all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from aorta.errors import CaseFileError

Path = tuple[str | int, ...]
"""Where in the data: ("wall", "thickness"), ("segmentation", "seeds", 0, 2)."""


@dataclass(frozen=True, order=True)
class Mistake:
    """What is wrong at one place of a file, with the remedy in the same sentence.

    Parameters
    ----------
    line, column : int
        From 1, as editors count.
    key : str
        Dotted key, "" for the file as a whole.
    message : str
    """

    line: int
    column: int
    key: str
    message: str

    def located(self, name: str) -> str:
        """``case.yaml:4:3: pressure.sistolic: unknown key ...``."""
        key = f"{self.key}: " if self.key else ""
        return f"{name}:{self.line}:{self.column}: {key}{self.message}"


def dotted(path: Path) -> str:
    """``segmentation.seeds[0]`` of ("segmentation", "seeds", 0); items are counted from 0 as in JSON."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ "; did you mean 'x'?" for the nearest known word, "" where none is near."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), list(names), n=1, cutoff=0.6)
    return f"; did you mean '{names[near[0]]}'?" if near else ""


def refuse(name: str, kind: str, mistakes: Iterable[Mistake], fix: str) -> CaseFileError:
    """The error that lists all mistakes of a file, in the order of its lines."""
    ordered = sorted(set(mistakes))
    count = "a mistake" if len(ordered) == 1 else f"{len(ordered)} mistakes"
    return CaseFileError(f"the {kind} has {count}", where=name, fix=fix, details=tuple(m.located(name) for m in ordered))
