"""Stages of the phantom, then the solver: ``make bench`` or ``python -m tests.bench --help``.

Measurements are kept in ``--results``; those already there are not made again, so that a long run
can go on after an interruption and one number can be measured anew (delete the file, or name another).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench import large, solver, stages
from tests.bench.geometries import GEOMETRIES, SIZES


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=("stages", "solver", "large"), help="large: a CT of 512 x 512 x 400, only when asked for")
    parser.add_argument("--geometry", choices=GEOMETRIES, action="append", help="of the solver; may be repeated")
    parser.add_argument("--nodes", type=int, choices=SIZES, action="append", help="thousands, about; may be repeated")
    parser.add_argument("--no-peer", action="store_true", help="our solver alone")
    parser.add_argument("--results", type=Path, help="folder of measurements, kept; without it nothing is kept")
    given = parser.parse_args()
    if given.only == "large":
        with tempfile.TemporaryDirectory() as passing:
            large.bench(Path(passing))
        return
    if given.only != "solver":
        stages.bench()
    if given.only != "stages":
        with tempfile.TemporaryDirectory() as passing:
            folder = given.results or Path(passing)
            folder.mkdir(parents=True, exist_ok=True)
            solver.bench(folder, given.geometry or GEOMETRIES, given.nodes or SIZES, not given.no_peer)


if __name__ == "__main__":
    main()
