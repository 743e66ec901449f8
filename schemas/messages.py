"""Every message body, tagged by `kind`. Where each travels is in schemas.topics; what wraps it in schemas.envelope."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from schemas.approval import Rejection, Signature, ToSign, rejected
from schemas.base import Frozen, Value
from schemas.experts import Consulted
from schemas.ids import Uuid7, WireId
from schemas.observations import Observation
from schemas.outcomes import Outcome, RunState, SubtaskState
from schemas.plan import Intent, Purpose, Work
from schemas.site import Site
from schemas.skills import Safety

Text = Annotated[str, Field(max_length=8192)]
EPOCH_LIMIT = 2**40
"""Every epoch lies below. One is taken at each start of a coordinator: no honest counting gets here."""
LONGEST_WAY = 200
"""Corners of a reserved way that are told."""
PollId = Annotated[str, Field(max_length=64)]


class Use(Frozen):
    """Of a process, since it began: `tokens` that its language models read or wrote, `busy` s that it took them, bytes that `left` for networks that
    are not private."""

    tokens: int = Field(default=0, ge=0, le=2**53)
    busy: float = Field(default=0.0, ge=0.0, le=1e12)
    left: int = Field(default=0, ge=0, le=2**53)


class Connection(Frozen):
    """Presence in VDA 5050's words; `connectionbroken` is the will. A will of an older `boot` is ignored."""

    kind: Literal["connection"] = "connection"
    status: Literal["online", "offline", "connectionbroken"]
    boot: str
    devices: tuple[WireId, ...] = ()
    heartbeat: float = 5.0
    """Seconds between heartbeats; the lease lapses after three."""
    use: Use | None = None


class Property(Frozen):
    name: WireId
    unit: str | None = None
    description: str = ""
    in_state: bool = False
    """True when the state carries it anyway; False when a device must go and look."""


class Profile(Frozen):
    """What a device is and can, in plain language; never its API."""

    kind: Literal["profile"] = "profile"
    device: WireId
    device_kind: str
    maker: str = "unknown"
    name: str = ""
    aliases: tuple[str, ...] = ()
    place: WireId | None = None
    abilities: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()


class SubtaskStatus(Frozen):
    """One subtask in a report. `safety` and `idempotent` are known from `mapped` on."""

    subtask: str
    state: SubtaskState
    run: RunState | None = None
    outcome: Outcome | None = None
    safety: Safety | None = None
    idempotent: bool | None = None


class State(Frozen):
    """Standard attributes (battery in %, position in m, `at` a place) and the work in hand. With `poll` set it is the report to that poll."""

    kind: Literal["state"] = "state"
    device: WireId
    boot: str
    attributes: dict[str, Value] = {}
    busy: bool = False
    stopped: bool = False
    normal: bool = True
    problem: Text = ""
    stop_problem: Text = ""
    """A stop was ordered and the device is not known to have obeyed: why. Empty otherwise; `stopped` is True only once it obeyed."""
    way: tuple[tuple[float, float], ...] = Field(default=(), max_length=LONGEST_WAY)
    """Corners x, y in m of the ground that is reserved for it, from where it is to where it goes. Empty: none is, or its maker does not tell."""
    subtasks: tuple[SubtaskStatus, ...] = ()
    poll: PollId | None = None
    catalogue: str | None = None
    """Digest of the API catalogue, so that a change is noticed."""
    epoch: int = Field(default=0, ge=0)
    """The highest that it has accepted; lower ones are refused."""


class Subtask(Frozen):
    """One sentence for one device. Order is (envelope.epoch, envelope.seq); times are coordinator time, s."""

    kind: Literal["subtask"] = "subtask"
    device: WireId
    text: Text
    start_by: float
    deadline: float
    supersedes: str | None = None
    context: Text = ""
    """Facts for resolving names; never an instruction."""
    purpose: Purpose | None = None
    seeks: WireId | None = None
    """The property to be found out, by its standard name; a hint as `purpose` is."""
    approval: str | None = None
    """Digest of the one call that a person has allowed."""
    signature: Signature | None = None
    """Of that person, where the device asks for one."""


class Cancel(Frozen):
    kind: Literal["cancel"] = "cancel"
    device: WireId
    subtask: Uuid7


class Stop(Frozen):
    """`latched` True: stop now and refuse work. False: resume."""

    kind: Literal["stop"] = "stop"
    device: WireId
    latched: bool = True
    reason: Text = ""


class OutcomeReport(Frozen):
    kind: Literal["outcome"] = "outcome"
    device: WireId
    subtask: Uuid7
    outcome: Outcome
    started_at: float | None = None
    ended_at: float = 0.0
    safety: Safety | None = None
    idempotent: bool | None = None


class Candidate(Frozen):
    name: str
    score: float
    match: float | None = None


class Trace(Frozen):
    """For operators, where the privacy level lets it leave the device."""

    kind: Literal["trace"] = "trace"
    device: WireId
    subtask: str
    sentence: Text
    candidates: tuple[Candidate, ...] = ()
    function: str | None = None
    arguments: dict[str, JsonValue] = {}
    confidence: float = 0.0
    program: Text = ""
    run: RunState | None = None


class Epoch(Frozen):
    kind: Literal["epoch"] = "epoch"
    epoch: int = Field(ge=0, lt=EPOCH_LIMIT)


class EpochReset(Frozen):
    """A person's word that this jump is right: the device takes the epoch over, unless it has one as high already."""

    kind: Literal["epoch_reset"] = "epoch_reset"
    device: WireId
    epoch: int = Field(ge=1, lt=EPOCH_LIMIT)


class Poll(Frozen):
    """Who shall report, and which open subtasks each must speak of."""

    kind: Literal["poll"] = "poll"
    poll: PollId
    open: dict[WireId, tuple[Uuid7, ...]]
    """device id → open subtask ids"""


class PlanShown(Frozen):
    kind: Literal["plan"] = "plan"
    text: Text
    intent: Intent = Field(discriminator="kind")
    work: tuple[Work, ...] = ()


class Progress(Frozen):
    """A line for people, and where the work stands: index into the plan's work → state or end."""

    kind: Literal["progress"] = "progress"
    text: Text
    work: dict[int, str] = {}


class Ask(Frozen):
    """`about`: digest of the call that a yes sets going. `approval`: it does what cannot be undone; only a person may say so.

    `to_sign`, `rejected`: as its device said (schemas.outcomes.NeedsAnswer).
    """

    kind: Literal["ask"] = "ask"
    text: Text
    options: tuple[str, ...] = ()
    about: str | None = None
    approval: bool = False
    to_sign: ToSign | None = None
    rejected: Rejection | None = None

    @property
    def words(self) -> str:
        """What a person shall read before the answer: of what is signed the device's own words, and nothing that was put around them."""
        if self.to_sign is None:
            return self.text
        return f"{rejected(self.rejected)} {self.to_sign.device} asks: {self.to_sign.text}".strip()


class WorkOutcome(Frozen):
    """How one piece of work ended; `unknown` while its device is silent."""

    device: str
    text: str
    item: str | None = None
    subtask: str | None = None
    outcome: Outcome | None = None
    state: Literal["ended", "unknown", "not_sent"] = "ended"


class Answer(Frozen):
    """`complete`: everything that was asked is answered or done, and proved. `final` False is a revision to come."""

    kind: Literal["answer"] = "answer"
    text: Text
    intent: Literal["plan", "query", "goal", "control", "question", "refusal"]
    complete: bool
    facts: tuple[Observation, ...] = ()
    outcomes: tuple[WorkOutcome, ...] = ()
    consulted: tuple[Consulted, ...] = ()
    final: bool = True


class Instruction(Frozen):
    kind: Literal["instruction"] = "instruction"
    text: Text
    dry_run: bool = False


class Reply(Frozen):
    """A person's answer to an Ask; `about` is repeated from it. Without it a yes does nothing that cannot be undone."""

    kind: Literal["reply"] = "reply"
    text: Text
    about: str | None = None
    signature: Signature | None = None


class Approval(Frozen):
    """Bound to sha256 of (device, function, arguments), single use, expiring. Of what is signed, the signature's own expiry counts for the device."""

    kind: Literal["approval"] = "approval"
    device: WireId
    digest: str
    allow: bool
    expires: float
    signature: Signature | None = None


class ControlRequest(Frozen):
    kind: Literal["control"] = "control"
    action: Literal["cancel", "pause", "resume", "reset_epoch"]
    target: str | None = None
    """Instruction id, for `reset_epoch` the coordinator's; None = everything."""


class SiteMessage(Frozen):
    kind: Literal["site"] = "site"
    site: Site


class WindowRequest(Frozen):
    """Ask a device for a window of data by handle."""

    kind: Literal["window_request"] = "window_request"
    device: WireId
    handle: str
    what: str
    seconds: float = 1.0


class WindowReply(Frozen):
    kind: Literal["window_reply"] = "window_reply"
    device: WireId
    handle: str
    data: dict[str, Any] = {}
    kept_until: float = 0.0


class ExpertConnection(Frozen):
    kind: Literal["expert_connection"] = "expert_connection"
    status: Literal["online", "offline", "connectionbroken"]
    boot: str
    tells: tuple[str, ...] = ()
    endpoint: str = ""


Body = Annotated[
    Connection
    | Profile
    | State
    | Subtask
    | Cancel
    | Stop
    | OutcomeReport
    | Trace
    | Epoch
    | EpochReset
    | Poll
    | PlanShown
    | Progress
    | Ask
    | Answer
    | Instruction
    | Reply
    | Approval
    | ControlRequest
    | SiteMessage
    | WindowRequest
    | WindowReply
    | ExpertConnection,
    Field(discriminator="kind"),
]
