"""The one family of errors: what went wrong, where, why, and how to fix it.

Domain code raises these and nothing else for a foreseeable failure; it never prints and never
exits. The command line turns ``exit_status`` into the process status (docs/reference/exit-status.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import ClassVar


class AortaError(Exception):
    """A foreseeable failure, told so that the user can act on it.

    Parameters
    ----------
    what : str
        One sentence: what is wrong.
    where : str
        File with line and column, slice number, stage, element ... "" if nowhere in particular.
    why : str
        The measured fact behind it.
    fix : str
        What the user can do.
    details : sequence of str
        Further lines (every mistake of a case file, one a line).
    """

    code: ClassVar[str] = "E000"
    exit_status: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", why: str = "", fix: str = "", details: tuple[str, ...] = ()):
        super().__init__(what)
        self.what, self.where, self.why, self.fix, self.details = what, where, why, fix, tuple(details)

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.what}"]
        lines += [f"  --> {self.where}"] if self.where else []
        lines += [f"  {line}" for line in self.details]
        lines += [f"  why: {self.why}"] if self.why else []
        lines += [f"  fix: {self.fix}"] if self.fix else []
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """The same facts for ``--json``."""
        return {
            "code": self.code,
            "exit_status": self.exit_status,
            "what": self.what,
            "where": self.where,
            "why": self.why,
            "fix": self.fix,
            "details": list(self.details),
        }


class CaseFileError(AortaError):
    """The case file (or cohort table) is not valid; ``details`` has a line per mistake."""

    code, exit_status = "E100", 3


class InputError(AortaError):
    """An image, label map or surface cannot be used as it is."""

    code, exit_status = "E200", 4


class NeedsClicks(InputError):
    """The automatic segmentation is not sure of itself and asks for points from the user."""

    code = "E210"


class GeometryError(AortaError):
    """The anatomy cannot be measured or is not a vessel."""

    code, exit_status = "E300", 5


class MeshError(AortaError):
    """No valid mesh could be made.

    ``place`` is where, (3,) mm LPS, if it is one place.
    """

    code, exit_status = "E310", 5

    def __init__(self, what: str, *, place: object = None, **kwargs: object):
        super().__init__(what, **kwargs)  # type: ignore[arg-type]
        self.place = place


class SolverError(AortaError):
    """The equilibrium was not found.

    ``last_state`` holds, where there is one, what the caller can write out: the last converged
    displacement (n, 3) in mm and its load factor.
    """

    code, exit_status = "E400", 6

    def __init__(self, what: str, *, last_state: object = None, **kwargs: object):
        super().__init__(what, **kwargs)  # type: ignore[arg-type]
        self.last_state = last_state


class RiskError(AortaError):
    """A risk index cannot be computed although its inputs are there."""

    code, exit_status = "E500", 7


class StentError(AortaError):
    """Stent sizing or fit simulation failed, or the catalogue is not valid."""

    code, exit_status = "E510", 7


class SetupError(AortaError):
    """The machine lacks something: a package, disk space, a writable folder."""

    code, exit_status = "E600", 8


class BatchFailed(AortaError):
    """Part of a cohort failed; the others are finished."""

    code, exit_status = "E700", 9


class CautionRaised(AortaError):
    """A caution under ``--strict``."""

    code, exit_status = "E710", 10


class VerificationFailed(AortaError):
    """A verification problem missed its bound."""

    code, exit_status = "E720", 11


@contextmanager
def on_damage(refusal: AortaError | None) -> Iterator[None]:
    """Raises ``refusal`` for whatever a reading library raises on a damaged file; None ends the block there.

    Libraries let many kinds of error through (pydicom, nibabel, ITK, zipfile, gmsh), and quote values and file
    names in them: none of that gets on. Our own errors pass, and so does a lack of memory.
    """
    try:
        yield
    except (AortaError, MemoryError):
        raise
    except Exception as problem:
        if _lacks_memory(problem):
            raise MemoryError from None
        if refusal is not None:
            raise refusal from None


def ignoring_damage() -> AbstractContextManager[None]:
    """Ends the block where ``on_damage`` would refuse; what follows says what then holds."""
    return on_damage(None)


def _lacks_memory(problem: Exception) -> bool:
    """Whether a native library ran out of memory: ITK and other C++ code tell it as an error like any other."""
    return any(words in str(problem) for words in ("allocate memory", "bad_alloc"))


@contextmanager
def on_os_error(refusal: AortaError) -> Iterator[None]:
    """Raises ``refusal``, with the system's reason as its ``why``, where a file or program cannot be had."""
    try:
        yield
    except OSError as problem:
        refusal.why = (problem.strerror or "").lower()  # the whole text would quote the path
        raise refusal from problem
