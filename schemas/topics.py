"""Every topic: the only place where a topic string is written. `parley/v1/<site>/<role>/<id>/<leaf>`, so that access rules are one line per role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas import messages as m
from schemas.base import Frozen
from schemas.ids import WIRE_ID

Role = Literal["agent", "device", "coordinator", "expert", "operator"]
ROOT = "parley/v1"


@dataclass(frozen=True)
class Topic:
    """One row: who speaks, what it holds, how it travels."""

    role: Role
    leaf: str
    body: type[Frozen]
    qos: Literal[0, 1] = 1
    retain: bool = False
    sender: str = ""

    def build(self, site: str, ident: str) -> str:
        """The concrete topic. Raises ValueError on ids that do not fit the wire."""
        for part in (site, ident):
            if not WIRE_ID.fullmatch(part):
                raise ValueError(f"{part!r} does not match [a-z0-9][a-z0-9_-]{{0,62}}")
        return f"{ROOT}/{site}/{self.role}/{ident}/{self.leaf}"

    def filter(self, site: str) -> str:
        """The subscription for this leaf of every id."""
        return f"{ROOT}/{site}/{self.role}/+/{self.leaf}"


AGENT_CONNECTION = Topic("agent", "connection", m.Connection, 1, True, "agent")
PROFILE = Topic("device", "profile", m.Profile, 1, True, "agent")
STATE = Topic("device", "state", m.State, 1, True, "agent")
SUBTASK = Topic("device", "subtask", m.Subtask, 1, False, "coordinator")
CANCEL = Topic("device", "cancel", m.Cancel, 1, False, "coordinator")
STOP = Topic("device", "stop", m.Stop, 1, False, "coordinator, operator")
EPOCH_RESET = Topic("device", "epoch_reset", m.EpochReset, 1, False, "coordinator")
OUTCOME = Topic("device", "outcome", m.OutcomeReport, 1, False, "agent")
TRACE = Topic("device", "trace", m.Trace, 0, False, "agent")
WINDOW = Topic("device", "window", m.WindowReply, 1, False, "agent")
WINDOW_REQUEST = Topic("device", "window_request", m.WindowRequest, 1, False, "expert, coordinator")
COORDINATOR_CONNECTION = Topic("coordinator", "connection", m.Connection, 1, True, "coordinator")
EPOCH = Topic("coordinator", "epoch", m.Epoch, 1, True, "coordinator")
POLL = Topic("coordinator", "poll", m.Poll, 1, False, "coordinator")
PLAN = Topic("coordinator", "plan", m.PlanShown, 1, False, "coordinator")
PROGRESS = Topic("coordinator", "progress", m.Progress, 1, False, "coordinator")
ASK = Topic("coordinator", "ask", m.Ask, 1, False, "coordinator")
ANSWER = Topic("coordinator", "answer", m.Answer, 1, False, "coordinator")
SITE = Topic("coordinator", "site", m.SiteMessage, 1, True, "coordinator")
INSTRUCTION = Topic("operator", "instruction", m.Instruction, 1, False, "operator")
REPLY = Topic("operator", "reply", m.Reply, 1, False, "operator")
APPROVAL = Topic("operator", "approval", m.Approval, 1, False, "operator")
CONTROL = Topic("operator", "control", m.ControlRequest, 1, False, "operator")
EXPERT_CONNECTION = Topic("expert", "connection", m.ExpertConnection, 1, True, "expert")

TOPICS: tuple[Topic, ...] = (
    AGENT_CONNECTION,
    PROFILE,
    STATE,
    SUBTASK,
    CANCEL,
    STOP,
    EPOCH_RESET,
    OUTCOME,
    TRACE,
    WINDOW,
    WINDOW_REQUEST,
    COORDINATOR_CONNECTION,
    EPOCH,
    POLL,
    PLAN,
    PROGRESS,
    ASK,
    ANSWER,
    SITE,
    INSTRUCTION,
    REPLY,
    APPROVAL,
    CONTROL,
    EXPERT_CONNECTION,
)
_BY_LEAF = {(t.role, t.leaf): t for t in TOPICS}


@dataclass(frozen=True)
class Address:
    """A parsed topic."""

    topic: Topic
    site: str
    ident: str


def parse(text: str) -> Address | None:
    """The row, site and id of a concrete topic; None for anything that is not ours."""
    parts = text.split("/")
    if len(parts) != 6 or "/".join(parts[:2]) != ROOT:
        return None
    _, _, site, role, ident, leaf = parts
    topic = _BY_LEAF.get((role, leaf))  # pyright: ignore[reportArgumentType]
    if topic is None or not WIRE_ID.fullmatch(site) or not WIRE_ID.fullmatch(ident):
        return None
    return Address(topic, site, ident)


def everything(site: str) -> str:
    """The subscription to all of a site."""
    return f"{ROOT}/{site}/#"
