"""The door at which every participant checks what arrives and wraps what it sends: topic, envelope, kind, and one counter per reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import structlog

from runtime.bus import Bus, Message
from runtime.clock import Clock
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import Envelope, open_message, seal_message
from schemas.errors import ContractError, LinkError

log = structlog.get_logger()


@dataclass
class Door:
    """`source` is our wire id. A lost link or a bad message is counted, logged once a line, and never raised."""

    bus: Bus
    site: str
    source: str
    clock: Clock
    counters: Counter[str] = field(default_factory=lambda: Counter[str]())

    async def send(
        self,
        topic: topics.Topic,
        ident: str,
        body: Frozen,
        *,
        subtask: str | None = None,
        instruction: str | None = None,
        epoch: int = 0,
        seq: int = 0,
        message_id: str | None = None,
    ) -> bool:
        """Publish one message; False when the link is down, or when it cannot be written: an id that does not fit, too large, no JSON."""
        try:
            envelope = self.wrap(body, subtask=subtask, instruction=instruction, epoch=epoch, seq=seq, message_id=message_id)
            await self.send_bytes(topic, ident, seal_message(envelope))
        except LinkError:
            self.counters["unsent"] += 1
            return False
        except ContractError as error:
            self.counters["unsendable"] += 1
            log.warning("message_not_sent", topic=topic.leaf, reason=str(error)[:300])
            return False
        return True

    def wrap(
        self,
        body: Frozen,
        *,
        subtask: str | None = None,
        instruction: str | None = None,
        epoch: int = 0,
        seq: int = 0,
        message_id: str | None = None,
    ) -> Envelope:
        """Raises ContractError when an id does not fit the wire."""
        fields = {"subtask": subtask, "instruction": instruction, "epoch": epoch, "seq": seq, "body": body}
        head = {"id": message_id or self.clock.uuid7(), "source": self.source, "sent_at": self.clock.now()}
        try:
            return Envelope.model_validate({**head, **fields})
        except ValueError as error:
            raise ContractError(f"not a message: {error}") from None

    async def send_bytes(self, topic: topics.Topic, ident: str, data: bytes) -> None:
        """The same bytes again: what a ledger resends. Raises LinkError, and ContractError for an id that does not fit the wire."""
        try:
            where = topic.build(self.site, ident)
        except ValueError as error:
            raise ContractError(str(error)) from None
        await self.bus.publish(where, data, qos=topic.qos, retain=topic.retain)

    def receive(self, message: Message) -> tuple[topics.Address, Envelope] | None:
        """The checked message; None after counting and logging why it was dropped. A cleared retained topic is not an error."""
        if not message.payload:
            return None
        try:
            return self._open(message)
        except ContractError as error:
            self.counters["dropped"] += 1
            log.warning("message_dropped", topic=message.topic[:200], reason=str(error)[:200])
            return None

    def ghost(self, what: str) -> None:
        """Count what is well formed but speaks of nothing that there is (any more); it has changed nothing."""
        self.counters["ghosts"] += 1
        log.info("ghost_ignored", what=what)

    def _open(self, message: Message) -> tuple[topics.Address, Envelope]:
        address, envelope, unknown = opened(message, self.site)
        self.counters["unknown_fields"] += unknown
        return address, envelope


def opened(message: Message, site: str) -> tuple[topics.Address, Envelope, int]:
    """The checked message, and how many unknown fields were stripped. Raises ContractError."""
    address = topics.parse(message.topic)
    if address is None or address.site != site:
        raise ContractError("not a topic of this site")
    if message.retained and not address.topic.retain:
        raise ContractError("a retained order is the ghost of an old one")
    envelope, unknown = open_message(message.payload)
    if not isinstance(envelope.body, address.topic.body):
        raise ContractError(f"{envelope.kind} does not belong on this topic")
    named = getattr(envelope.body, "device", address.ident)
    if address.topic.role == "device" and named != address.ident:
        raise ContractError("it names another device than its topic")
    return address, envelope, unknown
