"""Where instructions are worked on: plan, ask, run, answer. Several at once; a case changes without an `await` in between and is stored."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import structlog

from coordinator import planrun
from coordinator.address import addressed
from coordinator.answer import answer_problem, answer_query, answer_run, outcome_words
from coordinator.case import Case, Cases, is_asking
from coordinator.choice import choose
from coordinator.consultant import Consultant, Told
from coordinator.control import Controls
from coordinator.dispatcher import Dispatcher
from coordinator.ledger import Entry
from coordinator.linker import link
from coordinator.meaning import Meaning
from coordinator.mentions import Linked
from coordinator.preview import preview, proposed, told
from coordinator.replies import clarified
from coordinator.resolve import check
from coordinator.run import Run, begin
from coordinator.scene import Scene
from coordinator.scripted import Planner
from coordinator.selection import Problem
from coordinator.summary import summarise
from runtime.clock import Clock
from runtime.door import Door
from runtime.yes_no import yes_or_no
from schemas import topics
from schemas.approval import Signature
from schemas.base import Frozen
from schemas.errors import ParleyError
from schemas.messages import Answer, Approval, Ask, PlanShown, Progress, Reply
from schemas.outcomes import NeedsAnswer
from schemas.plan import Control, Intent, Plan, Query, Question, Refusal

log = structlog.get_logger()


class Desk:
    """`scene_of` makes the scene of a case as things stand; `spawn` owns a task; `patience`: s to wait for a person's reply."""

    def __init__(
        self,
        cases: Cases,
        door: Door,
        dispatcher: Dispatcher,
        controls: Controls,
        planner: Planner,
        meaning: Meaning,
        consultant: Consultant,
        scene_of: Callable[[Case], Scene],
        spawn: Callable[[Coroutine[Any, Any, None], str], object],
        patience: float,
    ) -> None:
        self._cases, self._door, self._dispatcher, self._controls = cases, door, dispatcher, controls
        self._planner, self._meaning, self._scene_of = planner, meaning, scene_of
        self._consultant = consultant
        self._spawn, self._patience = spawn, patience
        self._clock: Clock = door.clock

    # From text to intent

    async def instruct(self, case: Case) -> None:
        """A new instruction, or one with its question answered."""
        case = self._cases.put(case.model_copy(update={"status": "planning", "turn": case.turn + 1, "question": None}))
        try:
            by_experts = await self._told_by_experts(case)
            if by_experts is not None and not by_experts.blind:
                await self._close(case, by_experts.answer)
                return
            case, intent = await self._planned(case)
            if by_experts is not None and not isinstance(intent, Plan):
                await self._close(case, by_experts.answer)
                return
        except ParleyError as error:
            log.warning("planning_failed", instruction=case.id, error=str(error))
            intent = Question(about="what_action", text=f"I could not work out a plan ({error}). Could you say it in other words?")
        if self._cases.get(case.id) is None or self._current(case).status == "closed":
            return
        await self._act(self._cases.put(case), intent)

    async def _told_by_experts(self, case: Case) -> Told | None:
        """What asks for a sense that no device has itself; looking moves nothing."""
        scene = self._scene_of(case)
        return await self._consultant.answer(link(case.text, scene.site, scene.devices), scene)

    async def _planned(self, case: Case) -> tuple[Case, Intent]:
        scene = self._scene_of(case)
        linked = link(case.text, scene.site, scene.devices)
        readings: tuple[Intent, ...]
        if spoken_to := addressed(linked):
            readings, linked = spoken_to[:1], spoken_to[1]
        else:
            readings = await self._planner.plan(linked, await summarise(case.text, scene.devices, self._meaning))
        intent, scene = await choose(readings, replace(scene, linked=linked), self._meaning)
        return case.model_copy(update={"linked": linked, "meanings": scene.meanings}), intent

    async def _act(self, case: Case, intent: Intent, confirmed: bool = False) -> None:
        scene = self._scene_of(case)
        problem = check(intent, scene, confirmed=confirmed)
        if problem is not None:
            await self._object(case, proposed(problem, scene) if isinstance(problem, Question) else problem)
            return
        await self._show(case, intent, scene)
        if case.dry_run:
            await self._close(case, Answer(text=f"Only planned: {told(intent, scene) or intent.kind}.", intent=intent.kind, complete=True))
        elif isinstance(intent, Query):
            await self._close(case, answer_query(intent, scene, self._clock.now()))
        elif isinstance(intent, Control):
            await self._close(case, await self._controls.carry_out(intent, scene, case.id))
        elif isinstance(intent, Plan):
            self._cases.put(case.model_copy(update={"status": "running", "run": begin(intent)}))
            await self.proceed(case.id)

    async def _object(self, case: Case, problem: Problem) -> None:
        if isinstance(problem, Refusal) or case.dry_run:
            await self._close(case, answer_problem(problem))
            return
        if problem.text in case.asked:
            text = f"I still do not understand. {problem.text} Please say all of it in other words."
            await self._close(case, Answer(text=text, intent="question", complete=False))
            return
        self._cases.put(case.model_copy(update={"status": "asking", "question": problem, "asked": (*case.asked, problem.text)}))
        await self._ask(case, Ask(text=problem.text, options=problem.options))
        await self._say(topics.ANSWER, case, answer_problem(problem).model_copy(update={"final": False}))

    async def _show(self, case: Case, intent: Intent, scene: Scene) -> None:
        works = preview(intent, scene) if isinstance(intent, Plan) else ()
        text = told(intent, scene) or f"A {intent.kind}."
        await self._say(topics.PLAN, case, PlanShown(text=text, intent=intent, work=works if isinstance(works, tuple) else ()))

    # Running

    async def proceed(self, ident: str) -> None:
        """Everything that follows from what is known: new work to the ledger, old tries called off, the answer when all is settled."""
        case = self._cases.get(ident)
        if case is None or case.run is None:
            return
        before = len(case.run.pieces)
        case = self._advanced(case, case.run)
        run = case.run
        if run is None:
            return
        if len(run.pieces) != before and before:
            await self._say(topics.PLAN, case, PlanShown(text="The plan goes on.", intent=run.plan, work=run.works))
        await self._dispatcher.cancel(self._stale(case, run))
        await self._dispatcher.pump()
        if self._current(case).run != run:
            return
        if run.finished:
            await self._close(case, answer_run(run, self._scene_of(case)))
        elif run.only_asks:
            await self._say(topics.ANSWER, case, answer_run(run, self._scene_of(case)))

    def _advanced(self, case: Case, run: Run) -> Case:
        """The case is stored with the subtask's id before the ledger has it: after a crash in between the same id is issued, never a second one."""
        run, ready = planrun.advance(run, self._scene_of(case))
        names = {index: self._clock.uuid7() for index in ready}
        for index, subtask in names.items():
            run = planrun.issued(run, index, subtask)
        case = self._cases.put(case.model_copy(update={"run": run}))
        for index, subtask in names.items():
            self._issue(case, run, index, subtask)
        return case

    def _issue(self, case: Case, run: Run, index: int, subtask: str) -> None:
        work = run.pieces[index].work
        self._dispatcher.ledger.issue(subtask, case.id, index, work, case.approvals.get(index), case.signatures.get(index))

    def _stale(self, case: Case, run: Run) -> list[Entry]:
        """Entries of this case whose piece has gone to another device."""
        live = [e for e in self._dispatcher.ledger.live() if e.instruction == case.id and not e.cancelling]
        return [e for e in live if run.pieces[e.index].subtask != e.subtask]

    async def on_entry(self, entry: Entry) -> None:
        """The ledger says that a subtask ended, fell silent or was not sent."""
        case = self._cases.get(entry.instruction)
        if case is None or case.run is None or entry.index >= len(case.run.pieces):
            return
        run = _heard(case.run, entry)
        if run == case.run:
            return
        case = self._cases.put(case.model_copy(update={"run": run, "status": "running" if case.status == "closed" else case.status}))
        await self.progress(case, self._event(entry, case))
        if isinstance(entry.outcome, NeedsAnswer) and run.pieces[entry.index].status == "asking":
            options = ("yes", "no") if entry.outcome.guess else ()
            text = f"{self._scene_of(case).spoken(entry.device)} asks: {entry.outcome.text}"
            said = entry.outcome
            asks = Ask(text=text, options=options, about=said.guess, approval=said.approval, to_sign=said.to_sign, rejected=said.rejected)
            await self._ask(case, asks)
        await self.proceed(case.id)

    def _event(self, entry: Entry, case: Case) -> str:
        name, what = self._scene_of(case).spoken(entry.device), entry.text.rstrip(".")
        if entry.outcome is not None:
            return f"{name} {outcome_words(entry.outcome, what)}"
        return f"{name} is silent." if entry.phase == "unknown" else f"{what!r} was not sent to {name}."

    async def progress(self, case: Case, text: str) -> None:
        """Where all work of a case stands."""
        states = {e.index: e.state for e in self._dispatcher.ledger.live() if e.instruction == case.id and e.state}
        pieces = case.run.pieces if case.run else ()
        work = {i: p.outcome.end if p.outcome else states.get(i, p.status) for i, p in enumerate(pieces)}
        await self._say(topics.PROGRESS, case, Progress(text=text, work=work))

    async def moved_on(self, entry: Entry) -> None:
        """A device reported a new state of work in hand."""
        case = self._cases.get(entry.instruction)
        if case is not None and case.run is not None:
            await self.progress(case, f"{self._scene_of(case).spoken(entry.device)}: {entry.text.rstrip('.')} – {entry.state.replace('_', ' ')}.")

    # Asking

    async def _ask(self, case: Case, ask: Ask) -> None:
        await self._say(topics.ASK, case, ask)
        self._wait(case)

    def _wait(self, case: Case) -> None:
        self._spawn(self._wait_for_reply(case.id, case.turn), f"ask.{case.id}")

    async def _wait_for_reply(self, ident: str, turn: int) -> None:
        """Nobody answers for ever: then the question is the answer."""
        await self._clock.sleep(self._patience)
        case = self._cases.get(ident)
        if case is None or case.turn != turn or not is_asking(case):
            return
        if case.run is None:
            self._cases.put(case.model_copy(update={"status": "closed", "question": None}))
            return
        self._cases.put(case.model_copy(update={"run": planrun.give_up_asking(case.run)}))
        await self.proceed(ident)

    async def reply(self, operator: str, instruction: str | None, reply: Reply) -> bool:
        """A person's answer to what an instruction asked, without its id to the latest question; False when nothing was asked."""
        text = reply.text
        case = self._cases.get(instruction) if instruction else self._cases.waiting_for(operator)
        if case is None or not is_asking(case):
            return False
        if case.question is not None and case.question.guess is not None and (meant := yes_or_no(text)) is not None:
            await self._confirmed(case, case.question.guess, meant)
        elif case.question is not None:
            scene = self._scene_of(case)
            asked = case.linked if case.linked.text == case.text else Linked(text=case.text)
            said = clarified(asked, case.question, link(text, scene.site, scene.devices))
            await self.instruct(case.model_copy(update={"text": said, "run": None}))
        elif case.run is not None:
            await self._turned(_answered(case, case.run, reply))
        return True

    async def _turned(self, case: Case) -> None:
        """On with it; other devices' questions stay open, and are waited for anew."""
        case = self._cases.put(case.model_copy(update={"turn": case.turn + 1}))
        if is_asking(case):
            self._wait(case)
        await self.proceed(case.id)

    async def _confirmed(self, case: Case, guess: Intent, meant: bool) -> None:
        case = self._cases.put(case.model_copy(update={"status": "planning", "turn": case.turn + 1, "question": None}))
        if meant:
            await self._act(case, guess, confirmed=True)
        else:
            await self._close(case, Answer(text="Then nothing is done.", intent="question", complete=False))

    async def approve(self, approval: Approval) -> bool:
        """One use: the piece that waits for it is sent again with the digest, or ends. False when none waits for this one, or it came too late."""
        found = self._cases.awaiting_approval(approval.device, approval.digest)
        if found is None or approval.expires < self._clock.now():
            return False
        case, run, index = found
        turned = _allowed(case, run, index, approval.digest, approval.signature) if approval.allow else _declined(case, run, index)
        await self._turned(turned)
        return True

    # Ending

    async def cancel(self, case: Case) -> None:
        """Nothing new starts; what devices have is called off and ends by their word."""
        if case.run is None:
            await self._close(case, Answer(text="Cancelled before anything was done.", intent="plan", complete=False))
            return
        self._cases.put(case.model_copy(update={"run": planrun.cancel(case.run)}))
        await self._dispatcher.cancel([e for e in self._dispatcher.ledger.live() if e.instruction == case.id])
        await self.proceed(case.id)

    async def resume(self) -> None:
        """After a restart: what was open goes on; a subtask that never reached the ledger is issued under its own id."""
        for case in self._cases.open():
            if case.run is None:
                self._spawn(self._again(case, self.instruct(case)), f"again.{case.id}")
            else:
                self._cases.put(case.model_copy(update={"run": self._reconciled(case, case.run)}))
                await self._again(case, self.proceed(case.id))

    async def _again(self, case: Case, work: Coroutine[Any, Any, None]) -> None:
        """What no process can get through must not end every process that finds it."""
        try:
            await work
        except Exception as error:
            log.error("case_given_up", instruction=case.id, error=f"{type(error).__name__}: {error}")
            answer = Answer(text="Something inside me went wrong with that; it was given up.", intent="question", complete=False)
            await self._close(self._current(case), answer)

    def _reconciled(self, case: Case, run: Run) -> Run:
        for index, piece in enumerate(run.pieces):
            if piece.status not in ("sent", "unknown") or piece.subtask is None:
                continue
            entry = self._dispatcher.ledger.look_up(piece.subtask)
            if entry is None:
                self._issue(case, run, index, piece.subtask)
            elif not entry.open and entry.phase != "queued":
                run = _heard(run, entry)
        return run

    async def _close(self, case: Case, answer: Answer) -> None:
        await self.repeat(self._cases.put(case.model_copy(update={"status": "closed", "question": None, "answer": answer})))

    async def repeat(self, case: Case) -> None:
        """Say the answer (again): the person may not have got it."""
        if case.answer is not None:
            await self._say(topics.ANSWER, case, case.answer)

    def _current(self, case: Case) -> Case:
        return self._cases.get(case.id) or case

    async def _say(self, topic: topics.Topic, case: Case, body: Frozen) -> None:
        await self._door.send(topic, self._door.source, body, instruction=case.id)


def _answered(case: Case, run: Run, reply: Reply) -> Case:
    """A device's question with the person's reply: yes and no to what it proposed, anything else in other words. What cannot be undone is done
    only when the reply says that it is about this; a reply about what is no longer asked does nothing. A signature goes on to the device, which
    alone can judge it."""
    about = reply.about
    asking = [i for i, p in enumerate(run.pieces) if p.status == "asking"]
    meant_for = [i for i in asking if about is None or _guess(run, i) == about]
    if not meant_for:
        return case
    index = meant_for[0]
    guess = _guess(run, index)
    meant = yes_or_no(reply.text) if guess else None
    if guess and meant:
        sure = guess == about or not getattr(run.pieces[index].outcome, "approval", False)
        return _allowed(case, run, index, guess, reply.signature) if sure else case
    return _declined(case, run, index) if meant is False else case.model_copy(update={"run": planrun.answered(run, index, reply.text)})


def _guess(run: Run, index: int) -> str | None:
    return getattr(run.pieces[index].outcome, "guess", None)


def _declined(case: Case, run: Run, index: int) -> Case:
    return case.model_copy(update={"run": planrun.give_up_asking(run, index)})


def _allowed(case: Case, run: Run, index: int, digest: str, signature: Signature | None) -> Case:
    others = {i: s for i, s in case.signatures.items() if i != index}
    signatures = others if signature is None else {**others, index: signature}
    return case.model_copy(
        update={"run": planrun.approved(run, index), "approvals": {**case.approvals, index: digest}, "signatures": signatures}
    )  # fmt: skip


def _heard(run: Run, entry: Entry) -> Run:
    if run.pieces[entry.index].subtask != entry.subtask:
        return planrun.late(run, entry.index, entry.subtask, entry.outcome) if entry.outcome else run
    if entry.outcome is not None:
        return planrun.ended(run, entry.index, entry.outcome, entry.idempotent)
    if entry.phase == "unknown":
        return planrun.lost(run, entry.index, entry.idempotent)
    return planrun.unsent(run, entry.index, "its device cannot be reached" if not run.cancelled else "it was cancelled")
