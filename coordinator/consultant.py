"""Asks experts: learns from the bus who there is, reads their cards, finds those that a question is for, and puts their verdicts into words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from pydantic import ValidationError

from coordinator.experts import Asked, consulted, examples, observations, told
from coordinator.likeness import Chooser, Example, Rules, chosen
from coordinator.meaning import Meaning, bare
from coordinator.mentions import Linked
from coordinator.scene import Scene
from runtime.clock import Clock
from runtime.mcp import McpAsked, McpServer, plain
from runtime.roster import Roster, read_cards
from schemas.errors import ModelError, ParleyError
from schemas.experts import ExpertCard, Verdict
from schemas.messages import Answer, ExpertConnection

log = structlog.get_logger()

DEVICES, MOST = 8, 3
"""Devices that are looked at for one question; experts that are asked for it."""
AT_ONCE, SETTLE, AGAIN = 16, 0.3, 10.0
"""Examples whose meaning is taken at once; s after a change, as many come together; s until cards that could not be had are read again."""
AWAY = "it is not there now"


@dataclass(frozen=True)
class Told:
    """`blind`: no device was named, and none has anything to look at as it stands; others may know how to find out."""

    answer: Answer
    blind: bool = False


class Consultant:
    """`connect`: a client for an endpoint.

    Cards are read and examples learnt beside everything else (`keep`), so that no instruction waits for it, least of all for an expert that hangs.
    """

    def __init__(self, meaning: Meaning, clock: Clock, connect: Callable[[str], McpAsked] = McpServer, rules: Rules | None = None) -> None:
        self._meaning, self._clock, self._connect, self._rules = meaning, clock, connect, rules or Rules()
        self._roster = Roster()
        self._stirred = asyncio.Event()
        self._cards: dict[str, ExpertCard] = {}
        self._read_from = set[tuple[str, str]]()
        self._learnt: object = None
        self._chooser: Chooser | None = None

    def hear(self, ident: str, body: ExpertConnection) -> None:
        self._roster = self._roster.on_connection(ident, body)
        self.stir()

    def stir(self) -> None:
        """Experts or devices have changed."""
        self._stirred.set()

    async def keep(self, scene: Callable[[], Scene]) -> None:
        """Learns whenever something has changed, and again after a while when something failed; until cancelled."""
        whole = True
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), None if whole else AGAIN)
            await self._clock.sleep(SETTLE)
            self._stirred.clear()
            whole = await self.learn(scene)

    async def learn(self, scene: Callable[[], Scene]) -> bool:
        """Reads cards that have not been read, and learns which questions are for whom. False when something failed."""
        up = self._roster.reachable()
        self._read_from &= {(ident, body.boot) for ident, body in up.items()}
        new = {ident: body for ident, body in up.items() if (ident, body.boot) not in self._read_from}
        whole = all(await asyncio.gather(*(self._meet(ident, body) for ident, body in new.items())))
        try:
            if self._cards:
                await self._take_in(scene())
        except ParleyError as error:
            log.warning("experts_not_learnt", error=str(error))
            return False
        return whole

    async def answer(self, linked: Linked, scene: Scene) -> Told | None:
        """The experts' answer; None when the question is not for them."""
        found = await self.consult(linked, scene)
        if found is None:
            return None
        if not found:
            return Told(Answer(text="Which device do you mean? None is there that an expert could look at.", intent="question", complete=False))
        answer = Answer(
            text=told(found, {one.device: scene.spoken(one.device) for one in found}),
            intent="query",
            complete=all(a.finding is not None for a in found),
            facts=observations(found, self._clock.now()),
            consulted=consulted(found),
        )
        return Told(answer, blind=not _mentioned(linked, scene) and all(a.blind for a in found))

    async def consult(self, linked: Linked, scene: Scene) -> list[Asked] | None:
        """What each expert that the question is for says of each device that it names; None when it is for none."""
        names = await self.choose(linked.text, scene)
        if not names:
            return None
        where = {name: body.endpoint for body in self._roster.reachable().values() for name in body.tells}
        asked = (self._timed(self._cards[name], where.get(name), device) for name in names for device in self._devices(linked, scene))
        return list(await asyncio.gather(*asked))

    async def choose(self, text: str, scene: Scene) -> tuple[str, ...]:
        """Names of the experts that it is a question for, best first."""
        if self._chooser is None:
            return ()
        own = bare(text, scene.names)
        (vector,) = await self._meaning.vectors([own])
        return chosen(self._chooser.scores(own, vector), self._rules, MOST)

    async def _take_in(self, scene: Scene) -> None:
        """Examples without the names of devices and places, learnt anew when experts or fleet have changed."""
        fleet = tuple((d.id, d.name, d.kind, d.aliases, d.abilities) for d in scene.devices)
        key = (tuple((name, card.sha256) for name, card in sorted(self._cards.items())), fleet, scene.site)
        if key == self._learnt:
            return
        abilities = dict.fromkeys(ability for device in scene.devices for ability in device.abilities)
        known = [(experts, bare(text, scene.names)) for experts, text in examples(tuple(self._cards.values()), abilities)]
        vectors = list[list[float]]()
        for at in range(0, len(known), AT_ONCE):  # a few at a time: other questions are not to wait
            vectors += await self._meaning.vectors([text for _, text in known[at : at + AT_ONCE]])
        learning = [Example(text, vector, experts) for (experts, text), vector in zip(known, vectors, strict=True)]
        self._chooser = await asyncio.to_thread(Chooser, learning, self._rules)
        self._learnt = key

    def _devices(self, linked: Linked, scene: Scene) -> tuple[str, ...]:
        """Those that are mentioned; all that are there, when none is."""
        return (_mentioned(linked, scene) or tuple(d.id for d in scene.devices if d.online))[:DEVICES]

    async def _timed(self, card: ExpertCard, endpoint: str | None, device: str) -> Asked:
        begun = self._clock.monotonic()
        asked = await self._ask(card, endpoint, device)
        return replace(asked, seconds=round(self._clock.monotonic() - begun, 4))

    async def _ask(self, card: ExpertCard, endpoint: str | None, device: str) -> Asked:
        if endpoint is None:
            return Asked(card, device, problem=AWAY)
        try:
            verdict = Verdict.model_validate(await self._connect(endpoint).call(card.name, {"window": f"{device}/{card.window}"}))
        except ValidationError:
            return Asked(card, device, problem="what it said is no verdict")
        except ModelError as error:
            return Asked(card, device, problem=str(error).removeprefix(f"{device}/{card.window}: "), blind=True)
        except ParleyError as error:
            return Asked(card, device, problem=str(error))
        return Asked(card, device, verdict, plain(verdict.reason))

    async def _meet(self, ident: str, body: ExpertConnection) -> bool:
        """Reads the cards of a process; those of experts that have gone stay, so that a question for them is known as theirs."""
        try:
            cards = await read_cards(self._connect(body.endpoint), body)
        except (ParleyError, ValidationError) as error:
            log.warning("expert_unreadable", expert_id=ident, error=plain(str(error)))
            return False
        self._cards |= cards
        self._read_from.add((ident, body.boot))
        return True


def _mentioned(linked: Linked, scene: Scene) -> tuple[str, ...]:
    return tuple(dict.fromkeys(i for m in linked.mentions if m.letter in "dk" for i in m.ids if i in scene.by_id))
