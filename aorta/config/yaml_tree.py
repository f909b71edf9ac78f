"""YAML 1.2 -> plain values and their places in the file. No code, no aliases, no duplicate keys.

ruamel.yaml only tokenises and composes; values are made here from the five plain tags, so nothing
in a file can construct an object, and an alias (the way to a "billion laughs" file) is refused
before it is expanded.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from aorta.config.mistakes import Mistake, Path, dotted

Place = tuple[int, int]
"""Line and column, from 1."""

_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = {_TAG + name for name in ("str", "timestamp", "merge", "value")}  # a date is text to us


@dataclass(frozen=True)
class Tree:
    """Plain values (dict, list, str, int, float, bool, None) and where each stands.

    Parameters
    ----------
    keys, values : mapping of path to place
        Of each key of a mapping, and of each value or item.
    mistakes : tuple of Mistake
        What is wrong with the file as YAML; ``data`` is what could be read all the same.
    """

    data: Any
    keys: Mapping[Path, Place]
    values: Mapping[Path, Place]
    mistakes: tuple[Mistake, ...]

    def place(self, path: Path) -> Place:
        """Of the value at this path, else of its key, else of the nearest parent."""
        while path:
            if path in self.values:
                return self.values[path]
            path = path[:-1]
        return self.values.get((), (1, 1))

    def key_place(self, path: Path) -> Place:
        """Of the key at this path, else as ``place``."""
        return self.keys.get(path) or self.place(path)


def read_tree(text: str) -> Tree:
    """The tree of a YAML text; never raises for a bad one."""
    reader = _Reader(text)
    return Tree(reader.read(), reader.keys, reader.values, tuple(reader.mistakes))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.keys: dict[Path, Place] = {}
        self.values: dict[Path, Place] = {}
        self.mistakes: list[Mistake] = []
        self._yaml = YAML(typ="safe", pure=True)
        self._seen: set[int] = set()

    def read(self) -> Any:
        version = re.search(r"^%YAML (?!1\.2)", self.text, re.MULTILINE)
        if version:
            self._mistake((self.text.count("\n", 0, version.start()) + 1, 1), (), "only YAML 1.2 is read; remove this line")
            return {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ReusedAnchorWarning)  # aliases are refused, so anchors do not matter
                root = self._yaml.compose(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self._mistake(place, (), f"not valid YAML: {error.problem or error.context}")
            return {}
        except YAMLError as error:  # characters that YAML does not allow
            position = getattr(error, "position", 0)
            line_start = self.text.rfind("\n", 0, position) + 1
            self._mistake(
                (self.text.count("\n", 0, position) + 1, position - line_start + 1), (), "a character that YAML does not allow"
            )
            return {}
        except RecursionError:
            self._mistake((1, 1), (), "nested too deeply to be a case file")
            return {}
        return {} if root is None else self._value(root, ())

    def _mistake(self, place: Place, path: Path, message: str) -> None:
        self.mistakes.append(Mistake(*place, dotted(path), message))

    def _value(self, node: Node, path: Path) -> Any:
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        self.values[path] = place
        if id(node) in self._seen:  # its mark is where the value was first written
            self._mistake(self.keys.get(path, place), path, f"'*{node.anchor}' repeats another value; write the value out")
            return None
        self._seen.add(id(node))
        if not isinstance(node, ScalarNode) and node.tag not in (_TAG + "map", _TAG + "seq"):
            self._mistake(place, path, f"tag '{node.tag}' is not allowed; write a plain value")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path, place)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, ScalarNode) or id(key_node) in self._seen or key_node.tag not in _TEXT_TAGS:
                self._mistake(place, path, "a key must be plain text")
                continue
            key = key_node.value
            if key in first:
                self._mistake(place, (*path, key), f"duplicate key, first written on line {first[key]}; keep one of them")
                continue
            self._seen.add(id(key_node))
            first[key] = place[0]
            self.keys[(*path, key)] = place
            result[key] = self._value(value_node, (*path, key))
        return result

    def _scalar(self, node: ScalarNode, path: Path, place: Place) -> Any:
        construct = self._yaml.constructor
        makers = {
            "int": construct.construct_yaml_int,
            "float": construct.construct_yaml_float,
            "bool": construct.construct_yaml_bool,
        }
        kind = str(node.tag).removeprefix(_TAG)
        if kind == "null":
            return None
        if _TAG + kind in _TEXT_TAGS:
            return self._text(node.value, path, place)
        try:
            return makers[kind](node)
        except KeyError:
            self._mistake(place, path, f"tag '{node.tag}' is not allowed; write a plain value")
        except (ValueError, YAMLError, OverflowError):
            self._mistake(place, path, f"'{node.value[:40]}' cannot be read as a number")
        return None

    def _text(self, value: str, path: Path, place: Place) -> str | None:
        if all(character.isprintable() or character in "\n\t" for character in value):
            return value
        self._mistake(place, path, "the text has a control character in it; type it again by hand")
        return None
