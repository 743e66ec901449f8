"""A second opinion on what a device says of itself: an expert looks at a window of its data, asked over MCP."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from pydantic import ValidationError

from runtime.clock import Clock
from runtime.mcp import McpAsked, McpServer
from runtime.roster import Roster, read_cards
from schemas.errors import ModelError, ParleyError
from schemas.experts import ExpertCard, Verdict
from schemas.messages import ExpertConnection
from schemas.observations import Observation
from schemas.outcomes import Done, Proof
from schemas.skills import Function, SeenBy

log = structlog.get_logger()

MUTED, LOOKS = 30.0, 3
"""Seconds without questions for a process that did not answer one; windows that are looked at before an expert is taken to disagree."""


class Witness:
    """Knows the experts on the bus; one for all devices of a process. `connect`: a client for an endpoint."""

    def __init__(self, clock: Clock, connect: Callable[[str], McpAsked] = McpServer) -> None:
        self._clock, self._connect = clock, connect
        self._roster = Roster()
        self._muted: dict[tuple[str, str], float] = {}
        self._cards: dict[tuple[str, str], tuple[ExpertCard, ...]] = {}

    def hear(self, ident: str, body: ExpertConnection) -> None:
        self._roster = self._roster.on_connection(ident, body)

    async def confirm(self, device: str, function: Function, done: Done) -> Done:
        """`done` with what an expert saw. An expert that sees something else leaves it unverified; one that cannot tell, or is not there, changes
        nothing. Never raises."""
        if function.seen_by is None:
            return done
        proof = await self._proof(device, function.seen_by, done.observations)
        if proof is None:
            return done
        with_it = done.model_copy(update={"proof": (*done.proof, proof)})
        if proof.held:
            return with_it
        return with_it.model_copy(update={"verified": False, "text": f"Looked, but it does not hold that {proof.condition}: it saw {proof.seen}."})

    async def _proof(self, device: str, seen_by: SeenBy, observations: Sequence[Observation]) -> Proof | None:
        """Of the first expert for such windows that knows all these labels. A process that fails is left alone for a while."""
        up = {(ident, body.boot): body for ident, body in self._roster.reachable().items()}
        self._cards = {key: cards for key, cards in self._cards.items() if key in up}
        self._muted = {key: until for key, until in self._muted.items() if key in up and until > self._clock.monotonic()}
        for key, body in up.items():
            if key in self._muted:
                continue
            try:
                for card in await self._cards_of(key, body):
                    if card.window == seen_by.window and set(seen_by.labels.values()) <= set(card.labels):
                        return await self._looks(card, body.endpoint, device, seen_by, observations)
            except (ParleyError, ValidationError) as error:
                log.warning("expert_not_asked", device_id=device, expert_id=key[0], error=str(error)[:200])
                if not isinstance(error, ModelError):  # a tool's own error is about this window alone
                    self._muted[key] = self._clock.monotonic() + MUTED
        return None

    async def _looks(self, card: ExpertCard, endpoint: str, device: str, seen_by: SeenBy, observations: Sequence[Observation]) -> Proof | None:
        """One window can mislead: a disagreement counts when a second one repeats it, and no other agrees. Raises ParleyError, ValidationError."""
        against = list[Proof]()
        for _ in range(LOOKS):
            told = await self._connect(endpoint).call(card.name, {"window": f"{device}/{seen_by.window}"})
            proof = compared(card, seen_by, Verdict.model_validate(told), observations)
            if proof is not None and proof.held:
                return proof
            against += [proof] if proof is not None else []
        return against[-1] if len(against) > 1 else None

    async def _cards_of(self, key: tuple[str, str], body: ExpertConnection) -> tuple[ExpertCard, ...]:
        if key not in self._cards:
            self._cards[key] = tuple((await read_cards(self._connect(body.endpoint), body)).values())
        return self._cards[key]


def compared(card: ExpertCard, seen_by: SeenBy, verdict: Verdict, observations: Sequence[Observation]) -> Proof | None:
    """Whether the expert counts as many parts with each label as was returned; None when it is not sure of a part, or nothing is to be compared."""
    told = {o.property: o.value for o in observations if o.property in seen_by.labels}
    if not told or not verdict.parts or any(part.label not in card.labels for part in verdict.parts):
        return None
    labels = [part.label for part in verdict.parts]
    held = all(labels.count(seen_by.labels[name]) == value for name, value in told.items())
    seen = ", ".join(f"{labels.count(label)} {label}" for label in seen_by.labels.values())
    return Proof(condition=f"the expert for {card.title[:1].lower()}{card.title[1:]} sees the same", held=held, seen=seen, expert=card.name)
