"""Yes or no? The same for who sends a reply, and may have to sign it, and for who hears it."""

from __future__ import annotations

_YES = frozenset(["yes", "y", "yeah", "yep", "ok", "okay", "sure", "right", "correct", "exactly", "ja", "oui", "sí", "si"])
_NO = frozenset(["no", "n", "nope", "wrong", "nein", "non"])


def yes_or_no(reply: str) -> bool | None:
    """What a bare yes or no says; None for anything else."""
    word = reply.strip(" .!").lower()
    return True if word in _YES else False if word in _NO else None
