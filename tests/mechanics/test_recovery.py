"""Nodal stress by projection: exact for linear fields, apart by region, and of second order where the exact stress is known."""

import numpy as np
import pytest

from aorta.errors import SolverError
from aorta.mechanics import tet10
from aorta.mechanics.recovery import Recovery, recovery_of
from aorta.records import WALL
from aorta.verify import closed_forms as exact
from aorta.verify import reference_meshes as meshes


def recovery(mesh):
    return Recovery(mesh, tet10.GAUSS_4, tet10.GAUSS_4_WEIGHTS)


def places(mesh):
    return np.einsum("qn,mni->mqi", tet10.shape(tet10.GAUSS_4), mesh.points[mesh.tets])


def test_a_linear_field_is_kept():
    mesh = meshes.box((2, 2, 2), distort=0.2)
    field = lambda x: np.stack([x @ [1.0, 2, 3], x @ [0, 1.0, -1], 0.5 + 0 * x[..., 0]] * 2, -1)  # noqa: E731
    np.testing.assert_allclose(recovery(mesh).nodal(field(places(mesh))), field(mesh.points), rtol=0, atol=1e-5)


def test_a_projection_that_does_not_converge_is_an_error(monkeypatch):
    mesh = meshes.box((2, 2, 2), distort=0.2)
    monkeypatch.setattr("aorta.mechanics.recovery._MOST_ITERATIONS", 3)
    with pytest.raises(SolverError, match="could not be carried to the nodes") as caught:
        recovery(mesh).nodal(places(mesh)[..., [0, 1, 2, 0, 1, 2]])
    assert "3 iterations" in caught.value.why
    stress = np.full((len(mesh.tets), 4, 6), np.nan)
    with pytest.raises(SolverError, match="could not be carried"):
        recovery(mesh).nodal(stress)


def test_where_wall_meets_thrombus_the_stress_jumps_and_the_node_has_the_walls():
    mesh = meshes.thrombosed_tube((2, 8, 3))
    value = np.where(mesh.region == WALL, 7.0, 1.0)[:, None, None] * np.ones((1, 4, 6))
    nodal = recovery(mesh).nodal(value)
    wall = np.unique(mesh.tets[mesh.region == WALL])
    np.testing.assert_allclose(nodal[wall], 7.0, rtol=1e-5)
    np.testing.assert_allclose(np.delete(nodal, wall, axis=0), 1.0, rtol=1e-5)


def test_noise_of_the_mean_stress_is_taken_out_and_a_deviators_shape_is_kept():
    """White noise in the mean stress is more than halved; in the deviator it is not, which follows a parabola in exchange.
    Values are frozen: the shares by which curvature is held down make them."""
    mesh = meshes.box((4, 4, 4), distort=0.2)
    noise = np.random.default_rng(1).normal(size=(len(mesh.tets), 4, 1))
    rms = lambda x: np.sqrt(np.mean(x**2))  # noqa: E731
    assert rms(recovery(mesh).nodal(noise * [1.0, 1, 1, 0, 0, 0])[:, :3]) == pytest.approx(0.407, abs=0.02)
    assert rms(recovery(mesh).nodal(noise * [0, 0, 0, 1.0, 0, 0])[:, 3]) == pytest.approx(1.61, abs=0.1)
    parabola = lambda x: np.stack([0 * x[..., 0]] * 3 + [x[..., 0] ** 2] + [0 * x[..., 0]] * 2, -1)  # noqa: E731
    off = recovery(mesh).nodal(parabola(places(mesh))) - parabola(mesh.points)
    assert rms(off[:, 3]) == pytest.approx(0.0048, abs=0.001)


def test_the_projection_is_made_once_for_the_states_of_a_mesh():
    one, other = meshes.box((1, 1, 1)), meshes.box((2, 1, 1))
    first = recovery_of(one, tet10.GAUSS_4, tet10.GAUSS_4_WEIGHTS)
    assert recovery_of(one, tet10.GAUSS_4, tet10.GAUSS_4_WEIGHTS) is first
    values = np.ones((len(other.tets), 4, 6))
    assert recovery_of(other, tet10.GAUSS_4, tet10.GAUSS_4_WEIGHTS).nodal(values).shape == (len(other.points), 6)


@pytest.mark.fem
@pytest.mark.parametrize(("shell", "all_nodes", "inner_face"), [(exact.TUBE, 5.3e-4, 10.4e-4), (exact.SPHERE, 8.1e-4, 16.6e-4)])
def test_hoop_stress_at_nodes_of_tube_and_sphere(shell, all_nodes, inner_face):
    """Four layers against the closed form, root mean square over its own (frozen); from two layers to four the rate is 2."""
    pytest.importorskip("dolfinx")
    from scipy.interpolate import CubicSpline

    from aorta.verify import shells, solving

    grid = np.linspace(10.0, 11.5, 101)
    profile = exact.inflate_compressible(shell, 10.0, 11.5, shells.P120, exact.raghavan_vorp(), solving.BULK)
    true = CubicSpline(grid, profile.stress(grid)[:, 1])
    found = []
    for layers in (2, 4):
        mesh, supports = shells.sector(shell, 10.0, 11.5, layers)
        state, newton = solving.inflate(solving.body(mesh, supports), shells.P120)
        newton.release()
        radius, _ = shells.outward(shell, mesh.points)
        off = solving.along(state.cauchy_nodal_MPa, shells.hoop_direction(shell, mesh.points)) - true(radius)
        size = np.sqrt(np.mean(true(radius) ** 2))
        inner = np.abs(radius - 10.0) < 1e-9
        found.append([np.sqrt(np.mean(off[nodes] ** 2)) / size for nodes in (slice(None), inner)])
    coarse, fine = np.array(found)
    np.testing.assert_allclose(fine, [all_nodes, inner_face], rtol=0.05)
    np.testing.assert_allclose(np.log2(coarse / fine), 2.0, atol=0.25)
