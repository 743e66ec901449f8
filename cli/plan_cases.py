"""The thinking behind `parley plan`: one line of a case file in, one plan out, whatever the line holds."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeGuard

from cli.map_cases import cut, decode
from schemas.errors import ContractError

Planned = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""coordinator.offline.plan_case with its planner."""

_CASE = ("instruction", "environment", "fleet")
_DEVICE = ("device", "kind", "location", "status", "attributes", "capabilities")


async def plan_line(raw: bytes, planned: Planned) -> dict[str, Any]:
    """The answer to a line of the file; never raises, it says in `error` what is wrong."""
    try:
        case = decode(raw)
    except ContractError as error:
        return unplanned(None, str(error))
    identity, notes = case.get("id"), list[str]()
    try:
        row = await planned(_known(case, notes))
    except Exception as error:  # one odd case must not cost the others their answers
        return unplanned(identity, f"cannot be planned ({type(error).__name__}: {error})")
    told = [*([row.pop("error")] if "error" in row else []), *notes]
    return {**row, "id": identity, **({"error": "; ".join(told)} if told else {})}


def unplanned(identity: Any, error: str) -> dict[str, Any]:
    """The answer to a case that says nothing."""
    return {"id": identity, "kind": "question", "subtasks": [], "ms": 0.0, "tokens": 0, "error": error}


def encode(row: dict[str, Any]) -> str:
    """One line of strict JSON."""
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(unplanned(row["id"], "a value in the answer is no finite number"), ensure_ascii=False)


def _known(case: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """What the interface names, cut to size; null is absent, and so is what a later version may add."""
    known = _present(case, _CASE)
    for name in ("instruction", "environment"):
        if isinstance(known.get(name), str):
            known[name] = cut(known[name], name, notes)
    fleet = known.get("fleet")
    if _is_list(fleet):
        known["fleet"] = [_device(d, f"fleet.{n}", notes) if isinstance(d, dict) else d for n, d in enumerate(fleet)]
    return known


def _device(device: dict[str, Any], where: str, notes: list[str]) -> dict[str, Any]:
    known = _present(device, _DEVICE)
    if isinstance(known.get("status"), str):
        known["status"] = cut(known["status"], f"{where}.status", notes)
    if isinstance(known.get("attributes"), dict):
        known["attributes"] = {name: value for name, value in known["attributes"].items() if value is not None}
    return known


def _present(given: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in names if given.get(name) is not None}


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
