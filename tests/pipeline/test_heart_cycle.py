"""The cycle section: read before anything runs, and remembered by content."""

import json
from dataclasses import replace

import pytest

from aorta.errors import InputError
from aorta.pipeline.finish import without_paths
from aorta.pipeline.freeze import plain
from aorta.pipeline.heart_cycle import cycle_parts, heart_cycle
from aorta.pipeline.run import run_case
from aorta.settings import BloodPressure, Case, CycleSettings, LabelInput
from aorta.units import MMHG_IN_MPA, mmhg

CASE = Case(1, "toy", labels=LabelInput("labels.nii.gz"))

WAVE = "time_s,pressure_mmHg\n" + "".join(f"{0.1 * q:.1f},{p}\n" for q, p in enumerate((80, 95, 120, 112, 105, 96, 90, 84, 80)))


def with_wave(folder, text=WAVE):
    (folder / "beat.csv").write_text(text)
    pressure = BloodPressure(120 * MMHG_IN_MPA, 80 * MMHG_IN_MPA)
    return replace(CASE, pressure=pressure, cycle=CycleSettings(("diastole",), "beat.csv"))


def test_waveform_counts_by_its_content(tmp_path):
    case = with_wave(tmp_path)
    before = cycle_parts(case, tmp_path)
    (tmp_path / "beat.csv").rename(tmp_path / "patient-name.csv")
    renamed = replace(case, cycle=replace(case.cycle, waveform="patient-name.csv"))
    assert cycle_parts(renamed, tmp_path) == before
    assert "patient-name" not in json.dumps(plain(cycle_parts(renamed, tmp_path)))
    assert without_paths(renamed).cycle.waveform is None
    (tmp_path / "patient-name.csv").write_text(WAVE.replace("112", "113"))
    assert cycle_parts(renamed, tmp_path)["file_waveform"] != before["file_waveform"]


def test_cycle_of_a_case(tmp_path):
    assert heart_cycle(CASE, tmp_path) is None
    beat = heart_cycle(with_wave(tmp_path), tmp_path)
    assert set(beat.named) == {"diastole"}
    assert mmhg(beat.pressure_MPa.max()) == pytest.approx(120, rel=1e-9)


def test_wrong_waveform_is_told_before_anything_runs(tmp_path):
    (tmp_path / "labels.nii.gz").touch()
    with pytest.raises(InputError, match="no unit"):
        run_case(with_wave(tmp_path, WAVE.replace("_mmHg", "")), tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
