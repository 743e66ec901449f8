"""Whose yes this device takes: with approvers a signature of one of them, checked here and nowhere else; without, that of whoever may publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from device_agent.asked import Asked
from runtime.clock import Clock
from runtime.keys import Approver, signer
from schemas.approval import LONGEST, Rejection, Signature, ToSign, rejected
from schemas.messages import Subtask
from schemas.outcomes import NeedsAnswer

log = structlog.get_logger()


@dataclass
class Approvals:
    """`now`: the coordinator's time, s."""

    site: str
    device: str
    clock: Clock
    now: Callable[[], float]
    approvers: tuple[Approver, ...] = ()
    _asked: Asked = field(init=False)

    def __post_init__(self) -> None:
        self._asked = Asked(self.clock)

    def take(self, digest: str, signature: Signature | None) -> Rejection | None:
        """Why this yes to the call of this digest counts for nothing; None when it does. Then it is used up, and only then."""
        if not self.approvers:
            return None if self._asked.take(digest) else "other"
        if signature is None:
            return "unsigned"
        question = next((q for q in self._asked.open() if q.nonce == signature.nonce and q.digest == digest), None)
        if question is None:
            return "other"
        name = signer(question.statement(self.site, True, signature.expires), signature.value, self.approvers)
        if name is None:
            return "unknown"
        if signature.expires < self.now():
            return "late"
        self._asked.take(question.nonce)
        log.info("approved", device_id=self.device, by=name, digest=question.digest)
        return None

    def ask(self, question: NeedsAnswer, order: Subtask, reason: Rejection | None) -> NeedsAnswer:
        """The question as it is put. `reason`: why the yes in `order` counted for nothing; what was asked before may then still be signed."""
        digest = question.guess or ""
        if not self.approvers:
            self._asked.ask(digest)
            return question
        again = reason or ("other" if order.approval is not None else None)
        text = question.text[:LONGEST].encode("utf-8", "replace").decode()
        to_sign = next((q for q in self._asked.open() if again and (q.digest, q.text) == (digest, text)), None)
        if to_sign is None:
            to_sign = ToSign(device=self.device, digest=digest, nonce=self.clock.uuid7(), text=text)
            self._asked.ask(to_sign.nonce, to_sign)
        return question.model_copy(update={"text": f"{rejected(again)} {text}".strip(), "to_sign": to_sign, "rejected": again})
