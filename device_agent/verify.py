"""Did it happen? The device's own report is not enough: post-conditions are judged on a state read afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from device_agent.conditions import bind, prove
from schemas.base import Condition, Value
from schemas.observations import Observation
from schemas.outcomes import Done, Failed, Proof
from schemas.skills import Call, Catalogue, Function


def post_conditions(function: Function, call: Call) -> tuple[Condition, ...]:
    """The bound conditions that must hold after the call."""
    bound = (bind(c, function, call.arguments) for c in function.achieves)
    return tuple(c for c in bound if c is not None)


def judge(catalogue: Catalogue, calls: Sequence[Call], state: dict[str, Value] | None, observations: tuple[Observation, ...]) -> Done | Failed:
    """The outcome of calls that all returned without error; the last is what was asked. `state` is None when the device could not be read back."""
    call = calls[-1]
    function = catalogue.function(call.function)
    assert function is not None
    wanted = post_conditions(function, call)
    if function.requires and function.safety == "read":
        wanted = (*wanted, *_still_required(function, call))
    proof = prove(wanted, state) if state is not None else ()
    false = [p for p in proof if not p.held]
    if false:
        return Failed(text=_contradiction(false[0]), proof=proof)
    verified = _is_proved(function, state, proof, observations)
    return Done(verified=verified, text=_sentence(function, verified), observations=observations, proof=proof)


def _still_required(function: Function, call: Call) -> tuple[Condition, ...]:
    """A reading counts only if its requirement still holds afterwards: a shelf is seen only from beside it."""
    bound = (bind(c, function, call.arguments) for c in function.requires)
    return tuple(c for c in bound if c is not None)


def _is_proved(function: Function, state: dict[str, Value] | None, proof: tuple[Proof, ...], observations: tuple[Observation, ...]) -> bool:
    """A read is proved by everything it promised to observe; an action by its post-conditions, if it has any."""
    if function.safety == "read":
        seen = {o.property for o in observations if o.value is not None}
        return bool(function.returns) and all(r.property in seen for r in function.returns) and (state is not None or not function.requires)
    return bool(proof)


def _contradiction(proof: Proof) -> str:
    seen = f"; what I see is {proof.seen}" if proof.seen is not None else ""
    return f"The device reported success, but it does not hold that {proof.condition}{seen}."


def _sentence(function: Function, verified: bool) -> str:
    if function.safety == "read":
        return "Looked, and this is what I saw." if verified else "Looked, but not everything could be read."
    return "Done, and confirmed by looking at the device." if verified else "Done as far as the device says; nothing could confirm it."
