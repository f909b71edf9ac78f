"""From DICOM to the joined report: everything promised is there, right, and nobody's name is in it."""

import gzip
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
import SimpleITK as sitk
from command_line import IDENTIFYING, IDENTIFYING_UID, MARKER, aorta

pytestmark = [pytest.mark.fem, pytest.mark.slow]

PROMISED = (
    "max_diameter_mm", "lumen_volume_mL", "thrombus_volume_mL", "neck_diameter_mm", "neck_length_mm", "neck_angulation_deg",
    "wall_stress_max_kPa", "wall_stress_p99_kPa", "wall_tension_p99_N_per_mm", "peak_wall_rupture_index",
    "rupture_risk_equivalent_diameter_mm",
)  # fmt: skip
PIXEL, SLICE = 1.8, 3.0  # mm, of the coarse phantom


def findings(finished):
    return {f["name"]: f for f in json.loads((finished.folder / "result.json").read_text())["findings"]}


def test_every_promised_file_is_there(finished):
    for name in ("report.html", "report.pdf", "result.json", "methods.md", "labels.nii.gz", "provenance.json"):
        assert (finished.folder / name).stat().st_size > 500, name
    assert len(list((finished.folder / "fields").glob("*.vtu"))) >= 2
    assert {p.name for p in (finished.folder / "surfaces").glob("*.vtp")} >= {"lumen.vtp", "outer.vtp"}


def test_the_phantom_has_every_promised_finding(finished):
    found = findings(finished)
    assert [name for name in PROMISED if found[name]["value"] is None] == []
    assert all({"name", "value", "unit", "method", "source", "valid", "caution"} <= set(f) for f in found.values())


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("max_diameter_mm", PIXEL), ("neck_diameter_mm", PIXEL), ("neck_length_mm", SLICE), ("neck_angulation_deg", 4.0)],
)
def test_known_lengths_are_recovered(finished, name, tolerance):
    assert findings(finished)[name]["value"] == pytest.approx(finished.truth[name], abs=tolerance, rel=0)


@pytest.mark.parametrize(("name", "share"), [("lumen_volume_mL", 0.03), ("thrombus_volume_mL", 0.08)])
def test_known_volumes_are_recovered(finished, name, share):
    assert findings(finished)[name]["value"] == pytest.approx(finished.truth[name], rel=share)


@pytest.mark.parametrize(
    ("name", "frozen", "share"), [("wall_stress_p99_kPa", 244.6, 0.05), ("wall_tension_p99_N_per_mm", 0.2981, 0.05)]
)
def test_stress_is_as_it_was(finished, name, frozen, share):
    """Frozen on the coarse phantom.

    Its true labels give 242.1 kPa on these voxels of 1.8 × 1.8 × 3 mm, 230.9 kPa on voxels half as large (the same mesh
    sizes). A tube of its largest section has p·r/t = 276 kPa and p·r = 0.414 N/mm, without the thrombus that carries part.
    """
    assert findings(finished)[name]["value"] == pytest.approx(frozen, rel=share)


def test_labels_open_in_the_images_place(finished):
    """labels.nii.gz and the DICOM series coincide for a reader that knows nothing of this program."""
    series = next(p for p in finished.case.parent.iterdir() if p.name.startswith(MARKER))
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(series)))
    labels = sitk.ReadImage(str(finished.folder / "labels.nii.gz"))
    assert labels.GetSize() == image.GetSize()
    np.testing.assert_allclose(labels.GetOrigin(), image.GetOrigin(), atol=1e-3, rtol=0)
    np.testing.assert_allclose(labels.GetDirection(), image.GetDirection(), atol=1e-6, rtol=0)
    blood = sitk.GetArrayFromImage(image)[sitk.GetArrayFromImage(labels) == 1]
    assert 250 < np.median(blood) < 350


def test_killed_runs_left_nothing_half_done(finished):
    """The second run took from the first what the kill in the mesh had not touched, and so on."""
    assert "mesh: started" in finished.said[0]
    for stage in ("image", "segment", "anatomy"):
        assert f"{stage}: started" not in finished.said[1]
    assert finished.last.stages == {
        "image": "cached", "second": "skipped", "segment": "cached", "correct": "skipped", "anatomy": "cached", "mesh": "cached",
        "mechanics": "done", "refine": "skipped", "risk": "done", "stent": "done", "report": "done",
    }  # fmt: skip


def test_second_run_computes_nothing(finished):
    before = {p: p.stat().st_mtime_ns for p in finished.folder.rglob("*") if p.is_file() and p.name != ".lock"}
    again = aorta("plan", finished.case, "-o", finished.out, "--json")
    assert set(again.stages.values()) == {"cached", "skipped"}
    assert {p: p.stat().st_mtime_ns for p in finished.folder.rglob("*") if p.is_file() and p.name != ".lock"} == before


def plain_text(path):
    """A file's bytes, with what is compressed inside laid open."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data += gzip.decompress(data)
    if path.suffix == ".pdf":
        data += subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True).stdout
        data += subprocess.run(["pdfinfo", path], capture_output=True, check=True).stdout
    return data


def test_no_identifying_value_in_any_output_byte_or_log(finished):
    secrets = [MARKER, "19370713", "19991231", IDENTIFYING_UID, *IDENTIFYING.values()]
    pattern = re.compile("|".join(map(re.escape, secrets)).encode(), re.IGNORECASE)
    assert pattern.search(plain_text(next(finished.case.parent.glob(f"{MARKER}*/*"))))  # they were planted
    for path in finished.folder.rglob("*"):
        if path.is_file():
            assert not pattern.search(plain_text(path)), path.name
        assert not pattern.search(str(path.relative_to(finished.folder)).encode())
    for text in (*finished.said, finished.last.out, finished.last.err):
        assert not pattern.search(text.encode())


def test_only_what_depends_on_a_change_is_computed_again(finished, tmp_path):
    case = finished.case.with_name("changed.yaml")
    text = re.sub(r"(?m)^  # end_exclusion: .*$", "  end_exclusion: 12 mm", finished.case.read_text())
    case.write_text(text)
    told = aorta("status", case, "-o", finished.out, "--json")
    changed = {s["name"]: s for s in told.answer["result"]["stages"]}
    assert changed["mechanics"]["status"] == "finished"
    assert changed["risk"]["status"] == "stale"
    assert changed["risk"]["reason"] == "risk.end_exclusion: 10.0 -> 12.0"


def test_corrected_labels_are_taken_up(finished, tmp_path):
    """The planner's loop: labels are edited outside, the run goes on from them and says so."""
    out = tmp_path / "out"
    shutil.copytree(finished.out, out)
    path = out / "phantom" / "labels.nii.gz"
    image = sitk.ReadImage(str(path))
    voxels = sitk.GetArrayFromImage(image)
    where = np.argwhere(voxels == 2)
    top = where[where[:, 0] > np.percentile(where[:, 0], 60)]
    voxels[tuple(top.T)] = 1
    edited = sitk.GetImageFromArray(voxels)
    edited.CopyInformation(image)
    sitk.WriteImage(edited, str(path))
    run = aorta("plan", finished.case, "-o", out, "--until", "anatomy", "--json")
    assert run.status == 0, run.err
    assert (run.stages["segment"], run.stages["correct"], run.stages["anatomy"]) == ("cached", "done", "done")
    found = {f["name"]: f["value"] for f in run.answer["result"]["findings"]}
    moved = len(top) * np.prod(image.GetSpacing()) / 1000.0
    assert found["edited_lumen_mL"] == pytest.approx(moved, rel=0.02)
    assert found["lumen_volume_mL"] == pytest.approx(findings(finished)["lumen_volume_mL"]["value"] + moved, rel=0.01)
    assert any("edited by hand" in c["caution"] for c in run.answer["result"]["cautions"])
    assert path.stat().st_size > 0
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))), voxels)  # never overwritten


def test_without_pressure_mechanics_is_skipped_not_failed(finished, tmp_path):
    case = finished.case.with_name("no_pressure.yaml")
    case.write_text(re.sub(r"(?m)^(pressure:|  systolic:.*|  diastolic:.*)$", "", finished.case.read_text()))
    out = tmp_path / "out"
    shutil.copytree(finished.out, out)
    run = aorta("plan", case, "-o", out, "--json")
    assert run.status == 0, run.err
    assert run.stages["mechanics"] == run.stages["risk"] == "skipped"
    result = json.loads((out / "phantom" / "result.json").read_text())
    stress = next(f for f in result["findings"] if f["name"] == "wall_stress_p99_kPa")
    assert stress["value"] is None
    assert "pressure" in stress["caution"]


def test_solver_failure_says_how_far_it_came(finished, tmp_path):
    """Two iterations a step and no smaller step: exit 6, last load, a VTU, earlier stages kept."""
    case = finished.case.with_name("hopeless.yaml")
    text = re.sub(r"(?m)^  # max_iterations: .*$", "  max_iterations: 2", finished.case.read_text())
    case.write_text(re.sub(r"(?m)^  # minimum_step: .*$", "  minimum_step: 0.9", text))
    out = tmp_path / "out"
    shutil.copytree(finished.out, out)
    run = aorta("plan", case, "-o", out, "--json")
    assert run.status == 6, run.err
    error = run.answer["error"]
    assert error["code"] == "E400"
    assert "load" in " ".join([error["what"], error["why"], error["where"], *error["details"]])
    assert (out / "phantom" / "fields" / "last_converged.vtu").stat().st_size > 1000
    assert "failed" in (out / "phantom" / "report.html").read_text()
    assert aorta("status", finished.case, "-o", out, "--json").answer["result"]["stages"][4]["status"] == "finished"
