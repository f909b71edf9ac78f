"""Which program, which libraries and which inputs made a result. No path, host or user name."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

from aorta import RESEARCH_USE, __version__

_PACKAGE = Path(__file__).resolve().parents[1]
_SHARED = ("records", "units.py", "frames.py")
"""What every stage computes with: volumes, units and frames. Defaults of settings are in the settings themselves."""
_TOOLS = ("fenics-dolfinx", "petsc4py", "gmsh", "vtk", "pyvista", "SimpleITK", "pydicom", "nibabel", "numpy", "scipy", "ortools")


@cache
def version_of(distribution: str) -> str:
    """Installed version of a distribution, "absent" if there is none."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "absent"


@cache
def code_digest(packages: tuple[str, ...]) -> str:
    """sha256 over the code and data files of some folders of the program and of what all share: new code, new result."""
    digest = hashlib.sha256()
    places = [_PACKAGE / name for name in (*_SHARED, *packages)]
    for path in (file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*")))):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(_PACKAGE).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def describe() -> dict[str, str]:
    """The program and machine as far as they can change a number."""
    return {
        "program": f"aorta {__version__}",
        "statement": RESEARCH_USE,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        **{tool: version_of(tool) for tool in _TOOLS},
    }
