"""States over the heart beat."""

import numpy as np
import pytest

pytest.importorskip("dolfinx")

from aorta.mechanics.cycle import pressures_of  # noqa: E402
from aorta.mechanics.solve import solve  # noqa: E402
from aorta.records import HeartCycle  # noqa: E402
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, WallSettings  # noqa: E402
from aorta.units import MMHG_IN_MPA  # noqa: E402
from aorta.verify import reference_meshes as meshes  # noqa: E402

pytestmark = pytest.mark.fem
SYSTOLIC, MEAN, DIASTOLIC, IMAGING = (p * MMHG_IN_MPA for p in (130.0, 95.0, 80.0, 88.0))
PRESSURE = BloodPressure(SYSTOLIC, DIASTOLIC, IMAGING)
WAVE = np.array([80.0, 118.0, 130.0, 104.0, 88.0]) * MMHG_IN_MPA
CYCLE = HeartCycle({"diastole": DIASTOLIC, "mean": MEAN}, np.array([0.0, 0.1, 0.2, 0.4, 0.6]), WAVE)


def run(cycle, **settings):
    mesh = meshes.aneurysm((1, 12, 8))
    return solve(mesh, PRESSURE, MechanicsSettings(**settings), WallSettings(), ThrombusSettings(), cycle=cycle)


@pytest.fixture(scope="module")
def beat():
    return run(CYCLE)


def size(state):
    return float(np.linalg.norm(state.displacement_mm, axis=1).max())


def test_order_names_and_times(beat):
    assert [s.name for s in beat.states] == ["imaging", "systole", "mean", "diastole", *(f"wave_{q:02d}" for q in range(5))]
    assert [s.time_s for s in beat.states] == [None] * 4 + list(CYCLE.time_s)
    np.testing.assert_allclose([s.pressure_MPa for s in beat.states], [IMAGING, SYSTOLIC, MEAN, DIASTOLIC, *WAVE], rtol=1e-14)


def test_without_a_cycle_nothing_changes(beat):
    plain = run(None)
    assert [s.name for s in plain.states] == ["imaging", "systole"]
    np.testing.assert_array_equal(plain.state("systole").displacement_mm, beat.state("systole").displacement_mm)
    assert list(pressures_of(None)) == []


def test_state_at_imaging_pressure_is_the_image(beat):
    """The prestress identity again, after a way over systole and diastole."""
    again, image = beat.state("wave_04"), beat.state("imaging")
    np.testing.assert_allclose(again.displacement_mm, 0.0, atol=1e-7)
    np.testing.assert_allclose(again.cauchy_quadrature_MPa, image.cauchy_quadrature_MPa, rtol=0, atol=1e-8)


def test_replay_gives_the_systole_of_the_direct_solve(beat):
    replayed, direct = beat.state("wave_02"), beat.state("systole")
    np.testing.assert_allclose(replayed.displacement_mm, direct.displacement_mm, rtol=0, atol=1e-7)
    np.testing.assert_allclose(replayed.cauchy_quadrature_MPa, direct.cauchy_quadrature_MPa, rtol=0, atol=1e-8)
    np.testing.assert_allclose(beat.state("wave_00").displacement_mm, beat.state("diastole").displacement_mm, rtol=0, atol=1e-7)


def test_vessel_widens_with_pressure(beat):
    """Radial motion of the sac's middle is in the order of pressures, whatever the order of solving."""
    mesh = meshes.aneurysm((1, 12, 8))
    node = np.unique(mesh.facets["outer"])[np.argmax(np.hypot(*mesh.points[np.unique(mesh.facets["outer"]), :2].T))]
    outward = mesh.points[node, :2] / np.linalg.norm(mesh.points[node, :2])
    motion = [s.displacement_mm[node, :2] @ outward for s in sorted(beat.states, key=lambda s: s.pressure_MPa)]
    pressures = sorted(s.pressure_MPa for s in beat.states)
    for (a, p), (b, q) in zip(zip(motion, pressures), list(zip(motion, pressures))[1:]):
        assert (b - a > 1e-3) if q > p * (1 + 1e-9) else abs(b - a) < 1e-6


def test_balance_of_every_state_is_checked(beat):
    worst = next(f for f in beat.findings if f.name == "traction_balance_error")
    assert worst.value == pytest.approx(0, abs=1e-7)


def test_factorisation_is_kept_over_the_beat(beat):
    count = next(f.value for f in beat.findings if f.name == "factorisations")
    assert count <= 3  # one inverse, one forward, at most one renewed on the way of seven states


def test_linear_states_are_in_proportion():
    beat = run(CYCLE, prestress="linear")
    ratio = beat.state("wave_01").cauchy_quadrature_MPa / beat.state("diastole").cauchy_quadrature_MPa
    np.testing.assert_allclose(ratio, 118 / 80, rtol=1e-9)
    assert beat.state("wave_01").time_s == 0.1
