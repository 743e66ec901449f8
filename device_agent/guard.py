"""The last look before a call may reach the driver: schema and range, safety class, approval. Pure; the reason is a sentence for people."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import SchemaError, ValidationError
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable

from device_agent.drivers.mapping import with_defaults
from device_agent.program import call_words
from schemas.outcomes import NeedsAnswer, Refused
from schemas.skills import Call, Function

LONGEST = 1500
"""Characters of a call that a person is asked about: nothing of it may be cut off on the way."""
STEPS = 20_000
"""Keywords that one check may look at: a stranger's references, each twice in the next, would keep everybody waiting for ever."""
_left = ContextVar("_left", default=0)


def _counted(check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        _left.set(_left.get() - 1)
        if _left.get() < 0:
            raise RecursionError
        yield from check(validator, value, instance, schema) or ()

    return counted


_EMPTY: Any = Registry()  # pyright: ignore
"""Which fetches nothing."""
_KEYWORDS: dict[str, Any] = dict(Draft202012Validator.VALIDATORS)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
_Patient: Any = validators.extend(Draft202012Validator, {name: _counted(check) for name, check in _KEYWORDS.items()})  # pyright: ignore


def call_digest(device: str, call: Call) -> str:
    """sha256 that an approval is bound to: device, function and arguments in canonical JSON."""
    text = json.dumps([device, call.function, call.arguments], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def check_arguments(function: Function, arguments: dict[str, JsonValue]) -> Refused | None:
    """Against the function's JSON Schema; unknown arguments are refused too. A schema that is itself broken, or endless, refuses everything."""
    schema = {**function.parameters, "type": "object"}
    schema.setdefault("additionalProperties", False)
    try:
        Draft202012Validator.check_schema(schema)
        _left.set(STEPS)
        errors: list[ValidationError] = list(_Patient(schema, registry=_EMPTY).iter_errors(arguments))
        error = min(errors, key=lambda e: list(map(str, e.path)), default=None)
    except (SchemaError, Unresolvable, RecursionError, re.error):
        return Refused(reason="invalid", text="My own description of this function is broken.")
    return None if error is None else _explain(error)


def _explain(error: ValidationError) -> Refused:
    name = ".".join(str(part) for part in error.path)
    bound, value = error.validator_value, error.instance  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    texts = {
        "minimum": f"{name} {value} is below the least allowed, {bound}.",
        "maximum": f"{name} {value} is above the most allowed, {bound}.",
        "exclusiveMinimum": f"{name} {value} must be above {bound}.",
        "exclusiveMaximum": f"{name} {value} must be below {bound}.",
        "enum": f"{name} cannot be {value!r}; it is one of {bound}.",
    }
    kind = str(error.validator)  # pyright: ignore[reportUnknownMemberType]
    if kind in texts:
        return Refused(reason="out_of_range", text=texts[kind])
    reason = "missing_argument" if kind == "required" else "invalid"
    return Refused(reason=reason, text=f"{name or 'The call'}: {error.message}"[:300])


def check_safety(device: str, function: Function, call: Call, allowed: Collection[str], approval: str | None) -> Refused | NeedsAnswer | None:
    """Reads and reversible functions act; irreversible ones need the site's policy (`allowed` names) or a person's yes to exactly this call.

    The yes comes back as the call's digest: one for another device, function or argument does not fit, and the question comes again.
    """
    if function.safety == "forbidden":
        return Refused(reason="forbidden", text="This may not be done by a language model's order.")
    whole = call.model_copy(update={"arguments": with_defaults(function, call.arguments)})
    digest = call_digest(device, whole)
    if function.safety != "irreversible" or function.name in allowed or approval == digest:
        return None
    shown = f"This cannot be undone. Shall it really be done: {function.name}: {call_words(function, whole)}?"
    if len(shown) > LONGEST:
        return Refused(reason="unsafe", text="This cannot be undone, and what exactly it does is too long to be shown to a person.")
    return NeedsAnswer(text=shown, guess=digest, approval=True)
