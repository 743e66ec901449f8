"""Messages as they arrive, reduced into a view, and ids that are told apart at sight."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.reduce import Heard, reduce
from dashboard.view import ViewState
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import Envelope
from schemas.ids import uuid7_from
from schemas.messages import Answer, Ask, Connection, Instruction, OutcomeReport, PlanShown, Profile, State, Subtask
from schemas.outcomes import Outcome
from schemas.plan import Plan, Step, Work

NOON = 1_800_014_400.0
PLAN = Plan(steps=(Step(do=("Go.",)),))


def uid(number: int) -> str:
    return uuid7_from(1_800_000_000_000 + number, number)


@dataclass
class Wire:
    """`now` goes on by hand."""

    view: ViewState = field(default_factory=lambda: ViewState(me="me", site="site"))
    now: float = NOON
    count: int = 10_000

    def say(
        self, topic: topics.Topic, ident: str, body: Frozen, *, source: str = "c", instruction: str | None = None, subtask: str | None = None,
        message: str | None = None, retained: bool = False, sent_at: float | None = None,
    ) -> ViewState:  # fmt: skip
        self.count += 1
        head = {"id": message or uid(self.count), "source": source, "sent_at": self.now, "instruction": instruction, "subtask": subtask}
        head |= {"sent_at": sent_at} if sent_at is not None else {}
        envelope = Envelope.model_validate({**head, "body": body})
        self.view = reduce(self.view, Heard(topics.Address(topic, "site", ident), envelope, 100, self.now, retained))
        return self.view

    def device(self, ident: str, **state: object) -> None:
        """A robot with its agent online."""
        self.say(topics.PROFILE, ident, Profile(device=ident, device_kind="robot", maker="norvik", name=ident.replace("-", " "), place="shelf-1"))
        self.say(topics.STATE, ident, State.model_validate({"device": ident, "boot": "b", **state}))
        self.online(f"agent-{ident}", ident)

    def online(self, agent: str, *devices: str, boot: str = "b", status: str = "online") -> None:
        self.say(topics.AGENT_CONNECTION, agent, Connection.model_validate({"status": status, "boot": boot, "devices": devices}))

    def coordinator(self, status: str = "online") -> None:
        self.say(topics.COORDINATOR_CONNECTION, "c", Connection.model_validate({"status": status, "boot": "b"}))

    def instruct(self, number: int, text: str, *, source: str = "me", dry_run: bool = False) -> str:
        ident = uid(number)
        self.say(topics.INSTRUCTION, source, Instruction(text=text, dry_run=dry_run), source=source, message=ident, instruction=ident)
        return ident

    def plan(self, instruction: str, *works: tuple[str, str], text: str = "The plan.") -> None:
        shown = tuple(Work(device=d, text=t) for d, t in works)
        self.say(topics.PLAN, "c", PlanShown(text=text, intent=PLAN, work=shown), instruction=instruction)

    def give(self, instruction: str, subtask: int, device: str, text: str) -> str:
        body = Subtask(device=device, text=text, start_by=self.now, deadline=self.now)
        self.say(topics.SUBTASK, device, body, instruction=instruction, subtask=uid(subtask))
        return uid(subtask)

    def end(self, instruction: str, subtask: str, device: str, outcome: Outcome) -> None:
        body = OutcomeReport(device=device, subtask=subtask, outcome=outcome)
        self.say(topics.OUTCOME, device, body, source="a", instruction=instruction, subtask=subtask)

    def ask(self, instruction: str, text: str, *options: str, about: str | None = None, approval: bool = False) -> None:
        self.say(topics.ASK, "c", Ask(text=text, options=options, about=about, approval=approval), instruction=instruction)

    def answer(self, instruction: str, text: str, *, complete: bool = True, intent: str = "plan") -> None:
        body = Answer.model_validate({"text": text, "intent": intent, "complete": complete})
        self.say(topics.ANSWER, "c", body, instruction=instruction)
