"""The shape of the case file, read off the dataclasses of ``settings.py``: what may stand where."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from aorta.config.mistakes import Path
from aorta.settings import Case
from aorta.units import Quantity, Range


@dataclass(frozen=True)
class Kind:
    """A type of ``settings.py`` taken apart.

    Parameters
    ----------
    type : type
        The bare type: a dataclass, str, int, float, bool, ``dict`` or ``tuple``.
    optional : bool
        Whether None is a value of it.
    choices : tuple
        Of a ``Literal``.
    arguments : tuple of types
        Of a dict or tuple.
    quantity, range : Quantity or None, Range or None
    """

    type: Any
    optional: bool = False
    choices: tuple[Any, ...] = ()
    arguments: tuple[Any, ...] = ()
    quantity: Quantity | None = None
    range: Range | None = None


def kind_of(hint: Any) -> Kind:
    """Takes a type hint apart."""
    optional, quantity, limits = False, None, None
    while get_origin(hint) in (Union, types.UnionType, Annotated):
        if get_origin(hint) is Annotated:
            hint, *extras = get_args(hint)
            quantity = next((e for e in extras if isinstance(e, Quantity)), quantity)
            limits = next((e for e in extras if isinstance(e, Range)), limits)
        else:
            optional = True
            hint = next(argument for argument in get_args(hint) if argument is not type(None))
    if get_origin(hint) is Literal:
        return Kind(type(get_args(hint)[0]), optional, choices=get_args(hint))
    if get_origin(hint) in (dict, tuple):
        return Kind(get_origin(hint), optional, arguments=get_args(hint))
    return Kind(hint, optional, quantity=quantity, range=limits)


def members(section: type) -> Iterator[tuple[str, Kind, Any]]:
    """Name, kind and default (``MISSING`` where required) of each field of a section."""
    hints = get_type_hints(section, include_extras=True)
    for field in fields(section):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        yield field.name, kind_of(hints[field.name]), default


def at(path: Path) -> Kind | None:
    """What may stand at this path; None where nothing may."""
    kind = Kind(Case)
    for part in path:
        if is_dataclass(kind.type):
            found = {name: child for name, child, _ in members(kind.type)}.get(str(part))
            if found is None:
                return None
            kind = found
        elif kind.type is dict:
            kind = kind_of(kind.arguments[1])
        elif kind.type is tuple:
            repeated = kind.arguments[-1] is Ellipsis
            index = 0 if repeated else part
            if not isinstance(index, int) or index >= len(kind.arguments):
                return None
            kind = kind_of(kind.arguments[index])
        else:
            return None
    return kind


def key_names(section: type) -> tuple[str, ...]:
    """The keys a section may have."""
    return tuple(field.name for field in fields(section))


def sections() -> Iterator[tuple[str, type]]:
    """Name and dataclass of each section of the case file, in the file's order."""
    for name, kind, _ in members(Case):
        if is_dataclass(kind.type):
            yield name, kind.type


def homes_of(key: str) -> tuple[str, ...]:
    """Sections that have this key: where a key that stands at the wrong place may belong."""
    return tuple(name for name, section in sections() if key in key_names(section))
