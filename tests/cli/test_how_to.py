"""The commands and case files of docs/how-to are ones that the program takes."""

import re
import shlex
from pathlib import Path

import pytest

from aorta.cli.main import group
from aorta.config.case_file import load_case

PAGES = sorted((Path(__file__).parents[2] / "docs" / "how-to").glob("*.md"))
WHOLE = "schema_version: 1\ncase_id: how-to\n"


def blocks(page, language):
    """Texts of a page's fenced blocks, also indented ones, without their indentation."""
    found = re.findall(rf"(?ms)^( *)(?:\d+\. )?```{language}\n(.*?)^ *```", page.read_text(encoding="utf-8"))
    return [re.sub(rf"(?m)^ {{0,{max(len(indent), 3)}}}(?=\S)", "", text) if indent else text for indent, text in found]


def lines():
    for page in PAGES:
        for text in blocks(page, "sh") + blocks(page, ""):
            for line in text.splitlines():
                if line.strip().startswith("aorta "):
                    yield pytest.param(line.strip(), id=f"{page.stem}: {line.strip()}")


@pytest.mark.parametrize("line", list(lines()))
def test_command_is_understood(line):
    words = shlex.split(line, comments=True)[1:]
    name, command, arguments = group.resolve_command(group.make_context("aorta", words, resilient_parsing=True), words)
    command.make_context(name, arguments)  # raises click's UsageError for what it does not know


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_case_files_are_valid(page, tmp_path):
    for number, text in enumerate(blocks(page, "yaml")):
        text = text if "schema_version" in text else WHOLE + text
        if not re.search(r"(?m)^(image|labels|surfaces):", text):
            text += "image: {path: ct/, modality: CT}\n"
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        assert load_case(path)


def test_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"
