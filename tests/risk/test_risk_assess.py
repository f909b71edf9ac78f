"""The whole assessment on a tube with the closed-form stress of Lame."""

from dataclasses import replace

import numpy as np
import pytest
from pytest import approx
from scipy.spatial.transform import Rotation
from tube_records import lame, quadrature, solution, state, tube_anatomy, tube_mesh

from aorta.errors import RiskError
from aorta.records import THROMBUS, End, State, WallMesh
from aorta.risk.assess import assess
from aorta.settings import BloodPressure, Patient, RiskSettings
from aorta.units import MMHG_IN_MPA

INNER, OUTER, LENGTH, P = 26.0, 27.5, 60.0, 0.016
PRESSURE = BloodPressure(systolic=P, diastolic=80 * MMHG_IN_MPA)
MAN = Patient(sex="male", family_history=False)


@pytest.fixture(scope="module")
def mesh():
    return tube_mesh(INNER, OUTER - INNER, LENGTH, around=48, along=16, thrombus_mm=10.0)


@pytest.fixture(scope="module")
def loaded(mesh):
    return state(mesh, lambda x: lame(x, INNER, OUTER, P), P)


def vessel(**findings):
    return tube_anatomy(OUTER, INNER, LENGTH, {"max_diameter_mm": 55.0, "neck_diameter_mm": 22.0, **findings})


def values(risk):
    return {f.name: f.value for f in risk.findings}


def by_name(risk, name):
    return next(f for f in risk.findings if f.name == name)


def run(mesh, loaded, *, anatomy=None, patient=MAN, settings=None, **kwargs):
    return assess(anatomy or vessel(), mesh, solution(loaded, **kwargs), patient, PRESSURE, settings or RiskSettings())


def test_stress_and_tension_are_those_of_lame(mesh, loaded):
    found = values(run(mesh, loaded))
    # quadrature points lie inside the wall: their own closed-form maximum, slightly below that at the bore, 285.558
    radius = np.hypot(*np.moveaxis(quadrature(mesh)[0][..., :2], -1, 0))
    base = 1e3 * P * INNER**2 / (OUTER**2 - INNER**2)
    assert found["wall_stress_max_kPa"] == approx(base * (1 + OUTER**2 / radius.min() ** 2), rel=1e-9)
    assert found["wall_stress_max_kPa"] == approx(283.183, abs=0.01)
    assert found["wall_tension_p99_N_per_mm"] == approx(P * INNER, rel=4e-3)  # Laplace: p r = 0.416 N/mm
    assert found["wall_tension_max_N_per_mm"] == approx(P * INNER, rel=4e-3)
    assert found["laplace_tube_stress_kPa"] == approx(277.33333, abs=1e-4)
    mises = base * np.sqrt(3) * OUTER**2 / radius.min() ** 2  # Lame, closed ends: sqrt(3) B / r2
    assert found["von_mises_max_kPa"] == approx(mises, rel=1e-9)


def test_percentile_is_by_volume_of_the_counted_wall(mesh, loaded):
    risk = run(mesh, loaded)
    positions, volumes = quadrature(mesh)
    centroid_z = mesh.points[mesh.tets[:, :4]].mean(axis=1)[:, 2]
    counted = (centroid_z < -10) & (centroid_z > -50)
    radius = np.hypot(positions[counted][..., 0], positions[counted][..., 1]).ravel()
    weights = volumes[counted].ravel()
    order = np.argsort(radius)  # stress falls with the radius: the top 1 % is the inner 1 % of volume
    at = radius[order][np.searchsorted(np.cumsum(weights[order]), 0.01 * weights.sum())]
    base = 1e3 * P * INNER**2 / (OUTER**2 - INNER**2)
    assert values(risk)["wall_stress_p99_kPa"] == approx(base * (1 + OUTER**2 / at**2), rel=1e-6)


def test_rupture_index_is_stress_over_strength(mesh, loaded):
    found = values(run(mesh, loaded))
    strength = 71.9 - 37.9 * (np.sqrt(1.0) - 0.81) - 15.6 * (55.0 / 22.0 - 2.46) + 21.3 / 2 + 19.3 / 2
    assert found["wall_strength_min_kPa"] == approx(10 * strength, rel=1e-12)
    assert found["peak_wall_rupture_index"] == approx(found["wall_stress_max_kPa"] / (10 * strength), rel=1e-12)
    assert found["peak_wall_rupture_index_p99"] == approx(found["wall_stress_p99_kPa"] / (10 * strength), rel=1e-12)
    expected = 55 + np.log(found["peak_wall_rupture_index"] / 0.48) / 0.020
    assert found["rupture_risk_equivalent_diameter_mm"] == approx(expected, abs=1e-9)


def test_equivalent_diameter_is_never_valid(mesh, loaded):
    finding = by_name(run(mesh, loaded), "rupture_risk_equivalent_diameter_mm")
    assert not finding.valid and "ncalibrated" in finding.caution


def test_every_number_states_measure_and_pressure(mesh, loaded):
    risk = run(mesh, loaded)
    for name in ("wall_stress_max_kPa", "wall_stress_p99_kPa", "wall_tension_p99_N_per_mm", "peak_wall_rupture_index"):
        assert "120 mmHg (systole)" in by_name(risk, name).method and "Cauchy" in by_name(risk, name).method
        assert "10 mm from clamped ends" in by_name(risk, name).method
    assert "first principal" in by_name(risk, "peak_wall_rupture_index").method
    assert "von Mises" in by_name(risk, "von_mises_p99_kPa").method


def test_stress_at_the_ends_does_not_count(mesh):
    def stress(x):
        near_an_end = (x[..., 2] > -6) | (x[..., 2] < -54)
        return lame(x, INNER, OUTER, P) * np.where(near_an_end, 10.0, 1.0)[..., None]

    loaded = state(mesh, stress, P)
    assert values(run(mesh, loaded))["wall_stress_max_kPa"] == approx(283.183, abs=0.01)
    assert values(run(mesh, loaded))["wall_tension_max_N_per_mm"] == approx(P * INNER, rel=4e-3)
    everything = values(run(mesh, loaded, settings=RiskSettings(end_exclusion=0.0)))
    assert everything["wall_stress_max_kPa"] == approx(2831.83, abs=0.1)
    assert everything["wall_excluded_percent"] == 0.0
    assert values(run(mesh, loaded))["wall_excluded_percent"] == approx(100 * 20 / 60, abs=1.0)


def test_stiff_calcification_does_not_count(mesh, loaded):
    """A ring of it with ten times the stress leaves stress, tension and patches as they were."""
    ring = np.abs(mesh.points[:, 2] + 30.0) < 8.0
    calcified = WallMesh(**{**vars(mesh), "calcified_share": ring.astype(float)})
    hard = ring[mesh.tets].mean(axis=1) > 0.5
    assert 0.1 < hard.mean() < 0.5
    stress = loaded.cauchy_quadrature_MPa * np.where(hard, 10.0, 1.0)[:, None, None]
    found = values(run(calcified, State(**{**vars(loaded), "cauchy_quadrature_MPa": stress})))
    plain = values(run(mesh, loaded))
    for name in ("wall_stress_max_kPa", "wall_stress_patch_max_kPa", "wall_tension_max_N_per_mm", "wall_tension_p99_N_per_mm"):
        assert found[name] == approx(plain[name], rel=4e-3), name


def test_nothing_left_is_an_error(mesh, loaded):
    with pytest.raises(RiskError, match="No wall is left") as caught:
        run(mesh, loaded, settings=RiskSettings(end_exclusion=40.0))
    assert "end_exclusion" in caught.value.fix


def test_thrombus_stress_does_not_count(mesh):
    region = mesh.region.copy()
    region[::7] = THROMBUS
    mixed = WallMesh(**{**vars(mesh), "region": region})
    loaded = state(mixed, lambda x: lame(x, INNER, OUTER, P), P)
    stress = loaded.cauchy_quadrature_MPa.copy()
    stress[::7] = 5.0
    loaded = State(**{**vars(loaded), "cauchy_quadrature_MPa": stress})
    assert values(run(mixed, loaded))["wall_stress_max_kPa"] == approx(283.183, abs=0.01)


@pytest.mark.parametrize(
    ("patient", "anatomy", "words"),
    [
        (Patient(family_history=False), vessel(), ["patient.sex"]),
        (Patient(sex="male"), vessel(), ["patient.family_history"]),
        (MAN, tube_anatomy(OUTER, INNER, LENGTH, {"max_diameter_mm": 55.0}), ["normal_diameter", "neck"]),
        (Patient(), tube_anatomy(OUTER, INNER, LENGTH), ["patient.sex", "patient.family_history", "normal_diameter"]),
    ],
)
def test_strength_is_withheld_with_every_missing_fact(mesh, loaded, patient, anatomy, words):
    risk = run(mesh, loaded, patient=patient, anatomy=anatomy)
    for name in ("peak_wall_rupture_index", "peak_wall_rupture_index_p99", "rupture_risk_equivalent_diameter_mm"):
        finding = by_name(risk, name)
        assert finding.value is None and all(word in finding.caution for word in words)
    assert by_name(risk, "wall_stress_p99_kPa").value == values(run(mesh, loaded))["wall_stress_p99_kPa"]
    assert "rupture_index" not in risk.node_fields


def test_normal_diameter_of_the_case_file_stands_in_for_the_neck(mesh, loaded):
    no_neck = tube_anatomy(OUTER, INNER, LENGTH, {"max_diameter_mm": 55.0})
    given = RiskSettings(normal_diameter=20.0)
    assert values(run(mesh, loaded, anatomy=no_neck, settings=given))["wall_strength_min_kPa"] == approx(
        10 * (71.9 - 37.9 * 0.19 - 15.6 * (2.75 - 2.46) + 20.3), rel=1e-12
    )
    measured = run(mesh, loaded, settings=given)  # the neck wins where it is measured
    assert "22.0 mm from the measured neck" in by_name(measured, "peak_wall_rupture_index").method


@pytest.mark.parametrize(("neck", "valid"), [(29.9, True), (30.0, False)])
def test_an_aneurysmal_neck_is_nobodys_normal_diameter(mesh, loaded, neck, valid):
    """A juxtarenal aneurysm has no healthy neck: its NORD is too small and its strength too high."""
    risk = run(mesh, loaded, anatomy=vessel(neck_diameter_mm=neck))
    for name in ("peak_wall_rupture_index", "peak_wall_rupture_index_p99", "wall_strength_min_kPa"):
        finding = by_name(risk, name)
        assert finding.valid is valid and ("aneurysmal" not in finding.caution) is valid, name


def test_doubt_about_the_neck_and_its_origin_are_passed_on(mesh, loaded):
    anatomy = vessel()
    doubtful = [replace(f, caution="it does not end in view") if f.name == "neck_diameter_mm" else f for f in anatomy.findings]
    finding = by_name(run(mesh, loaded, anatomy=replace(anatomy, findings=tuple(doubtful))), "peak_wall_rupture_index")
    assert "it does not end in view" in finding.caution and finding.valid
    given = [replace(f, source="case file") if f.name == "neck_diameter_mm" else f for f in anatomy.findings]
    finding = by_name(run(mesh, loaded, anatomy=replace(anatomy, findings=tuple(given))), "peak_wall_rupture_index")
    assert "22.0 mm from the case file" in finding.method and finding.caution == ""


def test_floored_strength_is_cautioned(mesh, loaded):
    thick = WallMesh(**{**vars(mesh), "thrombus_thickness_mm": np.full(len(mesh.points), 40.0)})
    woman = Patient(sex="female", family_history=True)
    risk = run(thick, loaded, patient=woman, anatomy=vessel(neck_diameter_mm=12.0))
    finding = by_name(risk, "peak_wall_rupture_index")
    assert values(risk)["wall_strength_min_kPa"] == approx(200.0, abs=1e-9)
    assert not finding.valid
    assert all(word in finding.caution for word in ("20 N/cm2", "3.6 cm", "NORD"))


def test_a_clamp_away_from_the_peak_is_told_but_does_not_invalidate_it(mesh):
    """As in the iliac arteries of nearly every patient, which are narrower than the neck (NORD below 1)."""
    thick_below = np.where(mesh.points[:, 2] < -40, 40.0, 10.0)
    partly = WallMesh(**{**vars(mesh), "thrombus_thickness_mm": thick_below})
    for factor, valid in ((0.1, True), (10.0, False)):
        below = state(mesh, lambda x, f=factor: lame(x, INNER, OUTER, P) * np.where(x[..., 2] < -35, f, 1.0)[..., None], P)
        risk = run(partly, below)
        for name in ("peak_wall_rupture_index", "peak_wall_rupture_index_p99"):
            assert by_name(risk, name).valid is valid and "3.6 cm" in by_name(risk, name).caution
        assert not by_name(risk, "wall_strength_min_kPa").valid


def test_no_positive_equivalent_diameter_is_withheld(mesh):
    loaded = state(mesh, lambda x: 0.1 * lame(x, INNER, OUTER, P), P)
    finding = by_name(run(mesh, loaded), "rupture_risk_equivalent_diameter_mm")
    assert finding.value is None and "no positive diameter" in finding.caution


def test_no_systole_no_stress(mesh, loaded):
    imaging = State(**{**vars(loaded), "name": "imaging"})
    risk = run(mesh, imaging)
    assert all(by_name(risk, n).value is None for n in ("wall_stress_max_kPa", "peak_wall_rupture_index"))
    assert by_name(risk, "diameter_to_treatment_threshold_ratio").value == approx(1.0, abs=1e-12)


def test_a_turned_patient_has_the_same_risk(mesh, loaded):
    turn = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix()

    def moved(x):
        return x @ turn.T + [5.0, -80.0, 300.0]

    def turned(voigt):
        t = voigt[..., [[0, 3, 5], [3, 1, 4], [5, 4, 2]]]
        t = turn @ t @ turn.T
        return np.stack([t[..., i, j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))], axis=-1)

    ends = tuple(End(e.name, moved(e.point), turn @ e.normal, e.radius_mm) for e in mesh.ends)
    other_mesh = WallMesh(**{**vars(mesh), "points": moved(mesh.points), "ends": ends})
    other_state = State(
        "systole",
        P,
        loaded.displacement_mm @ turn.T,
        turned(loaded.cauchy_quadrature_MPa),
        loaded.quadrature_volume_mm3,
        turned(loaded.cauchy_nodal_MPa),
    )
    anatomy = vessel()
    section = anatomy.sections[0]
    section = type(section)(**{**vars(section), "centre": moved(section.centre), "normal": section.normal @ turn.T})
    there = run(other_mesh, other_state, anatomy=type(anatomy)(**{**vars(anatomy), "sections": (section,)}))
    here = run(mesh, loaded)
    for finding in here.findings:
        if isinstance(finding.value, float):
            # an element midway between two columns may fall to either, so a column's tension is less sharp
            sharp = 6e-3 if "tension" in finding.name else 1e-9
            assert by_name(there, finding.name).value == approx(finding.value, rel=sharp), finding.name
    np.testing.assert_allclose(there.node_fields["rupture_index"], here.node_fields["rupture_index"], rtol=1e-9, atol=0)


def test_linear_in_pressure_and_thickness_free_tension(mesh):
    double = values(run(mesh, state(mesh, lambda x: lame(x, INNER, OUTER, 2 * P), 2 * P)))
    once = values(run(mesh, state(mesh, lambda x: lame(x, INNER, OUTER, P), P)))
    for name in ("wall_stress_max_kPa", "wall_stress_p99_kPa", "wall_tension_p99_N_per_mm", "peak_wall_rupture_index"):
        assert double[name] == approx(2 * once[name], rel=1e-9)
    thick = tube_mesh(INNER, 3.0, LENGTH, around=48, along=16)
    thick_found = values(run(thick, state(thick, lambda x: lame(x, INNER, INNER + 3.0, P), P)))
    assert thick_found["wall_tension_p99_N_per_mm"] == approx(once["wall_tension_p99_N_per_mm"], rel=4e-3)


def test_tension_takes_the_thickness_of_the_loaded_state(mesh):
    """A wall stretched by 10 % around is 10 % thinner: the same stress carries 10 % less."""
    stretch = np.column_stack([0.1 * mesh.points[:, :2], np.zeros(len(mesh.points))])
    still = values(run(mesh, state(mesh, lambda x: lame(x, INNER, OUTER, P), P)))
    moved = values(run(mesh, state(mesh, lambda x: lame(x, INNER, OUTER, P), P, displacement=stretch)))
    assert moved["wall_tension_p99_N_per_mm"] == approx(still["wall_tension_p99_N_per_mm"] / 1.1, rel=1e-9)


def test_fields_are_on_the_wall_only(mesh, loaded):
    points = np.vstack([mesh.points, [[0.0, 0, -30]]])
    extended = WallMesh(
        **{
            **vars(mesh),
            "points": points,
            "thrombus_thickness_mm": np.append(mesh.thrombus_thickness_mm, 0.0),
            "wall_thickness_mm": np.append(mesh.wall_thickness_mm, 0.0),
        }
    )
    padded = State(
        **{
            **vars(loaded),
            "displacement_mm": np.zeros_like(points),
            "cauchy_nodal_MPa": np.vstack([loaded.cauchy_nodal_MPa, np.zeros((1, 6))]),
        }
    )
    fields = run(extended, padded).node_fields
    wanted = {
        "max_principal_kPa",
        "von_mises_kPa",
        "wall_strength_kPa",
        "rupture_index",
        "thrombus_thickness_mm",
        "wall_tension_N_per_mm",
    }
    assert wanted <= fields.keys()
    for name, field in fields.items():
        assert field.shape == (len(points),) and np.isnan(field[-1]) and np.isfinite(field[:-1]).all(), name
    at_bore = np.hypot(*points[:-1, :2].T) < INNER + 1e-9
    np.testing.assert_allclose(fields["max_principal_kPa"][:-1][at_bore], 285.557632, rtol=1e-8)
    np.testing.assert_allclose(fields["rupture_index"] * fields["wall_strength_kPa"], fields["max_principal_kPa"], rtol=1e-12)


def test_implausible_stress_and_other_pressure_are_cautioned(mesh, loaded):
    metres = State(**{**vars(loaded), "cauchy_quadrature_MPa": 1e3 * loaded.cauchy_quadrature_MPa, "pressure_MPa": 0.02})
    risk = run(mesh, metres, unloaded=False)
    assert "Outside" in by_name(risk, "wall_stress_p99_kPa").caution
    text = " ".join(risk.cautions)
    assert "not at the systolic pressure" in text and "no prestress" in text
    assert run(mesh, loaded).cautions == ()


def test_a_foreign_or_broken_solution_is_refused(mesh, loaded):
    other = tube_mesh(INNER, OUTER - INNER, LENGTH, around=24, along=8)
    with pytest.raises(RiskError, match="does not belong"):
        run(other, loaded)
    broken = loaded.cauchy_quadrature_MPa.copy()
    broken[5, 0, 0] = np.nan
    with pytest.raises(RiskError, match="not a number"):
        run(mesh, State(**{**vars(loaded), "cauchy_quadrature_MPa": broken}))
