"""From the cycle section to the pressures that are solved."""

import numpy as np
import pytest

from aorta.errors import InputError
from aorta.haemodynamics.plan import plan_cycle, sample_times
from aorta.records import PressureWave
from aorta.settings import BloodPressure, CycleSettings
from aorta.units import MMHG_IN_MPA, mmhg

PRESSURE = BloodPressure(systolic=120 * MMHG_IN_MPA, diastolic=80 * MMHG_IN_MPA)
TIME = np.linspace(0.0, 0.9, 91)
FLOW = 1e3 * (60.0 + 130.0 * np.exp(-(((TIME - 0.15) / 0.07) ** 2)))
CURVE = (80 + 40 * np.exp(-(((TIME - 0.21) / 0.1) ** 2))) * MMHG_IN_MPA
WAVE = PressureWave(TIME, CURVE, FLOW, "the file")


def value(cycle, name):
    return next(f.value for f in cycle.findings if f.name == name)


def test_nothing_is_planned_unless_asked():
    assert plan_cycle(CycleSettings(), PRESSURE, None) is None
    assert plan_cycle(CycleSettings(states=("systole",)), PRESSURE, None) is None


def test_named_states():
    cycle = plan_cycle(CycleSettings(states=("diastole", "mean", "systole")), PRESSURE, None)
    assert cycle.named["diastole"] == PRESSURE.diastolic
    assert mmhg(cycle.named["mean"]) == pytest.approx(80 + 40 / 3, rel=1e-12)
    assert value(cycle, "mean_pressure_mmHg") == pytest.approx(80 + 40 / 3, rel=1e-12)
    assert len(cycle.time_s) == 0


def test_waveform_gives_the_mean_and_the_instants():
    cycle = plan_cycle(CycleSettings(states=("mean",), waveform="x"), PRESSURE, WAVE)
    exact = ((CURVE[1:] + CURVE[:-1]) / 2).mean()
    assert cycle.named == {"mean": pytest.approx(exact, rel=1e-12)}
    assert len(cycle.time_s) == 16
    assert cycle.pressure_MPa.max() == pytest.approx(CURVE.max(), rel=1e-12)
    assert cycle.pressure_MPa.min() == pytest.approx(CURVE.min(), rel=1e-12)


def test_extremes_are_among_the_instants():
    times = sample_times(TIME, CURVE, 5)
    assert TIME[np.argmax(CURVE)] in times
    assert TIME[np.argmin(CURVE)] in times
    assert (np.diff(times) > 0).all()


def test_extremes_close_to_one_instant_are_both_kept():
    """The lowest pressure at 0 must not push out the highest at 0.09 s, which took the instant at 0."""
    time = np.array([0.0, 0.09, 0.4, 0.8])
    np.testing.assert_allclose(sample_times(time, np.array([10.0, 16.0, 12.0, 11.0]), 4), [0.0, 0.09, 0.4, 0.6])
    np.testing.assert_allclose(sample_times(time, np.full(4, 12.0), 4), [0.0, 0.2, 0.4, 0.6])


def test_windkessel_replaces_the_curve_and_tells_its_error():
    cycle = plan_cycle(CycleSettings(waveform="x", windkessel="three-element", samples=91), PRESSURE, WAVE)
    assert value(cycle, "windkessel_error_rms_mmHg") > 1.0
    misses = mmhg(cycle.pressure_MPa - np.interp(cycle.time_s, TIME, CURVE))
    assert np.abs(misses).max() == pytest.approx(value(cycle, "windkessel_error_max_mmHg"), rel=0.02)


def test_flow_alone_is_fitted_to_the_cuff():
    only = PressureWave(TIME, None, FLOW, "the file")
    cycle = plan_cycle(CycleSettings(waveform="x", windkessel="two-element"), PRESSURE, only)
    assert mmhg(cycle.pressure_MPa.max()) == pytest.approx(120, rel=1e-5)
    assert cycle.cautions == ()


@pytest.mark.parametrize(
    ("windkessel", "pressure", "flow", "told"),
    [
        ("none", None, FLOW, "no pressure"),
        ("two-element", CURVE, None, "needs the flow"),
        ("three-element", None, FLOW, "without the pressure"),
    ],
)
def test_what_is_missing_is_told(windkessel, pressure, flow, told):
    with pytest.raises(InputError, match=told):
        plan_cycle(CycleSettings(waveform="x", windkessel=windkessel), PRESSURE, PressureWave(TIME, pressure, flow, "the file"))


def test_waveform_away_from_the_cuff_is_cautioned():
    higher = PressureWave(TIME, CURVE * 1.2, None, "the file")
    assert "96 to 144 mmHg" in plan_cycle(CycleSettings(waveform="x"), PRESSURE, higher).cautions[0]
    assert plan_cycle(CycleSettings(waveform="x"), PRESSURE, WAVE).cautions == ()
