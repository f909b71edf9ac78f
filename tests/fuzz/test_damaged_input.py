"""A part of ``tests/fuzz/run.py`` for every run of the tests; and proof that the judge sees what it is to see."""

import json
import sys
from pathlib import Path

import pytest
from damage import HOSTILE, HOSTILE_EVERY, Damaged, make
from intact import Intact, intact
from judge import Reader, run

FIRST, COUNT = 400, 150  # beyond the intact sources; of every way to mean harm one


def test_damaged_files_are_read_or_refused_with_reasons():
    verdicts = list(run(range(FIRST, FIRST + COUNT), seed=3))
    assert len(verdicts) == COUNT
    bad = [f"{v.number}: {v.input.name}, {v.input.how}: {v.outcome}\n{v.text}" for v in verdicts if not v.good]
    assert not bad, "\n".join(bad)
    outcomes = {v.outcome for v in verdicts}
    assert outcomes == {"read", "refused"}  # damage beyond the header may leave a readable file
    assert {v.input.how for v in verdicts} >= set(HOSTILE)
    assert {v.input.reader for v in verdicts} == {"image", "labels", "surface"}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return intact(tmp_path_factory.mktemp("fuzz") / "intact")


def test_half_of_the_changed_bytes_lie_beyond_the_header(sources, tmp_path):
    hows = [make(n, 1, sources, tmp_path / str(n)).how for n in range(len(sources), len(sources) + 300) if n % HOSTILE_EVERY]
    flips = [how for how in hows if how.endswith("changed") and "between" in how]
    beyond = sum("between 0 " not in how for how in flips)
    assert len(flips) > 100 and beyond / len(flips) == pytest.approx(0.5, abs=0.12)


def test_the_same_number_is_the_same_input(sources, tmp_path):
    for number in (401, 405, 417):
        first, second = (make(number, 7, sources, tmp_path / f"{number}{again}") for again in "ab")
        files = [sorted(p for p in (i.path.parent).rglob("*") if p.is_file()) for i in (first, second)]
        assert first.how == second.how and [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]


def test_every_file_of_pydicom_is_among_the_sources(sources):
    import pydicom

    files = [p for p in (Path(pydicom.__file__).parent / "data").rglob("*.dcm")]
    assert len(files) > 70 and {p for p in files} <= {s.path for s in sources}
    assert sum(s.name.startswith("pydicom as series") for s in sources) > 50
    assert isinstance(sources[0], Intact)


STAND_INS = {
    "traceback": "def read(reader, path):\n    return 1 / 0",
    "crash": "def read(reader, path):\n    import os; os.abort()",
    "hang": "def read(reader, path):\n    import time; time.sleep(30)",
    "stray file": "def read(reader, path):\n    open(sandbox.parent / 'stray', 'w').close()",
    "too much memory": "def read(reader, path):\n    bytearray(b'x') * 1_250_000_000",
    "too much memory, told": "def read(reader, path):\n    raise MemoryError",
    "too much memory, hidden": """def read(reader, path):
    from aorta.errors import InputError
    try:
        bytearray(2**40)
    except MemoryError:
        raise InputError('damaged', where='x', fix='y') from None""",
    "bad error": "def read(reader, path):\n    from aorta.errors import InputError\n    raise InputError('x', where='y')",
}


@pytest.mark.parametrize("outcome", STAND_INS)
def test_the_judge_sees(outcome, tmp_path, monkeypatch):
    """Readers that do each of the things that must not be."""
    import judge

    source = Path(judge.__file__).with_name("reader_process.py").read_text()
    a, b = source.index("    def read(reader"), source.index('    print("ready"')
    lines = "\n".join(f"    {line}" for line in STAND_INS[outcome].split("\n"))
    script = tmp_path / "reader_process.py"
    repository = Path(judge.__file__).parents[2]
    script.write_text(
        (source[:a] + lines + "\n\n" + source[b:])
        .replace("str(Path(__file__).parents[2])", repr(str(repository)))
        .replace("    from aorta.imaging.labelmap import read_labels\n    from aorta.imaging.read import read_image\n", "")
        .replace("    from aorta.meshing.surfaces_in import read_surface\n", "")
    )
    monkeypatch.setattr(judge, "SCRIPT", script)
    monkeypatch.setattr(judge, "SECONDS", 1.5 if outcome == "hang" else 30.0)
    reader = Reader(tmp_path / "sandbox")
    try:
        verdict = reader.judge(1, Damaged("stand-in", "", "image", tmp_path / "x" / "a"))
    finally:
        reader.stop()
    assert verdict.outcome == outcome.partition(",")[0] and not verdict.good, json.dumps([verdict.text, sys.version])
