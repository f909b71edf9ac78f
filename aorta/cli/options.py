"""Parameters that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

STAGE_NAMES = ("image", "second", "segment", "correct", "anatomy", "mesh", "mechanics", "refine", "risk", "stent", "report")
"""As in ``pipeline.stages.STAGES``, repeated here so that --help need not import it; a test compares."""

case_file = click.argument("case_file", type=click.Path(path_type=Path))
out = click.option(
    "-o", "--output", "out", type=click.Path(path_type=Path), default=Path("out"), show_default=True, help="Output folder."
)
strict = click.option("--strict", is_flag=True, help="Exit with 10 if there is a caution.")
