"""gmsh, started quietly with one thread and one seed, and always closed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import gmsh


@contextmanager
def gmsh_session(**options: float) -> Iterator[ModuleType]:
    """The gmsh module within a model of its own; options as ``Mesh_MeshSizeMax=3`` for ``Mesh.MeshSizeMax``.

    One thread and a fixed seed: the same input gives the same mesh, bit for bit.
    """
    started = not gmsh.isInitialized()
    if started:
        _initialize()
    defaults = {
        "General_Terminal": 0,
        "General_NumThreads": 1,
        "Mesh_RandomSeed": 1,
        "Mesh_MeshSizeFromPoints": 0,
        "Mesh_MeshSizeExtendFromBoundary": 0,
    }
    try:
        gmsh.model.add("aorta")
        for name, value in {**defaults, **options}.items():
            gmsh.option.setNumber(name.replace("_", ".", 1), value)
        yield gmsh
    finally:
        gmsh.model.remove()
        if started:
            gmsh.finalize()


def _initialize() -> None:
    """gmsh's window toolkit writes its preferences into the home folder though no window opens: show it no home."""
    home = os.environ.get("HOME")
    os.environ["HOME"] = os.devnull
    try:
        gmsh.initialize(interruptible=False, readConfigFiles=False)
    finally:
        del os.environ["HOME"]
        if home is not None:
            os.environ["HOME"] = home
