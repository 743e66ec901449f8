"""Asks experts: learns from the bus who there is, reads their cards, finds those that a question is for, and puts their verdicts into words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import numpy as np
import structlog
from pydantic import ValidationError

from coordinator.experts import Asked, Roster, Rules, chosen, observations, ordinary, phrases, told
from coordinator.meaning import Meaning, bare
from coordinator.mentions import Linked
from coordinator.scene import Scene
from runtime.clock import Clock
from runtime.mcp import McpServer, plain
from runtime.vectors import Index
from schemas.errors import ModelError, ParleyError
from schemas.experts import ExpertCard, Verdict
from schemas.messages import Answer, ExpertConnection

log = structlog.get_logger()

DEVICES, AT_ONCE, AGAIN = 8, 16, 10.0
"""Devices looked at for one question; examples learnt at once; s until cards that failed to be read are read again."""


class Server(Protocol):
    """What is needed of an MCP client."""

    async def call(self, tool: str, arguments: dict[str, str]) -> dict[str, object]: ...

    async def read(self, uri: str) -> str: ...


class Consultant:
    """`connect`: a client for an endpoint. A question is only ever for experts whose cards are known: `meet` reads them beside everything else, so
    that without experts, and with one that hangs, no instruction waits."""

    def __init__(self, meaning: Meaning, clock: Clock, connect: Callable[[str], Server] = McpServer, rules: Rules | None = None) -> None:
        self._meaning, self._clock, self._connect = meaning, clock, connect
        self._rules, self._ordinary = rules or Rules(), ordinary()
        self._roster = Roster()
        self._key: object = None
        self._learned: tuple[list[str | None], Index] = ([], Index.build(np.zeros((0, 1), np.float32)))
        self._cards: dict[tuple[str, str], dict[str, ExpertCard]] = {}
        self._meeting = set[tuple[str, str]]()

    def hear(self, ident: str, body: ExpertConnection) -> None:
        self._roster = self._roster.on_connection(ident, body)

    async def answer(self, linked: Linked, scene: Scene) -> Answer | None:
        """The experts' answer; None when the question is not for them."""
        known = self._known()
        names = await self._for(linked.text, scene, {name: card for name, (card, _) in known.items()}) if known else ()
        if not names:
            return None
        devices = self._devices(linked, scene)
        if not devices:
            return Answer(text="Which device do you mean? None is there that an expert could look at.", intent="question", complete=False)
        found = await asyncio.gather(*(self._ask(*known[name], device) for name in names for device in devices))
        return Answer(
            text=told(found, {device: scene.spoken(device) for device in devices}),
            intent="query",
            complete=all(a.finding is not None for a in found),
            facts=observations(found, self._clock.now()),
        )

    async def meet(self, ident: str, scene: Callable[[], Scene]) -> None:
        """Reads the cards of that process, again while it is up and does not answer, and learns what their examples mean."""
        while (body := self._roster.reachable().get(ident)) is not None and (key := (ident, body.boot)) not in self._cards.keys() | self._meeting:
            self._meeting.add(key)
            try:
                self._cards[key] = await self._read(body)
                await self._learnt({name: card for name, (card, _) in self._known().items()}, scene())
            except (ParleyError, ValidationError) as error:
                log.warning("expert_unreadable", expert_id=ident, error=plain(str(error)))
                await self._clock.sleep(AGAIN)
            finally:
                self._meeting.discard(key)

    async def _for(self, text: str, scene: Scene, cards: dict[str, ExpertCard]) -> tuple[str, ...]:
        whose, index = await self._learnt(cards, scene)
        (vector,) = await self._meaning.vectors([bare(text, scene.names)])
        return chosen([(whose[row], near) for row, near in index.search(np.asarray(vector, np.float32), self._rules.examples)], self._rules)

    async def _learnt(self, cards: dict[str, ExpertCard], scene: Scene) -> tuple[list[str | None], Index]:
        """Examples without the names of devices and places: whose they are, and where they lie. Made anew when experts or fleet have changed."""
        fleet = tuple((d.id, d.name, d.kind, d.aliases, d.abilities) for d in scene.devices)
        key = (tuple((name, card.sha256) for name, card in sorted(cards.items())), fleet, scene.site)
        if key != self._key:
            examples = [(name, bare(phrase, scene.names)) for name, phrase in self._examples(cards, scene)]
            vectors = list[list[float]]()
            for at in range(0, len(examples), AT_ONCE):  # a few at a time: other questions are not to wait
                vectors += await self._meaning.vectors([text for _, text in examples[at : at + AT_ONCE]])
            self._key, self._learned = key, ([name for name, _ in examples], Index.build(np.asarray(vectors, np.float32)))
        return self._learned

    def _examples(self, cards: dict[str, ExpertCard], scene: Scene) -> list[tuple[str | None, str]]:
        """What experts are asked, what is for none, and what these devices do themselves."""
        own = dict.fromkeys(ability for device in scene.devices for ability in device.abilities)
        asked: list[tuple[str | None, str]] = [(name, phrase) for name, card in cards.items() for phrase in phrases(card)]
        return [*asked, *((None, text) for text in (*self._ordinary, *own))]

    def _devices(self, linked: Linked, scene: Scene) -> tuple[str, ...]:
        """Those that are mentioned; all that are there, when none is."""
        mentioned = dict.fromkeys(i for m in linked.mentions if m.letter in "dk" for i in m.ids if i in scene.by_id)
        return tuple(mentioned or (d.id for d in scene.devices if d.online))[:DEVICES]

    async def _ask(self, card: ExpertCard, endpoint: str, device: str) -> Asked:
        try:
            verdict = Verdict.model_validate(await self._connect(endpoint).call(card.name, {"window": f"{device}/{card.window}"}))
        except ValidationError:
            return Asked(card, device, problem="what it said is no verdict")
        except ParleyError as error:
            return Asked(card, device, problem=str(error))
        return Asked(card, device, verdict, plain(verdict.reason))

    def _known(self) -> dict[str, tuple[ExpertCard, str]]:
        """Expert → its card and where it is; of processes that are up and whose cards have been read."""
        up = self._roster.reachable()
        self._cards = {key: cards for key, cards in self._cards.items() if key[0] in up and up[key[0]].boot == key[1]}
        return {name: (card, up[ident].endpoint) for (ident, _), cards in self._cards.items() for name, card in cards.items()}

    async def _read(self, body: ExpertConnection) -> dict[str, ExpertCard]:
        """Its cards by name. Raises ParleyError, ValidationError."""
        server = self._connect(body.endpoint)
        texts = await asyncio.gather(*(server.read(f"expert://{name}/card") for name in body.tells))
        cards = [ExpertCard.model_validate_json(text) for text in texts]
        if strange := [card.name for name, card in zip(body.tells, cards, strict=True) if card.name != name]:
            raise ModelError(f"the card of another expert was given: {strange[0]}")
        return {card.name: card for card in cards}
