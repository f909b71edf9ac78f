"""Records to files and back, without pickle: a JSON tree beside one .npz of arrays.

Only what ``aorta.records`` is made of can be stored: dataclasses of that package, arrays, numbers,
text, None, tuples and mappings with text keys. Reading builds those dataclasses through their
constructors, so a damaged file is refused rather than half understood.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aorta import records

_TREE, _ARRAYS = "record.json", "arrays.npz"
_TYPES = {cls.__name__: cls for cls in vars(records).values() if isinstance(cls, type) and dataclasses.is_dataclass(cls)}


def freeze(record: Any, folder: Path) -> str:
    """Write a record into an existing folder; the digest of its content is returned.

    Parameters
    ----------
    record : a dataclass of ``aorta.records``
    folder : Path
        Existing; ``record.json`` and ``arrays.npz`` are written into it.

    Returns
    -------
    str
        sha256 over the tree and every array's type, shape and bytes: equal records have equal
        digests whatever wrote them.
    """
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_encode(record, arrays), sort_keys=True, allow_nan=False)
    (folder / _TREE).write_text(text, encoding="utf-8")
    _save(folder / _ARRAYS, arrays)
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}|{array.dtype.str}|{array.shape}".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _save(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """As ``numpy.savez``, which leaves an open archive behind when the disk is full: Python then tells of it on stderr."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)


def thaw(folder: Path) -> Any:
    """The record that ``freeze`` wrote into this folder.

    Raises
    ------
    ValueError, KeyError, OSError
        The files are missing, damaged or of another layout.
    """
    tree = json.loads((folder / _TREE).read_text(encoding="utf-8"))
    with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
        return _decode(tree, arrays)


def files(folder: Path) -> tuple[Path, ...]:
    """The files that ``freeze`` writes."""
    return folder / _TREE, folder / _ARRAYS


def plain(value: Any) -> Any:
    """Settings as JSON-able values: what a cache key is made of."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def _encode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            raise TypeError("an array of objects cannot be stored")
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"$array": name}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if type(value).__name__ not in _TYPES:
            raise TypeError(f"{type(value).__name__} is not a record")
        fields = {f.name: _encode(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
        return {"$record": type(value).__name__, "fields": fields}
    if isinstance(value, Mapping):
        return {"$map": {key: _encode(item, arrays) for key, item in value.items()}}
    if isinstance(value, (tuple, list)):
        return [_encode(item, arrays) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _decode(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(tree, list):
        return tuple(_decode(item, arrays) for item in tree)
    if not isinstance(tree, dict):
        return tree
    if "$array" in tree:
        return arrays[tree["$array"]]
    if "$float" in tree:
        return float(tree["$float"])
    if "$map" in tree:
        return {key: _decode(item, arrays) for key, item in tree["$map"].items()}
    fields = {name: _decode(item, arrays) for name, item in tree["fields"].items()}
    return _TYPES[tree["$record"]](**fields)
