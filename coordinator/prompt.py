"""What the planner's model reads. One function for training and for use: a prompt that differs by a blank is a different task to a small model."""

from __future__ import annotations

import re

from coordinator.mentions import Summary

LONGEST = 1000
"""Characters of an instruction that the planner reads; the rest is cut."""

_EXAMPLES = (
    (
        "kinds: robot 3, camera 2\nknows: battery, position\nfinds: free slots, items",
        "Please check if there are vacant positions on [s1 shelf 8: the shelves].",
        '{"plan":[{"who":{"of":"any"},"each":"s1","do":["Check {} for vacant positions."]}],"tell":{"what":"vacant positions","as":"list"}}',
    ),
    (
        "kinds: robot 4\nknows: battery\nfinds: items",
        "any [k1 robot 4: bot] under a third charge should go top up, except [d1 robot: robot 2]",
        '{"plan":[{"who":{"of":"k1","n":"all","where":{"what":"charge","op":"<","v":"a third"},"but":["d1"]},"do":["Go top up."]}]}',
    ),
    (
        "kinds: drone 2, valve 6\nknows: battery\nfinds: soil moisture",
        "have [k1 drone 2: a drone] look at [p1 field: field 2]; if the soil moisture is below 20 %, [k2 valve 6: the valves] there should open",
        '{"plan":[{"who":{"of":"k1","n":1},"do":["Measure the soil moisture of {p1}."]},'
        '{"who":{"of":"k2","n":"all","at":"p1"},"do":["Open."],"after":[0],"if":{"step":0,"what":"soil moisture","op":"<","v":"20 %"}}]}',
    ),
    (
        "kinds: robot 4\nknows: battery\nfinds: free space",
        "find a [s1 shelf 8: shelf] with free space and park [d1 robot: robot 1] in front of it",
        '{"plan":[{"who":{"of":"any"},"each":"s1","do":["Check {} for free space."]},'
        '{"who":{"of":"d1"},"do":["Move to {pick}."],"after":[0],"pick":{"from":0,"what":"free space","as":"first"}}]}',
    ),
    (
        "kinds: robot 4\nknows: battery, position\nfinds: items",
        "Which [k1 robot 4: robot] has the most juice left?",
        '{"query":{"who":{"of":"k1","n":"all"},"what":"juice left","as":"max"}}',
    ),
    ("kinds: robot 4\nknows: battery\nfinds: -", "Everybody stop!", '{"control":"stop","who":{"of":"any"}}'),
    (
        "kinds: camera 2\nknows: upload delay\nfinds: -",
        "keep [d1 camera: camera 1]'s upload delay under 16 seconds",
        '{"goal":{"who":{"of":"d1"},"what":"upload delay","op":"<","v":"16 seconds"}}',
    ),
    ("kinds: robot 4\nknows: battery\nfinds: items", "Move it over there.", '{"ask":"which_place"}'),
    ("kinds: robot 4\nknows: battery\nfinds: items", "order me a pizza", '{"refuse":"no_ability"}'),
)

_SYSTEM = """You turn one instruction to a fleet of devices into one line of compact JSON.
Mentions are marked: d = a device, k = a kind of device, p = a place, s = a set of places.
Devices must act or go and look:
{"plan":[{"who":WHO,"each":"s1","do":["sentence for one device"],"after":[step],"if":{..},"pick":{..}}],"tell":{"what":..,"as":..}}
A question that known states answer:
{"query":{"who":WHO,"what":..,"as":"list"|"count"|"min"|"max"|"mean"|"any"|"all"|"value"}}
Running work: {"control":"stop"|"cancel"|"pause"|"resume","who":WHO}. A wish kept over time: {"goal":{"who":WHO,"what":..,"op":..,"v":..}}
Too vague: {"ask":"which_device"|"which_place"|"what_action"|"which_value"}.
Impossible, dangerous or idle talk: {"refuse":"no_ability"|"unsafe"|"not_a_task"}
WHO = {"of":..,"n":"all"|"the"|number,"at":..,"where":{"what":..,"op":..,"v":..},"top":["max"|"min",..],"near":..,"but":[..]}
In sentences {} is the item of "each" and {pick} the picked one."""


def summary_lines(summary: Summary) -> str:
    """Three lines: kinds with counts, known properties, properties to be found; "-" for none."""
    kinds = ", ".join(f"{kind} {count}" for kind, count in summary.kinds)
    rows = (("kinds", kinds), ("knows", ", ".join(summary.knows)), ("finds", ", ".join(summary.finds)))
    return "\n".join(f"{name}: {_line(text) or '-'}" for name, text in rows)


def planner_prompt(summary: Summary, tagged: str, *, chat: bool = False) -> str:
    """The text that the model continues with a plan. `tagged` is Linked.tagged(); `chat` explains the task with examples, for a foreign model."""
    own = _case(summary_lines(summary), _line(tagged), "")
    if not chat:
        return own
    return f"{_SYSTEM}\n\n" + "".join(f"{_case(*example)}\n\n" for example in _EXAMPLES) + own


def _case(lines: str, tagged: str, answer: str) -> str:
    return f"{lines}\n> {tagged}\n<{answer}"


def _line(text: str) -> str:
    """One line: line breaks and control characters would pretend to be another part of the prompt."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()
