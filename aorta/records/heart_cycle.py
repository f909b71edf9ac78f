"""Pressure over the heart beat, as given and as solved for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aorta.records.base import Array
from aorta.records.finding import Finding


@dataclass(frozen=True)
class PressureWave:
    """Pressure and flow over one heart beat; linear between samples, the last closes the beat.

    Parameters
    ----------
    time_s : (n,) float
        Increasing from 0.
    pressure_MPa, flow_mm3_per_s : (n,) float or None
    source : str
        "the file", "two-element Windkessel" ...
    """

    time_s: Array
    pressure_MPa: Array | None
    flow_mm3_per_s: Array | None
    source: str
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeartCycle:
    """Pressures that the mechanics solves for beyond those at imaging and systole.

    Parameters
    ----------
    named : mapping of "diastole", "mean" to MPa
    time_s, pressure_MPa : (k,) float
        Instants of a waveform, in order; empty without one.
    """

    named: Mapping[str, float]
    time_s: Array
    pressure_MPa: Array
    findings: tuple[Finding, ...] = ()
    cautions: tuple[str, ...] = ()
    period_s: float | None = None  # of the beat that the instants are of
