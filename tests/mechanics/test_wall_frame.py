"""The wall's own directions, and the depth in the thrombus, against bodies where they are known."""

import numpy as np
import pytest

from aorta.errors import MeshError
from aorta.mechanics import tet10
from aorta.mechanics.structures import harmonic
from aorta.mechanics.structures.thrombus_depth import thrombus_depth
from aorta.mechanics.structures.wall_frame import wall_frame
from aorta.records import THROMBUS, WALL, WallMesh
from aorta.verify import reference_meshes as meshes


def places(mesh):
    bary = np.concatenate([1 - tet10.GAUSS_4.sum(1, keepdims=True), tet10.GAUSS_4], 1)
    shape = np.concatenate([bary * (2 * bary - 1), np.stack([4 * bary[:, a] * bary[:, b] for a, b in tet10.EDGES], 1)], 1)
    return np.einsum("qn,mni->mqi", shape, mesh.points[mesh.tets])


def everywhere(mesh):
    return np.ones(len(mesh.tets), bool)


def test_harmonic_field_of_a_tube_is_the_logarithm():
    mesh = meshes.tube_sector(10.0, 15.0, (4, 8, 1), 60.0, 2.0)
    found = harmonic.potential(mesh.points, mesh.tets, mesh.facets["blood"].ravel(), mesh.facets["outer"].ravel(), "test")
    radius = np.linalg.norm(mesh.points[:, :2], axis=1)
    np.testing.assert_allclose(found, np.log(radius / 10) / np.log(1.5), atol=2e-4)


def test_frame_of_a_tube():
    mesh = meshes.tube_sector(10.0, 11.5, (1, 4, 2), 30.0, 3.0)
    frame = wall_frame(mesh, everywhere(mesh), tet10.GAUSS_4, "blood", "outer", "z1", ("z0",))
    at = places(mesh)
    radial = at * [1, 1, 0] / np.linalg.norm(at[..., :2], axis=-1, keepdims=True)
    hoop = np.cross([0.0, 0, 1], radial)
    off = np.degrees(np.arccos(np.abs((frame.circumferential * hoop).sum(-1)).clip(max=1)))
    np.testing.assert_allclose(off, 0.0, atol=0.2)
    np.testing.assert_allclose(np.abs(frame.axial[..., 2]), 1.0, atol=1e-6)
    assert frame.weak == 0


def test_frame_is_orthonormal_in_an_aneurysm_with_thrombus_and_follows_its_meridians():
    mesh = meshes.thrombosed_tube((3, 16, 12))
    wall = mesh.region == WALL
    frame = wall_frame(mesh, wall, tet10.GAUSS_4)
    c, a = frame.circumferential[wall], frame.axial[wall]
    np.testing.assert_allclose((c * c).sum(-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose((a * a).sum(-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose((c * a).sum(-1), 0.0, atol=1e-12)
    assert not frame.circumferential[~wall].any() and not frame.axial[~wall].any()
    at = places(mesh)[wall]  # the wall is a surface of revolution
    hoop = np.cross([0.0, 0, 1], at * [1, 1, 0])
    hoop /= np.linalg.norm(hoop, axis=-1, keepdims=True)
    off = np.degrees(np.arccos(np.abs((c * hoop).sum(-1)).clip(max=1)))
    assert np.percentile(off, 95) == pytest.approx(0, abs=1.5)


def test_frame_turns_with_the_vessel():
    from scipy.spatial.transform import Rotation

    mesh = meshes.aneurysm((1, 10, 8))
    turn = Rotation.from_euler("xyz", (20, 50, -70), degrees=True).as_matrix()
    turned = WallMesh(mesh.points @ turn.T, *(getattr(mesh, n) for n in ("tets", "region", "facets", "ends")),
                      mesh.thrombus_thickness_mm, mesh.wall_thickness_mm)  # fmt: skip
    first, second = (wall_frame(m, everywhere(m), tet10.GAUSS_4) for m in (mesh, turned))
    np.testing.assert_allclose(second.circumferential, first.circumferential @ turn.T, atol=1e-6)
    np.testing.assert_allclose(second.axial, first.axial @ turn.T, atol=1e-6)


def test_axial_field_divides_at_a_bifurcation():
    """A flat Y of three strips: along each leg the axial direction is the leg's own."""
    mesh = meshes.box((2, 12, 12), (1.0, 24.0, 24.0))
    centre = mesh.points[mesh.tets[:, :4]].mean(1)
    slot = (np.abs(centre[:, 1] - 12) < 4) & (centre[:, 2] < 12)  # cut out: two legs below, one trunk above
    tets = mesh.tets[~slot]
    used, packed = np.unique(tets, return_inverse=True)
    number = np.full(len(mesh.points), -1)
    number[used] = np.arange(len(used))
    facets = {}
    for old, new in (("x0", "wall_inner"), ("x1", "outer"), ("z1", "end_proximal")):
        kept = number[mesh.facets[old]]
        facets[new] = kept[(kept >= 0).all(1)]
    low = number[mesh.facets["z0"]]
    low = low[(low >= 0).all(1)]
    left = mesh.points[used][low][..., 1].mean(1) < 12
    facets |= {"end_left": low[left], "end_right": low[~left], "blood": facets["wall_inner"]}
    zero = np.zeros(len(used))
    fork = WallMesh(mesh.points[used], packed.reshape(-1, 10), np.full(len(tets), WALL, np.uint8), facets, (), zero, zero)
    frame = wall_frame(fork, everywhere(fork), tet10.GAUSS_4)
    at = places(fork)
    np.testing.assert_allclose(np.abs(frame.circumferential[..., 0]), 0.0, atol=1e-6)  # within the strip
    for leg in ((at[..., 1] < 8) & (at[..., 2] < 6), (at[..., 1] > 16) & (at[..., 2] < 6), at[..., 2] > 20):
        np.testing.assert_allclose(np.abs(frame.axial[leg][:, 2]), 1.0, atol=0.03)


def test_without_a_far_end_there_is_no_axial_direction():
    mesh = meshes.aneurysm((1, 8, 4))
    facets = {name: f for name, f in mesh.facets.items() if name != "end_distal"}
    one = WallMesh(mesh.points, mesh.tets, mesh.region, facets, (), mesh.thrombus_thickness_mm, mesh.wall_thickness_mm)
    with pytest.raises(MeshError, match="direction along the wall"):
        wall_frame(one, everywhere(one), tet10.GAUSS_4)


def test_depth_in_the_thrombus_is_the_share_of_the_shortest_ways():
    """Between concentric cylinders: (r - a)/(b - a), short of what flat triangles leave out."""
    mesh = meshes.structured(
        (4, 48, 1),
        lambda s: np.stack(
            [(8 + 8 * s[:, 0]) * np.cos(2 * np.pi * s[:, 1]), (8 + 8 * s[:, 0]) * np.sin(2 * np.pi * s[:, 1]), s[:, 2]], -1
        ),
        {(0, 1): "outer", (2, 0): "end_distal", (2, 1): "end_proximal"},
        region=lambda c: np.where(c[:, 0] > 0.75, WALL, THROMBUS),
        periodic=True,
    )
    found = thrombus_depth(mesh, tet10.GAUSS_4)
    inside = mesh.region == THROMBUS
    radius = np.linalg.norm(places(mesh)[inside][..., :2], axis=-1)
    np.testing.assert_allclose(found[inside], (radius - 8) / 6, atol=4e-3)
    assert not found[~inside].any()
