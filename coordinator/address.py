"""An instruction that begins with one device's name and a colon is that device's, word for word: "archive: list the directory reports". Pure."""

from __future__ import annotations

from coordinator.mentions import Linked, Mention
from schemas.plan import Plan, Step, Tell, Who


def addressed(linked: Linked) -> tuple[Plan, Linked] | None:
    """The sentence as one subtask, and the instruction with all of it as one mention (`w1`, of the place that it names); None when it is not so
    addressed, or names other devices, several places, or a set of them."""
    first, *others = linked.mentions or (None,)
    if first is None or first.letter != "d" or len(first.ids) != 1 or linked.text[: first.start].strip():
        return None
    rest = linked.text[first.end :].lstrip()
    if not rest.startswith((":", "：")) or not rest[1:].strip():
        return None
    if any(m.letter in "dks" for m in others) or sum(m.letter == "p" for m in others) > 1:
        return None
    words = rest[1:].strip()
    places = tuple(i for m in others if m.letter == "p" for i in m.ids)
    start = linked.text.index(words, len(linked.text) - len(rest) + 1)
    said = Mention(ref="w1", start=start, end=start + len(words), surface=words, kind=words, ids=places, count=len(places))
    plan = Plan(steps=(Step(who=Who(of=first.ref), do=("{w1}",)),), tell=Tell())
    return plan, linked.model_copy(update={"mentions": (first, said)})
