"""result.json: its schema, the names that stay, and that nothing is made up."""

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from aorta.records import Finding, Results, withheld
from aorta.report.findings import FIXED, complete, status
from aorta.report.result import result, result_text, schema
from aorta.settings import Case, StentSettings

ISSUE_NAMES = [
    "max_diameter_mm",
    "lumen_volume_mL",
    "thrombus_volume_mL",
    "neck_diameter_mm",
    "neck_length_mm",
    "neck_angulation_deg",
    "wall_stress_max_kPa",
    "wall_stress_p99_kPa",
    "wall_tension_p99_N_per_mm",
    "peak_wall_rupture_index",
    "rupture_risk_equivalent_diameter_mm",
]


def valid(document):
    jsonschema.Draft202012Validator(schema()).validate(document)


def test_schema_is_itself_valid():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_results_follow_the_schema(full, partial):
    for results in (full, partial, Results(Case(1, "EMPTY"))):
        valid(json.loads(result_text(results)))


@pytest.mark.parametrize("name", ISSUE_NAMES)
def test_every_name_that_stays_is_required(full, name):
    document = result(full)
    document["findings"] = [f for f in document["findings"] if f["name"] != name]
    with pytest.raises(jsonschema.ValidationError):
        valid(document)


@pytest.mark.parametrize(
    "change",
    [
        {"unit": "m"},
        {"value": None, "caution": ""},
        {"value": True},
        {"value": [1.0]},
        {"surprise": 1},
        {"valid": "yes"},
        {"measured_value": None},
    ],
)
def test_wrong_findings_are_refused(full, change):
    document = result(full)
    document["findings"][0] |= change
    with pytest.raises(jsonschema.ValidationError):
        valid(document)


def test_names_that_stay_come_first_whatever_was_skipped(full, partial):
    for results in (full, partial, Results(Case(1, "EMPTY"))):
        assert [f["name"] for f in result(results)["findings"]][:11] == ISSUE_NAMES == list(FIXED)


def test_what_is_missing_says_why(partial):
    found = {f["name"]: f for f in result(partial)["findings"]}
    for name in ISSUE_NAMES[6:]:
        assert found[name]["value"] is None and not found[name]["valid"]
        assert found[name]["caution"] == "the case file has no pressure"


def test_the_cause_is_the_first_skipped_stage_not_its_followers():
    skipped = {
        "image": "no image in the case file",
        "mesh": "failed: two layers cross",
        "mechanics": "needs mesh",
        "risk": "needs mesh",
    }
    found = {f.name: f for f in complete(Results(Case(1, "X"), skipped=skipped))}
    assert found["wall_stress_p99_kPa"].caution == "failed: two layers cross"
    assert found["max_diameter_mm"].caution == "the anatomy stage was not run"


def test_values_are_those_of_the_findings(full):
    found = {f["name"]: f for f in result(full)["findings"]}
    assert found["max_diameter_mm"]["value"] == 43.2176
    assert (found["neck_diameter_mm"]["value"], found["neck_diameter_mm"]["measured_value"]) == (22.0, 22.9)
    assert "measured_value" not in found["neck_length_mm"]
    assert found["ring_equilibrium_diameter_mm"]["unit"] == "mm"


def test_not_measured_becomes_null_and_never_nan(full):
    ring = replace(full.stent.ring, gap_mm=np.array([np.nan, 0.5]), equilibrium_diameter_mm=float("nan"))
    document = json.loads(result_text(replace(full, stent=replace(full.stent, ring=ring))))
    valid(document)
    assert document["stent"]["ring"]["gap_mm"] == [None, 0.5]
    assert document["stent"]["ring"]["equilibrium_diameter_mm"] is None
    assert [c["measured"] for c in document["stent"]["candidates"][0]["criteria"]] == [22.4, 11.0, None]


def test_same_case_same_bytes(full):
    slower = replace(full, stages=tuple(replace(s, seconds=s.seconds + 1) for s in full.stages))
    assert result_text(slower) == result_text(full)


def test_status():
    case = replace(Case(1, "X"), stent=StentSettings(enabled=False))
    sound = tuple(Finding(name, 1.0, unit, "measured") for name, (unit, _) in FIXED.items())
    assert status(Results(case, findings=sound)) == "ok"
    assert status(Results(case, findings=sound, cautions=(("image", "look"),))) == "caution"
    assert status(Results(case, findings=sound[:-1])) == "caution"
    assert status(Results(case, findings=(*sound, Finding("x", 1.0, "1", "m", valid=False)))) == "caution"
    assert status(Results(case, findings=(*sound, withheld("x", "1", "no")))) == "caution"
    assert status(Results(replace(case, stent=StentSettings()), findings=sound)) == "caution"


def test_research_use_and_version(full):
    document = result(full)
    assert "not a medical device" in document["research_use"].lower()
    assert document["case_id"] == "PHANTOM-1" and document["schema_version"] == 1
