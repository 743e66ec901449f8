"""What the planner may write: exactly one of Plan, Query, Goal, Control, Question, Refusal.

A planner's references are mention ids given in its prompt (`d1` device, `k1` kind, `p1` place, `s1` set of places, `x1` property, `v1` value) or,
where the linker saw nothing, the words of the instruction themselves. Code resolves both (coordinator.linker); no reference is ever invented.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.base import Frozen, Op

Ref = str
Aggregate = Literal["list", "count", "min", "max", "mean", "any", "all", "value"]


class Where(Frozen):
    """`what op v`: a condition on an attribute or observation. Without `what`, the value tells it: by its unit ("60 %"), or as a state ("idle")."""

    what: str = ""
    op: Op = "=="
    v: str


class Who(Frozen):
    """Which devices. `of`: a kind, devices, or "any" (whoever is able). `n`: "all", a number (any n of them), or "the" (one certain, unnamed)."""

    of: Ref | tuple[Ref, ...] = "any"
    n: Literal["all", "the"] | int | None = None
    at: Ref | None = None
    where: Where | None = None
    top: tuple[Literal["min", "max"], str] | None = None
    near: Ref | None = None
    but: tuple[Ref, ...] = ()


class When(Frozen):
    """Branch on an earlier step: how it ended (`is`), or what it observed (`what op v`)."""

    step: int
    ended: Literal["done", "failed"] | None = Field(default=None, alias="is")
    what: str | None = None
    op: Op | None = None
    v: str | None = None


class Pick(Frozen):
    """Choose one item from an earlier step's observations: the first that has any, the one with most or least."""

    from_: int = Field(alias="from")
    what: str
    as_: Literal["first", "min", "max"] = Field(default="first", alias="as")


class Step(Frozen):
    """`do` runs in order on the same device, once for each item of `each` (`{}` in the text)."""

    who: Who = Who()
    each: Ref | tuple[Ref, ...] | None = None
    do: tuple[str, ...]
    after: tuple[int, ...] = ()
    when: When | None = Field(default=None, alias="if")
    pick: Pick | None = None
    on_failure: Literal["continue", "stop", "reassign"] = "continue"


class Tell(Frozen):
    """What the person wants to know, answered from observations. `what` empty: what the work itself finds ("check what is on shelf 3")."""

    what: str = ""
    as_: Aggregate = Field(default="value", alias="as")
    where: Where | None = None


class Plan(Frozen):
    kind: Literal["plan"] = "plan"
    steps: tuple[Step, ...]
    tell: Tell | None = None


class Query(Frozen):
    """Answered from the devices' states; nothing moves. Without `what` it is about the devices themselves ("how many robots are in aisle A")."""

    kind: Literal["query"] = "query"
    who: Who = Who()
    what: str = ""
    as_: Aggregate = Field(default="value", alias="as")
    where: Where | None = None


class Goal(Frozen):
    """A wish kept over time: property, condition, levers allowed, whom not to hurt, period and patience in s."""

    kind: Literal["goal"] = "goal"
    who: Who = Who()
    what: str
    op: Op = "<="
    v: str
    levers: tuple[str, ...] = ()
    spare: tuple[Ref, ...] = ()
    period: float = 10.0
    patience: float = 300.0


class Control(Frozen):
    kind: Literal["control"] = "control"
    action: Literal["stop", "cancel", "pause", "resume"]
    who: Who = Who()


class Question(Frozen):
    kind: Literal["question"] = "question"
    about: Literal["which_device", "which_place", "what_action", "which_value"]
    text: str = ""
    options: tuple[str, ...] = ()
    guess: Plan | Control | None = None
    """What was probably meant: done when the person says yes."""
    mention: Ref | None = None
    """The mention that a name in reply takes the place of."""


class Refusal(Frozen):
    kind: Literal["refusal"] = "refusal"
    reason: Literal["no_ability", "unsafe", "not_a_task", "not_yet", "unknown_device", "unknown_place", "unavailable"]
    text: str = ""


Intent = Plan | Query | Goal | Control | Question | Refusal


Purpose = Literal["act", "observe"]
"""What a sentence is for: to change something, or to find something out. A hint for choosing among functions; the sentence says what."""


class Work(Frozen):
    """One sentence for one device, after these others (indices). `item` is the place or thing it is about, `step` the plan step it came from."""

    device: str
    text: str
    after: tuple[int, ...] = ()
    step: int = 0
    item: str | None = None
    purpose: Purpose | None = None
    seeks: str | None = None
    """The property to be found out, by its standard name."""
    context: str = ""
    """Facts for resolving names: `packing station = x 10 m, y 9.5 m`."""
