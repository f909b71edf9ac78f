"""Our solver beside CalculiX on the same meshes: accuracy first, then time, counts, memory and where the time goes."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.bench import geometries, peer

_PEER_SIZES = (20, 60)
"""CalculiX would take hours at 150,000 nodes."""


def bench(folder: Path, names: Sequence[str], sizes: Sequence[int], with_peer: bool) -> None:
    """Measure what the folder does not hold yet, one process at a time, and print the tables."""
    for line in peer.absent() if with_peer else ():
        print(line)
    for geometry in names:
        if geometry == "patient" and geometries.published() is None:
            print("\npatient: left out, AORTA_REFERENCE_DATA does not hold aneupy-aaa/ (docs/reference-data.md)")
            continue
        found = {size: _measure(folder, geometry, size, with_peer) for size in sorted(sizes)}
        _accuracy(geometry, found)
        _table(found)
        _where(found)
        _growth(found)


def _measure(folder: Path, geometry: str, size: int, with_peer: bool) -> dict[str, dict]:
    found = {way: _kept(folder, "ours", geometry, size, way) for way in ("forward", "prestressed")}
    if with_peer and size in _PEER_SIZES and shutil.which("ccx"):
        found["CalculiX"] = _kept(folder, "peer", geometry, size)
    return found


def _kept(folder: Path, module: str, geometry: str, size: int, *way: str) -> dict:
    """A measurement from the folder, or made in a process of its own."""
    place = folder / f"{'-'.join([geometry, str(size), *(way or ['calculix'])])}.json"
    if not place.exists():
        print(f"... {place.stem}", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", f"tests.bench.{module}", geometry, str(size), *way, str(folder)]
        threads = os.environ.get("OMP_NUM_THREADS") or str(len(os.sched_getaffinity(0)))
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": threads}, check=True
        )
        place.write_text(done.stdout.splitlines()[-1])
    return json.loads(place.read_text())


def _accuracy(geometry: str, found: dict[int, dict[str, dict]]) -> None:
    """Largest displacement and 99th percentile of the wall's first principal stress: against the finest mesh, and each other."""
    finest = found[max(found)]["forward"]
    print(f"\n{geometry}: accuracy without prestress at 16 kPa; finest mesh {finest['nodes']} nodes, ", end="")
    print(f"{finest['largest_mm']:.4f} mm, {finest['p99_MPa'] * 1e3:.2f} kPa")
    print(f"{'nodes':>8} {'solver':10} {'largest mm':>11} {'error':>8} {'p99 kPa':>9} {'error':>8} {'apart, of largest':>18}")
    for one in found.values():
        for name in ("forward", "CalculiX"):
            if name in one:
                m = one[name]
                moved, stress = m["largest_mm"] / finest["largest_mm"] - 1, m["p99_MPa"] / finest["p99_MPa"] - 1
                apart = f"{m['apart']:18.1e}" if "apart" in m else ""
                print(f"{m['nodes']:8} {'aorta' if name == 'forward' else name:10} {m['largest_mm']:11.4f} {moved:8.2%} ", end="")
                print(f"{m['p99_MPa'] * 1e3:9.2f} {stress:8.2%} {apart}")


def _table(found: dict[int, dict[str, dict]]) -> None:
    print(
        f"\n{'nodes':>8} {'what':32} {'s':>7} {'CPU s':>7} {'GB':>5} {'Newton':>6} {'fact.':>5} {'Krylov':>6} "
        f"{'floor s':>7} {'/floor':>6} {'CalculiX/this':>13} {'by CPU':>6}"
    )
    for one in found.values():
        theirs = one.get("CalculiX")
        for way, title in (("forward", "forward"), ("prestressed", "prestress and forward")):
            m = one[way]
            ratio = f"{theirs['seconds'] / m['seconds']:13.1f} {theirs['cpu'] / m['cpu']:6.1f}" if theirs else ""
            print(
                f"{m['nodes']:8} {'aorta, ' + title:32} {m['seconds']:7.1f} {m['cpu']:7.1f} {m['GB']:5.1f} {m['newton']:6} "
                f"{m['factorisations']:5} {m['krylov']:6} {m['floor']:7.1f} {m['seconds'] / m['floor']:6.2f} {ratio}"
            )
        if theirs:
            print(
                f"{theirs['nodes']:8} {'CalculiX, forward':32} {theirs['seconds']:7.1f} {theirs['cpu']:7.1f} {theirs['GB']:5.1f} "
                f"{theirs['newton']:6} {theirs['newton']:5}  {theirs['increments']} increments; {theirs['way']}"
            )
    threads = next(iter(found.values()))["forward"]["threads"]
    print(f"aorta: the whole load in one step, {threads} thread(s), residual 1e-9 of the load's nodal forces")


def _where(found: dict[int, dict[str, dict]]) -> None:
    parts = list(next(iter(found.values()))["forward"]["parts"])
    print(f"\nwhere the time goes, s\n{'nodes':>8} {'what':12} " + " ".join(f"{part:>17}" for part in parts))
    for one in found.values():
        for way in ("forward", "prestressed"):
            print(f"{one[way]['nodes']:8} {way:12} " + " ".join(f"{one[way]['parts'][part]:17.2f}" for part in parts))


def _growth(found: dict[int, dict[str, dict]]) -> None:
    """Exponent of seconds in nodes, least squares of the logarithms."""
    if len(found) < 2:
        return
    for way in ("forward", "prestressed"):
        nodes, seconds = zip(*((math.log(one[way]["nodes"]), math.log(one[way]["seconds"])) for one in found.values()))
        print(f"{way}: seconds grow as nodes^{np.polyfit(nodes, seconds, 1)[0]:.2f}")
