"""Measure a reference geometry again: ``python meshes/freeze.py fusiform-thrombus [--write]``.

Without ``--write`` it only says what differs from ``frozen.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from reference import compare, frozen_numbers, measure, read_mesh  # noqa: E402

GEOMETRY, SOLVED = 1e-9, 1e-5
"""Relative tolerances: sums over a frozen mesh; what a solver finds, whose residual ends some 1e-8 below the load."""
_OF_MESH = ("wall_volume_mm3", "thrombus_volume_mm3", "blood_area_mm2")


def main(name: str, write: bool) -> int:
    """0 where all numbers are as frozen, else 1."""
    folder = HERE / name
    measured = measure(read_mesh(folder / "mesh.vtu"))
    old = frozen_numbers(folder) if (folder / "frozen.json").exists() else {}
    told = compare(measured, old)
    sys.stdout.write("\n".join(told or ["all numbers are as frozen"]) + "\n")
    if write:
        numbers = {
            key: {"value": value, "relative_tolerance": GEOMETRY if key in _OF_MESH else SOLVED} for key, value in measured.items()
        }
        text = json.dumps({"mesh": "mesh.vtu", "pressure_mmHg": [80, 120], "numbers": numbers}, indent=1)
        (folder / "frozen.json").write_text(text + "\n", encoding="utf-8")
    return int(bool(told) and not write)


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if a != "--write"]
    sys.exit(main(arguments[0] if arguments else "fusiform-thrombus", "--write" in sys.argv))
