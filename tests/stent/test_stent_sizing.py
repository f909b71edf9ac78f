"""Sizing against instructions for use, on hand-made records."""

import pytest
from pytest import approx
from stent_vessels import FINDINGS, criterion, iliac, plan, row, values, vessel, without

from aorta.errors import StentError
from aorta.records import Anatomy, Finding
from aorta.settings import StentSettings
from aorta.stent.measured import measure_iliac, measure_neck


def test_unverified_rows_never_fit():
    fit = plan()
    assert {c.verdict for c in fit.candidates} == {"unverified", "does not fit"}
    assert not any(x.verdict == "fits" for c in fit.candidates for x in c.criteria)
    assert any("not checked against the makers' documents" in caution for caution in fit.cautions)


def test_each_device_is_measured_by_its_own_convention():
    fit = plan()
    assert criterion(row(fit, "Cook", "30"), "neck diameter").measured == approx(25.5, abs=1e-12)
    assert criterion(row(fit, "Medtronic", "25"), "neck diameter").measured == approx(22.5, abs=1e-12)
    assert row(fit, "Cook", "30").oversizing == approx(30 / 25.5 - 1, abs=1e-12)
    assert row(fit, "Gore", "26").oversizing == approx(26 / 22.5 - 1, abs=1e-12)


def test_the_measured_lumen_of_the_neck_comes_before_the_sections():
    assert measure_neck(vessel({**FINDINGS, "neck_lumen_diameter_mm": 21.7})).inner_mm == approx(21.7, abs=1e-12)
    assert measure_neck(vessel()).inner_mm == approx(22.5, abs=1e-12)


def test_labels_without_a_wall_are_cautioned():
    told = [
        any("show no wall" in c for c in plan(vessel({**FINDINGS, "neck_lumen_diameter_mm": d})).cautions) for d in (23.9, 24.1)
    ]
    assert told == [False, True]  # outer 25.5 mm, wall 1.5 mm


def test_margins_are_signed_distances_to_the_limit():
    cook = row(plan(), "Cook", "30")  # for 24.5 to 26.5 mm
    expected = {
        "neck diameter": 1.0,
        "oversizing": 30.0 - 100 * (30 / 25.5 - 1),
        "neck length": 7.0,
        "infrarenal angulation": 20.0,
        "suprarenal angulation": 25.0,
        "left iliac diameter": 6.0,
        "left iliac landing length": 30.0,
        "right iliac diameter": 6.0,
        "right iliac landing length": 30.0,
    }
    assert {c.criterion: c.margin for c in cook.criteria} == approx(expected, abs=1e-9)
    outside = criterion(row(plan(), "Cook", "24"), "neck diameter")
    assert outside.margin == approx(21.5 - 25.5, abs=1e-12) and outside.verdict == "does not fit"


def test_best_main_body_is_nearest_to_fifteen_per_cent():
    fit = plan()
    assert values(fit)["stent_best_main_body"].startswith("Gore Excluder C3 26 ")  # 15.6 %, Cook 17.6, Medtronic 11.1
    assert values(fit)["stent_oversizing"] == approx(26 / 22.5 - 1, abs=1e-12)
    assert [f"{c.maker} {c.size}" for c in fit.candidates[:3]] == ["Gore 26", "Cook 30", "Medtronic 25"]
    only = plan(settings=StentSettings(makers=("Cook",)))
    assert values(only)["stent_best_main_body"].startswith("Cook Zenith Alpha Abdominal 30 ")


def test_length_and_angle_are_taken_in_pairs():
    """Endurant: 60 degrees from 10 mm, 75 degrees only from 15 mm."""
    cases = {
        (12.0, 55.0): ("unverified", 10),
        (12.0, 70.0): ("does not fit", 15),
        (16.0, 70.0): ("unverified", 15),
        (9.0, 40.0): None,
    }
    for (length, angle), expected in cases.items():
        fit = plan(vessel(without(neck_length_mm=length, neck_angulation_deg=angle)), settings=StentSettings(makers=("Medtronic",)))
        candidate = row(fit, "Medtronic", "25")
        if expected is None:
            assert criterion(candidate, "neck length").verdict == "does not fit"
            assert criterion(candidate, "neck length").margin == approx(-1.0, abs=1e-12)
        else:
            assert candidate.verdict == expected[0], (length, angle)
            assert criterion(candidate, "neck length").limit.startswith(f"at least {expected[1]} mm")


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ("neck_length_mm", "neck length"),
        ("neck_angulation_deg", "infrarenal angulation"),
        ("suprarenal_angulation_deg", "suprarenal angulation"),
    ],
)
def test_what_is_not_measured_says_so(missing, name):
    fit = plan(vessel(without(**{missing: None})))
    cook = row(fit, "Cook", "30")
    assert criterion(cook, name).verdict == "not measured" and criterion(cook, name).margin is None
    assert cook.verdict == "not measured"
    best = next(f for f in fit.findings if f.name == "stent_best_main_body")
    assert best.value is not None and not best.valid


def test_no_neck_no_size():
    fit = plan(vessel({}, renal=False))
    assert {c.verdict for c in fit.candidates} == {"not measured"}
    for name in ("stent_best_main_body", "stent_oversizing", "ring_gap_max_mm"):
        finding = next(f for f in fit.findings if f.name == name)
        assert finding.value is None and finding.caution


def test_all_ruled_out_names_the_criterion():
    fit = plan(vessel(without(neck_length_mm=4.0)))
    best = next(f for f in fit.findings if f.name == "stent_best_main_body")
    assert best.value is None and "neck length 4.0 (limit at least" in best.caution
    wide = plan(vessel(without(neck_diameter_mm=40.0)), settings=StentSettings(makers=("Cook",)))
    assert "no main body of the catalogue is made for a neck of this diameter" in wide.findings[0].caution


def test_an_ectatic_iliac_rules_out():
    fit = plan(vessel(left=23.0))
    cook, endurant = row(fit, "Cook", "30"), row(fit, "Medtronic", "25")
    assert cook.verdict == "does not fit" and endurant.verdict == "unverified"
    assert criterion(cook, "left iliac diameter").margin == approx(-3.0, abs=1e-12)
    assert criterion(cook, "left iliac landing length").measured == 0.0
    assert criterion(cook, "right iliac diameter").verdict == "unverified"


def test_iliac_zone_is_the_last_suitable_stretch():
    branch, sections = iliac("left")
    d = 14.0 + 0 * branch.arc_length_mm
    d[:22] = 28.0  # an aneurysm down to 21 mm
    widened = type(sections)(**{**vars(sections), "outer_equivalent_diameter_mm": d})
    whole = vessel()
    anatomy = Anatomy(**{**vars(whole), "sections": (whole.sections[0], widened)})
    zone = measure_iliac(anatomy, "left", "outer", 10.0, 7.5, 20.0)
    assert zone.length_mm == approx(18.0, abs=1e-12) and zone.diameter_mm == approx(14.0, abs=1e-12)
    assert measure_iliac(anatomy, "right", "outer", 10.0, 7.5, 20.0).diameter_mm is None


def test_iliac_without_its_bifurcation():
    """What is in view may be long enough; if it is not, its true length is not known."""
    anatomy = vessel(bifurcations=False)
    zone = measure_iliac(anatomy, "left", "inner", 10.0, 7.5, 20.0)
    assert (zone.diameter_mm, zone.length_mm) == (12.0, 45.0) and "not known" in zone.note
    assert measure_iliac(anatomy, "left", "inner", 60.0, 7.5, 20.0).length_mm is None


def corrected(**changed):
    """The vessel with findings that the planner gave: value and what was measured."""
    plain = vessel()
    given = tuple(Finding(n, v, "mm", "given", "case file", measured_value=m) for n, (v, m) in changed.items())
    return Anatomy(**{**vars(plain), "findings": (*(f for f in plain.findings if f.name not in changed), *given)})


@pytest.mark.parametrize(("measured", "inner"), [(20.0, 21.0), (None, 21.0)])
def test_a_given_lumen_diameter_is_not_moved_by_a_given_outer_one(measured, inner):
    anatomy = corrected(neck_diameter_mm=(24.5, 25.5), neck_lumen_diameter_mm=(21.0, measured))
    assert (measure_neck(anatomy).outer_mm, measure_neck(anatomy).inner_mm) == approx((24.5, inner), abs=1e-12)


@pytest.mark.parametrize(
    ("changed", "outer", "inner"),
    [
        ({"landing_diameter": (17.0, 16.0)}, 1.0, 1.0),
        ({"landing_diameter": (17.0, 16.0), "diameter": (19.0, 16.0)}, 1.0, 1.0),
        ({"diameter": (19.0, 16.0), "lumen_diameter": (12.5, 13.0)}, 3.0, -0.5),
        ({"landing_lumen_diameter": (12.0, 13.0), "lumen_diameter": (12.5, 13.0)}, 0.0, -1.0),
    ],
)
def test_the_nearest_word_of_the_planner_on_an_iliac_diameter_counts(changed, outer, inner):
    anatomy = corrected(**{f"left_iliac_{kind}_mm": values for kind, values in changed.items()})
    for convention, moved in (("outer", outer), ("inner", inner)):
        before = measure_iliac(vessel(), "left", convention, 10.0, 7.5, 20.0).diameter_mm
        assert measure_iliac(anatomy, "left", convention, 10.0, 7.5, 20.0).diameter_mm == approx(before + moved, abs=1e-12)


def test_overrides_of_the_planner_move_the_diameters():
    anatomy = corrected(neck_diameter_mm=(24.5, 25.5), left_iliac_diameter_mm=(17.0, 16.0))
    neck = measure_neck(anatomy)
    assert (neck.outer_mm, neck.inner_mm) == approx((24.5, 21.5), abs=1e-12)
    assert measure_iliac(anatomy, "left", "outer", 10.0, 7.5, 20.0).diameter_mm == approx(15.0, abs=1e-12)


def test_own_catalogue_folder_must_be_valid(tmp_path):
    with pytest.raises(StentError):
        plan(settings=StentSettings(catalogue=str(tmp_path / "nowhere")))
