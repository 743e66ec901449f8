"""The seam between the agent and language: a sentence in, a hypothesis about one call out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Literal, Protocol

from device_agent.guard import call_digest, check_arguments, check_safety
from device_agent.program import call_words
from schemas.base import Frozen
from schemas.messages import Candidate
from schemas.outcomes import Failed, NeedsAnswer, Outcome, Refused
from schemas.plan import Purpose
from schemas.skills import Call, Catalogue, Function

Reason = Literal["none_fits", "missing_argument", "out_of_range", "several"]


class Mapped(Frozen):
    """`call` is the best hypothesis; None = no call may be made, for `reason`. `confidence` 0..1. `missing` names parameters in plain words."""

    call: Call | None
    decision: Literal["act", "ask", "refuse"]
    confidence: float = 1.0
    reason: Reason | None = None
    candidates: tuple[Candidate, ...] = ()
    missing: tuple[str, ...] = ()


class Hint(Frozen):
    """What the coordinator knows of a sentence beside its words (schemas.messages.Subtask)."""

    purpose: Purpose | None = None
    seeks: str | None = None


NO_HINT = Hint()


class Mapper(Protocol):
    async def map(self, sentence: str, catalogue: Catalogue, context: str = "", hint: Hint = NO_HINT) -> Mapped:
        """Never raises on odd sentences; `context` holds facts for resolving names, never instructions."""
        ...


class ScriptedMapper:
    """The double: a table or function from sentence to call; what it does not know fits no function."""

    def __init__(self, script: Mapping[str, Call] | Callable[[str, Catalogue], Call | None]) -> None:
        self._script = script

    async def map(self, sentence: str, catalogue: Catalogue, context: str = "", hint: Hint = NO_HINT) -> Mapped:
        call = self._script(sentence, catalogue) if callable(self._script) else self._script.get(sentence)
        if call is None:
            return Mapped(call=None, decision="refuse", reason="none_fits", confidence=0.0)
        return Mapped(call=call, decision="act")


def offers(catalogue: Catalogue, hint: Hint) -> tuple[tuple[Function, ...], ...]:
    """The functions to choose among, in the order of trying: what finds something out goes before the rest where that is wanted, and nothing that
    merely reads the state, which is reported anyhow, is an answer to an order."""
    if hint.purpose == "act":
        known = {r.property for read in catalogue.state for r in read.attributes}
        return (tuple(f for f in catalogue.functions if not _reads_only(f, known)),)
    if hint.purpose != "observe":
        return (catalogue.functions,)
    finding = tuple(f for f in catalogue.functions if f.returns)
    exactly = tuple(f for f in finding if any(r.property == hint.seeks for r in f.returns))
    return tuple(functions for functions in (exactly, finding, catalogue.functions) if functions)


def _reads_only(function: Function, known: set[str]) -> bool:
    return function.safety == "read" and bool(function.returns) and {r.property for r in function.returns} <= known


def _proposable(mapped: Mapped, catalogue: Catalogue) -> Function | None:
    """The function of a doubtful call that a yes may set going: nothing that cannot be undone, and only with sound arguments."""
    function = catalogue.function(mapped.call.function) if mapped.call is not None else None
    if mapped.call is None or function is None or function.safety not in ("read", "reversible") or check_arguments(function, mapped.call.arguments):
        return None
    return function


_SORRY = {
    "none_fits": "Nothing I can do fits this.",
    "out_of_range": "A value in this order is outside what I can do.",
    "several": "This asks for several things at once; one at a time, please.",
    "missing_argument": "Something is missing in this order.",
}


def reply_to(mapped: Mapped, device: str, catalogue: Catalogue, approval: str | None = None) -> Outcome | None:
    """The outcome of a hypothesis that must not be acted on; None when it may. `approval`: digest of the call that a person said yes to."""
    if mapped.decision == "act" and mapped.call is not None:
        return None
    if mapped.decision == "ask" or mapped.reason == "missing_argument":
        if mapped.missing:
            return NeedsAnswer(text=f"I need to know: {', '.join(mapped.missing)}.", missing=mapped.missing)
        function = _proposable(mapped, catalogue)
        if mapped.call is None or function is None:
            return NeedsAnswer(text="I am not sure what is meant; please say it in another way.")
        guess = call_digest(device, mapped.call)
        return None if guess == approval else NeedsAnswer(text=f"I am not sure. Do you mean: {call_words(function, mapped.call)}?", guess=guess)
    reason = mapped.reason or "none_fits"
    return Refused(reason=reason, text=_SORRY[reason])


def permitted(
    mapped: Mapped, device: str, catalogue: Catalogue, allowed: Collection[str], approval: str | None = None
) -> tuple[Call, Function] | Outcome:
    """The call that may be made as far as words, schema and safety go; otherwise how the subtask ends."""
    answer, call = reply_to(mapped, device, catalogue, approval), mapped.call
    if answer is not None or call is None:
        return answer or Failed(text="No call was made of this.")
    function = catalogue.function(call.function)
    if function is None:
        return Failed(text="The matched function does not exist.")
    return check_arguments(function, call.arguments) or check_safety(device, function, call, allowed, approval) or (call, function)
