"""Meshes and parameters that no solver should take: each is refused by what is wrong with it."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from aorta.errors import CaseFileError, MeshError, SolverError  # noqa: E402
from aorta.mechanics.mesh_check import check_solid  # noqa: E402
from aorta.mechanics.solve import solve  # noqa: E402
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, WallSettings  # noqa: E402
from aorta.units import MMHG_IN_MPA  # noqa: E402
from aorta.verify import reference_meshes as meshes  # noqa: E402

pytestmark = pytest.mark.fem
PRESSURE = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA, imaging=80 * MMHG_IN_MPA)


@pytest.fixture(scope="module")
def vessel():
    return meshes.thrombosed_tube((3, 10, 6), bare=0.2)


def run(mesh, wall=WallSettings(), settings=MechanicsSettings()):  # noqa: B008
    return solve(mesh, PRESSURE, settings, wall, ThrombusSettings())


def without(mesh, elements):
    """The mesh less some elements and the nodes that nothing uses then."""
    keep = np.ones(len(mesh.tets), bool)
    keep[elements] = False
    used = np.unique(mesh.tets[keep])
    number = np.full(len(mesh.points), -1)
    number[used] = np.arange(len(used))
    facets = {name: number[t[np.isin(t, used).all(1)]] for name, t in mesh.facets.items()}
    return replace(
        mesh,
        points=mesh.points[used],
        tets=number[mesh.tets[keep]],
        region=mesh.region[keep],
        facets=facets,
        thrombus_thickness_mm=mesh.thrombus_thickness_mm[used],
        wall_thickness_mm=mesh.wall_thickness_mm[used],
    )


def test_sound_meshes_pass(vessel):
    check_solid(vessel)
    check_solid(meshes.aneurysm((1, 16, 12)))


def test_element_missing_from_the_wall_is_a_hole(vessel):
    on_outer = np.flatnonzero(np.isin(vessel.tets[:, :4], vessel.facets["outer"][:, :3]).sum(1) == 3)
    gone = on_outer[len(on_outer) // 2]
    with pytest.raises(MeshError, match="hole in its surface") as caught:
        run(without(vessel, [gone]))
    place = np.array([float(x) for x in caught.value.where.split("(")[1].split(")")[0].split(",")])
    assert np.linalg.norm(place - vessel.points[vessel.tets[gone, :4]].mean(0)) < 10


def test_facets_that_lost_their_name_are_a_hole(vessel):
    with pytest.raises(MeshError, match="hole in its surface") as caught:
        check_solid(replace(vessel, facets={**vessel.facets, "outer": vessel.facets["outer"][3:]}))
    assert caught.value.why.startswith("3 faces outside")


def test_repeated_element(vessel):
    twice = replace(vessel, tets=np.concatenate([vessel.tets, vessel.tets[5:6]]), region=np.append(vessel.region, vessel.region[5]))
    with pytest.raises(MeshError, match=f"^error.*: 1 of {len(vessel.tets) + 1} elements are in the mesh more than once"):
        run(twice)


def test_face_of_three_elements(vessel):
    """A further element on a face inside."""
    tets, points = vessel.tets.copy(), vessel.points
    base = tets[np.isin(tets[:, :3], np.concatenate(list(vessel.facets.values()))[:, :3]).sum(1).argmin()]
    corners = base[:3]
    far = next(n for n in np.unique(tets[:, :4]) if n not in base)
    extra = np.array([[*corners, far, *(base[[4, 5, 6]]), len(points), len(points) + 1, len(points) + 2]])
    if np.linalg.det(points[[corners[1], corners[2], far]] - points[corners[0]]) < 0:
        extra[:, [1, 2, 4, 6]] = extra[:, [2, 1, 6, 4]]  # positive volume
        corners = corners[[0, 2, 1]]
    middles = (points[corners] + points[far]) / 2
    bad = replace(
        vessel,
        points=np.concatenate([points, middles]),
        tets=np.concatenate([tets, extra]),
        region=np.append(vessel.region, vessel.region[0]),
        thrombus_thickness_mm=np.append(vessel.thrombus_thickness_mm, [0, 0, 0]),
        wall_thickness_mm=np.append(vessel.wall_thickness_mm, [0, 0, 0]),
    )
    with pytest.raises(MeshError, match="more than two elements"):
        check_solid(bad)


def test_torn_edge(vessel):
    tets = vessel.tets.copy()
    tets[7, 4] = len(vessel.points)
    torn = replace(
        vessel,
        points=np.concatenate([vessel.points, vessel.points[vessel.tets[7, 4:5]]]),
        tets=tets,
        thrombus_thickness_mm=np.append(vessel.thrombus_thickness_mm, 0),
        wall_thickness_mm=np.append(vessel.wall_thickness_mm, 0),
    )
    with pytest.raises(MeshError, match="different middle nodes"):
        check_solid(torn)


def test_second_piece(vessel):
    apart, count = meshes.box(), len(vessel.points)
    both = replace(
        vessel,
        points=np.concatenate([vessel.points, apart.points + 100]),
        tets=np.concatenate([vessel.tets, apart.tets + count]),
        region=np.concatenate([vessel.region, apart.region]),
        thrombus_thickness_mm=np.append(vessel.thrombus_thickness_mm, apart.thrombus_thickness_mm),
        wall_thickness_mm=np.append(vessel.wall_thickness_mm, apart.wall_thickness_mm),
    )
    with pytest.raises(MeshError, match="in 2 pieces") as caught:
        run(both)
    assert "(10" in caught.value.where and "has 6 of" in caught.value.why


@pytest.mark.parametrize(("shift", "shared"), [((1, 1, 1), 1), ((1, 1, 0), 3)])
def test_pieces_that_touch_at_a_corner_or_along_an_edge(shift, shared):
    """Two cubes with a corner, or an edge, in common would swing about it."""
    cube = meshes.box((1, 1, 1))
    first = cube.points / np.ptp(cube.points, axis=0)
    points, number = np.unique(np.concatenate([first, first + shift]).round(9), axis=0, return_inverse=True)
    number = number.reshape(2, -1)
    assert len(points) == 2 * len(first) - shared
    both = replace(
        cube,
        points=points,
        tets=np.concatenate([n[cube.tets] for n in number]),
        region=np.tile(cube.region, 2),
        facets=dict.fromkeys(cube.facets, np.zeros((0, 6), int)),
        thrombus_thickness_mm=np.zeros(len(points)),
        wall_thickness_mm=np.ones(len(points)),
    )
    with pytest.raises(MeshError, match="in 2 pieces") as caught:
        check_solid(both)
    assert "6 of 12 elements and shares no face" in caught.value.why


def test_node_that_is_not_a_number(vessel):
    points = vessel.points.copy()
    points[3, 1] = np.nan
    with pytest.raises(MeshError, match="not finite"):
        run(replace(vessel, points=points))


@pytest.mark.parametrize(
    "wall",
    [
        WallSettings(parameters={"alpha": -0.1}),
        WallSettings(parameters={"alpha": float("nan")}),
        WallSettings(parameters={"alpha": 1e9}),
        WallSettings(parameters={"gamma": 1.0}),
        WallSettings(material="guccione-1995"),
    ],
)
def test_absurd_parameters_are_refused(vessel, wall):
    with pytest.raises(CaseFileError):
        run(vessel, wall)


def test_wall_too_soft_for_its_pressure_ends_with_the_last_equilibrium():
    vessel = meshes.thrombosed_tube((1, 6, 4))
    soft = WallSettings(parameters={"alpha": 1e-4, "beta": 0.0})
    with pytest.raises(SolverError, match="no equilibrium found") as caught:
        run(vessel, soft, MechanicsSettings(prestress="none", bulk_modulus=0.02, minimum_step=0.25, max_iterations=4))
    factor, moved = caught.value.last_state
    assert 0 <= factor < 1 and moved.shape == vessel.points.shape
    assert "a thin sphere of the wall's law bears no more beyond a stretch of 1.38" in caught.value.why  # beta is 0
