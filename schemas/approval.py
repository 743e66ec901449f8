"""A person's signed yes to what cannot be undone: what is signed, and what of it travels. The device alone judges it (device_agent.approvals)."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.base import Frozen
from schemas.ids import Uuid7, WireId

PREFIX = "parley approval v1"
"""Keeps a key's signatures apart from those under anything else."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""sha256 of a call, as device_agent.guard reckons it."""
LONGEST = 2000
"""Characters of a question that is signed."""
APPROVER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62} ed25519:[A-Za-z0-9+/]{43}=")
"""NAME ed25519:KEY, whose KEY is 32 bytes in base64."""

Rejection = Literal["unsigned", "unknown", "late", "other"]
REJECTED: dict[Rejection, str] = {
    "unsigned": "it was not signed",
    "unknown": "it was signed by nobody this device knows, or altered on its way",
    "late": "it came too late",
    "other": "it was for another question or another call, or was used already",
}
"""Why a yes counted for nothing. A closed list: no stranger puts words before a question."""


class ToSign(Frozen):
    """What a device asks a person to sign. `text`: its question, word for word; `nonce`: this asking and no other."""

    device: WireId
    digest: Digest
    nonce: Uuid7
    text: Annotated[str, Field(max_length=LONGEST)]

    def statement(self, site: str, allow: bool, expires: int) -> bytes:
        """The bytes that are signed: eight lines, none of which can hold a line break."""
        question = hashlib.sha256(self.text.encode()).hexdigest()
        return "\n".join((PREFIX, site, self.device, self.digest, self.nonce, question, "yes" if allow else "no", str(expires))).encode()


class Signature(Frozen):
    """Under the statement of the question with this `nonce`. `expires`: coordinator time, s. `value`: base64; what is none is nobody's."""

    nonce: Uuid7
    expires: int = Field(ge=0, le=2**53)
    value: Annotated[str, Field(max_length=200)]


def rejected(reason: Rejection | None) -> str:
    """Words to put before the question; empty without a reason."""
    return "" if reason is None else f"A yes came that counts for nothing: {REJECTED[reason]}."
