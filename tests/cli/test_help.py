"""--help is quick and says what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from aorta.cli.main import COMMANDS, main
from aorta.cli.options import STAGE_NAMES
from aorta.cli.reference import command_page

HEAVY = (
    "numpy",
    "scipy",
    "vtk",
    "vtkmodules",
    "pyvista",
    "gmsh",
    "pydantic",
    "dolfinx",
    "SimpleITK",
    "pydicom",
    "ruamel",
    "rich",
    "matplotlib",
)
PROBE = f"""
import sys
from aorta.cli.main import main
status = main(sys.argv[1:])
print("LOADED", status, [name for name in {HEAVY} if name in sys.modules])
"""


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["--version"], ["plan", "--help"], ["check", "--help"], ["doctor", "--help"]]
)
def test_help_imports_nothing_heavy(arguments):
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED 0 []"


def test_heavy_import_would_be_seen():
    probe = PROBE.replace("status = main", "import numpy; status = main")
    done = subprocess.run([sys.executable, "-c", probe, "--help"], capture_output=True, text=True, check=True)
    assert "numpy" in done.stdout.splitlines()[-1]


def test_every_command_has_help_with_an_example(capsys):
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        text = capsys.readouterr().out
        assert re.search(rf"Examples?:\n\s+aorta {name}", text), name
        assert "--json" in text and "--quiet" in text


def test_short_help_is_the_first_sentence_of_the_help(capsys):
    main(["--help"])
    text = capsys.readouterr().out
    for name, short in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(short[:20])}", text, re.MULTILINE)


def test_version_says_research_use(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.endswith("Research use only. Not a medical device.\n")


def test_stage_names_are_those_of_the_graph():
    from aorta.pipeline.stages import STAGES

    assert STAGE_NAMES == STAGES


def test_command_page_is_up_to_date():
    page = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
    assert page.read_text(encoding="utf-8") == command_page(), "run: python -m tests.make_reference"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_is_clicks_script(shell, capsys):
    assert main(["completion", shell]) == 0
    assert f"_AORTA_COMPLETE={shell}_complete" in capsys.readouterr().out
