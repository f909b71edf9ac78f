"""The case's ``cycle`` section with its file: read before anything runs, since a mistake in it costs nothing then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aorta.pipeline.sources import source_of
from aorta.pipeline.store import file_digest
from aorta.records import HeartCycle
from aorta.settings import Case, CycleSettings


def heart_cycle(case: Case, case_folder: Path) -> HeartCycle | None:
    """What to solve for beyond imaging and systole, None where nothing or where there is no blood pressure.

    Raises
    ------
    InputError
        The waveform cannot be used.
    """
    if case.cycle == CycleSettings() or case.pressure is None:
        return None
    from aorta.haemodynamics.plan import plan_cycle
    from aorta.haemodynamics.waveform import read_waveform

    wave = read_waveform(source_of(case_folder, case.cycle.waveform)) if case.cycle.waveform else None
    return plan_cycle(case.cycle, case.pressure, wave)


def cycle_parts(case: Case, case_folder: Path) -> Mapping[str, Any]:
    """What of it the mechanics depends on: the settings and the file's content, never its path."""
    digest = {"file_waveform": file_digest(source_of(case_folder, case.cycle.waveform))} if case.cycle.waveform else {}
    return {"cycle": replace(case.cycle, waveform=None), **digest}
