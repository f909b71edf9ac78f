"""One coarse phantom taken from DICOM to report, as its user would: killed twice on the way, then finished.

The series carries marker values in identifying tags and in its folder's name.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from command_line import IDENTIFYING, IDENTIFYING_UID, MARKER, Run, aorta, killed_in


@dataclass
class Finished:
    """The phantom's case, what was said while it ran, and where everything is."""

    case: Path
    out: Path
    folder: Path
    truth: dict
    said: list[str]
    last: Run


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    place = tmp_path_factory.mktemp("e2e")
    made = aorta("phantom", place / "case", "--coarse")
    assert made.status == 0, made.err
    series = place / "case" / f"{MARKER}_Jane_19370713"
    (place / "case" / "dicom").rename(series)
    for path in sorted(series.iterdir()):
        dataset = pydicom.dcmread(path)
        for tag, value in IDENTIFYING.items():
            setattr(dataset, tag, value)
        dataset.SeriesInstanceUID = IDENTIFYING_UID
        dataset.StudyInstanceUID = f"{IDENTIFYING_UID}.1"
        dataset.save_as(path.with_name(f"{MARKER}_{path.name}"))
        path.unlink()
    case = place / "case" / "case.yaml"
    text = re.sub(r"(?m)^  path: dicom.*$", f"  path: {series.name}", case.read_text())
    text = re.sub(r"(?m)^  # size: .*$", "  size: 5 mm", text)
    text = re.sub(r"(?m)^  # thrombus_size: .*$", "  thrombus_size: 6 mm", text)
    case.write_text(text)
    plan = ("plan", case, "-o", place / "out")
    said = [killed_in("mesh", *plan), killed_in("mechanics", *plan, after=6)]
    last = aorta(*plan, "--json")
    assert last.status == 0, last.err
    truth = json.loads((place / "case" / "truth" / "values.json").read_text())["values"]
    return Finished(case, place / "out", place / "out" / "phantom", truth, said, last)
