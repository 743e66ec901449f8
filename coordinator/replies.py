"""What a person's reply makes of an instruction that was asked about. Pure."""

from __future__ import annotations

import re

from coordinator.mentions import Linked, Mention
from coordinator.quantities import listing
from coordinator.words import tokenise, words_of
from schemas.plan import Question

_EVERY = words_of("all both every each everything everyone")
_FILLERS = words_of("the a and or one ones of them it is i mean please number no nr only just in at on to")
_POINTER = re.compile(r"\b(?:the|that|this|those|these)(?: (?:same|other|few|\d+|two|three|four|five|six))?\s*$", re.IGNORECASE)


def clarified(asked: Linked, question: Question | None, reply: Linked) -> str:
    """The instruction with the reply: in the place of what was unclear where the reply only names something, else as a sentence after it."""
    mention = asked.mention(question.mention) if question is not None and question.mention else None
    named = _named(reply, question.options) if question is not None else ""
    if mention is None or not named:
        return f"{asked.text.rstrip(' .!?')}. {reply.text.strip()}"
    return f"{_POINTER.sub('', asked.text[: mention.start])}{named}{asked.text[mention.end :]}"


def _named(reply: Linked, options: tuple[str, ...]) -> str:
    """The name that a reply gives: an option, one by its last word ("2"), all of them, or whatever the site knows. Empty where it says more."""
    said = [t.text for t in tokenise(reply.text) if t.text.isalnum() and t.text not in _FILLERS]
    if not said:
        return ""
    if len(said) == 1 and said[0] in _EVERY:
        return listing(list(options))
    ended = [o for o in options if [t.text for t in tokenise(o) if t.text.isalnum()][-len(said) :] == said]
    if len(ended) == 1:
        return ended[0]
    rest = set(re.findall(r"\w+", _around(reply.text, reply.mentions).lower()))
    return reply.text[reply.mentions[0].start : reply.mentions[-1].end] if reply.mentions and rest <= _FILLERS else ""


def _around(text: str, mentions: tuple[Mention, ...]) -> str:
    for mention in reversed(mentions):
        text = f"{text[: mention.start]} {text[mention.end :]}"
    return text
