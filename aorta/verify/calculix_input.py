"""What CalculiX is given to solve: mesh, laws, pressure, and how to go to full load."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aorta.errors import SolverError
from aorta.mechanics.materials.registry import Material
from aorta.records import THROMBUS, WALL, WallMesh

_FACE_OF_TRIPLE = {frozenset((0, 1, 2)): 1, frozenset((0, 1, 3)): 2, frozenset((1, 2, 3)): 3, frozenset((0, 2, 3)): 4}
"""CalculiX's numbers of a tetrahedron's faces."""
FORCE = 1e6
"""CalculiX's unit of force per N."""
_RESIDUAL, _CORRECTION = 1e-6, 0.2
"""Of average force, and of the largest movement while the load is held: where its iterations end (5e-3 and 1e-2 on the way)."""
_ITERATIONS = 100
"""At most, while the load is held."""
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


SETTLED = Way()
"""For comparing results."""
FASTEST = Way(first_step=0.1, settle=False, threads=len(os.sched_getaffinity(0)))
"""For comparing time: the best found at 20,000 nodes (docs/theory/mechanics.md)."""


def _hyperelastic(material: Material) -> str:
    """``*HYPERELASTIC`` of a law, whose volumetric part is Σ (J-1)^(2i) / Di with D1 = 2/κ.

    D2 = 0 would switch a term off in Abaqus but not in CalculiX; 1e12 does in both. Its moduli of Ogden's terms are ours
    times α/2 (W = Σ 2μ/α² …).

    Raises
    ------
    SolverError
        CalculiX has no such law.
    """
    v, d1, off = material.values, 2.0 / (material.bulk_modulus * FORCE), 1e12
    ogden = [q for p in (1, 2, 3) if (alpha := v.get(f"alpha{p}")) for q in (v[f"mu{p}"] * alpha / 2 * FORCE, alpha)]
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
    return tuple(FORCE * c for c in moduli)


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
    out += [f"{element + 1}, P{face}, {pressure * FORCE:.12g}\n" for element, face in loaded]
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
