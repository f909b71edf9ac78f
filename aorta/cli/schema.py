"""``aorta schema``."""

from __future__ import annotations

import json

import click

from aorta.cli.command import Answer, Console, command


@command("schema", click.option("--text", is_flag=True, help="A page to read instead of JSON."))
def schema(console: Console, text: bool) -> Answer:
    """Print the case file's JSON Schema: every key, its unit and its range.

    Save it and point your editor's YAML mode at it to complete and check while typing.

    \b
    Example:
      aorta schema > case.schema.json
      aorta schema --text | less
    """
    from aorta.config.json_schema import case_json_schema
    from aorta.config.reference import reference_page

    described = case_json_schema()
    return Answer(described, reference_page() if text else json.dumps(described, indent=2, ensure_ascii=False))
