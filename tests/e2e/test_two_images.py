"""A second image through the command line: its lumen is taken, points measured on it set the wall's thickness, no path is told."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from command_line import MARKER
from small_inputs import HEAD, SPACING, image, labels, save, vessel

from aorta.cli.main import main

SHIFT_RAS = np.array([12.0, -7.0, 30.0])


@pytest.fixture
def folder(tmp_path):
    """The same vessel twice; the second's lumen is wider, its frame shifted."""
    affine = np.diag([SPACING, SPACING, SPACING, 1.0])
    affine[:3, 3] = SHIFT_RAS
    wide = vessel(radius=7.0)
    save(tmp_path / f"{MARKER}_2l.nii.gz", wide, affine)
    save(tmp_path / f"{MARKER}_2.nii.gz", np.where(wide == 1, 900, 100).astype(np.int16), affine)
    shift = sitk.TranslationTransform(3, (SHIFT_RAS * (-1, -1, 1)).tolist())
    turn = sitk.AffineTransform(3)
    turn.SetTranslation(shift.GetOffset())
    sitk.WriteTransform(turn, str(tmp_path / f"{MARKER}.tfm"))
    return tmp_path


def call(capsys, *arguments):
    status = main([*map(str, arguments), "--json", "-q"])
    told = capsys.readouterr()
    assert MARKER not in told.out + told.err
    return status, json.loads(told.out)


def case(folder, gives, more=""):
    files = f"path: {MARKER}_2.nii.gz, transform_file: {MARKER}.tfm, labels: {MARKER}_2l.nii.gz"
    second = f"second: {{modality: MR, gives: {gives}, {files}}}\n"
    (folder / "case.yaml").write_text(HEAD + image(folder) + labels(folder) + second + more)
    return folder / "case.yaml", "-o", folder / "out", "--until"


def test_lumen_of_the_second_image(folder, capsys):
    status, told = call(capsys, "plan", *case(folder, "lumen"), "segment")
    assert status == 0, told
    found = {f["name"]: f["value"] for f in told["result"]["findings"]}
    assert found["label_lumen_volume_mL"] == pytest.approx(vessel(radius=7.0).sum() * SPACING**3 / 1000, rel=0.02)
    assert any("taken from the second image" in c["caution"] for c in told["result"]["cautions"])
    assert not [p for p in (folder / "out").rglob("*") if p.is_file() and MARKER.encode() in p.read_bytes()]
    status, told = call(capsys, "plan", *case(folder, "phase"), "segment")
    found = {f["name"]: f["value"] for f in told["result"]["findings"]}
    assert found["phase_lumen_volume_change"] == pytest.approx(vessel(radius=7.0).sum() / vessel().sum() - 1, abs=0.03)
    assert {s["name"]: s["status"] for s in told["result"]["stages"]}["second"] == "cached"


def test_thickness_measured_on_the_second_image(folder, capsys):
    angle, height = np.meshgrid(np.linspace(0, 2 * np.pi, 10, endpoint=False), np.linspace(8, 80, 13))
    middle = SPACING * 14.5
    bulge = SPACING * (6 + 4 * np.exp(-(((height / SPACING - 30) / 9.0) ** 2))) + 1.5
    ras = np.stack([middle + bulge * np.cos(angle), middle + bulge * np.sin(angle), height], -1).reshape(-1, 3) + SHIFT_RAS
    rows = "\n".join(f"{x:.2f},{y:.2f},{z:.2f},2.2" for x, y, z in ras)
    (folder / "t.csv").write_text(f"x_mm,y_mm,z_mm,thickness_mm\n{rows}\n")
    wall = "wall: {thickness_points: t.csv, thickness_frame: RAS, thickness_series: second}\nmesh: {size: 5 mm}\n"
    status, told = call(capsys, "plan", *case(folder, "points", wall), "mesh")
    assert status == 0, told
    found = {f["name"]: f["value"] for f in told["result"]["findings"]}
    assert found["mesh_wall_thickness_mean_mm"] == pytest.approx(2.2, abs=0.06)
    assert found["mesh_thickness_points"] == 130
    (folder / "t.csv").write_text(f"x_mm,y_mm,z_mm,thickness_mm\n{rows}\n200,0,0,2\n")
    status, told = call(capsys, "plan", *case(folder, "points", wall), "mesh")
    assert status == 4
    assert "do not lie on the vessel" in told["error"]["what"]


def test_check_reads_the_second_image(folder, capsys):
    """It crashed on every case with one: no cost was known, and the labels asked for what no stage had loaded."""

    def check(gives, more="", first=""):
        arguments = case(folder, gives, more)[:3]
        if not first:
            text = arguments[0].read_text()
            arguments[0].write_text(text.replace(labels(folder), ""))
        return call(capsys, "check", *arguments)

    for first in ("labels", ""):
        for gives in ("lumen", "phase"):
            status, told = check(gives, first=first)
            assert status == 0, told
            assert told["result"]["second"]["modality"] == "MR" and told["result"]["second"]["shape_kji"] == [60, 30, 30]
            costs = {stage["name"]: stage["seconds"] for stage in told["result"]["estimate"]["stages"]}
            assert costs["second"] > 0.0 and "image" in costs
    status, told = check("wall")
    assert status == 4 and told["error"]["where"] == "second.gives of the case file"
    (folder / f"{MARKER}.tfm").write_text("#Insight Transform File V1.0\n")
    status, told = check("phase")
    assert status == 4 and "transform_file" in told["error"]["where"]
