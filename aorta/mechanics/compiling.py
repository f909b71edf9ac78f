"""Compiling the equations: where compiled forms are kept, with which flags, and one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import platform
import warnings
from collections.abc import Iterator
from pathlib import Path

import cffi
import dolfinx
import dolfinx.jit
import numpy as np
from mpi4py import MPI

from aorta.errors import SetupError, on_os_error

VERSION = tuple(int(part) for part in dolfinx.__version__.split(".")[:2])

COMPILER_FLAGS = ["-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-g0"]
"""-O3 -march=native cut a tangent to a third; -ffast-math is left out: a residual that is not finite must stay so."""

JIT_OPTIONS = dolfinx.jit.DOLFINX_DEFAULT_JIT_PARAMETERS if VERSION < (0, 6) else dolfinx.jit.DOLFINX_DEFAULT_JIT_OPTIONS
JIT_OPTIONS["cffi_extra_compile_args"] = (COMPILER_FLAGS, "")
JIT_OPTIONS["timeout"] = (600, "")

_AMONG_PROCESSES = "Failed just-in-time compilation"
"""What DOLFINx raises on every process, as a RuntimeError, where the first one's compilation failed."""

for _name in ("FFCx", "ffcx", "UFL", "ufl"):  # they tell every step of a compilation
    logging.getLogger(_name).setLevel(logging.WARNING)


def cache_folder() -> Path:
    """Where compiled forms live: one folder per processor, compiler flags and version, so that a
    cache on a shared disk never hands one machine's instructions to another."""
    try:
        facts = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(("model name", "flags"))][:2]
    except OSError:  # not Linux
        facts = [platform.processor()]
    key = hashlib.sha256("\n".join([platform.machine(), dolfinx.__version__, *COMPILER_FLAGS, *facts]).encode()).hexdigest()[:16]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "aorta" / f"forms-{key}"


@contextlib.contextmanager
def compiling() -> Iterator[None]:
    """Hold the cache while FFCx may compile, and keep the compiler quiet. Under MPI the first process
    compiles and the others, which FFCx lets wait for it, take what it made: only the first holds the cache.

    FFCx claims a form by an empty ``.c`` file and waits for a mark beside it; a process killed
    while compiling would leave its claim for ever. Under our lock nobody else compiles, so a claim
    without the mark is such a leftover and goes, and so does a mark without its claim.
    """
    folder = cache_folder()
    JIT_OPTIONS["cache_dir"] = (str(folder), "")
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)  # setuptools tells every compiler call on the root logger
    unwritable = SetupError(
        "the equations cannot be compiled: no file can be written",
        where="compiler's cache, in XDG_CACHE_HOME or ~/.cache",
        fix="free disk space, or set XDG_CACHE_HOME to a folder that can be written",
    )
    try:
        with on_os_error(unwritable):
            folder.mkdir(parents=True, exist_ok=True)
            # FFCx changes how numpy prints numbers, and names an expression by how its points print
            with open(folder / "lock", "w") as lock, warnings.catch_warnings(), np.printoptions(precision=8):
                warnings.simplefilter("ignore", DeprecationWarning)  # FFCx 0.5 under numpy 1.26
                if MPI.COMM_WORLD.rank == 0:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    for claim in folder.glob("libffcx_*.c"):
                        if not claim.with_suffix(".c.cached").exists():
                            claim.unlink()
                    for mark in folder.glob("libffcx_*.c.cached"):
                        if not mark.with_suffix("").exists():
                            mark.unlink()
                yield
    except (cffi.VerificationError, RuntimeError) as problem:
        if isinstance(problem, RuntimeError) and _AMONG_PROCESSES not in str(problem):
            raise
        raise SetupError(
            "the equations cannot be compiled: the C compiler failed",
            where="compiler's cache, in XDG_CACHE_HOME or ~/.cache",
            fix="run `aorta doctor`; see that a C compiler is installed and the disk is not full",
        ) from problem
    finally:
        logging.disable(disabled)
