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
from aorta.records import THROMBUS, WALL, State, WallMesh
from aorta.verify import reference_meshes as meshes
from aorta.verify import solving
from aorta.verify.check import Check

_FACE_OF_TRIPLE = {frozenset((0, 1, 2)): 1, frozenset((0, 1, 3)): 2, frozenset((1, 2, 3)): 3, frozenset((0, 2, 3)): 4}
"""CalculiX's numbers of a tetrahedron's faces."""
_FORCE = 1e6
"""CalculiX's unit of force per N."""
_RESIDUAL, _CORRECTION = 1e-6, 0.2
"""Of average force, and of the largest movement while the load is held: where its iterations end (5e-3 and 1e-2 on the way)."""
_ITERATIONS = 100
"""At most, while the load is held."""
_OUR_POINT = np.array([3, 0, 1, 2])
"""CalculiX's integration points in the order of ``tet10.GAUSS_4`` (found by comparing stresses)."""
_PRESSURE = 120 * 133.322387415e-6
"""MPa."""
_NAMES = {WALL: "WALL", THROMBUS: "THROMBUS"}


@dataclass(frozen=True)
class Way:
    """How CalculiX goes to full load.

    Parameters
    ----------
    first_step : float
        Share of the load; further ones as its automatic control likes.
    settle : bool
        Hold the full load for a step that iterates on.
    threads : int
    """

    first_step: float = 0.2
    settle: bool = True
    threads: int = 1

    def __str__(self) -> str:
        return f"SPOOLES, {self.threads} thread(s), automatic increments from {self.first_step:g}" + self.settle * ", settled"


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


SETTLED = Way()
"""For comparing results."""
FASTEST = Way(first_step=0.1, settle=False, threads=len(os.sched_getaffinity(0)))
"""For comparing time: the best found at 20,000 nodes (docs/theory/mechanics.md)."""


def available() -> bool:
    """Whether CalculiX is on the path."""
    return shutil.which("ccx") is not None


def _hyperelastic(material: Material) -> str:
    """``*HYPERELASTIC`` of a law, whose volumetric part is Σ (J-1)^(2i) / Di with D1 = 2/κ.

    D2 = 0 would switch a term off in Abaqus but not in CalculiX; 1e12 does in both. Its moduli of Ogden's terms are ours
    times α/2 (W = Σ 2μ/α² …).

    Raises
    ------
    SolverError
        CalculiX has no such law.
    """
    v, d1, off = material.values, 2.0 / (material.bulk_modulus * _FORCE), 1e12
    ogden = [q for p in (1, 2, 3) if (alpha := v.get(f"alpha{p}")) for q in (v[f"mu{p}"] * alpha / 2 * _FORCE, alpha)]
    written = {  # a polynomial's constants are C10, C01, C20, C11, C02
        "raghavan-vorp-2000": lambda: (
            "POLYNOMIAL, N=2",
            _forces(v["alpha"], 0, v["beta"], 0, 0),
            (d1, off),
        ),  # C10 C01 C20 C11 C02
        "wang-2001": lambda: ("POLYNOMIAL, N=2", _forces(0, v["c1"], 0, 0, v["c2"]), (d1, off)),
        "neo-hookean": lambda: ("NEO HOOKE", _forces(v["mu"] / 2), (d1,)),
        "yeoh-1993": lambda: ("YEOH", _forces(v["c1"], v["c2"], v["c3"]), (d1, off, off)),
        "ogden-1972": lambda: (f"OGDEN, N={len(ogden) // 2}", tuple(ogden), (d1, off, off)[: len(ogden) // 2]),
    }
    if material.law.name not in written:
        known = ", ".join(written)
        raise SolverError(f"CalculiX has no law like {material.law.name}", why=f"it is compared for {known}", fix="choose one")
    keyword, constants, volumetric = written[material.law.name]()
    numbers = [f"{c:.12g}" for c in (*constants, *volumetric)]
    return f"*HYPERELASTIC, {keyword}\n" + ",\n".join(", ".join(numbers[q : q + 8]) for q in range(0, len(numbers), 8)) + "\n"


def _forces(*moduli: float) -> tuple[float, ...]:
    """Moduli in MPa in CalculiX's unit of force per mm²."""
    return tuple(_FORCE * c for c in moduli)


def _rows(numbers: np.ndarray, per_line: int = 10) -> str:
    return "\n".join(", ".join(map(str, numbers[q : q + per_line])) for q in range(0, len(numbers), per_line)) + "\n"


def input_file(
    mesh: WallMesh, materials: Mapping[int, Material], pressure: float, facets: str = "blood", way: Way = SETTLED
) -> str:
    """The CalculiX input: ends clamped, follower pressure (MPa) on the named facets; forces in µN."""
    out = ["*NODE, NSET=ALL\n"]
    out += [f"{q + 1}, {x:.12g}, {y:.12g}, {z:.12g}\n" for q, (x, y, z) in enumerate(mesh.points)]
    for region, tissue in materials.items():
        out.append(f"*ELEMENT, TYPE=C3D10, ELSET={_NAMES[region]}\n")
        inside = np.flatnonzero(mesh.region == region)
        out += [", ".join(map(str, [q + 1, *(mesh.tets[q] + 1)])) + "\n" for q in inside]
        out.append(f"*MATERIAL, NAME=M{_NAMES[region]}\n" + _hyperelastic(tissue))
        out.append(f"*SOLID SECTION, ELSET={_NAMES[region]}, MATERIAL=M{_NAMES[region]}\n")
    ends = [nodes for name, nodes in mesh.facets.items() if name.startswith("end_")]
    out.append("*NSET, NSET=ENDS\n" + _rows(np.unique(np.concatenate(ends)) + 1))
    out.append("*BOUNDARY\nENDS, 1, 3\n")
    out.append(f"*STEP, NLGEOM, INC=200\n*STATIC\n{way.first_step}, 1.0\n*DLOAD\n")
    loaded = _element_faces(mesh, mesh.facets[facets])
    out += [f"{element + 1}, P{face}, {pressure * _FORCE:.12g}\n" for element, face in loaded]
    if way.settle:
        out.append("*END STEP\n*STEP, NLGEOM\n*STATIC\n1.0, 1.0\n")
        out.append(f"*CONTROLS, PARAMETERS=FIELD\n{_RESIDUAL}, {_CORRECTION}\n")
        limits = ", ".join([str(_ITERATIONS)] * 6 + ["", str(_ITERATIONS)])
        out.append(f"*CONTROLS, PARAMETERS=TIME INCREMENTATION\n{limits}\n")
    out.append("*NODE PRINT, NSET=ALL, FREQUENCY=1000\nU\n")
    out += [f"*EL PRINT, ELSET={_NAMES[region]}, FREQUENCY=1000\nS\n" for region in materials]
    out.append("*END STEP\n")
    return "".join(out)


def _element_faces(mesh: WallMesh, triangles: np.ndarray) -> list[tuple[int, int]]:
    """(element, CalculiX face) of facets; between two elements the wall's."""
    wanted = {frozenset(map(int, t)) for t in triangles[:, :3]}
    found: dict[frozenset[int], tuple[int, int]] = {}
    for element, tet in enumerate(mesh.tets[:, :4]):
        for local, face in _FACE_OF_TRIPLE.items():
            key = frozenset(int(tet[v]) for v in local)
            if key in wanted and (key not in found or mesh.region[element] == WALL):
                found[key] = (element, face)
    return list(found.values())


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
            stress[table[:, 0].astype(int) - 1, _OUR_POINT[table[:, 1].astype(int) - 1]] = table[:, [2, 3, 4, 5, 7, 6]] / _FORCE
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
