"""How a subtask ends: a closed union, said by the agent only (docs/protocol.md, A subtask's life)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.approval import Rejection, ToSign
from schemas.base import Frozen
from schemas.observations import Observation

RefusalReason = Literal[
    "none_fits",
    "missing_argument",
    "out_of_range",
    "several",
    "forbidden",
    "busy",
    "stopped",
    "stale_epoch",
    "clock_unknown",
    "state",
    "unsafe",
    "invalid",
]


class Proof(Frozen):
    """What the verifier saw: the condition in words, whether it held, and the value read back. `expert`: the one that looked, where one did."""

    condition: str
    held: bool
    seen: str | None = None
    expert: str | None = None


class _Ended(Frozen):
    text: str = ""
    """One plain sentence for people; never an API name unless the site's privacy level allows it."""
    observations: tuple[Observation, ...] = ()
    proof: tuple[Proof, ...] = ()


class Done(_Ended):
    end: Literal["done"] = "done"
    verified: bool


class Refused(_Ended):
    end: Literal["refused"] = "refused"
    reason: RefusalReason


class NeedsAnswer(_Ended):
    """The agent asks back; the question is `text`. `guess`: digest of the call that was probably meant, when a yes is enough: a subtask with this
    `approval` then does it. `approval`: it cannot be undone, so only a person may say yes.

    `to_sign`: the device takes only a yes that a person has signed, and this is what. `rejected`: why the yes that came counted for nothing."""

    end: Literal["needs_answer"] = "needs_answer"
    missing: tuple[str, ...] = ()
    guess: str | None = None
    approval: bool = False
    to_sign: ToSign | None = None
    rejected: Rejection | None = None


class Failed(_Ended):
    end: Literal["failed"] = "failed"
    uncertain: bool = False
    """True when it cannot be known whether the effect happened (a crash between intent and result)."""


class Superseded(_Ended):
    end: Literal["superseded"] = "superseded"
    by: str | None = None


class Cancelled(_Ended):
    end: Literal["cancelled"] = "cancelled"


class Expired(_Ended):
    end: Literal["expired"] = "expired"


Outcome = Annotated[Done | Refused | NeedsAnswer | Failed | Superseded | Cancelled | Expired, Field(discriminator="end")]

SubtaskState = Literal["issued", "accepted", "mapped", "running", "ended", "never_seen"]
RunState = Literal["start", "preprocessing", "call_pending", "postprocessing", "end"]
"""The five states of LLMind 2.0's machine."""
