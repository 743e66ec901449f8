"""JSON Schemas and an AsyncAPI 3.0 document, generated from the models: never edited by hand."""

from __future__ import annotations

from typing import Any

from schemas.envelope import MAJOR, MINOR, Envelope
from schemas.plan import Control, Goal, Plan, Query, Question, Refusal
from schemas.site import Site
from schemas.skills import Catalogue
from schemas.topics import ROOT, TOPICS, Topic


def documents() -> dict[str, dict[str, Any]]:
    """Name → document: one schema per message body, the envelope, the catalogue, the site, the planner's union, and `asyncapi`."""
    made: dict[str, dict[str, Any]] = {"envelope": Envelope.model_json_schema(by_alias=True)}
    for topic in TOPICS:
        made[_name(topic)] = topic.body.model_json_schema(by_alias=True)
    for model in (Catalogue, Site, Plan, Query, Goal, Control, Question, Refusal):
        made[f"type-{model.__name__.lower()}"] = model.model_json_schema(by_alias=True)
    made["asyncapi"] = _asyncapi()
    return made


def _name(topic: Topic) -> str:
    return f"message-{topic.role}-{topic.leaf.replace('_', '-')}"


def _asyncapi() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parley",
            "version": f"{MAJOR}.{MINOR}",
            "description": "Plain-language subtasks, their outcomes and proofs over MQTT 3.1.1.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_name(t): _channel(t) for t in TOPICS},
        "operations": {f"send-{_name(t)}": _operation(t) for t in TOPICS},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": f"{ROOT}/{{site}}/{topic.role}/{{id}}/{topic.leaf}",
        "parameters": {"site": {"description": "Site id"}, "id": {"description": f"Id of the {topic.role}"}},
        "messages": {topic.leaf: {"name": topic.leaf, "payload": {"$ref": f"{_name(topic)}.json"}}},
        "bindings": {"mqtt": {"bindingVersion": "0.2.0"}},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{_name(topic)}"},
        "description": f"Sent by: {topic.sender}. Wrapped in the envelope (envelope.json).",
        "bindings": {"mqtt": {"qos": topic.qos, "retain": topic.retain, "bindingVersion": "0.2.0"}},
    }
