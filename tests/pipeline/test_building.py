"""What the stages add to what they run."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from aorta.pipeline import building
from aorta.records import CLASSES, Finding, Grid, Labels, Segmentation
from aorta.segmentation.mr_angiography import LUMEN_ONLY
from aorta.settings import Case, LabelInput


@dataclass(frozen=True)
class Measured:
    findings: tuple


FOUND = Measured(
    (
        Finding("max_diameter_mm", 30.0, "mm", "m"),
        Finding("max_equivalent_diameter_mm", 29.0, "mm", "m", caution="cut off"),
        Finding("max_lumen_diameter_mm", 27.0, "mm", "m"),
    )
)


def measured(monkeypatch, cautions, thrombus=False, found=FOUND):
    voxels = np.full((2, 2, 2), CLASSES["lumen"], np.uint8)
    voxels[0, 0, 0] = CLASSES["thrombus"] if thrombus else CLASSES["lumen"]
    segmented = Segmentation(Labels(Grid((2, 2, 2), np.eye(4)), voxels), "mr-angiography", cautions=cautions)
    context = type("Context", (), {"case": Case(1, "toy", labels=LabelInput("x")), "load": lambda self, name: segmented})()
    monkeypatch.setattr("aorta.anatomy.measure.measure", lambda *_: found)
    return {f.name: f for f in building.measure(context, lambda *_: None).findings}


def test_outer_diameters_of_an_angiogram_are_not_valid(monkeypatch):
    found = measured(monkeypatch, (LUMEN_ONLY,))
    assert [f.valid for f in found.values()] == [False, False, True]
    assert "wider than this" in found["max_diameter_mm"].caution
    assert found["max_equivalent_diameter_mm"].caution.endswith("; cut off")
    assert [f.value for f in found.values()] == [30.0, 29.0, 27.0]


@pytest.mark.parametrize(("cautions", "thrombus"), [((), False), ((LUMEN_ONLY,), True)])
def test_where_thrombus_is_shown_or_drawn_they_stand(monkeypatch, cautions, thrombus):
    assert list(measured(monkeypatch, cautions, thrombus).values()) == list(FOUND.findings)


def test_a_diameter_given_by_the_planner_stands(monkeypatch):
    given = Measured((replace(FOUND.findings[0], value=55.0, source="case file"),))
    assert measured(monkeypatch, (LUMEN_ONLY,), found=given)["max_diameter_mm"] == given.findings[0]
