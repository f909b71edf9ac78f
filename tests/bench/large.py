"""A CT as large as hospitals send them, read, segmented and measured: 512 x 512 x 400 at 0.7 mm.

The phantom of the same anatomy, seen in a field of view as wide as a patient. Prints the wall and
processor seconds and the peak memory of one process that does all three stages; asserts nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aorta.phantom.dicom_series import write_dicom_series
from aorta.phantom.make import Phantom, Scene, render
from aorta.phantom.scene import Field

SHAPE_KJI, VOXEL_MM = (400, 512, 512), 0.7
WANTED = "under 180 s and 6 GB"
CASE = """\
schema_version: 1
case_id: large
image: {path: dicom, modality: CT}
pressure: {systolic: 140 mmHg, diastolic: 80 mmHg}
"""


def phantom() -> Phantom:
    """The default anatomy in 280 x 358 x 358 mm."""
    extent = tuple(VOXEL_MM * n for n in SHAPE_KJI)
    field = Field((-18.0, -0.5 * extent[1] - 6.0, -0.5 * extent[2]), extent)
    return render(Scene(field=field), 1, SHAPE_KJI)


def bench(folder: Path) -> None:
    """Make the series (once: a folder that is kept keeps it), then read, segment and measure it in one process."""
    case, truth = folder / "case.yaml", folder / "truth.json"
    if not truth.exists():
        made = phantom()
        write_dicom_series(made, folder / "dicom")
        truth.write_text(json.dumps(made.truth))
        case.write_text(CASE)
        del made
    with tempfile.TemporaryDirectory(dir=folder) as out:
        command = [sys.executable, "-m", "aorta", "plan", str(case), "--output", out, "--until", "anatomy", "--json"]
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        answer = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"ended with {process.returncode}: {answer}")
        for stage in answer["result"]["stages"]:
            if stage["status"] == "done":
                print(f"{stage['name']:12} {stage['seconds']:9.1f} s")
        found = {finding["name"]: finding["value"] for finding in answer["result"]["findings"]}
        for name, true in json.loads(truth.read_text()).items():
            if isinstance(found.get(name), float):
                print(f"{name}: {found[name]:.4g}, true {true:.4g}")
        cpu = usage.ru_utime + usage.ru_stime
        print(f"{'all':12} {wall:9.1f} s, {cpu:.1f} s of processor time, peak {usage.ru_maxrss / 1e6:.2f} GB (wanted: {WANTED})")
