"""How people wrap, mistype and speak: changes of an instruction that leave its plan as it is."""

from __future__ import annotations

import random
import re

_BEFORE = (
    "please | hey, | hi, | ok | ok so | okay, | uh, | um | so | right, | alright, | listen, | hello, | good morning, | quick one: | next: | "
    "now | team, | hey there, | well, | one more thing: | sorry, | erm, | hello there, | yo, | kindly | attention, | new task: | request: | "
    "also, | then | hey everyone,"
)
BEFORE = tuple(_BEFORE.split(" | "))
_AFTER = (
    "please | thanks | thank you | if you can | ok? | okay | asap | when you get a chance | cheers | pls | right now | now | quickly | would "
    "you | will you | if possible | thx | ta | right away | when you have time | if it's no trouble | for me | today | immediately | please "
    "and thank you | alright?"
)
AFTER = tuple(_AFTER.split(" | "))
_CHATTER = (
    "The boss is coming. | I am in a hurry. | It is for the audit. | We open at nine. | Sorry for the fuss. | Long day today. | I know it's "
    "late. | We are short of people. | The customer is waiting. | No rush. | It's urgent. | I can't do it myself. | My hands are full. | The "
    "last shift left a mess. | Somebody complained again. | I have to fill in the report. | There is a delivery coming. | Visitors arrive "
    "soon. | I just came in. | Same as always. | Take your time. | Be careful. | You know the drill."
)
CHATTER = tuple(_CHATTER.split(" | "))
NOISE = ("uh", "um", "er", "like", "you know,", "well", "hmm")
NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TENS = dict(zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True))
_SPELLED = re.compile(r"\b(" + "|".join([*NUMBER_WORDS[2:], *_TENS]) + r")\b", re.IGNORECASE)


def wrap(text: str, rng: random.Random) -> tuple[str, str]:
    """Words to put before and after an instruction; mostly none."""
    before = after = ""
    if rng.random() < 0.22:
        before = rng.choice(BEFORE) + " "
    if rng.random() < 0.07:
        before = rng.choice(CHATTER) + " " + before.capitalize()
    if rng.random() < 0.16:
        after = ("" if text.rstrip()[-1:] in ".!?" else rng.choice([",", ""])) + " " + rng.choice(AFTER)
    if rng.random() < 0.06:
        after += ("" if text.rstrip()[-1:] in ".!?" and not after else ".") + " " + rng.choice(CHATTER)
    return (before.capitalize() if rng.random() < 0.6 else before), after


def decapitalise(text: str) -> str:
    """Small first letter, unless the first word is "I" or an abbreviation."""
    first = re.match(r"\w+", text)
    if first is None or first[0] == "I" or (len(first[0]) > 1 and not first[0][1:].islower()):
        return text
    return text[:1].lower() + text[1:]


def mistype(word: str, rng: random.Random) -> str:
    """One slip: two letters swapped, one lost, doubled or hit beside."""
    if len(word) < 4 or not word.isalpha():
        return word
    i = rng.randrange(1, len(word) - 1)
    slips = (
        word[:i] + word[i + 1] + word[i] + word[i + 2 :],
        word[:i] + word[i + 1 :],
        word[:i] + word[i] + word[i:],
        word[:i] + rng.choice("aeionrst") + word[i + 1 :],
    )
    return rng.choice(slips)


def mistype_some(text: str, share: float, keep: frozenset[str], rng: random.Random) -> str:
    """`share` of the words of a text get a slip; those in `keep` (lower case) do not."""

    def slip(found: re.Match[str]) -> str:
        return mistype(found[0], rng) if found[0].lower() not in keep and rng.random() < share else found[0]

    return re.sub(r"[^\W\d_]+", slip, text)


def hesitate(text: str, rng: random.Random) -> str:
    """A filler after one of the words, as speech recognisers write it."""
    spaces = [m.start() for m in re.finditer(" ", text.strip())]
    if not spaces:
        return text
    at = rng.choice(spaces) + len(text) - len(text.lstrip())
    return f"{text[:at]} {rng.choice(NOISE)}{text[at:]}"


def change_numbers(text: str, rng: random.Random) -> str:
    """Other numbers of the same look: "30 percent" → "75 percent", "twenty" → "sixty", "4 °C" → "11 °C"."""

    def digits(found: re.Match[str]) -> str:
        return str(rng.randrange(1, 10) if len(found[0]) == 1 else rng.randrange(10 ** (len(found[0]) - 1), 10 ** len(found[0])))

    def spelled(found: re.Match[str]) -> str:
        pool = list(_TENS) if found[0].lower() in _TENS else NUMBER_WORDS[2:]
        return rng.choice(pool)

    return _SPELLED.sub(spelled, re.sub(r"\d+", digits, text))


_ONSETS = "b br c d dr f fl g gr h j k kl l m n p pl qu r s sk st t tr v w z"
_VOWELS = "a e i o u ai ee oo y"
_CODAS = "b ck d f g k l m n p r sk st t v x z"
_START = (_ONSETS.split(), _VOWELS.split(), _CODAS.split())


def invent(rng: random.Random) -> str:
    """A noun that nobody has heard: names must be copied, not guessed."""
    start, middle, end = _START
    return (
        "".join(rng.choice(start) + rng.choice(middle) for _ in range(rng.choice((1, 1, 2))))
        + rng.choice(end)
        + rng.choice(("", "", "er", "bot", "unit", "el"))
    )
