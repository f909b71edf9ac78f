"""The cost model's inputs: vessel area, tetrahedra, and what each stage adds."""

import numpy as np
import pytest

from aorta.config.case_file import parse_case
from aorta.pipeline import estimate as cost
from aorta.pipeline.estimate import BASE_GB, estimate, tetrahedra, vessel_size
from aorta.pipeline.stages import STAGES
from aorta.records import CLASSES, Grid, Labels

CASE = parse_case("schema_version: 1\ncase_id: a\nimage: {path: x}\npressure: {systolic: 120 mmHg, diastolic: 80 mmHg}\n")


def ball(radius_mm, spacing):
    n = int(2.4 * radius_mm / spacing)
    k, j, i = np.indices((n, n, n)) - (n - 1) / 2
    voxels = np.zeros((n, n, n), np.uint8)
    voxels[np.sqrt(k**2 + j**2 + i**2) * spacing < radius_mm] = CLASSES["thrombus"]
    return Labels(Grid((n, n, n), np.diag([spacing, spacing, spacing, 1.0])), voxels)


@pytest.mark.parametrize("spacing", [0.7, 1.0])
def test_area_and_thrombus_of_a_ball(spacing):
    area, thrombus = vessel_size(ball(20.0, spacing))
    assert area == pytest.approx(4 * np.pi * 20.0**2, rel=0.02)
    assert thrombus == pytest.approx(4 / 3 * np.pi * 20.0**3, rel=0.005)


def test_tetrahedra_follow_element_size_and_layers():
    fine = parse_case("schema_version: 1\ncase_id: a\nimage: {path: x}\nmesh: {size: 1.5 mm, layers: 2}\n")
    assert tetrahedra(fine, 1e4, 0.0) == pytest.approx(8 * tetrahedra(CASE, 1e4, 0.0), rel=1e-12)
    assert tetrahedra(CASE, 0.0, 2e4) == pytest.approx(2 * tetrahedra(CASE, 0.0, 1e4), rel=1e-12)


# nodes, seconds and gigabytes as measured (aorta/pipeline/estimate.py says where); the seconds' spread is the vessels'
@pytest.mark.parametrize(("nodes", "seconds", "memory_GB"), [(20e3, 7.5, 0.95), (60e3, 29.0, 2.6), (150e3, 95.0, 6.0)])
def test_mechanics_costs_what_was_measured(monkeypatch, nodes, seconds, memory_GB):
    monkeypatch.setattr(cost, "tetrahedra", lambda *_: nodes / cost.NODES_PER_TET)
    told = estimate(CASE, 10**7, None, ["mechanics"]).stages[0]
    assert told.seconds - cost.FORMS_SECONDS == pytest.approx(seconds, rel=0.06)
    assert told.memory_GB == pytest.approx(memory_GB, rel=0.15)
    linear = parse_case("schema_version: 1\ncase_id: a\nimage: {path: x}\nmechanics: {prestress: linear, formulation: mixed}\n")
    assert estimate(linear, 10**7, None, ["mechanics"]).seconds - cost.FORMS_SECONDS == pytest.approx(0.3 * seconds, rel=0.06)


def test_only_stages_that_run_cost():
    labels = ball(20.0, 1.0)
    none = estimate(CASE, 10**7, labels, [])
    assert none.seconds == 0 and none.memory_GB == BASE_GB
    every = ["image", "segment", "anatomy", "mesh", "mechanics", "risk", "stent", "report"]
    whole = estimate(CASE, 10**7, labels, every)
    assert whole.seconds == pytest.approx(sum(estimate(CASE, 10**7, labels, [name]).seconds for name in every), rel=1e-12)
    assert whole.memory_GB == max(stage.memory_GB for stage in whole.stages)
    assert estimate(CASE, 2 * 10**7, labels, every).seconds > whole.seconds
    assert whole.basis == "the label map" and estimate(CASE, 10**7, None, every).basis == "a typical aneurysm"


def test_every_stage_has_a_cost():
    told = estimate(CASE, 4_000_000, None, STAGES)
    assert [stage.name for stage in told.stages] == list(STAGES)
    assert all(stage.seconds > 0.0 and stage.memory_GB >= BASE_GB for stage in told.stages)


def test_given_labels_are_cheaper_than_a_segmentation():
    given = parse_case("schema_version: 1\ncase_id: a\nlabels: {path: x}\n")
    assert estimate(given, 10**7, None, ["segment"]).seconds == pytest.approx(2.0, rel=1e-6)
    assert estimate(CASE, 10**7, None, ["segment"]).seconds == pytest.approx(15.0, rel=1e-6)


def test_a_second_image_is_segmented_as_well():
    head = "schema_version: 1\ncase_id: a\nimage: {path: x, modality: CT}\nsecond: {path: y, modality: MR, gives: lumen%s}\n"
    automatic, given = (estimate(parse_case(head % keys), 10**7, None, ["segment"]).seconds for keys in ("", ", labels: z"))
    assert automatic == pytest.approx(15.0 + 15.0, rel=1e-6) and given == pytest.approx(15.0 + 2.0, rel=1e-6)
