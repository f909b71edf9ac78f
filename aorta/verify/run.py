"""``aorta verify``: every problem by name, run one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from aorta.errors import CaseFileError
from aorta.mechanics.materials.registry import LAWS
from aorta.records import Progress, silent
from aorta.verify import balances, calculix, carotid, elements, laws, prestressed, shells, zero_d
from aorta.verify.check import Check, Problem

PROBLEMS: Mapping[str, Problem] = {
    "one-element": elements.one_element,
    **{f"law-{name}": partial(laws.one_law, name) for name in LAWS},
    "patch": elements.patch,
    "tangent": elements.tangent,
    "lame": elements.lame,
    "tube-raghavan-vorp": shells.tube_rv,
    "tube-neo-hookean": shells.tube_nh,
    "sphere-raghavan-vorp": shells.sphere_rv,
    "sphere-neo-hookean": shells.sphere_nh,
    **{f"shells-{name}": partial(shells.other_law, name) for name in shells.OTHERS},
    "two-layer-carotid": carotid.inflation,
    "no-locking": shells.no_locking,
    "zero-pressure-radii": prestressed.radii,
    "round-trip": prestressed.round_trip,
    "round-trip-fibres": prestressed.fibres_carried,
    "balance": balances.reported_stress,
    "windkessel": zero_d.windkessel,
    "calculix": calculix.thrombosed,
}


def left_out(names: Sequence[str] | None = None) -> Mapping[str, str]:
    """Problems that would be run, all or those named, but cannot be on this machine, each with its reason."""
    if names or calculix.available():
        return {}
    return {"calculix": "CalculiX is not installed: apt-get install calculix-ccx"}


def run_all(names: Sequence[str] | None = None, progress: Progress = silent) -> tuple[Check, ...]:
    """Checks of all problems but those ``left_out``, or of those named.

    Raises
    ------
    CaseFileError
        There is no problem of this name.
    SetupError
        A problem was named that needs CalculiX, which is not installed.
    """
    unknown = [name for name in names or () if name not in PROBLEMS]
    if unknown:
        raise CaseFileError(f"no verification problem '{unknown[0]}'", fix=f"known: {', '.join(PROBLEMS)}")
    chosen = [name for name in names or PROBLEMS if name not in left_out(names)]
    checks: list[Check] = []
    for done, name in enumerate(chosen):
        progress(f"verification: {name}", done / len(chosen))
        checks += PROBLEMS[name]()
    return tuple(checks)
