"""A second image finds its place, or says that it does not."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from aorta.errors import InputError
from aorta.phantom.family import draw_look, draw_scene, member
from aorta.phantom.make import render
from aorta.records import Finding, Grid, Volume
from aorta.registration.register import given, register


@pytest.fixture(scope="module")
def pair():
    """CT and bright-blood MR of one phantom; the MR's frame is turned and shifted by a known motion (first to second)."""
    scene = draw_scene(member(3))
    ct = render(scene, 1, (92, 72, 77))
    look = draw_look("bright-blood", False, np.random.default_rng(5))
    scanner = replace(scene.scanner, noise=0.03 * look.values["blood"], bias=0.15)
    mr = render(replace(scene, look=look, scanner=scanner), 2, (77, 66, 84)).volume
    middle = mr.grid.to_lps((np.array(mr.grid.shape_kji[::-1]) - 1) / 2)
    turn = sitk.Euler3DTransform([float(x) for x in middle], 0.06, -0.04, 0.08, (7.0, -5.0, 9.0))
    motion = np.eye(4)
    motion[:3, :3] = np.array(turn.GetMatrix()).reshape(3, 3)
    motion[:3, 3] = np.array(turn.TransformPoint((0.0, 0.0, 0.0)))
    return ct, Volume(Grid(mr.grid.shape_kji, motion @ mr.grid.affine_lps), mr.voxels, "MR"), motion


def errors(points, motion, to_first):
    there = points @ motion[:3, :3].T + motion[:3, 3]
    back = there @ to_first[:3, :3].T + to_first[:3, 3]
    return np.linalg.norm(back - points, axis=1)


def test_mr_is_laid_over_ct(pair, monkeypatch):
    ct, mr, motion = pair
    smooth, blurs = sitk.SmoothingRecursiveGaussian, []
    monkeypatch.setattr(sitk, "SmoothingRecursiveGaussian", lambda image, blur: blurs.append(blur) or smooth(image, blur))
    found = register(ct.volume, mr)
    assert sorted(blurs) == [0.5, 0.5, 1.5, 1.5, 3.0, 3.0], "once for each level, whatever the number of searches"
    off = errors(ct.centreline, motion, found.to_first)
    assert off.max() < 1.5, "a voxel of the MR is 2.2 to 2.6 mm"
    told = {f.name: f for f in found.findings}
    true_turn = np.degrees(np.arccos((np.trace(motion[:3, :3]) - 1) / 2))
    assert told["registration_rotation_deg"].value == pytest.approx(true_turn, abs=0.4)
    assert told["registration_scale"].value == pytest.approx(1.0, abs=1e-9)
    assert told["registration_repeatability_mm"].valid
    assert not found.cautions


def test_what_reading_the_second_image_said_is_kept(pair, tmp_path):
    """Which of several series was taken, slices compressed with loss ... were stored and shown nowhere."""
    ct, mr, motion = pair
    said = replace(mr, cautions=("compressed with loss",), findings=(Finding("image_slices", 77.0, "1", "number of slices"),))
    turn = sitk.AffineTransform(3)
    turn.SetMatrix(motion[:3, :3].ravel().tolist())
    turn.SetTranslation(motion[:3, 3].tolist())
    sitk.WriteTransform(turn, str(tmp_path / "t.tfm"))
    found = given(ct.volume, said, tmp_path / "t.tfm")
    assert found.cautions == ("second image: compressed with loss",)
    assert {f.name: f.value for f in found.findings}["second_image_slices"] == 77.0


def test_an_image_of_something_else_is_refused(pair):
    ct, mr, _ = pair
    coarse = [Volume(Grid(v.voxels[::2, ::2, ::2].shape, v.grid.affine_lps @ np.diag([2, 2, 2, 1])), v.voxels[::2, ::2, ::2], m)
              for v, m in ((ct.volume, "CT"), (mr, "MR"))]  # fmt: skip
    noise = np.random.default_rng(3).normal(100, 30, coarse[1].voxels.shape).astype(np.float32)
    with pytest.raises(InputError, match="could not be laid over"):
        register(coarse[0], replace(coarse[1], voxels=noise))


def test_a_given_transform_is_taken_as_slicer_writes_it(pair, tmp_path):
    ct, mr, motion = pair
    turn = sitk.AffineTransform(3)
    turn.SetMatrix(motion[:3, :3].ravel().tolist())
    turn.SetTranslation(motion[:3, 3].tolist())
    sitk.WriteTransform(turn, str(tmp_path / "t.tfm"))
    found = given(ct.volume, mr, tmp_path / "t.tfm")
    assert errors(ct.centreline, motion, found.to_first).max() < 1e-6
    (tmp_path / "bad.tfm").write_text("#Insight Transform File V1.0\n")
    with pytest.raises(InputError, match="cannot be used"):
        given(ct.volume, mr, tmp_path / "bad.tfm")
    turn.SetTranslation((motion[:3, 3] + 400.0).tolist())
    sitk.WriteTransform(turn, str(tmp_path / "far.tfm"))
    with pytest.raises(InputError, match="could not be laid over"):
        given(ct.volume, mr, tmp_path / "far.tfm")
