"""An instruction that begins with one device's name and a colon is that device's, word for word: "archive: list the directory reports". Pure."""

from __future__ import annotations

from coordinator.mentions import Linked
from schemas.plan import Plan, Step, Tell, Who


def addressed(linked: Linked) -> Plan | None:
    """The sentence as one subtask; None when it is not so addressed, or names other devices, several places, or a set of them."""
    first, *others = linked.mentions or (None,)
    if first is None or first.letter != "d" or len(first.ids) != 1 or linked.text[: first.start].strip():
        return None
    rest = linked.text[first.end :].lstrip()
    if not rest.startswith((":", "：")) or not rest[1:].strip():
        return None
    if any(m.letter in "dks" for m in others) or sum(m.letter == "p" for m in others) > 1:
        return None
    at, parts = len(linked.text) - len(rest) + 1, list[str]()
    for mention in (m for m in others if m.letter == "p"):
        parts += [linked.text[at : mention.start], f"{{{mention.ref}}}"]
        at = mention.end
    sentence = "".join([*parts, linked.text[at:]]).strip()
    return Plan(steps=(Step(who=Who(of=first.ref), do=(sentence,)),), tell=Tell())
