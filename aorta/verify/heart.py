"""Problems 1 and 2 of the cardiac mechanics benchmark (Land et al. 2015, Proc R Soc A 471:20150641), passive heart muscle.

Eleven codes took part and differed by some 0.5 %. The published figure of problem 1 is the deformed *height* of the bar's end,
which starts at 1 mm, and not its deflection.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aorta.mechanics import tet10
from aorta.mechanics.materials import fibres, guccione
from aorta.mechanics.materials.registry import Material
from aorta.mechanics.supports import fixed, sliding
from aorta.records import WallMesh
from aorta.verify import heart_meshes, solving
from aorta.verify import reference_meshes as meshes
from aorta.verify.check import Check, relative

_BULK = 1e5
"""Times the shear modulus at rest: the benchmark is incompressible. A thousand times would leave the ventricle, whose muscle
stiffens exponentially, a cavity 1.2 % larger."""


def muscle(values: Mapping[str, float]) -> Material:
    """The benchmark's law with some parameters."""
    return Material(guccione.LAW, values, _BULK * guccione.LAW.shear_modulus(values))


def along_x(mesh: WallMesh) -> dict[str, np.ndarray]:
    """Fibres along x."""
    shape = (*solving.quadrature_places(mesh).shape[:2], 3)
    return {name: np.broadcast_to(np.eye(3)[axis], shape) for axis, name in enumerate(fibres.FIELDS)}


def bar(cells: tuple[int, int, int], formulation: str) -> float:
    """Deformed z in mm of (10, 0.5, 1) of the bar 10 x 1 x 1 mm clamped at x = 0, 4 Pa following on its underside."""
    mesh = meshes.box(cells, (10.0, 1.0, 1.0))
    values = guccione.LAW.default.values
    what = solving.body(mesh, (fixed("x0"),), muscle(values), pressure_facets="z0", fields=along_x(mesh), formulation=formulation)
    state, newton = solving.inflate(what, 4e-6, first_step=0.125)
    newton.release()
    end = np.linalg.norm(mesh.points - [10, 0.5, 1], axis=1).argmin()
    return float((mesh.points + state.displacement_mm)[end, 2])


def ventricle(rings: int, layers: int, formulation: str) -> tuple[float, float, float]:
    """Deformed z in mm of the apex inside and outside, and the cavity's volume in mm³, at 10 kPa."""
    mesh = heart_meshes.ellipsoid(rings, layers)
    values = guccione.LAW.sets["isotropic"].values
    supports = (fixed("base"), sliding("x0"), sliding("y0"))
    what = solving.body(mesh, supports, muscle(values), fields=along_x(mesh), formulation=formulation)
    state, newton = solving.inflate(what, 10e-3, first_step=0.1)
    newton.release()
    moved = mesh.points + state.displacement_mm
    inside, outside = (moved[np.linalg.norm(mesh.points - [0, 0, z], axis=1).argmin(), 2] for z in (-17, -20))
    return float(inside), float(outside), 4 * cavity(moved, mesh)


def cavity(points: np.ndarray, mesh: WallMesh) -> float:
    """mm³ between "blood" and the planes of symmetry and of the base z = 5 mm: ∫ (z - 5) n_z over the blood's side."""
    value, slope = tet10.triangle_shape(tet10.TRIANGLE_6)
    places = np.einsum("qn,fni->fqi", value, points[mesh.facets["blood"]])
    tangents = np.einsum("fni,qnj->fqij", points[mesh.facets["blood"]], slope)
    area = np.cross(tangents[..., 0], tangents[..., 1])
    return float(-((places[..., 2] - 5) * area[..., 2] * tet10.TRIANGLE_6_WEIGHTS).sum())


def bent_bar() -> tuple[Check, ...]:
    """Problem 1: a bar of fibres bent by pressure, on three meshes."""
    name, source = "heart benchmark, problem 1: bent bar", "Land et al. 2015, where eleven codes meet"
    found = [bar(cells, "mixed") for cells in ((10, 1, 1), (20, 2, 2), (40, 2, 2))]
    return (
        relative(name, "height of the end on the finest mesh, mm", found[2], 4.17, 8e-3, source),
        Check(name, "change from the mesh half as long", abs(found[2] / found[1] - 1), 3e-3, "share", "itself"),
    )


def inflated_ventricle() -> tuple[Check, ...]:
    """Problem 2: a ventricle of isotropic muscle blown up to four times its volume."""
    name, source = "heart benchmark, problem 2: inflated ventricle", "independent axisymmetric runs of Q2/Q1 elements, 6 x 48"
    inside, outside, volume = ventricle(8, 2, "mixed")
    return (
        relative(name, "apex inside, mm", inside, -26.62, 3e-3, source),
        relative(name, "apex outside, mm", outside, -28.287, 1e-3, source),
        relative(name, "cavity, mm³", volume, 10733.0, 2e-3, source),
    )
