"""Loads shared with the wall, elastic ends, surrounding tissue and the spine, through the mechanics stage."""

import dataclasses
from functools import cache

import numpy as np
import pytest
import pyvista as pv

pytest.importorskip("dolfinx")

from aorta.errors import CaseFileError, MeshError, SolverError  # noqa: E402
from aorta.mechanics import balance, tet10  # noqa: E402
from aorta.mechanics.around import surroundings_of  # noqa: E402
from aorta.mechanics.contact import Contact  # noqa: E402
from aorta.mechanics.equilibrium import Equilibrium  # noqa: E402
from aorta.mechanics.holding import check_held, check_supports  # noqa: E402
from aorta.mechanics.loads import BARE, COVERED, LUMINAL, loaded  # noqa: E402
from aorta.mechanics.newton import Newton  # noqa: E402
from aorta.mechanics.obstacles import REACH_MM, sampled  # noqa: E402
from aorta.mechanics.solve import solve  # noqa: E402
from aorta.mechanics.support_forces import area_vectors  # noqa: E402
from aorta.mechanics.supports import Support, fixed, sliding  # noqa: E402
from aorta.mechanics.surroundings import Surroundings, Tissue  # noqa: E402
from aorta.records import HeartCycle, Surface  # noqa: E402
from aorta.settings import BloodPressure, MechanicsSettings, ThrombusSettings, TissueSettings, WallSettings  # noqa: E402
from aorta.units import MMHG_IN_MPA  # noqa: E402
from aorta.verify import reference_meshes as meshes  # noqa: E402
from aorta.verify import solving  # noqa: E402

pytestmark = pytest.mark.fem
PRESSURE = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)
VESSEL = meshes.aneurysm((1, 12, 8))
CLOTTED = meshes.thrombosed_tube((3, 8, 6), bare=0.25)


def run(mesh=VESSEL, tissue=TissueSettings(), cycle=None, **settings):  # noqa: B008
    given = MechanicsSettings(**settings)
    return solve(mesh, PRESSURE, given, WallSettings(), ThrombusSettings(), cycle=cycle, tissue=tissue)


def value(solution, name):
    return next(f.value for f in solution.findings if f.name == name)


def is_balanced(solution):
    assert value(solution, "traction_balance_error") == pytest.approx(0, abs=1e-7)
    assert value(solution, "reaction_balance_error") == pytest.approx(0, abs=1e-9)


def motion(solution, state="systole"):
    return np.linalg.norm(solution.state(state).displacement_mm, axis=1)


@pytest.fixture(scope="module")
def plain():
    return run()


# ----------------------------------------------------------------------------------- shared pressure


def test_parts_of_the_loaded_faces_are_blood_and_wall():
    mesh, loads = loaded(CLOTTED, MechanicsSettings(wall_pressure_share=0.3))
    assert loads == {BARE: 1.0, LUMINAL: 0.7, COVERED: 0.3}
    count = {name: len(mesh.facets[name]) for name in (BARE, LUMINAL, COVERED)}
    assert min(count.values()) > 0
    assert count[BARE] + count[LUMINAL] == len(mesh.facets["blood"])
    assert count[BARE] + count[COVERED] == len(mesh.facets["wall_inner"])


def test_total_force_goes_over_from_lumen_to_wall_in_proportion():
    state = run(CLOTTED, prestress="linear").state("systole")

    def force(share):
        mesh, loads = loaded(CLOTTED, MechanicsSettings(wall_pressure_share=share))
        return balance.pressure_forces(mesh, state, loads).sum(0), balance.loaded_area(mesh, state, loads)

    (lumen, area_lumen), (wall, area_wall), (mixed, area) = force(0.0), force(1.0), force(0.3)
    np.testing.assert_allclose(mixed, 0.7 * lumen + 0.3 * wall, rtol=1e-9, atol=1e-12 * state.pressure_MPa * area)
    assert area == pytest.approx(0.7 * area_lumen + 0.3 * area_wall, rel=1e-12)
    np.testing.assert_array_equal(wall, balance.pressure_forces(CLOTTED, state, "wall_inner").sum(0))


def test_share_lies_between_the_two_places_and_is_balanced():
    lumen, shared, wall = run(CLOTTED), run(CLOTTED, wall_pressure_share=0.5), run(CLOTTED, pressure_on="wall")
    for solution in (lumen, shared, wall):
        is_balanced(solution)
    low, middle, high = (s.state("systole").cauchy_quadrature_MPa for s in (lumen, shared, wall))
    np.testing.assert_allclose(middle, (low + high) / 2, rtol=0, atol=0.04 * np.abs(high - low).max())  # nearly linear in it
    np.testing.assert_array_equal(
        run(CLOTTED, wall_pressure_share=1.0).state("systole").displacement_mm, wall.state("systole").displacement_mm
    )


def test_share_that_contradicts_the_place_is_refused():
    with pytest.raises(CaseFileError, match="contradict"):
        run(CLOTTED, pressure_on="wall", wall_pressure_share=0.5)


# ------------------------------------------------------------------------------------- elastic ends


def test_elastic_ends_give_way_and_stiff_ones_do_not(plain):
    soft = run(ends="elastic", end_stiffness_normal=0.02, end_stiffness_tangential=0.01)
    stiff = run(ends="elastic", end_stiffness_normal=10.0)
    for solution in (soft, stiff):
        is_balanced(solution)
    ends = np.unique(np.concatenate([VESSEL.facets["end_proximal"], VESSEL.facets["end_distal"]]))
    assert motion(soft)[ends].max() > 0.05
    assert 1e-5 < motion(stiff)[ends].max() < 0.02
    assert motion(stiff).max() / motion(plain).max() == pytest.approx(1.04, abs=0.01)  # frozen: a vessel that sways feels its ends


@pytest.mark.parametrize(
    "settings", [{"ends": "elastic"}, {"end_stiffness_normal": 1.0}, {"ends": "sliding", "end_stiffness_tangential": 1.0}]
)
def test_stiffness_and_ends_must_go_together(settings):
    with pytest.raises(CaseFileError, match="stiffness"):
        run(**settings)


# ------------------------------------------------------------------------------------------- tissue


def test_tissue_at_rest_in_the_image_changes_nothing_there(plain):
    held = run(tissue=TissueSettings(stiffness=0.01))
    is_balanced(held)
    a, b = (s.state("imaging").cauchy_quadrature_MPa for s in (plain, held))
    np.testing.assert_array_equal(a, b)
    outer = np.unique(VESSEL.facets["outer"])
    assert motion(held)[outer].max() < 0.5 * motion(plain)[outer].max()
    largest = value(held, "tissue_traction_max_kPa")
    assert largest == pytest.approx(10 * motion(held)[outer].max(), rel=0.08)  # 10 kPa/mm, at points between the nodes


def trace_over_volume(state):
    """∫ tr σ dV in N mm, which is the loads' virial: the places' product with the forces there."""
    return float((state.cauchy_quadrature_MPa[..., :3].sum(-1) * state.quadrature_volume_mm3).sum())


def test_tissue_at_rest_in_the_unloaded_shape_bears_some_of_the_imaging_pressure(plain):
    held = run(tissue=TissueSettings(stiffness=0.001, at_rest="unloaded"))
    is_balanced(held)
    assert held.state("imaging").displacement_mm.any() == False  # noqa: E712 (the image is where it is)
    a, b = (trace_over_volume(s.state("imaging")) for s in (plain, held))
    # springs beside springs: the vessel's own are blood's force over the outer face's motion from unloaded to imaged
    vectors = area_vectors(VESSEL.points, VESSEL.facets["outer"])
    value_at, _ = tet10.triangle_shape(tet10.TRIANGLE_6)
    moved = -np.einsum("qn,fni->fqi", value_at, plain.unloaded_displacement_mm[VESSEL.facets["outer"]])
    own = plain.states[0].pressure_MPa * tet10.area(VESSEL.points, VESSEL.facets["blood"]) / (moved * vectors).sum()
    assert own == pytest.approx(0.00756, rel=0.01)  # frozen; what follows from it is not
    assert b / a == pytest.approx(1 / (1 + 0.001 / own), rel=0.01)
    assert value(held, "prestress_identity_residual") == pytest.approx(0, abs=1e-8)


WAVE = HeartCycle({}, np.array([0.0, 0.1, 0.2, 0.4, 0.6]), np.array([80.0, 118.0, 120.0, 104.0, 88.0]) * MMHG_IN_MPA, period_s=0.8)


def test_damped_beat_is_periodic_lags_and_balances():
    still, damped = run(tissue=TissueSettings(0.002), cycle=WAVE), run(tissue=TissueSettings(0.002, 0.002), cycle=WAVE)
    is_balanced(damped)
    assert 1 <= value(damped, "beats_until_periodic") <= 6
    assert value(damped, "beat_to_beat_change_mm") == pytest.approx(0, abs=1e-3 * motion(damped, "wave_02").max())
    names = [s.name for s in damped.states]
    assert names == [s.name for s in still.states]
    assert motion(damped, "wave_01").max() < 0.99 * motion(still, "wave_01").max()  # on the way up it is behind
    assert motion(damped, "wave_03").max() > 1.01 * motion(still, "wave_03").max()  # and on the way down
    states = [damped.state(f"wave_{q:02d}") for q in range(5)]
    for before, after in zip(states, states[1:]):
        step = (after.displacement_mm - before.displacement_mm) / (after.time_s - before.time_s)
        np.testing.assert_allclose(after.velocity_mm_per_s, step, rtol=0, atol=1e-9)
    first = (states[0].displacement_mm - states[-1].displacement_mm) / 0.2  # over the end of the beat
    np.testing.assert_allclose(states[0].velocity_mm_per_s, first, rtol=0, atol=0.02)
    np.testing.assert_array_equal(damped.state("systole").displacement_mm, still.state("systole").displacement_mm)  # static
    assert damped.state("systole").velocity_mm_per_s is None


# -------------------------------------------------------------------------------------------- spine


def column(gap, mesh=VESSEL, radius=25.0):
    """A round column behind the vessel (-y here), so far from its outer face."""
    y = mesh.points[:, 1].min() - gap - radius
    around, up = np.meshgrid(np.linspace(0, 2 * np.pi, 121)[:-1], np.linspace(-40, 40, 61))
    points = np.stack([radius * np.cos(around), y + radius * np.sin(around), up], -1).reshape(-1, 3)
    a = (120 * np.arange(60)[:, None] + np.arange(120)).ravel()
    b = (120 * np.arange(60)[:, None] + (np.arange(120) + 1) % 120).ravel()
    triangles = np.concatenate([np.stack([a, b, b + 120], 1), np.stack([a, b + 120, a + 120], 1)])
    return Surface(points, triangles)  # open above and below, where no vessel is in reach


@cache
def beside(gap):
    return dataclasses.replace(VESSEL, spine=column(gap))


def test_spine_holds_the_wall_back(plain):
    free, held = run(beside(0.3), prestress="none", spine="ignore"), run(beside(0.3), prestress="none")
    assert not any(f.name.startswith("spine") for f in free.findings)
    is_balanced(held)
    assert value(held, "spine_gap_min_mm") == pytest.approx(0.3, abs=0.04)
    assert value(held, "spine_contact_area_mm2") > 20
    assert value(held, "spine_contact_force_N") > 0.3
    deepest = value(held, "spine_penetration_max_mm")
    assert 0 < deepest < 0.1 and value(held, "spine_contact_pressure_max_kPa") == pytest.approx(1e3 * deepest, rel=1e-9)
    back = np.unique(VESSEL.facets["outer"])
    back = back[(np.abs(VESSEL.points[back, 0]) < 5) & (np.abs(VESSEL.points[back, 2]) < 30)]
    far = [(VESSEL.points + s.state("systole").displacement_mm)[back, 1].min() for s in (free, held)]
    wall = VESSEL.points[:, 1].min() - 0.3
    assert far[0] < wall - 0.3  # without the spine the wall would be where the spine is
    assert far[1] == pytest.approx(wall - 0.07, abs=0.02)  # as deep as the penalty lets it


def test_overlap_in_the_image_is_no_force(plain):
    held = run(beside(-0.8))
    is_balanced(held)
    assert value(held, "spine_gap_min_mm") == pytest.approx(-0.8, abs=0.04)
    np.testing.assert_array_equal(held.state("imaging").cauchy_quadrature_MPa, plain.state("imaging").cauchy_quadrature_MPa)
    assert value(held, "prestress_identity_residual") == pytest.approx(0, abs=1e-8)
    assert {h["load"] for h in held.history} == {1.0}  # one step, with contact as without


@pytest.mark.parametrize("ends", [fixed, sliding])
def test_contact_tangent_is_the_derivative_of_its_forces(ends):
    """Assembled, as an action, and by differences of the residual; also where the ends' nodes have axes of their own."""
    a = np.radians(20.0)
    tilt = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    mesh = dataclasses.replace(beside(-0.8), points=VESSEL.points @ tilt.T)
    spine = sampled(dataclasses.replace(beside(-0.8).spine, points=beside(-0.8).spine.points @ tilt.T), mesh.points)
    body = solving.body(mesh, (ends("end_proximal"), ends("end_distal")))
    body = dataclasses.replace(body, surroundings=Surroundings(contact=Contact(spine)))
    newton = Newton(Equilibrium(body, prestressed=False), "forward")
    random, place = np.random.default_rng(2), newton.unknown.x.array
    lean = 0.05 * random.normal(size=mesh.points.shape) + tilt @ [0, -0.4, 0]
    body.domain.write(newton.unknown, lean)
    start = place.copy()
    newton.assemble_residual()
    assert len(newton.equilibrium.contact._face) > 20  # points that touch
    free = ~newton.equilibrium.held
    direction, product, assembled = (newton.residual.duplicate() for _ in range(3))
    direction.array[:] = np.where(free, random.normal(size=len(place)), 0.0)
    newton.action.operator.mult(direction, product)
    newton.matrix.assemble()
    newton.matrix.system.mult(direction, assembled)
    np.testing.assert_allclose(assembled.array, product.array, rtol=0, atol=1e-11 * np.abs(product.array).max())
    moved, sides = direction.copy(), []
    newton.matrix.to_global(moved)
    for sign in (1, -1):
        place[:] = start + sign * 1e-7 * moved.array
        newton.assemble_residual()
        sides.append(newton.residual.array.copy())
    slope = (sides[0] - sides[1]) / 2e-7
    np.testing.assert_allclose(slope[free], product.array[free], rtol=0, atol=1e-5 * np.abs(product.array).max())


def test_overlapping_labels_do_not_slow_newton_down():
    """An interpolated distance needed 26 iterations and halved the load here, or found no equilibrium."""
    for gap in (-0.5, -1.0):
        held = run(beside(gap), prestress="none")
        is_balanced(held)
        assert {entry["load"] for entry in held.history} == {1.0}
        assert value(held, "newton_iterations") == pytest.approx(19, abs=5)


def test_labels_that_cannot_be_are_told():
    """Bone that overlaps the wall is doubted, and left out where it goes through: this wall is 1.5 mm thick, and 1 mm is rounding.
    The column stands at -y, in front of the vessel for a reader of LPS."""

    def told(gap):
        return surroundings_of(beside(gap), MechanicsSettings(), TissueSettings())

    through, why = told(-2.7)
    assert through is None and "through its wall" in why[0] and "reach 2.7 mm" in why[0]
    kept, why = told(-2.3)
    assert kept.contact is not None and why == ()
    found = {f.name: f for f in run(beside(-1.2)).findings}
    assert "overlap by more than 1 mm" in found["spine_gap_min_mm"].caution
    assert "in front" in found["spine_contact_force_N"].caution
    mirrored = dataclasses.replace(beside(-0.8), points=VESSEL.points * [-1, -1, 1], spine=None)
    turned = dataclasses.replace(beside(-0.8).spine, points=beside(-0.8).spine.points * [-1, -1, 1])
    found = {f.name: f for f in run(dataclasses.replace(mirrored, spine=turned)).findings}
    assert found["spine_contact_force_N"].value > 0.1
    assert found["spine_gap_min_mm"].caution == found["spine_contact_force_N"].caution == ""


def test_spine_out_of_reach_is_none():
    assert surroundings_of(beside(REACH_MM + 3), MechanicsSettings(), TissueSettings()) == (None, ())
    near, _ = surroundings_of(beside(REACH_MM - 3), MechanicsSettings(), TissueSettings())
    assert near.contact is not None and near.tissue is None


def test_linear_stress_says_what_it_leaves_out():
    solution = run(beside(0.3), TissueSettings(0.01), prestress="linear", ends="elastic", end_stiffness_normal=0.1)
    said = next(c for c in solution.cautions if "leaves out" in c)
    assert "tissue" in said and "spine" in said and "elastic ends" in said
    assert any("leaves out" in c for c in run(prestress="linear").cautions) is False


def test_distance_from_a_ball_made_of_triangles():
    ball = pv.Sphere(radius=25, theta_resolution=150, phi_resolution=150)
    surface = Surface(np.asarray(ball.points, float), ball.regular_faces.astype(np.int64))
    direction = np.random.default_rng(3).normal(size=(800, 3)) * [1, 1, 0.3] + [0, 6, 0]
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    for height in (-0.3, 0.0, 1.0):
        obstacle = sampled(surface, (25 + height) * direction)
        found = obstacle.distance((25 + height) * direction) - height
        np.testing.assert_allclose(found, 0.0, atol=0.03)
        assert found.mean() == pytest.approx(-0.012, abs=0.006)  # tangent planes lie outside the ball
        gradient, turn = obstacle.slopes((25 + height) * direction)
        np.testing.assert_allclose(gradient, direction, atol=0.01)
        np.testing.assert_allclose(np.einsum("nii->n", turn).mean(), 2 / (25 + height), rtol=0.05)  # twice a ball's curvature
    assert sampled(surface, 60 * direction) is None
    np.testing.assert_array_equal(obstacle.distance(np.array([[0.0, 300, 0]])), REACH_MM)


# ------------------------------------------------------------------------------- what cannot stand


ENDS = (fixed("end_proximal"), fixed("end_distal"))


def test_facets_held_twice_are_refused():
    twice = (*ENDS, Support("end_proximal", "elastic", 0.1))
    with pytest.raises(MeshError, match="contradictory supports") as caught:
        check_supports(VESSEL, twice, "blood")
    assert "'end_proximal', fixed" in caught.value.why and "elastic" in caught.value.why
    with pytest.raises(MeshError, match="contradictory supports"):
        check_supports(VESSEL, (Support("outer", "elastic", 0.1),), "blood", Surroundings(Tissue(0.1)))
    check_supports(VESSEL, ENDS, "blood", Surroundings(Tissue(0.1)))


def test_facets_that_blood_loads_cannot_be_supported():
    with pytest.raises(MeshError, match="blood presses on facets that are supported"):
        check_supports(VESSEL, (fixed("wall_inner"),), "blood")
    both = {**VESSEL.facets, "end_inside": VESSEL.facets["blood"][:40]}
    with pytest.raises(MeshError, match="blood presses"):
        run(dataclasses.replace(VESSEL, facets=both))


@pytest.mark.parametrize(
    ("supports", "around", "inverse", "message"),
    [
        ((), None, False, "is not held"),
        ((), Surroundings(Tissue(0.01)), True, "is not held"),
        ((sliding("end_proximal"),), None, False, "only partly held"),
        ((Support("end_proximal", "elastic", 0.1, 0.0),), None, False, "only partly held"),
    ],
)
def test_rigid_motion_that_remains_is_named(supports, around, inverse, message):
    with pytest.raises(SolverError, match=message) as caught:
        check_held(VESSEL, supports, None, around, inverse)
    assert ("in every way" if "not held" in message else "in 3 ways") in caught.value.why


def test_what_holds_is_accepted():
    for supports, around, inverse in (
        (ENDS[:1], None, True),
        ((Support("end_proximal", "elastic", 1e-6, 1e-6),), None, True),
        ((), Surroundings(Tissue(0.01)), False),
        ((), Surroundings(Tissue(0.01, at_rest="unloaded")), True),
    ):
        check_held(VESSEL, supports, None, around, inverse)
