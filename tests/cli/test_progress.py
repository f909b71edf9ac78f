"""What a user sees on stderr while a case runs."""

import io

import pytest

from aorta.cli import progress
from aorta.cli.command import Console
from aorta.records import StageRecord


def tell(listener):
    listener.begin("mesh", "mesh.size 3 -> 2")
    listener.progress("mesh", "mesh: filling the wall", 0.25)
    listener.progress("mesh", "mesh: filling the thrombus", 0.5)
    listener.end(StageRecord("mesh", "done", 3.14, ""))
    listener.end(StageRecord("risk", "skipped", 0.0, "no blood pressure"))
    listener.end(StageRecord("stent", "cached"))


def test_plain_lines(capsys):
    with progress.listening(Console()) as listener:
        tell(listener)
    assert capsys.readouterr().err.splitlines() == [
        "mesh: started (mesh.size 3 -> 2)",
        "mesh: filling the wall (25 %)",  # the next message comes within two seconds
        "mesh: done in 3.1 s",
        "risk: skipped: no blood pressure",
        "stent: kept from an earlier run",
    ]


def test_quiet(capsys):
    with progress.listening(Console(verbosity=-1)) as listener:
        tell(listener)
    told = capsys.readouterr()
    assert told.err == told.out == ""


def test_rows_on_a_terminal(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress.listening(Console()) as listener:
        tell(listener)
        with pytest.raises(AttributeError):
            listener.note  # noqa: B018  not the plain listener
    shown = terminal.getvalue()
    assert "done in 3.1 s" in shown and "skipped: no blood pressure" in shown and "kept from an earlier run" in shown
