"""How a plan goes on: feed outcomes, get the next work. Pure functions from one `Run` to the next.

A step opens when all steps it depends on are closed; its devices and items are chosen then, from what is known then. Work that cannot be done where
it was sent moves to another device only where the person left the choice open, and only when it cannot happen twice: after a terminal outcome
that is certain, or when the device is silent and the function is idempotent.
"""

from __future__ import annotations

from coordinator.facts import about, amount, fulfils, observed, positive
from coordinator.purpose import purposes, seeks
from coordinator.quantities import comparison, spoken
from coordinator.resolve import Group, resolve_step
from coordinator.run import SETTLED, Piece, Run, StepRun, Try
from coordinator.scene import HOME, Scene, refs_in
from coordinator.selection import unavailable
from schemas.observations import Observation
from schemas.outcomes import Expired, Failed, NeedsAnswer, Outcome, Refused
from schemas.plan import Pick, Plan, Step, When, Where, Work

MOVES = 3
"""How often one piece may move to another device."""
REPLIES = 2
"""How often a device may ask about one piece and be answered in other words."""
_FINAL_REFUSALS = ("forbidden", "unsafe", "stale_epoch")


# Events


def issued(run: Run, index: int, subtask: str) -> Run:
    return _with(run, index, status="sent", subtask=subtask)


def ended(run: Run, index: int, outcome: Outcome, idempotent: bool | None = None) -> Run:
    """A terminal outcome of the piece's present subtask, also when it was unknown before. A device that asks is heard only if no other can try."""
    patient = run.pieces[index].replies < REPLIES
    asks = isinstance(outcome, NeedsAnswer) and patient and not run.cancelled and not _untried(run, run.pieces[index])
    status = "asking" if asks else "ended"
    known = run.pieces[index].idempotent if idempotent is None else idempotent
    return _with(run, index, status=status, outcome=outcome, idempotent=known)


def late(run: Run, index: int, subtask: str, outcome: Outcome) -> Run:
    """An outcome of a device that had this piece before: kept with its try."""
    tried = tuple(t.model_copy(update={"outcome": outcome}) if t.subtask == subtask else t for t in run.pieces[index].tried)
    return _with(run, index, tried=tried)


def lost(run: Run, index: int, idempotent: bool | None) -> Run:
    """The device is silent."""
    known = run.pieces[index].idempotent if idempotent is None else idempotent
    return _with(run, index, status="unknown", idempotent=known)


def answered(run: Run, index: int, text: str) -> Run:
    """The person answered the device's question: the same work again, with the answer in the sentence."""
    piece = run.pieces[index]
    work = piece.work.model_copy(update={"text": f"{piece.work.text.rstrip(' .')}: {text.strip().rstrip('.')}."})
    return _with(run, index, work=work, status="waiting", outcome=None, subtask=None, replies=piece.replies + 1)


def give_up_asking(run: Run, index: int | None = None) -> Run:
    """Nobody answered, or the answer is no: the devices' questions (or that of one piece) stay as how their work ended."""
    for i, piece in enumerate(run.pieces):
        if piece.status == "asking" and index in (None, i):
            run = _with(run, i, status="ended")
    return run


def cancel(run: Run, why: str = "cancelled") -> Run:
    """Nothing new starts; what is with devices ends by their word."""
    pieces = tuple(p.model_copy(update={"status": "not_sent", "why": why}) if p.status == "waiting" else p for p in run.pieces)
    pieces = tuple(p.model_copy(update={"status": "ended"}) if p.status == "asking" else p for p in pieces)
    steps = tuple(s.model_copy(update={"status": "skipped", "why": why}) if s.status == "waiting" else s for s in run.steps)
    return _closed(run.model_copy(update={"pieces": pieces, "steps": steps, "cancelled": True}))


def unsent(run: Run, index: int, why: str) -> Run:
    """A piece that was given to the ledger and never left it."""
    return _with(run, index, status="not_sent", why=why)


def approved(run: Run, index: int) -> Run:
    """A person allowed the exact call that its device asked about: the same work again."""
    run = _with(run, index, status="waiting", outcome=None, subtask=None)
    return _step(run, run.pieces[index].work.step, run.steps[run.pieces[index].work.step].model_copy(update={"status": "open"}))


# Advancing


def advance(run: Run, scene: Scene) -> tuple[Run, tuple[int, ...]]:
    """The run after everything that follows from its events, and the pieces to send now (still `waiting`: call `issued` for each)."""
    while True:
        before = run
        run = run if run.cancelled else _moved(run, scene)
        run = _closed(_broken(run))
        if not run.cancelled:
            run = _opened(run, scene)
        if run == before:
            return run, tuple(i for i, p in enumerate(run.pieces) if p.status == "waiting" and _ready(run, p))


def _ready(run: Run, piece: Piece) -> bool:
    return all(run.pieces[i].status in SETTLED for i in piece.work.after)


def _broken(run: Run) -> Run:
    """Within a group, what follows a piece that was not done is not tried."""
    for index, piece in enumerate(run.pieces):
        previous = run.pieces[index - 1] if index > piece.first else None
        if piece.status == "waiting" and previous is not None and previous.status in SETTLED and not previous.done:
            run = _with(run, index, status="not_sent", why=f"{previous.work.text.rstrip('.')!r} was not done")
    return run


def _closed(run: Run) -> Run:
    steps = tuple(
        s.model_copy(update={"status": "closed"}) if s.status == "open" and all(p.status in SETTLED for p in run.of_step(i)) else s
        for i, s in enumerate(run.steps)
    )
    return run.model_copy(update={"steps": steps})


def _opened(run: Run, scene: Scene) -> Run:
    """Open every step whose time has come; dependencies point backwards, so one pass is enough."""
    for index, step in enumerate(run.plan.steps):
        earlier = _depends(step)
        if run.steps[index].status == "waiting" and all(run.steps[e].status in ("closed", "skipped") for e in earlier):
            run = _open(run, index, step, earlier, scene)
    return run


def _depends(step: Step) -> tuple[int, ...]:
    return tuple(dict.fromkeys((*step.after, *((step.when.step,) if step.when else ()), *((step.pick.from_,) if step.pick else ()))))


def _open(run: Run, index: int, step: Step, earlier: tuple[int, ...], scene: Scene) -> Run:
    why, moot = _gate(run, step, earlier, scene)
    if why:
        return _step(run, index, StepRun(status="skipped", why=why, moot=moot))
    pick = picked(run, step.pick, scene) if step.pick else None
    if step.pick is not None and pick is None:
        return _step(run, index, StepRun(status="skipped", why=f"none has {step.pick.what}"))
    work = resolve_step(step, scene, pick)
    if work.problem is not None or work.nothing:
        reason = work.problem.text if work.problem else work.nothing
        return _step(run, index, StepRun(status="skipped", why=reason, moot=work.problem is None))
    after = tuple(i for i, p in enumerate(run.pieces) if p.work.step in earlier)
    pieces = list(run.pieces)
    for group in work.groups:
        pieces += _pieces(group, run.plan, index, len(pieces), after, scene)
    run = run.model_copy(update={"pieces": tuple(pieces), "notes": (*run.notes, *(n for n in work.notes if n not in run.notes))})
    return _step(run, index, StepRun(status="open", pool=work.pool, items=work.items))


def _pieces(group: Group, plan: Plan, step: int, base: int, after: tuple[int, ...], scene: Scene) -> list[Piece]:
    wanted, named = seeks(plan, step, scene), [group.item, *(r for text in plan.steps[step].do for r in refs_in(text))]
    told = zip(group.sentences, purposes(plan, step, len(group.sentences)), strict=True)
    works = [
        Work(
            device=group.device, text=text, after=after if n == 0 else (base + n - 1,), step=step, item=group.item,
            purpose=purpose, seeks=wanted if purpose == "observe" else None, context=scene.positions(text, named, group.device),
        )
        for n, (text, purpose) in enumerate(told)
    ]  # fmt: skip
    return [Piece(work=work, first=base) for work in works]


# Conditions


def _gate(run: Run, step: Step, earlier: tuple[int, ...], scene: Scene) -> tuple[str, bool]:
    """Why a step may not run (empty when it may), and whether that is as planned."""
    for e in earlier:
        if run.steps[e].status == "skipped" and not _otherwise(run, step, e):
            return run.steps[e].why, run.steps[e].moot
    needed = [e for e in earlier if not (step.when and step.when.step == e)]
    for e in needed:
        if not _step_worked(run, e):
            return f"step {e + 1} did not succeed", False
    return _condition(run, step.when, scene) if step.when else ("", False)


def _otherwise(run: Run, step: Step, earlier: int) -> bool:
    """Whether the step is what shall be done because the earlier one was not: it could not, or no device met its condition."""
    if step.when is None or step.when.step != earlier or step.when.ended != "failed":
        return False
    return not run.steps[earlier].moot or (run.plan.steps[earlier].who.where is not None and run.plan.steps[earlier].when is None)


def _step_worked(run: Run, index: int) -> bool:
    """All of it where a failure shall stop the plan, else at least some of it. A step without work counts as done."""
    pieces = run.of_step(index)
    each = [p.done for p in pieces]
    return not pieces or (all(each) if run.plan.steps[index].on_failure == "stop" else any(each))


def _condition(run: Run, when: When, scene: Scene) -> tuple[str, bool]:
    if when.ended is not None:
        all_done = all(p.done for p in run.of_step(when.step)) and run.steps[when.step].status == "closed"
        return (
            ("", False)
            if all_done == (when.ended == "done")
            else (f"step {when.step + 1} {'did not succeed' if not all_done else 'succeeded'}", True)
        )
    if when.what is None or when.v is None:
        return "", False
    facts = observed(when.what, step_facts(run, when.step, scene), scene)
    if not facts:
        return f"nobody could tell the {when.what}", False
    where = Where(what=when.what, op=when.op or "==", v=when.v)
    if any(fulfils(f, where, scene) for f in facts):
        return "", False
    seen = ", ".join(f"{scene.spoken(f.subject)}: {spoken(f.value, f.unit)}" for f in facts[:4])
    return f"the condition that {when.what} is {comparison(where.op, when.v)} did not hold ({seen})", True


def picked(run: Run, pick: Pick, scene: Scene) -> str | None:
    """The subject that an earlier step's observations choose; None when none qualifies."""
    facts = observed(pick.what, step_facts(run, pick.from_, scene), scene)
    order = {item: n for n, item in enumerate(run.steps[pick.from_].items)}
    ranked = sorted(facts, key=lambda f: order.get(f.subject, len(order)))
    if pick.as_ == "first":
        return next((f.subject for f in ranked if positive(f)), None)
    counted = [(value, f.subject) for f in ranked if (value := amount(f)) is not None]
    if not counted:
        return None
    best = max(v for v, _ in counted) if pick.as_ == "max" else min(v for v, _ in counted)
    return next(s for v, s in counted if v == best)


def step_facts(run: Run, step: int | None, scene: Scene) -> tuple[Observation, ...]:
    """What a step (None: all) observed, with subjects that the site knows."""
    return tuple(about(o, w, scene) for o, w in run.raw_facts(step))


# Moving to another device


def _moved(run: Run, scene: Scene) -> Run:
    for index, piece in enumerate(run.pieces):
        if _may_move(run, piece) and (other := _other(run, piece, scene)) is not None:
            run = _move(run, index, other)
    return run


def _may_move(run: Run, piece: Piece) -> bool:
    step = run.steps[piece.work.step]
    if len(piece.tried) >= MOVES or not step.pool or run.plan.steps[piece.work.step].on_failure == "stop" or piece.done:
        return False
    if piece.status == "not_sent":
        return piece.subtask is not None
    if piece.status == "unknown":
        return bool(piece.idempotent)
    if piece.status != "ended":
        return False
    outcome = piece.outcome
    if isinstance(outcome, Failed):
        return not outcome.uncertain or bool(piece.idempotent)
    return isinstance(outcome, Expired | NeedsAnswer) or (isinstance(outcome, Refused) and outcome.reason not in _FINAL_REFUSALS)


def _untried(run: Run, piece: Piece) -> bool:
    """Whether the person left the choice open and somebody has not had this piece."""
    had = {piece.work.device, *(t.device for t in piece.tried)}
    return len(piece.tried) < MOVES and not set(run.steps[piece.work.step].pool) <= had


def _other(run: Run, piece: Piece, scene: Scene) -> str | None:
    """The least loaded device of the pool that has not had this piece and can take it."""
    had = {piece.work.device, *(t.device for t in piece.tried)}
    busy = [p.work.device for p in run.pieces if p.status in ("waiting", "sent")]
    free = [d for d in run.steps[piece.work.step].pool if d not in had and d in scene.by_id and not unavailable(scene.by_id[d], scene, True)]
    return min(free, key=lambda d: (busy.count(d), run.steps[piece.work.step].pool.index(d)), default=None)


def _move(run: Run, index: int, device: str) -> Run:
    """The whole group begins again with another device: what came before in it was about the first one's place."""
    first = run.pieces[index].first
    tried = Try(device=run.pieces[index].work.device, subtask=run.pieces[index].subtask, outcome=run.pieces[index].outcome)
    for i, piece in enumerate(run.pieces):
        if piece.first == first:
            past = (*piece.tried, tried if i == index else Try(device=piece.work.device, subtask=piece.subtask, outcome=piece.outcome))
            work = piece.work.model_copy(update={"device": device, "context": piece.work.context.replace(HOME, "")})
            run = _with(run, i, work=work, status="waiting", outcome=None, why="", subtask=None, idempotent=None, tried=past)
    return run


def _with(run: Run, index: int, **changes: object) -> Run:
    pieces = list(run.pieces)
    pieces[index] = pieces[index].model_copy(update=changes)
    return run.model_copy(update={"pieces": tuple(pieces)})


def _step(run: Run, index: int, step: StepRun) -> Run:
    steps = list(run.steps)
    steps[index] = step
    return run.model_copy(update={"steps": tuple(steps)})
