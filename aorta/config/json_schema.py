"""``case_json_schema``: the case file's JSON Schema, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from aorta.config.comments import comments_of, purpose_of
from aorta.config.names import LANDMARKS, OVERRIDABLE, materials
from aorta.config.shape import members, sections
from aorta.config.written import written
from aorta.settings import Case


def case_json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the case file, with the comments of the settings as descriptions."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Case).json_schema(mode="validation")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    schema["title"] = "Case file of aorta"
    for name, section in (("", Case), *sections()):
        part = schema if not name else schema["$defs"][section.__name__]
        part["description"] = purpose_of(section)
        for key, comment in comments_of(section).items():
            if comment:
                part["properties"][key]["description"] = comment
    properties = schema["properties"]
    properties["landmarks"]["propertyNames"] = {"enum": list(LANDMARKS)}
    properties["overrides"]["propertyNames"] = {"enum": list(OVERRIDABLE)}
    for part in ("WallSettings", "ThrombusSettings"):
        schema["$defs"][part]["properties"]["material"]["enum"] = list(materials())
    _written_defaults(schema)
    schema["oneOf"] = [{"required": ["surfaces"]}, {"anyOf": [{"required": ["image"]}, {"required": ["labels"]}]}]
    return schema


def _written_defaults(schema: dict[str, Any]) -> None:
    """Defaults as one writes them, with units, where pydantic shows our internal numbers."""
    for name, section in sections():
        properties = schema["$defs"][section.__name__]["properties"]
        for key, kind, _ in members(section):
            default = properties[key].get("default")
            if kind.quantity and default is not None:
                properties[key]["default"] = written(default, kind)
        schema["properties"][name].pop("default", None)
