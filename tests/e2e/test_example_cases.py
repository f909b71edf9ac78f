"""The example cases in cases/ run as their user would run them, and find what was drawn."""

import csv
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import aorta

CASES = Path(__file__).parents[2] / "cases"
sys.path.insert(0, str(CASES))

import draw_vessel as drawn  # noqa: E402  the recipe of the inputs

AREA_STEPS = (np.arange(13000) + 0.5) / -100.0  # z in mm


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Both made-up cases, planned by `aorta batch` in a copy of cases/: table rows by case_id, and the folder of results."""
    pytest.importorskip("dolfinx")
    place = tmp_path_factory.mktemp("cases")
    shutil.copytree(CASES, place / "cases", ignore=shutil.ignore_patterns("reference-data", "out"))
    run = aorta("batch", place / "cases" / "cohort.csv", "-o", place / "out")
    assert run.status == 0, run.err
    with (place / "out" / "results.csv").open(newline="") as table:
        return {row["case_id"]: row for row in csv.DictReader(table)}, place / "out"


def findings(cohort, case_id):
    return {f["name"]: f for f in json.loads((cohort[1] / case_id / "result.json").read_text())["findings"]}


def drawn_mL(lumen: bool) -> float:
    """Volume inside the drawn lumen, or the drawn outer face."""
    b = drawn.bulge(AREA_STEPS)
    inner = drawn.NECK_RADIUS - drawn.WALL
    radius = inner + (drawn.LUMEN_RADIUS - inner) * b if lumen else drawn.NECK_RADIUS + (drawn.SAC_RADIUS - drawn.NECK_RADIUS) * b
    return float(np.pi * np.mean(radius**2) * drawn.LENGTH / 1000.0)


def test_committed_inputs_are_those_of_the_recipe():
    import pyvista as pv

    from aorta.imaging.labelmap import read_labels
    from aorta.settings import LabelInput

    read, made = read_labels(CASES / "fusiform-labels" / "labels.nii.gz", LabelInput("labels.nii.gz")), drawn.labels()
    assert read.grid.same_as(made.grid)
    np.testing.assert_array_equal(read.voxels, made.voxels)
    for name in ("lumen", "outer"):
        read, made = pv.read(CASES / "fusiform-surfaces" / f"{name}.ply"), drawn.surface(getattr(drawn, name))
        assert read.volume == pytest.approx(made.volume, rel=1e-5)


@pytest.mark.slow
@pytest.mark.fem
def test_label_map_has_every_finding_of_the_interface(cohort):
    found = findings(cohort, "fusiform-labels")
    value = {name: f["value"] for name, f in found.items()}
    assert value["max_diameter_mm"] == pytest.approx(2 * drawn.SAC_RADIUS, abs=0.5)
    assert value["lumen_volume_mL"] == pytest.approx(drawn_mL(lumen=True), rel=0.01)
    assert value["neck_diameter_mm"] == pytest.approx(2 * drawn.NECK_RADIUS, abs=0.5)
    # from the landmark 5 mm below the top to where the outer diameter has grown by a tenth
    grown = np.arcsin(np.sqrt(0.1 * drawn.NECK_RADIUS / (drawn.SAC_RADIUS - drawn.NECK_RADIUS))) / np.pi * drawn.SAC_LENGTH
    assert value["neck_length_mm"] == pytest.approx(drawn.NECK_LENGTH + grown - 5.0, abs=1.5)
    assert value["wall_stress_p99_kPa"] == pytest.approx(172.0, rel=0.08)  # 5 mm elements
    for name in ("thrombus_volume_mL", "neck_angulation_deg", "wall_stress_max_kPa", "wall_tension_p99_N_per_mm",
                 "peak_wall_rupture_index"):  # fmt: skip
        assert value[name] is not None, found[name]["caution"]
    low = found["rupture_risk_equivalent_diameter_mm"]  # of so small an index (0.15) there is none
    assert low["value"] is None and "no positive diameter" in low["caution"]
    assert value["left_iliac_diameter_mm"] is None and "iliac" in found["left_iliac_diameter_mm"]["caution"]


@pytest.mark.slow
@pytest.mark.fem
def test_surfaces_without_a_pressure_are_measured_and_no_more(cohort):
    found = findings(cohort, "fusiform-surfaces")
    assert found["max_diameter_mm"]["value"] == pytest.approx(2 * drawn.SAC_RADIUS, abs=0.5)
    whole = sum(found[f"label_{name}_volume_mL"]["value"] for name in ("lumen", "thrombus", "wall"))
    assert whole == pytest.approx(drawn_mL(lumen=False), rel=0.02)  # the surfaces are coarse
    for name in ("wall_stress_p99_kPa", "peak_wall_rupture_index"):
        assert found[name]["value"] is None and "pressure" in found[name]["caution"]
    assert "renal" in found["neck_length_mm"]["caution"]


@pytest.mark.slow
@pytest.mark.fem
def test_cohort_has_a_row_and_a_report_for_each(cohort):
    rows, folder = cohort
    assert rows.keys() == {"fusiform-labels", "fusiform-surfaces"}
    for case_id, row in rows.items():
        assert row["status"] in ("ok", "caution") and row["shows"]
        for file in ("report.html", "report.pdf", "labels.nii.gz"):
            assert (folder / case_id / file).stat().st_size > 1000


@pytest.mark.slow
@pytest.mark.fem
def test_snippet_of_the_how_to_runs(cohort, monkeypatch, capsys):
    page = (CASES.parent / "docs" / "how-to" / "open-in-paraview-and-slicer.md").read_text()
    monkeypatch.chdir(cohort[1] / "fusiform-labels")
    exec(re.search(r"(?s)```python\n(.*?)```", page)[1], {})
    document = json.loads(Path("result.json").read_text())
    count = next(f["value"] for f in document["findings"] if f["name"] == "mesh_wall_tetrahedra")
    assert capsys.readouterr().out.startswith(f"{count:.0f} elements, first principal stress up to ")


@pytest.mark.parametrize("case", sorted(CASES.glob("*/case.yaml")), ids=lambda path: path.parent.name)
def test_every_case_file_is_valid(case):
    from aorta.config.case_file import load_case

    assert load_case(case).case_id == case.parent.name
