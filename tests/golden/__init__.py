"""Golden inputs, outputs and their schemas, one set for each interface of the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parent


def validator(name: str) -> Any:
    """For `<name>.schema.json`; the schemas may refer to each other by file name."""
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.schema.json")}
    registry = Registry().with_resources([(file, DRAFT202012.create_resource(schema)) for file, schema in schemas.items()])
    return Draft202012Validator(schemas[f"{name}.schema.json"], registry=registry)
