"""What an instruction says and its reading does not heed: a reason to ask before anything moves. Pure.

The planner's model is small. These are the mistakes that it makes and that the words themselves show; each ends in a question, none in an action.
Where it can be told what was probably meant, the question carries it as its guess, and a yes is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from itertools import zip_longest
from typing import Literal, cast

from coordinator.linker import link_names
from coordinator.mentions import Mention
from coordinator.names import is_unit
from coordinator.quantities import listing
from coordinator.scene import Scene, all_refs
from coordinator.selection import MANY_NAMES
from coordinator.words import plural, stems, tokenise, words_of
from schemas.plan import Control, Intent, Plan, Query, Question, Where, Who


def objection(intent: Intent, scene: Scene, chosen: Collection[str]) -> Question | None:
    """The first thing that was said and is not done, or done the other way round. Who stops or pauses too much does no harm.

    `chosen`: devices that work on a plan.
    """
    wrong = _others(intent, scene) or _inverted(intent, scene) or _misdirected(intent, scene)
    if wrong is not None or (isinstance(intent, Control) and intent.action in ("stop", "pause")):
        return wrong
    sides = _one_sided(intent, scene) or _unranked(intent, scene) if isinstance(intent, Plan) else None
    lacking = sides or _forgotten(intent, scene, chosen) or _unheeded(intent, scene) or _left_undone(intent, scene)
    return lacking.model_copy(update={"guess": intent}) if lacking is not None and isinstance(intent, Plan | Control) else lacking


_THOSE = re.compile(r"\b(?:those|these)(?: (?:same|other|few|\d+|two|three|four|five|six))?$")
_RESTRICTED = re.compile(r"\s*(?:that|which|with|without|who|whose|where|in|on|at|of|near|below|above|under|over|between)\b", re.IGNORECASE)


def pointed(intent: Intent, scene: Scene) -> Question | None:
    """ "Those two shelves", "the shelf", before any shelf was named: the person points, and nobody here sees it. A choice may be among all."""
    if not isinstance(intent, Plan | Control) or (isinstance(intent, Control) and intent.action in ("stop", "pause")):
        return None
    chosen = isinstance(intent, Plan) and (any(s.pick for s in intent.steps) or (intent.tell is not None and intent.tell.as_ in ("min", "max")))
    before = set[str]()
    for mention, after in zip_longest(scene.linked.mentions, scene.linked.mentions[1:]):
        pointed = _THOSE.search(scene.before(mention)) if mention.letter in "ks" else None
        certain = scene.certain_one(mention) and not chosen and not scene.homes(mention) and not _told_of(mention, after, scene)
        everything = mention.count == len(scene.names.by_kind[("d" if mention.letter == "k" else "p", mention.kind)])
        if (
            everything
            and (pointed or certain)
            and mention.kind not in before
            and (certain or not _RESTRICTED.match(scene.linked.text[mention.end :]))
        ):
            names = [scene.spoken(i) for i in mention.ids]
            return Question(
                about="which_device" if mention.letter == "k" else "which_place",
                text=f"Which {mention.kind if certain else plural(mention.kind)} do you mean: {listing(names[:MANY_NAMES], 'or')}?",
                options=tuple(names[:MANY_NAMES]),
                mention=mention.ref,
            )
        before.add(mention.kind)
    return None


_OF = re.compile(r"[^,.;:!?]*\b(?:of|on|at|for|from|in)(?: the)?\s*")


def _told_of(mention: Mention, after: Mention | None, scene: Scene) -> bool:
    """ "The shelf labels of shelf 3": which one is said a few words on."""
    return after is not None and after.kind == mention.kind and _OF.fullmatch(scene.linked.text[mention.end : after.start]) is not None


_EXCEPTION = re.compile(r"\b(?:except(?:ing)?|excluding|without|besides|apart from|other than|(?:all|everyone|everybody) but)(?: for)?(?: the)?\b")
_TAKEN_OUT = re.compile(_EXCEPTION.pattern + r"|\b(?:don['’]?t|do not|not|never|leave|spare|skip)\b")
_NEAR = 6
"""Words between what takes out and the value of what is taken out."""
_EXCEPTED = re.compile(_EXCEPTION.pattern + r"\s*$")


def _inverted(intent: Intent, scene: Scene) -> Question | None:
    """A plan that acts on the very devices that the person excepted, by name or by a condition: the others are meant."""
    turned = next((w.where for w in _whos(intent) if w.where is not None and _turned_round(w.where, scene.linked.text)), None)
    if turned is not None:
        opposite = turned.model_copy(update={"op": _OPPOSITE[turned.op]})
        guess = _with_whos(intent, lambda who: who.model_copy(update={"where": opposite}) if who.where == turned else who)
        return Question(about="which_device", text=f"Those with {turned.v} shall be left out, as I understand it.", guess=guess)
    chosen = {ref for who in _whos(intent) for ref in _named(who)}
    excepted: list[Mention] = []
    for mention in scene.linked.mentions:
        before = scene.linked.text[: mention.start].lower()
        joined = bool(excepted) and before[excepted[-1].end :].strip(" ,") in ("", "and", "or")
        if mention.letter == "d" and (joined or _EXCEPTED.search(before)):
            excepted.append(mention)
    wrong = tuple(m.ref for m in excepted if m.ref in chosen)
    if not wrong:
        return None
    text = f"You except {listing([m.surface for m in excepted if m.ref in wrong])}."
    return Question(about="which_device", text=text, guess=_with_whos(intent, lambda who: _all_but(wrong) if set(_named(who)) & set(wrong) else who))


_OPPOSITE: dict[str, str] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _named(who: Who) -> tuple[str, ...]:
    return (who.of,) if isinstance(who.of, str) else who.of


def _all_but(refs: tuple[str, ...]) -> Who:
    return Who(of="any", n="all", but=refs)


def _with_whos(intent: Intent, change: Callable[[Who], Who]) -> Plan | Control | None:
    """The same, done by others."""
    if isinstance(intent, Plan):
        return intent.model_copy(update={"steps": tuple(s.model_copy(update={"who": change(s.who)}) for s in intent.steps)})
    return intent.model_copy(update={"who": change(intent.who)}) if isinstance(intent, Control) else None


_REST = re.compile(r"\b(?:(?:the|all) (?:others?|rest|remaining)|every(?:one|body|thing) else|all else)\b", re.IGNORECASE)


_HALT = re.compile(r"\b(?:stop|pause|halt|freeze|hold|park)(?: all)?(?: of)?\s*$", re.IGNORECASE)


def _rest_halts(text: str) -> bool:
    """Whether it is the others that shall stop: "the others can carry on" is no such thing."""
    return any(_HALT.search(text[: rest.start()]) for rest in _REST.finditer(text))


def _others(intent: Intent, scene: Scene) -> Question | None:
    """ "Robots 3 and 4 keep running, stop the others": the named ones are hardly those to be stopped."""
    if not isinstance(intent, Control) or intent.action not in ("stop", "pause") or not _rest_halts(scene.linked.text) or intent.who.but:
        return None
    refs = _named(intent.who)
    named = [m for m in map(scene.mention, refs) if m is not None and m.letter == "d"]
    if not named or len(named) < len(refs):
        return None
    names = listing([scene.spoken(i) for m in named for i in m.ids])
    text = f"It is hardly {names} that shall {intent.action}."
    return Question(about="which_device", text=text, guess=intent.model_copy(update={"who": _all_but(refs)}))


_DIRECTIONS = {">": re.compile(r"\b(above|over|more|higher|exceed\w*|at least)\b"), "<": re.compile(r"\b(below|under|less|lower|fewer|at most)\b")}


_SEAM = re.compile(r"[.;!?,]|\b(?:and|but) (?=has|have|is|are|with)")


def _turned_round(where: Where, text: str) -> bool:
    """ "all except those above 60 %" as a condition "> 60 %"."""
    text, at = text.lower(), text.lower().find(where.v.lower())
    taken_out = list(_TAKEN_OUT.finditer(text, 0, max(0, at)))
    between = _SEAM.split(text[taken_out[-1].end() : at]) if taken_out else []
    if len(between) != 1 or len(between[0].split()) > _NEAR:
        return False
    return any(where.op[0] == sign and words.search(between[0]) for sign, words in _DIRECTIONS.items())


def _whos(intent: Intent) -> list[Who]:
    return [s.who for s in intent.steps] if isinstance(intent, Plan) else [intent.who] if isinstance(intent, Query | Control) else []


def _forgotten(intent: Intent, scene: Scene, chosen: Collection[str]) -> Question | None:
    """A mention of the instruction that the plan does not use would be an order half obeyed: ask instead."""
    refs = set(all_refs(intent))
    used = {i for ref in refs if (m := scene.mention(ref)) for i in m.ids}
    if isinstance(intent, Plan):
        sentences = [text for step in intent.steps for text in step.do]
        used |= {i for text in sentences for m in link_names(text, scene.names).mentions for i in m.ids}
        used |= set(chosen)
    wheres, around = " ".join(_values(intent)), {zone for i in used for zone in scene.names.around(i)}
    for mention in scene.linked.mentions:
        if mention.ref in refs:
            continue
        bounded = mention.letter == "s" and bool(inside := _bounded(mention, scene)) and inside <= used
        covered = set(mention.ids) <= around or bounded or mention.surface.lower() in wheres.lower()
        if not covered and not (mention.letter == "k" and used & set(mention.ids)):
            return _about(mention)
    return None


def _bounded(mention: Mention, scene: Scene) -> set[str]:
    """Those of a set that lie in a zone which the instruction mentions, too."""
    zones = {i for m in scene.linked.mentions if m.letter == "p" for i in m.ids}
    return {i for i in mention.ids if any(i != zone and scene.names.inside(i, zone) for zone in zones)}


_ELSE = re.compile(r"\b(?:otherwise|or else|(?<!thing )(?<!body )(?<!one )(?<!all )else|if not)\b", re.IGNORECASE)


def _one_sided(plan: Plan, scene: Scene) -> Question | None:
    """ "Otherwise" was said, and the plan has no other side: the same condition twice, or one alone."""
    conditions = {(s.who.where.op, s.who.where.v) for s in plan.steps if s.who.where is not None}
    conditions |= {(s.when.ended or s.when.op, s.when.v) for s in plan.steps if s.when is not None}
    if not conditions or len(conditions) > 1 or not _ELSE.search(scene.linked.text):
        return None
    return Question(about="what_action", text="I do not see what shall be done otherwise.")


_MOST = words_of("most highest fullest largest biggest longest best strongest")
_LEAST = words_of("least lowest emptiest fewest smallest shortest worst weakest")


def _misdirected(intent: Intent, scene: Scene) -> Question | None:
    """ "The fullest robot" taken for the one with the least."""
    found = ((w.top, word) for w in _whos(intent) if w.top is not None and (word := _opposite_said(*w.top, scene.linked.text)))
    top, word = next(found, (None, ""))
    if top is None:
        return None
    turned: tuple[Literal["min", "max"], str] = ("min" if top[0] == "max" else "max", top[1])
    guess = _with_whos(intent, lambda who: who.model_copy(update={"top": turned}) if who.top == top else who)
    return Question(about="which_device", text=f"You say {word!r}, and I had read the opposite.", guess=guess)


def _opposite_said(direction: str, phrase: str, text: str) -> str:
    """The word of the phrase, or right before it, that says the other direction."""
    before = text.lower().split(phrase.lower())[0].split()[-1:]
    said = [*phrase.lower().split(), *before]
    same, other = (_MOST, _LEAST) if direction == "max" else (_LEAST, _MOST)
    return "" if same & set(said) else next((word for word in said if word in other), "")


_NO_RANK = re.compile(r"\b(?:at (?:most|least|best)|as best|(?:do|try) (?:your|its|their) best|for the (?:most|best))\b")


def _unranked(intent: Intent, scene: Scene) -> Question | None:
    """ "The two emptiest recharge and the fullest goes to shelf 1", and only one of the two is chosen by rank."""
    if not isinstance(intent, Plan):
        return None
    said = [t.text for t in tokenise(_NO_RANK.sub("", scene.linked.text.lower())) if t.text in _MOST | _LEAST]
    ranks = sum(s.who.top is not None for s in intent.steps) + sum(s.pick is not None for s in intent.steps)
    ranks += intent.tell is not None and intent.tell.as_ in ("min", "max")
    if len(said) <= max(ranks, 1):
        return None
    return Question(about="which_device", text=f"You say {listing([repr(w) for w in said])}; I see only one of them.")


_FRACTIONS = words_of("half")


def _unheeded(intent: Intent, scene: Scene) -> Question | None:
    """A quantity that was said ("at half speed", "0.3 m/s") and is nowhere in the plan."""
    if not isinstance(intent, Plan):
        return None
    text, tokens = scene.linked.text, tokenise(scene.linked.text)
    written = {t.text for t in tokenise(" ".join(_strings(intent.model_dump(mode="json"))))}
    for at, token in enumerate(tokens):
        quantity = token.text in _FRACTIONS or (token.number is not None and is_unit(tokens, at + 1))
        if quantity and token.text not in written and not any(m.start <= token.start < m.end for m in scene.linked.mentions):
            last = tokens[min(at + 1, len(tokens) - 1)]
            start = len(text[: token.start].rstrip("0123456789.,"))
            return Question(about="which_value", text=f"You say {text[start : last.end].strip()!r}, but I do not see what part it plays.")
    return None


_NEGATED = re.compile(r"\b(?:not|don['’]?t|never|without|no)\b", re.IGNORECASE)


def _left_undone(intent: Intent, scene: Scene) -> Question | None:
    """Something that the fleet does, said in its very words ("beep", "take a picture"), and in no sentence of the plan."""
    if not isinstance(intent, Plan):
        return None
    said = stems(scene.linked.text)
    written = stems(" ".join([*_strings(intent.model_dump(mode="json")), *(m.surface for m in scene.linked.mentions)]))
    for ability in dict.fromkeys(a for d in scene.devices for a in d.abilities):
        words = stems(ability)
        if len(words) == 1 and words <= said and not words <= written and not _NEGATED.search(scene.linked.text):
            said_so = next(t.text for t in tokenise(scene.linked.text) if stems(t.text) == words)
            return Question(about="what_action", text=f"You say {said_so!r}, but I do not see what part it plays.")
    return None


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [s for v in cast("dict[str, object]", value).values() for s in _strings(v)]
    if isinstance(value, list | tuple):
        return [s for v in cast("list[object]", value) for s in _strings(v)]
    return [re.sub(r"\{[a-z]*\d*\}", " ", value)] if isinstance(value, str) and not re.fullmatch(r"[dkps]\d+", value) else []


def _values(intent: Intent) -> list[str]:
    return [w.where.v for w in _whos(intent) if w.where] + ([intent.where.v] if isinstance(intent, Query) and intent.where else [])


def _about(mention: Mention) -> Question:
    about = "which_device" if mention.letter in "dk" else "which_place"
    return Question(about=about, text=f"You mention {mention.surface}, but I do not see what part it plays.")
