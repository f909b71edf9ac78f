"""STEP solids as triangles, through gmsh's OpenCASCADE kernel."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from aorta.errors import InputError, on_damage
from aorta.meshing.gmsh_session import gmsh_session
from aorta.records import Array

EDGE_MM = 1.5
"""Largest edge: chords on a vessel of 10 mm radius then cut off 0.03 mm at most."""


def read_step(path: Path, mm_per_unit: float, check_extent: Callable[[float], None], called: str) -> tuple[Array, Array]:
    """Points (n, 3) as the numbers in the file, and triangles (m, 3), of all faces of its solids.

    ``check_extent`` is given the largest extent in mm before anything is meshed, and raises when it is implausible.
    ``called`` is the file in messages. OpenCASCADE rescales by the unit that the file declares; asking
    for that same unit gives the numbers back as they were written.

    Raises
    ------
    InputError
        The file cannot be read or has no solid.
    """
    if b"ISO-10303-21" not in path.read_bytes()[:1024]:
        raise InputError("the STEP file cannot be read", where=called, why="it is empty or not STEP", fix="export it again")
    unreadable = InputError(
        "the STEP file cannot be read", where=called, why="it is damaged, cut off, or not STEP", fix="export it again"
    )
    with on_damage(unreadable), gmsh_session(Mesh_MeshSizeFromCurvature=24, Mesh_Algorithm=6) as gmsh:
        gmsh.option.setString("Geometry.OCCTargetUnit", _declared_unit(path))
        with _silent():
            gmsh.model.occ.importShapes(str(path))
        gmsh.model.occ.synchronize()
        solids = gmsh.model.getEntities(3)
        faces = gmsh.model.getBoundary(solids, combined=True, oriented=False) if solids else []
        if not faces:
            raise InputError("the STEP file holds no solid", where=called, fix="export the vessel as a solid, not as faces")
        box = np.array(gmsh.model.getBoundingBox(-1, -1))
        check_extent(float((box[3:] - box[:3]).max()) * mm_per_unit)
        edge = EDGE_MM / mm_per_unit
        gmsh.option.setNumber("Mesh.MeshSizeMax", edge)
        gmsh.option.setNumber("Mesh.MeshSizeMin", 0.1 * edge)
        gmsh.model.mesh.generate(2)
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        nodes = np.concatenate([gmsh.model.mesh.getElementsByType(2, tag)[1] for _, tag in faces]).astype(np.int64)
    index = np.zeros(int(tags.max()) + 1, np.int64)
    index[tags.astype(np.int64)] = np.arange(len(tags))
    triangles = index[nodes].reshape(-1, 3)
    used, renumbered = np.unique(triangles, return_inverse=True)
    return coordinates.reshape(-1, 3)[used], np.asarray(renumbered).reshape(-1, 3)


@contextmanager
def _silent() -> Iterator[None]:
    """OpenCASCADE writes to standard output by itself, whatever gmsh is told."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _declared_unit(path: Path) -> str:
    """The length unit a STEP file declares, as OpenCASCADE names it."""
    text = path.read_text(encoding="latin-1")
    found = re.search(r"LENGTH_UNIT\s*\(\s*\).*?SI_UNIT\s*\(\s*(\$|\.[A-Z]+\.)\s*,\s*\.METRE\.\s*\)", text, re.DOTALL)
    if found:
        return {"$": "M", ".MILLI.": "MM", ".CENTI.": "CM", ".MICRO.": "UM"}.get(found[1], "MM")
    return "INCH" if re.search(r"CONVERSION_BASED_UNIT\s*\(\s*'INCH'", text, re.IGNORECASE) else "MM"
