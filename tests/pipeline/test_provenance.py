"""New code makes a new result, wherever the code is that a stage computes with."""

import pytest

from aorta.pipeline import provenance


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A program with one stage."""
    for name in ("records/image.py", "units.py", "frames.py", "risk/assess.py", "risk/data/table.yaml", "stent/plan.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    monkeypatch.setattr(provenance, "_PACKAGE", tmp_path)
    return tmp_path


def digest_of_risk():
    provenance.code_digest.cache_clear()
    return provenance.code_digest(("risk",))


@pytest.mark.parametrize("name", ["records/image.py", "units.py", "frames.py", "risk/assess.py", "risk/data/table.yaml"])
def test_changed_code_changes_the_digest(program, name):
    before = digest_of_risk()
    (program / name).write_text("2")
    assert digest_of_risk() != before


def test_other_code_and_compiled_code_do_not(program):
    before = digest_of_risk()
    (program / "stent/plan.py").write_text("2")
    (program / "risk/__pycache__").mkdir()
    (program / "risk/__pycache__/assess.pyc").write_text("2")
    assert digest_of_risk() == before


@pytest.mark.parametrize("name", provenance._SHARED)
def test_what_all_share_is_there(name):
    assert (provenance._PACKAGE / name).exists()


@pytest.fixture(autouse=True)
def no_digest_stays():
    yield
    provenance.code_digest.cache_clear()
