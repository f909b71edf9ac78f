"""Cross-code: the ordinary problem of a wall with thrombus in CalculiX, if ``ccx`` is installed.

CalculiX's C3D10 has the node order of VTK and the same four integration points. On one mesh the
two codes differ only by its three-point integration of pressure on a face (ours is exact): with
three points here too, displacements agree to 1e-4 and stresses to 1e-5.

Two habits of CalculiX 2.20 would spoil the comparison of a long vessel, which sways easily: it
takes residual forces below 1e-6 for zero, whatever the unit, and its tangent of follower pressure
is approximate, so that the sway converges by 6 % an iteration. So forces are handed over in µN,
and the full load is held for a second step that iterates on until the sway has settled.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aorta.errors import SetupError, SolverError
from aorta.mechanics.equilibrium import Body
from aorta.mechanics.materials.registry import Material, material
from aorta.mechanics.supports import fixed
from aorta.records import WALL, State, WallMesh
from aorta.verify import reference_meshes as meshes
from aorta.verify import solving
from aorta.verify.calculix_input import FORCE, SETTLED, Way, input_file
from aorta.verify.check import Check

_OUR_POINT = np.array([3, 0, 1, 2])
"""CalculiX's integration points in the order of ``tet10.GAUSS_4`` (found by comparing stresses)."""
_PRESSURE = 120 * 133.322387415e-6
"""MPa."""


@dataclass(frozen=True)
class Run:
    """What CalculiX found and what it took: (n, 3) mm, (m, 4, 6) MPa; seconds of the program alone."""

    way: Way
    displacement_mm: np.ndarray
    stress_MPa: np.ndarray
    seconds: float
    cpu_seconds: float
    memory_GB: float
    increments: int
    iterations: int


def available() -> bool:
    """Whether CalculiX is on the path."""
    return shutil.which("ccx") is not None


def _parse(text: str, nodes: int, elements: int) -> tuple[np.ndarray, np.ndarray]:
    """Displacements (n, 3) and stresses (m, 4, 6: xx, yy, zz, xy, yz, xz; MPa) of the last increment in a ``.dat`` file."""
    moved, stress = np.full((nodes, 3), np.nan), np.full((elements, 4, 6), np.nan)
    for block in re.split(r"\n(?=\s*(?:displacements|stresses))", "\n" + text):
        head, _, body = block.strip().partition("\n")
        rows = [line.split() for line in body.splitlines() if line.strip()]
        if head.startswith("displacements"):
            table = np.array(rows, float)
            moved[table[:, 0].astype(int) - 1] = table[:, 1:4]
        elif head.startswith("stresses"):
            table = np.array(rows, float)
            # sxx, syy, szz, sxy, sxz, syz
            stress[table[:, 0].astype(int) - 1, _OUR_POINT[table[:, 1].astype(int) - 1]] = table[:, [2, 3, 4, 5, 7, 6]] / FORCE
    return moved, stress


def run(mesh: WallMesh, materials: Mapping[int, Material], pressure: float, facets: str = "blood") -> tuple[np.ndarray, np.ndarray]:
    """Displacement (n, 3) in mm and Cauchy stress (m, 4, 6) in MPa by CalculiX; errors as ``timed_run``."""
    found = timed_run(mesh, materials, pressure, facets)
    return found.displacement_mm, found.stress_MPa


def timed_run(mesh: WallMesh, materials: Mapping[int, Material], pressure: float, facets: str = "blood", way: Way = SETTLED) -> Run:
    """Solve by CalculiX.

    Raises
    ------
    SetupError
        CalculiX is not installed.
    SolverError
        It did not finish.
    """
    if not available():
        raise SetupError("CalculiX is not installed", why="there is no program `ccx`", fix="apt-get install calculix-ccx")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "case.inp").write_text(input_file(mesh, materials, pressure, facets, way))
        environment = {**os.environ, "OMP_NUM_THREADS": str(way.threads)}
        start, log = time.perf_counter(), Path(folder, "log")
        with log.open("w") as out:
            process = subprocess.Popen(["ccx", "-i", "case"], cwd=folder, stdout=out, stderr=subprocess.STDOUT, env=environment)
            usage = os.wait4(process.pid, 0)[2]
        seconds, told, result = time.perf_counter() - start, log.read_text(errors="replace"), Path(folder, "case.dat")
        if "Job finished" not in told or not result.is_file():
            raise SolverError("CalculiX did not finish", why=" ".join(told.split()[-30:]), fix="look at its input file")
        displacement, stress = _parse(result.read_text(), len(mesh.points), len(mesh.tets))
        increments, iterations = (len(re.findall(line, told, re.M)) for line in (r"^ increment +\d+ attempt", r"^ iteration +\d+"))
        used = usage.ru_utime + usage.ru_stime
        return Run(way, displacement, stress, seconds, used, usage.ru_maxrss / 1e6, increments, iterations)


def percentile99(mesh: WallMesh, stress: np.ndarray, volume: np.ndarray) -> float:
    """99th percentile by volume of the wall's first principal stress."""
    wall = mesh.region == WALL
    principal = np.linalg.eigvalsh(stress[wall][..., solving.TENSOR])[..., 2].ravel()
    weight, order = volume[wall].ravel(), np.argsort(principal)
    share = np.cumsum(weight[order]) / weight.sum()
    return float(np.interp(0.99, share, principal[order]))


def clamped(mesh: WallMesh, wall: Material | None = None) -> Body:
    """The body that both codes solve: every end clamped, published laws unless the wall's is given."""
    return solving.body(mesh, tuple(fixed(end) for end in mesh.facets if end.startswith("end_")), wall)


def compare(name: str, mesh: WallMesh, pressure: float, bound: float, wall: Material | None = None) -> tuple[Check, ...]:
    """Both codes from the unstressed mesh to a pressure in MPa, ends clamped: displacement and 99th-percentile stress.

    Raises
    ------
    SetupError, SolverError
    """
    what = clamped(mesh, wall)
    state = solving.inflate(what, pressure, first_step=0.25)[0]
    return checks(name, mesh, state, *run(mesh, what.materials, pressure), bound)


def checks(
    name: str, mesh: WallMesh, state: State, moved: np.ndarray, stress: np.ndarray, bound: float = 0.03
) -> tuple[Check, ...]:
    """Our state against CalculiX's displacement (n, 3) in mm and stress (m, 4, 6) in MPa."""
    apart = np.linalg.norm(state.displacement_mm - moved, axis=1).max() / np.linalg.norm(moved, axis=1).max()
    theirs = percentile99(mesh, stress, state.quadrature_volume_mm3)
    ours99 = percentile99(mesh, state.cauchy_quadrature_MPa, state.quadrature_volume_mm3)
    return (
        Check(name, "displacement, largest difference over largest", float(apart), bound, "share", "CalculiX"),
        Check(
            name, "99th percentile of first principal stress", abs(ours99 / theirs - 1), bound, "share", "CalculiX", ours99, theirs
        ),
    )


def thrombosed() -> tuple[Check, ...]:
    """A bulging wall lined with eccentric thrombus, 120 mmHg."""
    mesh = meshes.thrombosed_tube((3, 10, 6))
    return compare("CalculiX: wall with eccentric thrombus, 120 mmHg", mesh, _PRESSURE, bound=1e-3)


COMPARED: Mapping[str, Mapping[str, float]] = {
    "neo-hookean": {},
    "raghavan-vorp-2000": {},
    "yeoh-1993": {"c3": 20.0},  # MPa, so that the cubic term counts; published sets have none
    "ogden-1972": {},
}
"""Laws of the wall compared one by one, with parameters that replace published ones."""


def one_law(name: str) -> tuple[Check, ...]:
    """A bulging wall of one law, 120 mmHg."""
    law = material(name, COMPARED[name], 100 * material(name, COMPARED[name], 1e4).shear_modulus)
    return compare(f"CalculiX: bulging wall, {name}, 120 mmHg", meshes.thrombosed_tube((1, 10, 6)), _PRESSURE, 1e-3, law)
