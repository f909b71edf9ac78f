"""The correction loop as the planner goes through it: segment, look, edit, look again, plan."""

import json

import nibabel
import numpy as np
import pytest
from small_inputs import HEAD, SPACING, image, labels, vessel

from aorta.cli.main import main


def call(capsys, *arguments):
    status = main([*map(str, arguments), "--json", "-q"])
    return status, json.loads(capsys.readouterr().out)


def test_segment_edit_segment_plan(tmp_path, capsys):
    (tmp_path / "case.yaml").write_text(HEAD + image(tmp_path) + labels(tmp_path))
    case, out = tmp_path / "case.yaml", tmp_path / "out"
    status, told = call(capsys, "segment", case, "-o", out)
    assert status == 0, told
    folder = out / "K"
    assert {p.name for p in folder.iterdir() if not p.name.startswith(".")} == {
        "labels.nii.gz",
        "segmentation.html",
        "stages",
        "surfaces",
    }
    assert list((folder / "surfaces").iterdir())
    before = (folder / "segmentation.html").read_text(encoding="utf-8")
    assert "edited by hand" not in before

    drawn = nibabel.load(folder / "labels.nii.gz")
    voxels = np.asarray(drawn.dataobj).copy()
    part = np.zeros_like(voxels, bool)
    part[:, :, 28:34] = True
    added = part & (voxels != 1) & np.roll(voxels == 1, 1, axis=0)  # one voxel to the side
    assert added.any()
    voxels[added] = 1
    nibabel.save(nibabel.Nifti1Image(voxels, drawn.affine), folder / "labels.nii.gz")

    status, told = call(capsys, "segment", case, "-o", out)
    assert status == 0, told
    edited = {f["name"]: f["value"] for f in told["result"]["findings"]}["edited_lumen_mL"]
    assert edited == pytest.approx(added.sum() * SPACING**3 / 1000, rel=1e-12)
    assert f"lumen {edited:.2f} mL" in (folder / "segmentation.html").read_text(encoding="utf-8")

    status, told = call(capsys, "plan", case, "-o", out, "--until", "anatomy")
    assert status == 0
    assert {s["name"]: s["status"] for s in told["result"]["stages"]}["anatomy"] == "cached"
    assert any("edited by hand" in c["caution"] for c in told["result"]["cautions"])


def test_labels_that_cannot_be_measured_are_shown_all_the_same(tmp_path, capsys):
    ball = np.zeros_like(vessel())
    ball[28:31, 14:17, 14:17] = 1
    (tmp_path / "case.yaml").write_text(HEAD + labels(tmp_path, ball))
    status, told = call(capsys, "segment", tmp_path / "case.yaml", "-o", tmp_path / "out")
    assert (status, told["ok"]) == (5, False)
    page = (tmp_path / "out" / "K" / "segmentation.html").read_text(encoding="utf-8")
    assert told["error"]["what"] in page
