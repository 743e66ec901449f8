"""What an instruction mentions of the fleet and the site, and the summary of both that the planner's prompt shows."""

from __future__ import annotations

from schemas.base import Frozen


class Mention(Frozen):
    """Characters [start, end) of the instruction speak of `ids`.

    `ref`: d = one named device, k = devices of a kind, p = one named place, s = a set of places; numbered from 1 per letter. `kind`: a singular noun.
    w = a whole sentence that goes to a device word for word; `kind` is the sentence, `ids` what it names.
    `count` = len(ids). `missing` are names that were said and do not exist ("shelf 99"), so that the answer can name them.
    """

    ref: str
    start: int
    end: int
    surface: str
    kind: str
    ids: tuple[str, ...]
    count: int
    missing: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        return self.ref[0]

    def tag(self) -> str:
        """How the prompt shows it: `[s1 shelf 8: the shelves]`, `[d1 robot: robot 2]`."""
        count = f" {self.count}" if self.letter in "ks" else ""
        return f"[{self.ref} {self.kind}{count}: {self.surface}]"


class Linked(Frozen):
    """An instruction and its mentions, in order and never overlapping."""

    text: str
    mentions: tuple[Mention, ...] = ()

    def tagged(self) -> str:
        """The text with each mention marked, as the planner reads it."""
        parts: list[str] = []
        at = 0
        for mention in self.mentions:
            parts += [self.text[at : mention.start], mention.tag()]
            at = mention.end
        return "".join([*parts, self.text[at:]])

    def mention(self, ref: str) -> Mention | None:
        return next((m for m in self.mentions if m.ref == ref), None)


class Summary(Frozen):
    """What the planner is told of the fleet, at most six of each and nearest to the instruction; its size does not grow with the fleet.

    `kinds`: device kind and how many; `knows`: properties that states carry; `finds`: properties that a device must go and look for.
    """

    kinds: tuple[tuple[str, int], ...] = ()
    knows: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()
