"""The generated documents are current."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from schemas.export import documents
from schemas.topics import TOPICS

FOLDER = Path("docs/schemas")


def test_the_schemas_in_the_documentation_are_current() -> None:
    made = documents()
    assert {p.stem for p in FOLDER.glob("*.json")} == set(made)
    for name, document in made.items():
        assert json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) == document, f"run: parley schema --out {FOLDER}"


def test_every_schema_is_a_valid_schema_and_every_topic_a_channel() -> None:
    made = documents()
    asyncapi = made.pop("asyncapi")
    for document in made.values():
        Draft202012Validator.check_schema(document)
    assert len(asyncapi["channels"]) == len(TOPICS) and asyncapi["asyncapi"] == "3.0.0"
