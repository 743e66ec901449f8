"""The conversation and the plan of each instruction, as they go on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dashboard.clean import line, name, whole
from dashboard.view import ENDED, Item, Line, Question, Thread, ViewState, WorkState
from runtime.transcript import Said, outcome_text, said
from schemas import messages as m
from schemas.base import Frozen
from schemas.envelope import Envelope
from schemas.outcomes import Done, Failed, Outcome
from schemas.plan import Work
from schemas.topics import Address

THREADS, LINES, ITEMS = 50, 200, 2000
_SETTLED: frozenset[WorkState] = frozenset(("verified", "unverified"))
_MOVABLE: frozenset[WorkState] = frozenset(("refused", "failed", "expired", "superseded", "cancelled", "silent", "not sent"))
_WORDS: dict[str, WorkState] = {
    "issued": "sent", "accepted": "sent", "mapped": "sent", "never_seen": "sent", "needs_answer": "asking", "unknown": "silent",
    "not_sent": "not sent", "waiting": "waiting", "sent": "sent", "running": "running", "asking": "asking", "done": "done", "refused": "refused",
    "failed": "failed", "superseded": "superseded", "cancelled": "cancelled", "expired": "expired",
}  # fmt: skip


def word_of(outcome: Outcome) -> WorkState:
    """An outcome in one word."""
    match outcome:
        case Done():
            return "verified" if outcome.verified else "unverified"
        case Failed():
            return "uncertain" if outcome.uncertain else "failed"
        case _:
            return _WORDS[outcome.end]


def talk(view: ViewState, address: Address, envelope: Envelope, at: float, *, retained: bool) -> ViewState:
    """The view with what this message says about its instruction, or to everybody."""
    ident = _instruction(view, envelope)
    body = envelope.body
    if isinstance(body, m.State):
        return _reported(view, body)
    told = None if retained or isinstance(body, m.Progress | m.Profile) else spoken(view.me, address, envelope)
    if told is None and not (ident and isinstance(body, m.Progress)):
        return view
    thread = view.threads.get(ident) or Thread(ident, text="(given before this dashboard came)" if ident else "", at=at)
    thread = _said(_worked(thread, body, envelope), envelope, told, at)
    threads = {**view.threads, ident: thread}
    if len(threads) > THREADS:
        del threads[_least(threads, ident)]
    return replace(view, threads=threads)


def _least(threads: Mapping[str, Thread], newest: str) -> str:
    """The oldest that asks nothing, where there is one: a question must not be pushed out of sight."""
    return min((i for i in threads if i not in ("", newest)), key=lambda i: bool(threads[i].questions))


def _instruction(view: ViewState, envelope: Envelope) -> str:
    """What it belongs to; an outcome or a cancel without a word about it belongs where its subtask does."""
    body = envelope.body
    if isinstance(body, m.ControlRequest):
        return body.target if body.target is not None and body.target in view.threads else ""
    if envelope.instruction or isinstance(body, m.Instruction):
        return envelope.instruction or envelope.id
    subtask = getattr(body, "subtask", None) or envelope.subtask
    return next((t.ident for t in view.threads.values() if any(i.subtask == subtask for i in t.items)), "") if subtask else ""


# Lines


def spoken(me: str, address: Address, envelope: Envelope) -> Said | None:
    """What a message says to people; `me`: whose words are yours."""
    body, person = envelope.body, "you" if envelope.source == me else envelope.source
    match body:
        case m.Instruction():
            return Said(person, "coordinator", f"{'(preview) ' if body.dry_run else ''}{body.text}")
        case m.Reply():
            return Said(person, "coordinator", body.text)
        case m.Approval():
            return Said(person, body.device, "Yes, do it." if body.allow else "No, leave it.")
        case m.ControlRequest():
            return Said(person, "coordinator", f"{body.action.replace('_', ' ')} {'this' if body.target else 'everything'}".capitalize() + ".")
        case m.Answer():
            return Said("coordinator", "you", body.text)
        case m.Stop():
            return Said(person, body.device, "Stop." if body.latched else "Resume.")
        case m.Cancel():
            return Said(person, body.device, "Cancel.")
        case _:
            return said(address, envelope)


def _said(thread: Thread, envelope: Envelope, told: Said | None, at: float) -> Thread:
    if told is None:
        return thread
    text = whole(told.text) if isinstance(envelope.body, m.Ask | m.Answer) else line(told.text)
    key = f"{envelope.subtask or envelope.id} {len(text)} {text[:80]} {text[-80:]}"
    answered = isinstance(envelope.body, m.Answer) and any(known.text == text and known.who == told.who for known in thread.lines[-8:])
    if answered or any(known.key == key for known in thread.lines):
        return thread
    return replace(thread, lines=(*thread.lines, Line(at, name(told.who), name(told.whom), text, key))[-LINES:])


# Plan, questions, answer


def _worked(thread: Thread, body: Frozen, envelope: Envelope) -> Thread:
    match body:
        case m.Instruction():
            return replace(thread, who=envelope.source, text=line(body.text), dry_run=body.dry_run)
        case m.PlanShown():
            return replace(thread, kind=body.intent.kind, planned=line(body.text), items=_planned(thread.items, body.work), complete=None)
        case m.Progress():
            return replace(thread, items=_moved_on(thread.items, body))
        case m.Subtask() if envelope.subtask:
            return replace(thread, items=_given(thread.items, body, envelope.subtask))
        case m.OutcomeReport():
            return _outcome(thread, body)
        case m.Ask():
            return _asked(thread, body, envelope.id)
        case m.Reply():
            return replace(thread, questions=_open(thread.questions, body))
        case m.Approval():
            return replace(thread, questions=tuple(q for q in thread.questions if q.digest != body.digest))
        case m.Answer():
            return _answered(thread, body)
        case _:
            return thread


def _planned(before: Sequence[Item], works: Sequence[Work]) -> tuple[Item, ...]:
    """The new plan's items; what has been given to a device already keeps its state."""
    known = [i for i in before if i.subtask]
    items: list[Item] = []
    for work in works:
        device, text = name(work.device), line(work.text)
        same = next((k for k in known if (k.device, k.text) == (device, text)), None)
        if same is not None:
            known.remove(same)
        kept = same or Item(device, text)
        items.append(replace(kept, about=name(work.item or ""), after=work.after))
    return tuple(items)


def _moved_on(items: tuple[Item, ...], body: m.Progress) -> tuple[Item, ...]:
    """What is known better from the device itself stays."""

    def moved(item: Item, told: str | None) -> Item:
        word = _WORDS.get(told or "", item.state)
        kept = word == item.state or (word == "done" and item.state in _SETTLED) or (word == "failed" and item.state == "uncertain")
        return item if kept else replace(item, state=word)

    return tuple(moved(item, body.work.get(index)) for index, item in enumerate(items))


def _given(items: tuple[Item, ...], body: m.Subtask, subtask: str) -> tuple[Item, ...]:
    """The item whose sentence this is: not given yet, asked back about, or moved from another device. One that the plan did not show is added."""
    if any(i.subtask == subtask for i in items):
        return items
    device, text = name(body.device), line(body.text)
    rules: tuple[Callable[[Item], bool], ...] = (
        lambda i: not i.subtask and (i.device, i.text) == (device, text),
        lambda i: i.device == device and i.state == "asking",
        lambda i: i.text == text and (i.state in _MOVABLE or _ended_without(i)),
    )
    index = next((n for rule in rules for n, item in enumerate(items) if rule(item)), None)
    if index is None:
        return (*items, Item(device, text, state="sent", subtask=subtask))[:ITEMS]
    old = items[index]
    before = f"{old.device}: {old.why}" if old.subtask and old.why and old.state != "asking" else old.before
    given = replace(old, device=device, text=text, state="sent", why="", subtask=subtask, before=before)
    return (*items[:index], given, *items[index + 1 :])


def _ended_without(item: Item) -> bool:
    """Its device has said how it ended, not well, and the coordinator already speaks of it as of work to come."""
    return bool(item.subtask and item.why) and item.state not in _SETTLED and item.state != "asking"


def _outcome(thread: Thread, body: m.OutcomeReport) -> Thread:
    outcome = body.outcome
    why = line(outcome_text(outcome))
    items = tuple(replace(i, state=word_of(outcome), why=why) if i.subtask == body.subtask else i for i in thread.items)
    return replace(thread, items=items)


def _asked(thread: Thread, body: m.Ask, ident: str) -> Thread:
    options, digest = tuple(name(o) for o in body.options[:20]), (body.about or "")[:200]
    question = Question(ident, whole(body.words), options, body.approval, digest, body.to_sign)
    if any(replace(q, ident=ident, options=options, approval=body.approval) == question for q in thread.questions):
        return thread
    return replace(thread, questions=(*thread.questions, question)[-20:], complete=None)


def _open(questions: tuple[Question, ...], reply: m.Reply) -> tuple[Question, ...]:
    """Without the one that was answered: that of the call that the reply names, else the oldest. What cannot be undone is not answered by a word that
    does not name it, and what a reply names that is not asked, or no longer, answers nothing else."""
    if reply.about is not None:
        return tuple(q for q in questions if q.digest != reply.about)
    return questions[1:] if questions and not questions[0].approval else questions


def _answered(thread: Thread, body: m.Answer) -> Thread:
    items = thread.items
    for ended in body.outcomes:
        if ended.outcome is not None and ended.subtask:
            state, why = word_of(ended.outcome), line(outcome_text(ended.outcome))
            items = tuple(replace(i, state=state, why=why) if i.subtask == ended.subtask and i.state not in ENDED else i for i in items)
    waits = body.intent == "question" and bool(thread.questions)
    questions = thread.questions if waits else ()
    return replace(thread, items=items, answer=whole(body.text), questions=questions, complete=None if waits or not body.final else body.complete)


def _reported(view: ViewState, body: m.State) -> ViewState:
    """A device's own word on its work in hand; how it ended is told by its outcome."""
    states: dict[str, WorkState] = {s.subtask: _WORDS[s.state] for s in body.subtasks if s.state in ("accepted", "mapped", "running")}
    if not states:
        return view
    changed = {k: _running(t, states) for k, t in view.threads.items() if t.open and any(_behind(i, states) for i in t.items)}
    return replace(view, threads={**view.threads, **changed}) if changed else view


def _behind(item: Item, states: dict[str, WorkState]) -> bool:
    """Whether its device knows better."""
    return item.state in ("waiting", "sent", "running", "silent") and states.get(item.subtask, item.state) != item.state


def _running(thread: Thread, states: dict[str, WorkState]) -> Thread:
    return replace(thread, items=tuple(replace(i, state=states[i.subtask]) if _behind(i, states) else i for i in thread.items))
