"""Surfaces and solids that are no closed vessel in the stated unit: refused by check and plan alike."""

import numpy as np
import pytest
import pyvista as pv
from command_line import MARKER
from refusal import refused
from small_inputs import HEAD, SURFACE, cut, junk, surface, tube

VTP, PLY, STEP = (SURFACE.replace("stl", suffix) for suffix in ("vtp", "ply", "step"))
NOT_STEP = b"ISO-10303-21;\nHEADER;\nENDSEC;\nDATA;\nENDSEC;\nEND-ISO-10303-21;\n"


def spoilt(folder, name, share=0.5):
    text = surface(folder, name=name)
    cut(folder / name, share)
    return text


def other(folder, name, content=None):
    junk(folder, name, *(() if content is None else (content,)))
    return f"surfaces: {{lumen: {name}, unit: mm, frame: LPS}}\n"


def outer(folder, mesh):
    mesh.save(folder / f"{MARKER}_o.stl")
    return surface(folder, keys=f", outer: {MARKER}_o.stl")


def in_ras(folder):
    mesh = tube()
    mesh.field_data["SPACE"] = ["RAS"]
    return surface(folder, mesh, name=VTP)


def pair(apart):
    return pv.merge([tube(), tube(x=apart)]).extract_surface(algorithm=None)


def loose_corner(folder):
    text = surface(folder, name=PLY)
    data = bytearray((folder / PLY).read_bytes())
    data[-4:] = np.int32(10_000_000).tobytes()
    (folder / PLY).write_bytes(data)
    return text


def folder_as_file(folder):
    (folder / SURFACE).mkdir()
    return f"surfaces: {{lumen: {SURFACE}, unit: mm, frame: LPS}}\n"


def holed():
    """A tube with a hole in its side; open ends would be closed with a caution."""
    fine = tube().subdivide(4)
    centres = fine.cell_centers().points
    return fine.remove_cells(np.flatnonzero(np.linalg.norm(centres - [8.0, 0, 0], axis=1) < 2.5)).clean()


SURFACES = {
    "missing": (lambda f: f"surfaces: {{lumen: {SURFACE}, unit: mm, frame: LPS}}\n", "cannot be found"),
    "outer missing": (lambda f: surface(f, keys=", outer: o.stl"), "cannot be found"),
    "folder": (folder_as_file, "the surface is a folder"),
    "open at the side": (lambda f: surface(f, holed()), "the surface is open"),
    "plane": (lambda f: surface(f, pv.Plane(i_size=50, j_size=50).triangulate()), "the surface is open"),
    "passes through itself": (lambda f: surface(f, pair(6.0)), "passes through itself"),
    "two tubes": (lambda f: surface(f, pair(40.0)), "in 2 pieces"),
    "metres read as mm": (lambda f: surface(f, tube().scale(1e-3, inplace=False)), "far too small"),
    "mm read as metres": (lambda f: surface(f, unit="m"), "far too large"),
    "mm read as cm": (lambda f: surface(f, unit="cm"), "far too wide"),
    "cm read as mm": (lambda f: surface(f, tube().scale(0.1, inplace=False)), "far too narrow"),
    "other frame": (in_ras, "its frame is RAS, not LPS"),
    "cut STL": (lambda f: spoilt(f, SURFACE), "cannot be read"),
    "cut VTP": (lambda f: spoilt(f, VTP), "cannot be read"),
    "cut PLY": (lambda f: spoilt(f, PLY), "cannot be read"),
    "PLY with a corner that is nowhere": (loose_corner, "cannot be read"),
    "JPEG called STL": (lambda f: other(f, SURFACE), "cannot be read"),
    "JPEG called VTP": (lambda f: other(f, VTP), "cannot be read"),
    "JPEG called PLY": (lambda f: other(f, PLY), "cannot be read"),
    "JPEG called STEP": (lambda f: other(f, STEP), "cannot be read"),
    "empty STL": (lambda f: other(f, SURFACE, b""), "cannot be read"),
    "STEP called STL": (lambda f: other(f, SURFACE, NOT_STEP), "cannot be read"),
    "STEP without solid": (lambda f: other(f, STEP, NOT_STEP), "STEP file"),
    "unknown format": (lambda f: other(f, f"{MARKER}.obj"), "of no format that is read"),
    "lumen outside the wall": (lambda f: outer(f, tube(4.0)), "not inside the outer wall"),
    "wall elsewhere": (lambda f: outer(f, tube(12.0, x=60.0)), "not inside the outer wall"),
}


@pytest.mark.parametrize("name", SURFACES)
def test_surface_that_cannot_be_used(name, tmp_path, capfd):
    make, phrase = SURFACES[name]
    (tmp_path / "case.yaml").write_text(HEAD + make(tmp_path))
    refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 4, "E200", phrase)


@pytest.mark.parametrize(("unit", "scale", "right"), [("mm", 1e-3, "m"), ("m", 1.0, "mm")])
def test_the_unit_that_fits_is_named(unit, scale, right, tmp_path, capfd):
    (tmp_path / "case.yaml").write_text(HEAD + surface(tmp_path, tube(height=150.0).scale(scale, inplace=False), unit))
    error = refused(tmp_path / "case.yaml", tmp_path / "out", capfd, 4, "E200", "the surface is far too", commands=("check",))
    assert error["fix"].endswith(f"surfaces.unit to {right}")
    assert error["where"] == "surfaces.lumen of the case file"
