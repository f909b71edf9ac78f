"""``aorta verify``: the problems run one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aorta.errors import CaseFileError
from aorta.records import Progress, silent
from aorta.verify import calculix, solving
from aorta.verify.check import Check
from aorta.verify.problems import GROUPS, PROBLEMS


def chosen(names: Sequence[str] | None = None, quick: bool = False) -> tuple[str, ...]:
    """Names of problems: all, or those named one by one or by their group; without the slow ones if quick.

    Raises
    ------
    CaseFileError
        There is neither a problem nor a group of this name.
    """
    unknown = [name for name in names or () if name not in PROBLEMS and name not in GROUPS]
    if unknown:
        fix = f"groups: {', '.join(GROUPS)}; problems: {', '.join(PROBLEMS)}"
        raise CaseFileError(f"no verification problem '{unknown[0]}'", fix=fix)
    return tuple(
        name
        for name, entry in PROBLEMS.items()
        if not (quick and entry.slow) and (not names or name in names or entry.group in names)
    )


def left_out(names: Sequence[str] | None = None, quick: bool = False) -> Mapping[str, str]:
    """Problems that would be run, all or those of a group, but cannot be on this machine, each with its reason."""
    if calculix.available():
        return {}
    reason = "CalculiX is not installed: apt-get install calculix-ccx"
    return {
        name: reason for name in chosen(names, quick) if PROBLEMS[name].group == "calculix" and (not names or name not in names)
    }


def run_all(names: Sequence[str] | None = None, progress: Progress = silent, quick: bool = False) -> tuple[Check, ...]:
    """Checks of the chosen problems but those ``left_out``, each with the meshes its problem was solved on.

    Raises
    ------
    CaseFileError
        There is no problem or group of this name.
    SetupError
        A problem was named that needs CalculiX, which is not installed.
    """
    absent, checks = left_out(names, quick), []
    wanted = [name for name in chosen(names, quick) if name not in absent]
    for done, name in enumerate(wanted):
        progress(f"verification: {name} ({done + 1} of {len(wanted)})", done / len(wanted))
        checks += run_one(name)
    return tuple(checks)


def run_one(name: str) -> tuple[Check, ...]:
    """The checks of one problem.

    Raises
    ------
    SetupError
        It needs CalculiX, which is not installed.
    """
    with solving.sizes_noted() as sizes:
        found = PROBLEMS[name].run()
    mesh = f"{', '.join(f'{size:,}' for size in sorted(sizes))} tetrahedra" if sizes else "none"
    return tuple(replace(check, name=name, mesh=mesh) for check in found)
