"""`parley replay --model`: every sentence of a recording is read again, by any model, and the calls compared; nothing is executed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.console import emit, run_async, say
from cli.map_ import Source
from cli.remap_cases import Case, Compared, Read, cases_of, compared, counts, policy, table, unjudged
from device_agent.mapper import Hint, Mapper, permitted
from runtime.plain import clean
from runtime.recording import Recording
from schemas.errors import ConfigError
from schemas.outcomes import NeedsAnswer
from schemas.skills import Catalogue

PROGRESS = 50
"""Sentences between two lines of progress."""


def remap(recording: Recording, source: Source, profiles: list[Path], json: Path | None) -> None:
    """Print how the calls compare, and write it. Raises ConfigError; ModelError when a server does not answer."""
    cases, known = cases_of(recording), catalogues(profiles)
    if not cases:
        raise ConfigError("no device was given a sentence in this recording: there is nothing to compare")
    results = run_async(_compare(cases, known, source))
    if json is not None:
        json.write_text(_report(source, results), encoding="utf-8")
    for line in table(results):
        emit(clean(line, 2000))


def catalogues(paths: list[Path]) -> dict[str, Catalogue]:
    """By their digests: those in files and folders, and the simulated makers'. Raises ConfigError for a file that is none."""
    from cli.agent_devices import load_catalogue
    from simulations.makers import MAKERS, catalogue_of

    found = [catalogue_of(maker) for maker in MAKERS]
    for path in paths:
        if path.is_dir():
            found += [c for file in sorted(path.rglob("*.json")) if (c := _catalogue(file)) is not None]
        else:
            found.append(load_catalogue(path))
    return {catalogue.digest(): catalogue for catalogue in found}


def _catalogue(file: Path) -> Catalogue | None:
    """In a folder there may be other files."""
    try:
        return Catalogue.model_validate_json(file.read_bytes())
    except (OSError, ValueError):
        return None


async def _compare(cases: list[Case], known: Mapping[str, Catalogue], source: Source) -> list[Compared]:
    from device_agent.reader_mapper import ReaderMapper
    from runtime.llm.worker import Worker

    mapper = ReaderMapper(source.open(), Worker("remap"))
    results: list[Compared] = []
    try:
        for number, case in enumerate(cases, 1):
            results.append(await _judged(case, known, mapper))
            if number % PROGRESS == 0:
                say(f"{number} of {len(cases)} sentences")
    finally:
        await mapper.close()
    return results


async def _judged(case: Case, known: Mapping[str, Catalogue], mapper: Mapper) -> Compared:
    if case.then is None:
        return unjudged(case, "how it was read is not in the recording")
    catalogue = known.get(case.catalogue or "")
    if catalogue is None:
        return unjudged(case, f"its catalogue {(case.catalogue or '')[:12]} is unknown here: give it with --profiles")
    return compared(case, await _now(case, catalogue, mapper))


async def _now(case: Case, catalogue: Catalogue, mapper: Mapper) -> Read:
    """As its agent would take it."""
    body = case.body
    mapped = await mapper.map(body.text, catalogue, body.context, Hint(purpose=body.purpose, seeks=body.seeks))
    may = permitted(mapped, body.device, catalogue, policy(case, catalogue), body.approval)
    if isinstance(may, tuple):
        return Read(end="act", call=may[0])
    return Read(end="ask", call=mapped.call) if isinstance(may, NeedsAnswer) else Read(end="refuse")


def _report(source: Source, results: list[Compared]) -> str:
    import json

    devices = sorted({c.device for c in results})
    report: dict[str, Any] = {
        "model": source.name,
        "counts": counts(results),
        "devices": {device: counts(c for c in results if c.device == device) for device in devices},
        "cases": [c.model_dump(mode="json") for c in results],
    }
    return json.dumps(report, ensure_ascii=False, indent=1) + "\n"
