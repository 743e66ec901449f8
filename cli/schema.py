"""`parley schema`: JSON Schemas of every message and the AsyncAPI document, generated from the models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import emit_json, make_folder, say


def schema(
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to; without it everything goes to stdout as one JSON value.")] = None,
) -> None:
    """Write the JSON Schemas of the protocol and an AsyncAPI 3 document."""
    from schemas.export import documents

    made = documents()
    if out is None:
        emit_json(made)
        return
    import json

    make_folder(out)
    for name, document in made.items():
        (out / f"{name}.json").write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    say(f"{len(made)} documents written to {out}")
