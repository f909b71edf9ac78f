"""Mean stress as an unknown of its own."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from aorta.mechanics.domain import make_domain  # noqa: E402
from aorta.mechanics.equilibrium import Body, Equilibrium  # noqa: E402
from aorta.mechanics.materials.registry import LAWS, Material  # noqa: E402
from aorta.mechanics.newton import Newton  # noqa: E402
from aorta.mechanics.solve import solve  # noqa: E402
from aorta.mechanics.supports import fixed  # noqa: E402
from aorta.records import THROMBUS, WALL  # noqa: E402
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, WallSettings  # noqa: E402
from aorta.units import MMHG_IN_MPA  # noqa: E402
from aorta.verify import closed_forms as exact  # noqa: E402
from aorta.verify import incompressible, shells, solving  # noqa: E402
from aorta.verify import reference_meshes as meshes  # noqa: E402
from aorta.verify.tangents import along_a_direction  # noqa: E402

pytestmark = pytest.mark.fem
P80, P120 = 80 * MMHG_IN_MPA, 120 * MMHG_IN_MPA
PRESSURE = BloodPressure(systolic=P120, diastolic=P80)


@pytest.fixture(scope="module")
def thrombosed():
    return meshes.thrombosed_tube((3, 8, 4), bare=0.3)


@pytest.fixture(scope="module")
def solution(thrombosed):
    return solve(thrombosed, PRESSURE, MechanicsSettings(formulation="mixed"), WallSettings(), ThrombusSettings())


def finding(solution, name):
    return next(f for f in solution.findings if f.name == name)


def test_every_check_of_the_stage_is_green(thrombosed, solution):
    nodes = len(solution.states[0].displacement_mm)
    corners = sum(len(np.unique(thrombosed.tets[thrombosed.region == r, :4])) for r in (THROMBUS, WALL))
    assert finding(solution, "degrees_of_freedom").value == 3 * nodes + corners
    assert finding(solution, "traction_balance_error").value == pytest.approx(0, abs=1e-8)
    assert finding(solution, "reaction_balance_error").value == pytest.approx(0, abs=1e-9)
    assert finding(solution, "prestress_identity_residual").value == pytest.approx(0, abs=1e-8)
    assert all(f.valid for f in solution.findings)
    assert "unstable_directions" not in {f.name for f in solution.findings}  # the pressures' negative eigenvalues are known
    assert finding(solution, "volume_ratio_min").method.startswith("least J = 1 + mean stress")
    assert 0.99 < finding(solution, "volume_ratio_min").value < 1 < finding(solution, "volume_ratio_max").value < 1.02


def test_mean_stress_jumps_where_tissues_meet():
    """A pressure continuous over both tissues would give the soft one the stress of the stiff one."""
    thrombosed = meshes.thrombosed_tube((3, 6, 2), bare=0.3)
    equilibrium = Equilibrium(_body(thrombosed), prestressed=True)
    newton = Newton(equilibrium, "inverse")
    newton.run(0.0, P80)
    newton.release()
    unknowns = equilibrium.body.domain.unknowns
    values = {}
    for region, (nodes, places) in zip(unknowns.regions, unknowns.pressure):
        corners = np.unique(thrombosed.tets[thrombosed.region == region, :4])
        assert set(nodes) == set(corners)
        shear = equilibrium.body.materials[region].shear_modulus
        values[region] = dict(zip(nodes, shear * equilibrium.w.x.array[places]))
    common = sorted(values[WALL].keys() & values[THROMBUS].keys())
    jump = np.array([values[WALL][node] - values[THROMBUS][node] for node in common])
    assert (jump > 0).all()
    assert np.median(jump) == pytest.approx(0.0222, rel=0.02)  # MPa, frozen; blood pressure is 0.0107
    assert unknowns.unused.sum() == sum(len(set(thrombosed.tets[:, :4].ravel()) - set(v)) for v in values.values())


def _body(mesh, wall: Material | None = None) -> Body:
    return solving.body(mesh, (fixed("end_proximal"), fixed("end_distal")), wall, formulation="mixed")


def test_there_and_back():
    """The inverse problem's shape, inflated by the ordinary one, is the image."""
    mesh = meshes.thrombosed_tube((2, 6, 2), bare=0.3)
    inward, imaged = solving.unload(_body(mesh), P80)
    state, newton = solving.inflate(_body(solving.moved(mesh, inward)), P80)
    newton.release()
    np.testing.assert_allclose(state.displacement_mm, -inward, atol=1e-7 * np.abs(inward).max())
    size = np.abs(imaged.cauchy_quadrature_MPa).max()
    np.testing.assert_allclose(state.cauchy_quadrature_MPa, imaged.cauchy_quadrature_MPa, atol=1e-6 * size)


@pytest.mark.parametrize("phase", ["forward", "inverse"])
def test_tangent_is_the_residuals_derivative(phase):
    mesh = meshes.thrombosed_tube((2, 6, 2), bare=0.3)
    equilibrium, rng = Equilibrium(_body(mesh), prestressed=True), np.random.default_rng(7)
    unknown = equilibrium.u if phase == "forward" else equilibrium.w
    equilibrium.pressure.value = 0.016
    for function in (equilibrium.u, equilibrium.w):
        function.x.array[:] = rng.uniform(-0.03, 0.03, len(function.x.array))
    found, expected = along_a_direction(equilibrium, getattr(equilibrium, phase)(), unknown, 1e-5, rng)
    np.testing.assert_allclose(found, expected, atol=1e-7 * np.abs(expected).max(), rtol=0)


def test_fully_incompressible_tube():
    """1/κ = 0: the displacement form has no such limit."""
    mesh, supports = shells.sector(exact.TUBE, 10.0, 11.5, 4)
    wall = Material(LAWS["neo-hookean"], {"mu": 0.348}, np.inf)
    state, newton = solving.inflate(solving.body(mesh, supports, wall, formulation="mixed"), P120)
    newton.release()
    radius = np.linalg.norm((mesh.points + state.displacement_mm)[:, :2], axis=1)
    law = exact.neo_hookean(0.348)
    inner = exact.inflate(exact.TUBE, 10.0, 11.5, P120, law)[0]
    at = np.abs(np.linalg.norm(mesh.points[:, :2], axis=1) - 10.0) < 1e-9
    assert radius[at].mean() - 10.0 == pytest.approx(inner - 10.0, rel=1e-6)
    places = solving.quadrature_places(mesh)
    R = np.linalg.norm(places[..., :2], axis=-1)
    r = np.sqrt(R**2 + inner**2 - 100.0)
    hoop = solving.along(state.cauchy_quadrature_MPa, shells.hoop_direction(exact.TUBE, places))
    picked = np.linspace(0, r.size - 1, 40).astype(int)
    expected = [exact.hoop_stress(exact.TUBE, 10.0, 11.5, inner, law, at) for at in r.ravel()[picked]]
    np.testing.assert_allclose(hoop.ravel()[picked], expected, rtol=2e-4)


def test_oscillation_of_the_displacement_form_is_seen():
    """The measure tells the two forms apart, by two orders: a mixed form that had lost its pressure would show (frozen)."""
    rough, smooth = (incompressible.errors(exact.TUBE, form, 2, 1e3) for form in ("displacement", "mixed"))
    assert rough.oscillation == pytest.approx(2.54e-3, rel=0.05)
    assert smooth.oscillation == pytest.approx(2.24e-5, rel=0.05)
    assert smooth.iterations < rough.iterations


def test_domain_without_thrombus_has_one_pressure():
    domain = make_domain(meshes.aneurysm((1, 8, 4)), "mixed")
    assert domain.unknowns.regions == (WALL,)
    assert not domain.unknowns.unused.any()
