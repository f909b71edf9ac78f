"""Writes the generated pages of docs/reference/ and docs/theory/materials.md: ``python -m tests.make_reference``."""

from pathlib import Path

from aorta.cli.reference import command_page
from aorta.config.reference import reference_page
from tests.mechanics import material_page

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"

if __name__ == "__main__":
    (REFERENCE / "case-file.md").write_text(reference_page(), encoding="utf-8")
    (REFERENCE / "cli.md").write_text(command_page(), encoding="utf-8")
    material_page.write()
