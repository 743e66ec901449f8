"""Among what an instruction may mean: the likeliest reading that makes sense on this site. A mere guess is put to the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coordinator.meaning import Meaning
from coordinator.resolve import check
from coordinator.scene import Scene, understand
from coordinator.words import tokenise, words_of
from coordinator.zones import opened
from schemas.plan import Intent, Query, Question, Refusal


async def choose(readings: Sequence[Intent], scene: Scene, meaning: Meaning) -> tuple[Intent, Scene]:
    """The first reading without a problem, with its scene; the first of all when each has one. A reading that asks or refuses ends the search."""
    tried: list[tuple[Intent, Scene]] = []
    for reading in readings:
        if isinstance(reading, Question) and reading.guess is not None:
            return await _proposed(reading, scene, meaning)
        intent, understood = await _understood(reading, scene, meaning)
        tried.append((intent, understood))
        if isinstance(intent, Question | Refusal):
            break
        if check(intent, understood) is None:
            return intent, understood
    return tried[0]


async def _proposed(question: Question, scene: Scene, meaning: Meaning) -> tuple[Intent, Scene]:
    """The question whether the guess is meant; where the guess cannot be done as it stands, why."""
    assert question.guess is not None
    guess, understood = await _understood(question.guess, scene, meaning)
    problem = check(guess, understood)
    return problem or question.model_copy(update={"guess": guess, "text": "I am not sure."}), understood


_MOST = words_of("highest largest biggest longest warmest hottest brightest loudest fastest heaviest tallest deepest")
_LEAST = words_of("lowest fewest smallest shortest coldest coolest darkest quietest")


def _righted(reading: Intent, scene: Scene) -> Intent:
    """ "Which freezer is the warmest?" read as the least: a question's direction is what its one superlative says."""
    if not isinstance(reading, Query) or reading.as_ not in ("min", "max"):
        return reading
    said = {t.text for t in tokenise(scene.linked.text)}
    most, least = bool(said & _MOST), bool(said & _LEAST)
    return reading if most == least else reading.model_copy(update={"as_": "max" if most else "min"})


def _widened(reading: Intent, scene: Scene) -> Intent:
    """ "Which robot has the most charge?", "which of them are below 25 %?": about every robot, not about a certain one."""
    if not isinstance(reading, Query) or (reading.as_ == "value" and reading.where is None) or reading.who.n not in ("the", 1):
        return reading
    mention = scene.mention(reading.who.of) if isinstance(reading.who.of, str) else None
    several = reading.who.of == "any" or (mention is not None and mention.letter == "k")
    return reading.model_copy(update={"who": reading.who.model_copy(update={"n": "all"})}) if several else reading


async def _understood(reading: Intent, scene: Scene, meaning: Meaning) -> tuple[Intent, Scene]:
    intent = opened(_righted(_widened(reading, scene), scene), scene)
    return intent, replace(scene, meanings=await understand(intent, scene.linked, scene.site, scene.devices, meaning))
