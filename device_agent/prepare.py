"""What must be done first: "check shelf 4" moves there first, and nobody outside the device needs to know.

If a call's `requires` does not hold, a function of the same catalogue that `achieves` it is put before it, at most two deep. Pure.
"""

from __future__ import annotations

from device_agent.conditions import bind, holds, needed, solve
from schemas.base import Condition, Value
from schemas.outcomes import Failed
from schemas.skills import Call, Catalogue, Function, parameters_of

MAX_DEPTH = 2


def prepare(catalogue: Catalogue, call: Call, state: dict[str, Value], depth: int = MAX_DEPTH) -> tuple[Call, ...] | Failed:
    """The calls to run in order, `call` last; or why it cannot be prepared."""
    function = catalogue.function(call.function)
    if function is None:
        return Failed(text="I have no such function.")
    before: list[Call] = []
    for condition in function.requires:
        bound = bind(condition, function, call.arguments)
        if bound is None or holds(bound, state):
            continue
        chain = _achieve(catalogue, bound, state, depth)
        if isinstance(chain, Failed):
            return chain
        before += [c for c in chain if c not in before]
    return (*before, call)


def _achieve(catalogue: Catalogue, wanted: Condition, state: dict[str, Value], depth: int) -> tuple[Call, ...] | Failed:
    refusal = Failed(text=f"For that {needed(wanted)}, and I have no way to bring that about.")
    if depth <= 0:
        return refusal
    for function in catalogue.functions:
        if function.safety not in ("read", "reversible"):
            continue
        call = _call_for(function, wanted)
        if call is None:
            continue
        chain = prepare(catalogue, call, state, depth - 1)
        if not isinstance(chain, Failed):
            return chain
    return refusal


def _call_for(function: Function, wanted: Condition) -> Call | None:
    """The call of `function` that makes `wanted` hold, when every required argument follows from it."""
    for achieved in function.achieves:
        arguments = solve(achieved, wanted, function)
        if arguments is None:
            continue
        if all(p.path[0] in arguments or p.default is not None for p in parameters_of(function) if p.required):
            return Call(function=function.name, arguments=arguments)
    return None
