"""``load_case``: a case file becomes a ``Case``, or one error with every mistake in it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from aorta.config.explain import explain
from aorta.config.mistakes import Mistake, refuse
from aorta.config.rules import broken_rules
from aorta.config.yaml_tree import Tree, read_tree
from aorta.errors import CaseFileError, on_os_error
from aorta.settings import Case

MAX_BYTES = 256 * 1024
"""A case file with thousands of wall clicks is smaller."""

_FIX = "run `aorta schema` for every key, its unit and its range"


def load_case(path: Path) -> Case:
    """Reads and checks a case file.

    Parameters
    ----------
    path : Path
        YAML 1.2. Paths in it stay as written: they are relative to its folder.

    Raises
    ------
    CaseFileError
        Not readable, or not valid; ``details`` has ``file:line:column: key: message`` per mistake.
    """
    return parse_case(read_text(path, "case file", MAX_BYTES), path.name)


def parse_case(text: str, name: str = "case.yaml") -> Case:
    """As ``load_case``, of a text; ``name`` stands for the file in messages."""
    tree = read_tree(text)
    mistakes = list(tree.mistakes)
    case = None
    if not isinstance(tree.data, dict):
        mistakes.append(Mistake(*tree.place(()), "", "expected keys and values, such as 'schema_version: 1'"))
    elif tree.data or not mistakes:  # nothing more to say about a file that is not YAML
        data = _without_empty(tree.data)
        mistakes += broken_rules(data, tree)
        case = _validate(data, tree, mistakes)
    if mistakes or case is None:
        raise refuse(name, "case file", _first_of_each(mistakes), _FIX)
    return case


def read_text(path: Path, kind: str, max_bytes: int) -> str:
    """The text of a small UTF-8 file of the user's.

    Raises
    ------
    CaseFileError
        Missing, not a file, too large, or not UTF-8.
    """
    unreadable = CaseFileError(f"the {kind} cannot be read", where=str(path), fix=f"give the path of a {kind}")
    with on_os_error(unreadable), path.open("rb") as stream:
        content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise CaseFileError(
            f"the {kind} is too large to be one",
            where=str(path),
            why=f"more than {max_bytes // 1024} kB",
            fix=f"give the path of a {kind}",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CaseFileError(
            f"the {kind} is not text in UTF-8",
            where=f"{path.name}:{line}:{error.start - content.rfind(chr(10).encode(), 0, error.start)}",
            why=f"byte 0x{content[error.start]:02x} is not UTF-8",
            fix="save it as UTF-8 in a text editor",
        ) from None


def _validate(data: dict[str, Any], tree: Tree, mistakes: list[Mistake]) -> Case | None:
    """The case, or None with its mistakes appended."""
    from pydantic import ValidationError

    try:
        # strict JSON mode: a list becomes a tuple and 3 becomes 3.0, and nothing else is converted
        return _adapter().validate_json(json.dumps(data))
    except ValidationError as invalid:
        mistakes += [explain(error, tree) for error in invalid.errors(include_url=False)]
        return None


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Case)


def _without_empty(data: Any) -> Any:
    """The data without keys that nothing is written at: `patient:` alone means its defaults."""
    if isinstance(data, dict):
        return {key: _without_empty(value) for key, value in data.items() if value is not None}
    return [_without_empty(item) for item in data] if isinstance(data, list) else data


def _first_of_each(mistakes: list[Mistake]) -> list[Mistake]:
    """Without what only follows from an earlier mistake about the same key."""
    told: dict[tuple[str, int], Mistake] = {}
    for mistake in mistakes:
        told.setdefault((mistake.key, mistake.line), mistake)
    return list(told.values())
