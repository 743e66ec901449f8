"""Which expert processes there are, as they say it on the bus, and the cards of their experts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.mcp import McpAsked
from schemas.errors import ConfigError
from schemas.experts import ExpertCard
from schemas.messages import ExpertConnection


@dataclass(frozen=True)
class Roster:
    """Expert processes by their id on the bus, as they last said."""

    processes: Mapping[str, ExpertConnection] = field(default_factory=dict[str, ExpertConnection])

    def on_connection(self, ident: str, body: ExpertConnection) -> Roster:
        """A goodbye or a will of another boot than the latest is ignored."""
        known = self.processes.get(ident)
        if body.status != "online" and (known is None or known.boot != body.boot):
            return self
        return Roster({**self.processes, ident: body})

    def reachable(self) -> dict[str, ExpertConnection]:
        """Those that are up and say where."""
        return {ident: body for ident, body in sorted(self.processes.items()) if body.status == "online" and body.endpoint}


async def read_cards(server: McpAsked, body: ExpertConnection) -> dict[str, ExpertCard]:
    """The cards of a process by name. Raises ParleyError, ValidationError."""
    texts = await asyncio.gather(*(server.read(f"expert://{name}/card") for name in body.tells))
    cards = [ExpertCard.model_validate_json(text) for text in texts]
    if strange := [card.name for name, card in zip(body.tells, cards, strict=True) if card.name != name]:
        raise ConfigError(f"the card of another expert was given: {strange[0]}")
    return {card.name: card for card in cards}
