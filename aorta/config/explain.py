"""What pydantic found, told in the words of the case file: place, key and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from aorta.config.mistakes import Mistake, Path, did_you_mean, dotted
from aorta.config.shape import Kind, at, homes_of, key_names, kind_of
from aorta.config.yaml_tree import Tree

_EXPECTED = {str: "text", int: "a whole number", float: "a number without a unit", bool: "true or false"}


def explain(error: Mapping[str, Any], tree: Tree) -> Mistake:
    """One of ``ValidationError.errors()`` as a mistake.

    Parameters
    ----------
    error : mapping
        With ``type``, ``loc``, ``msg``, ``input`` and perhaps ``ctx``.
    tree : Tree
        Of the file, for the places.
    """
    kind_of_error: str = error["type"]
    path: Path = tuple(error["loc"])
    at_key = path[-1:] == ("[key]",)
    path = path[:-1] if at_key else path
    if kind_of_error == "unexpected_keyword_argument":
        return Mistake(*tree.key_place(path), dotted(path), _unknown(path))
    if kind_of_error == "missing":
        return _missing(path, tree)
    if at_key:
        return Mistake(*tree.key_place(path), dotted(path), _not_among(str(path[-1]), _key_choices(path), "key"))
    return Mistake(*tree.place(path), dotted(path), _wrong_value(kind_of_error, error, at(path)))


def _key_choices(path: Path) -> tuple[Any, ...]:
    """The keys that a mapping of settings with fixed keys may have."""
    parent = at(path[:-1])
    return kind_of(parent.arguments[0]).choices if parent else ()


def _unknown(path: Path) -> str:
    key, parent = str(path[-1]), at(path[:-1])
    known = key_names(parent.type) if parent and is_dataclass(parent.type) else ()
    suggestion = did_you_mean(key, known)
    if suggestion:
        return f"unknown key{suggestion}"
    homes = homes_of(key)
    if homes:
        return f"unknown key here; it belongs in '{homes[0]}:'"
    return f"unknown key; known here: {', '.join(known)}"


def _missing(path: Path, tree: Tree) -> Mistake:
    parent = at(path[:-1])
    if parent is not None and parent.type is tuple:
        return Mistake(*tree.place(path[:-1]), dotted(path[:-1]), "a point has three numbers: left, posterior and superior in mm")
    if path in tree.keys:
        return Mistake(*tree.keys[path], dotted(path), f"nothing is written here; {_wanted(path)}")
    return Mistake(*tree.key_place(path[:-1]), dotted(path), f"this key is required; {_wanted(path)}")


def _wanted(path: Path) -> str:
    kind = at(path)
    if kind is None:
        return "write a value"
    if path[-1] in ("path", "lumen"):
        return "write a file's path, relative to this file"
    if kind.choices:
        return f"write {_listed(kind.choices)}"
    if kind.quantity:
        return f"write e.g. '{kind.quantity.example}'"
    return f"write {_EXPECTED.get(kind.type, 'a value')}"


def _wrong_value(kind_of_error: str, error: Mapping[str, Any], kind: Kind | None) -> str:
    value = error["input"]
    if kind_of_error == "value_error":
        return str(error["ctx"]["error"])  # of units.Quantity or units.Range, which name the remedy
    if kind_of_error == "literal_error" and kind is not None:
        return _not_among(value, kind.choices, "value")
    if kind_of_error == "finite_number":
        return "must be a finite number"
    if kind_of_error == "too_long":
        return "a point has three numbers: left, posterior and superior in mm"
    if kind is None:
        return str(error["msg"])
    if is_dataclass(kind.type) or kind.type is dict:
        return f"expected keys and values below it, one a line; got {_got(value)}"
    if kind.type is tuple:
        return f"expected a list in [brackets] or of lines that start with '- '; got {_got(value)}"
    hint = f"; put it in quotes: '{value}'" if kind.type is str and isinstance(value, (int, float)) else ""
    return f"expected {_EXPECTED[kind.type]}, got {_got(value)}{hint}"


def _not_among(value: Any, choices: tuple[Any, ...], what: str) -> str:
    suggestion = did_you_mean(value, [str(choice) for choice in choices]) if isinstance(value, str) else ""
    return f"{_got(value)} is not a known {what}{suggestion or '; write ' + _listed(choices)}"


def _listed(choices: tuple[Any, ...]) -> str:
    texts = [str(choice) for choice in choices]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def _got(value: Any) -> str:
    """The value as the user wrote it, short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "nothing"
    return f"'{str(value)[:60]}'" if isinstance(value, str) else f"the number {value:g}"
