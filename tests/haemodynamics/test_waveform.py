"""Waveform files: what is read, and what is refused with line and fix."""

import numpy as np
import pytest

from aorta.errors import InputError
from aorta.haemodynamics.waveform import mean_over_time, read_waveform
from aorta.units import MMHG_IN_MPA

TIME = np.linspace(0.0, 0.8, 17)
PRESSURE = 100.0 - 20.0 * np.cos(2 * np.pi * TIME / 0.8)


def written(folder, header, *columns):
    rows = [",".join(f"{value:.10g}" for value in row) for row in zip(*columns)]
    path = folder / "wave.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_units_of_the_header_count(tmp_path):
    one = read_waveform(written(tmp_path, "time_s,pressure_mmHg", TIME, PRESSURE))
    np.testing.assert_allclose(one.pressure_MPa, PRESSURE * MMHG_IN_MPA, rtol=1e-9)
    two = read_waveform(
        written(tmp_path, "flow_L_per_min,time_ms,pressure_kPa", PRESSURE / 20, 1e3 * TIME, 0.133322387415 * PRESSURE)
    )
    np.testing.assert_allclose(two.pressure_MPa, one.pressure_MPa, rtol=1e-9)
    np.testing.assert_allclose(two.time_s, TIME, atol=1e-12)
    np.testing.assert_allclose(two.flow_mm3_per_s, PRESSURE * 1e6 / 1200, rtol=1e-9)
    assert mean_over_time(one.time_s, one.pressure_MPa) == pytest.approx(100 * MMHG_IN_MPA, rel=1e-9)


def test_time_starts_at_zero_and_comments_are_skipped(tmp_path):
    path = written(tmp_path, "# measured\ntime_s,pressure_mmHg", TIME + 3.0, PRESSURE)
    np.testing.assert_allclose(read_waveform(path).time_s, TIME, atol=1e-9)


def _swap(values):
    out = values.copy()
    out[[4, 5]] = out[[5, 4]]
    return out


@pytest.mark.parametrize(
    ("header", "time", "pressure", "told"),
    [
        ("time_s,pressure", TIME, PRESSURE, "'pressure' of the waveform has no unit"),
        ("time,pressure_mmHg", TIME, PRESSURE, "'time' of the waveform has no unit"),
        ("time_s,pressure_bar", TIME, PRESSURE, "unknown unit"),
        ("time_s,velocity_mm_per_s", TIME, PRESSURE, "no column of pressure or flow"),
        ("time_s,time_ms", TIME, PRESSURE, "two columns 'time'"),
        ("time_s,pressure_mmHg", _swap(TIME), PRESSURE, "does not increase"),
        ("time_ms,pressure_mmHg", TIME, PRESSURE, "not one heart beat long"),
        ("time_s,pressure_kPa", TIME, PRESSURE, "implausible"),
        ("time_s,pressure_mmHg", TIME, PRESSURE + np.linspace(0, 30, 17), "not one closed heart beat"),
        ("time_s,pressure_mmHg", TIME, 0 * PRESSURE + 90, "constant"),
        ("time_s,pressure_mmHg", TIME[::4], PRESSURE[::4], "too few rows"),
        ("time_s,pressure_mmHg", TIME, PRESSURE * np.where(np.arange(17) == 3, np.nan, 1.0), "not finite"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, header, time, pressure, told):
    with pytest.raises(InputError, match=told) as caught:
        read_waveform(written(tmp_path, header, time, pressure))
    assert caught.value.fix
    assert "wave.csv" not in str(caught.value)  # a path may name the patient


def test_line_of_the_mistake_is_told(tmp_path):
    with pytest.raises(InputError) as caught:
        read_waveform(written(tmp_path, "time_s,pressure_mmHg", _swap(TIME), PRESSURE))
    assert caught.value.where.endswith("line 7")


@pytest.mark.parametrize(
    "content", [b"", b"time_s,pressure_mmHg\n", b"\xff\xfe\x00", b"time_s,pressure_mmHg\n0,80,3\n", b"time_s,pressure_mmHg\n0,x\n"]
)
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "wave.csv"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_waveform(path)


def test_a_small_gap_is_cautioned(tmp_path):
    wave = read_waveform(written(tmp_path, "time_s,pressure_mmHg", TIME, PRESSURE + np.linspace(0, 4, 17)))
    assert len(wave.cautions) == 1
    assert "10%" in wave.cautions[0]
