"""One plan alone, without a bus: a described fleet and an instruction in, subtasks out. What `parley plan` runs, line by line."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pydantic import Field, ValidationError

from coordinator.answer import answer_query
from coordinator.choice import choose
from coordinator.environment import places_in, read_status
from coordinator.linker import link
from coordinator.meaning import Meaning
from coordinator.preview import preview, proposed
from coordinator.registry import Device
from coordinator.resolve import check, spoken_problem
from coordinator.scene import Scene
from coordinator.scripted import Planner
from coordinator.selection import select
from coordinator.summary import summarise
from runtime.llm.protocol import Generation
from schemas.base import Frozen, Value
from schemas.errors import ModelError
from schemas.plan import Control, Goal, Intent, Plan, Query, Question, Refusal, Work
from schemas.site import Site


class Described(Frozen):
    """A device as the case tells it. `status` is prose; ids are opaque and come back unchanged."""

    device: str = Field(min_length=1)
    kind: str = "device"
    location: str | None = None
    status: str | None = None
    attributes: dict[str, Value] = {}
    capabilities: tuple[str, ...] = ()


class PlanCase(Frozen):
    id: str | int = ""
    instruction: str
    environment: str | None = None
    fleet: tuple[Described, ...]


_CONTROLS = {"stop": "Stop.", "cancel": "Cancel what you are doing.", "pause": "Pause.", "resume": "Go on."}
_FACTS = ("online", "busy", "stopped", "normal")


async def plan_case(case: dict[str, Any], planner: Planner, meaning: Meaning) -> dict[str, Any]:
    """The case's plan as an object of `parley plan`'s interface; a fault of the case or the model is its `error`, never an exception."""
    started = time.perf_counter()
    try:
        parsed = PlanCase.model_validate(case)
        made = await _planned(parsed, planner, meaning)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        made = _empty("question", error=f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}")
    except ModelError as error:
        made = _empty("question", question="What exactly shall be done?", error=str(error))
    last = getattr(planner, "last", None)
    tokens = last.tokens if isinstance(last, Generation) else 0
    return {"id": case.get("id", ""), **made, "ms": round((time.perf_counter() - started) * 1000, 1), "tokens": tokens}


def _empty(kind: str, **more: str) -> dict[str, Any]:
    return {"kind": kind, "subtasks": [], **more}


async def _planned(case: PlanCase, planner: Planner, meaning: Meaning) -> dict[str, Any]:
    site = Site(places=places_in(case.environment or "", [d.location for d in case.fleet if d.location]))
    devices = tuple([await _device(d, site, meaning) for d in case.fleet])
    linked = link(case.instruction, site, devices)
    readings = await planner.plan(linked, await summarise(case.instruction, devices, meaning))
    return _outcome(*await choose(readings, Scene(linked, site, devices), meaning))


async def _device(told: Described, site: Site, meaning: Meaning) -> Device:
    """Attributes said outright win over those read from the prose."""
    read = {**(await read_status(told.status, meaning) if told.status else {}), **told.attributes}
    facts = {name: value for name in _FACTS if isinstance(value := read.pop(name, None), bool)}
    place = next((p for p in site.places if told.location and p.name.lower() == told.location.lower()), None)
    if place is not None:
        read.setdefault("at", place.id)
    return Device.model_validate(
        {
            "id": told.device,
            "kind": told.kind.replace("_", " ").lower(),
            "name": told.device,
            "place": place.id if place else None,
            "abilities": told.capabilities,
            "attributes": read,
            **facts,
        }
    )


def _outcome(intent: Intent, scene: Scene) -> dict[str, Any]:
    """`check` would refuse every goal for being unbuilt; here its first subtasks are what is asked for."""
    if isinstance(intent, Goal):
        return _goal(intent, scene)
    problem = check(intent, scene)
    if isinstance(problem, Question):
        return _empty("question", question=proposed(problem, scene).text)
    if isinstance(problem, Refusal):
        return _empty("refusal", refusal=problem.text, reason=problem.reason)
    if isinstance(intent, Query):
        return _query(intent, scene)
    if isinstance(intent, Control):
        chosen = select(intent.who, scene, in_charge=False)
        return {"kind": "control", "subtasks": _alone(chosen.chosen, _CONTROLS[intent.action])}
    assert isinstance(intent, Plan)
    works = preview(intent, scene)
    if not isinstance(works, tuple):
        told = spoken_problem(works)
        return _empty(told.kind, **{told.kind: told.text})
    return {"kind": "plan", "subtasks": _subtasks(works)}


def _query(intent: Query, scene: Scene) -> dict[str, Any]:
    """Only devices whose state does not say it have to be asked."""
    chosen = select(intent.who, scene, in_charge=False).chosen
    info = scene.compared(intent.what, intent.where.v) if intent.where is not None else scene.property(intent.what, in_state=True)
    what = intent.what or (info.name.replace("_", " ") if info is not None else "that")
    silent = [d for d in chosen if info is None or scene.by_id[d].facts().get(info.name) is None]
    told = answer_query(intent, scene, 0.0).text if len(silent) < len(chosen) else ""
    asked = {"what": intent.what, "as": intent.as_, "devices": list(chosen), "answer": told}
    return {"kind": "query", "subtasks": _alone(silent, f"Report the {what}."), "query": asked}


def _goal(intent: Goal, scene: Scene) -> dict[str, Any]:
    chosen = select(intent.who, scene, in_charge=False)
    if chosen.problem is not None:
        told = spoken_problem(chosen.problem)
        return _empty(told.kind, **{told.kind: told.text})
    spared = {i for ref in intent.spare if (m := scene.mention(ref)) for i in m.ids}
    goal = {"what": intent.what, "op": intent.op, "value": intent.v, "devices": list(chosen.chosen), "spare": sorted(spared)}
    return {"kind": "goal", "subtasks": _alone(chosen.chosen, f"Report the {intent.what}."), "goal": goal}


def _alone(devices: Sequence[str], text: str) -> list[dict[str, Any]]:
    return [{"device": device, "text": text, "after": []} for device in devices]


def _subtasks(works: tuple[Work, ...]) -> list[dict[str, Any]]:
    return [{"device": w.device, "text": w.text, "after": list(w.after)} for w in works]
