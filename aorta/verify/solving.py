"""The product's own solver, driven on verification bodies: the same domain, forms, Newton and stress recovery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from aorta.mechanics import stress, tet10
from aorta.mechanics.domain import Domain, make_domain
from aorta.mechanics.equilibrium import Body, Equilibrium
from aorta.mechanics.materials.registry import Material, material
from aorta.mechanics.newton import Newton
from aorta.mechanics.supports import Prescribed, Support
from aorta.records import THROMBUS, WALL, State, WallMesh
from aorta.verify import dead_loads

BULK = 34.8
"""MPa, 100 times the shear modulus 2α of the wall: the product's default."""
TENSOR = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2]])
"""Where xx, yy, zz, xy, yz, xz go in a 3 × 3."""


_SIZES: ContextVar[set[int] | None] = ContextVar("sizes", default=None)


@contextmanager
def sizes_noted() -> Iterator[set[int]]:
    """Gathers the numbers of tetrahedra of the meshes that are solved within."""
    sizes: set[int] = set()
    token = _SIZES.set(sizes)
    try:
        yield sizes
    finally:
        _SIZES.reset(token)


def noted(mesh: WallMesh) -> WallMesh:
    """The mesh, whose size is told in the results."""
    sizes = _SIZES.get()
    if sizes is not None:
        sizes.add(len(mesh.tets))
    return mesh


def domain(mesh: WallMesh, formulation: str = "displacement") -> Domain:
    """The solver's mesh."""
    return make_domain(noted(mesh), formulation)


def wall_law(name: str = "raghavan-vorp-2000", bulk: float = BULK) -> Material:
    """A law with its published parameters."""
    return material(name, {}, bulk, "verification")


def body(
    mesh: WallMesh,
    supports: tuple[Support, ...] = (),
    wall: Material | None = None,
    *,
    pressure_facets: str = "blood",
    prescribed: Prescribed | None = None,
    fields: Mapping[str, np.ndarray] | None = None,
    forces: np.ndarray | None = None,
    formulation: str = "displacement",
) -> Body:
    """A body of wall, and of thrombus where the mesh has it."""
    materials = {WALL: wall or wall_law(), THROMBUS: material("wang-2001", {}, 5.2, "verification")}
    present = {region: m for region, m in materials.items() if (mesh.region == region).any()}
    return Body(domain(mesh, formulation), present, supports, pressure_facets, prescribed, fields or {}, forces)


def inflate(what: Body, pressure: float, first_step: float = 0.5, start: np.ndarray | None = None) -> tuple[State, Newton]:
    """The ordinary problem from an unstressed mesh to a pressure in MPa; iterations begin at (n, 3) ``start`` or zero."""
    equilibrium = Equilibrium(what, prestressed=False)
    if start is not None:
        what.domain.write(equilibrium.u, start)
    newton = Newton(equilibrium, "forward")
    newton.run(0.0, pressure, first_step=first_step)
    return stress.state(equilibrium, "loaded")[0], newton


def unload(what: Body, pressure: float) -> tuple[np.ndarray, State]:
    """The inverse problem: (n, 3) displacement to the unloaded shape, and the stress of the imaged one."""
    equilibrium = Equilibrium(what, prestressed=True)
    Newton(equilibrium, "inverse").run(0.0, pressure)
    return what.domain.read(equilibrium.w.x.array), stress.state(equilibrium, "imaging")[0]


def moved(mesh: WallMesh, displacement: np.ndarray) -> WallMesh:
    """The mesh with its nodes elsewhere."""
    return WallMesh(
        mesh.points + displacement,
        mesh.tets,
        mesh.region,
        mesh.facets,
        mesh.ends,
        mesh.thrombus_thickness_mm,
        mesh.wall_thickness_mm,
    )


def quadrature_places(mesh: WallMesh) -> np.ndarray:
    """(m, 4, 3) places of the quadrature points."""
    return dead_loads.at_points(mesh, mesh.points, tet10.GAUSS_4)


def along(stress_MPa: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Normal stress n·σn of stresses (..., 6) in unit directions (..., 3)."""
    return np.einsum("...i,...ij,...j->...", direction, stress_MPa[..., TENSOR], direction)
